"""The outcome table: what a create, a delete or a call becomes.

                                create              delete              call
Succeeded                       id, looking         looking             result; with `until`: looking
Failed: exists, not found …     looking             looking             error path
Failed otherwise                error path          error path          error path
Unknown                         looking             looking             looking; again; or unknown_outcome
NotSent                         still due           still due           still due
"""

from __future__ import annotations

from engine.errors import Problem
from engine.kernel import events as ev
from engine.kernel.apply.stack import complete, find_entry, push, record, recorded, seen_in, top, with_entry
from engine.kernel.operation import Acting, Effect, Entry, Looking, Nested, Notice, Operation, Refreshing
from engine.kernel.queries import key_of, step_of
from engine.language.model import Call, Notify, Runbook
from engine.values import changed

BEING_DELETED = "BeingDeleted"


def intended(runbook: Runbook, operation: Operation, event: ev.Intended) -> Operation:
    """The intent, with its line in the ledger; the attempt is taken."""
    frame = operation.frames[-1]
    number = frame.attempt + (1 if event.takes else 0)
    spent = frame.spent + (1 if event.takes else 0)
    sent = frame.sent
    if event.effect.verb == "delete":
        sent = (*sent, f"{number}:{event.effect.target}")
    frame = changed(
        frame, phase=Acting(effect=event.effect), attempt=number, spent=spent, granted=False, repeat=None,
        routine=event.routine, watching=None, sent=sent, begun=None, unknown=False,
        output=event.saw if event.saw is not None else frame.output, seen=seen_in(frame),
    )  # fmt: skip
    return changed(
        operation, frames=(*operation.frames[:-1], frame), steps=recorded(runbook, operation, attempt=number, spent=spent),
        ledger=_with_line(operation, event.entry), irreversible=operation.irreversible or event.irreversible,
    )  # fmt: skip


def _with_line(operation: Operation, entry: Entry | None) -> tuple[Entry, ...]:
    """The ledger with the intent's line. It stands for what a dead runner may have done, too: one undo is enough."""
    if entry is None:
        return operation.ledger
    if entry.kind == "call" and operation.top.perhaps_done:
        before = find_entry(operation, entry.step, f"{operation.top.visit}.{operation.top.attempt}")
        if before is not None:
            operation = with_entry(operation, before, state="void", why="the attempt that follows stands for it")
    return (*operation.ledger, entry)


def sent_again(runbook: Runbook, operation: Operation, event: ev.SentAgain) -> Operation:
    """● What was not sent is still due: nothing was taken back, and nothing used up."""
    phase, repeat = operation.top.phase, operation.top.repeat
    if isinstance(phase, Looking) and repeat is not None:  # as it was recorded before a look came first
        return top(operation, phase=Acting(effect=repeat), repeat=None)
    assert isinstance(phase, Acting)
    return top(operation, phase=changed(phase, sent=True))


def not_sent(runbook: Runbook, operation: Operation, event: ev.NotSent) -> Operation:
    phase = operation.top.phase
    assert isinstance(phase, Acting)
    return top(operation, phase=changed(phase, sent=False))


def succeeded(runbook: Runbook, operation: Operation, event: ev.Succeeded) -> Operation:
    """A look follows a create or a delete, for only a look tells that it is done."""
    effect = _effect(operation)
    operation = _answered(operation)
    match effect.verb:
        case "create":
            number = _entry_of_intent(runbook, operation)
            if number is not None:
                entry = operation.ledger[number]
                operation = with_entry(operation, number, at=event.at, id=entry.id or event.id)
            return top(operation, phase=Looking(), begun=event.at, unknown=False)
        case "delete":
            return _deleted(operation, effect, event.at)
        case _:
            return _called(runbook, operation, effect, event)


def _answered(operation: Operation) -> Operation:
    """An outcome has come: whoever took it up was not killed by it."""
    return changed(operation, taken_up=0) if operation.taken_up else operation


def _called(runbook: Runbook, operation: Operation, effect: Effect, event: ev.Succeeded) -> Operation:
    body = step_of(runbook, operation, operation.frames[-1]).body
    if not isinstance(body, Call):
        operation = _noticed(operation, effect, "")
    elif body.until is not None:
        return top(operation, phase=Looking(), begun=event.at, unknown=False, output=event.output)
    return complete(runbook, operation, event.output)


def _noticed(operation: Operation, effect: Effect, error: str) -> Operation:
    topic, subject, text = (str(effect.params.get(name, "")) for name in ("topic", "subject", "text"))
    told = Notice(
        topic=topic, subject=subject, text=text, key=effect.key, region=effect.region, account=effect.account,
        sent=not error, error=error,
    )  # fmt: skip
    head, _, number = operation.top.path.partition("/")
    before = [one.key for one in operation.notices]
    place = int(number) if head == "notice" else before.index(told.key) if told.key in before else len(before)
    return changed(operation, notices=(*operation.notices[:place], told, *operation.notices[place + 1 :]))


def failed(runbook: Runbook, operation: Operation, event: ev.Failed) -> Operation:
    """Answers that are not errors mean: look again. The rest is for the error path."""
    effect = _effect(operation)
    operation = _answered(operation)
    if looks_again(effect, event.problem):
        return _look_after(runbook, operation, effect, event.at)
    frame = operation.top
    first = frame.first_failure if frame.first_failure is not None else event.at
    number = _entry_of_intent(runbook, operation)
    if number is not None and effect.verb == "create":
        operation = with_entry(operation, number, at=event.at)
    if number is not None and effect.verb == "call" and not frame.perhaps_done:
        operation = with_entry(operation, number, at=event.at, state="void", why="it was refused")
    if isinstance(step_of(runbook, operation, frame).body, Notify):
        operation = _noticed(operation, effect, f"{event.problem.name}: {event.problem.message}")
    phase = Acting(effect=effect, failed=event.problem)
    operation = top(operation, phase=phase, first_failure=first, error=event.problem)
    return record(runbook, operation, error=event.problem)


def looks_again(effect: Effect, problem: Problem) -> bool:
    """● *Already exists* from a create, *not found* and *being deleted* from a delete: look, as if unknown."""
    if effect.verb == "create":
        return problem.category == "exists"
    return effect.verb == "delete" and (problem.category == "not_found" or BEING_DELETED in problem.also)


def unknown(runbook: Runbook, operation: Operation, event: ev.Unknown) -> Operation:
    """● Sent, and nobody knows: never an error, never blindly repeated."""
    effect = _effect(operation)
    operation = _answered(operation)
    if effect.verb in ("create", "delete"):
        return _look_after(runbook, operation, effect, event.at)
    return unknown_call(runbook, operation, effect, event)


def unknown_call(runbook: Runbook, operation: Operation, effect: Effect, event: ev.Unknown) -> Operation:
    """With `until` it is looked at; a repeatable one is tried again; else a person must say."""
    body = step_of(runbook, operation, operation.top).body
    if isinstance(body, Call) and body.until is not None:
        return top(operation, phase=Looking(), begun=event.at, unknown=True)
    if isinstance(body, Call) and not body.repeatable:
        return top(operation, phase=Acting(effect=effect, unknown=event.why))
    problem = Problem(name="Unknown", category="timeout", message=event.why)
    if isinstance(body, Notify):
        operation = _noticed(operation, effect, event.why)
    first = operation.top.first_failure
    phase = Acting(effect=effect, failed=problem)
    return top(operation, phase=phase, error=problem, first_failure=event.at if first is None else first)


def _look_after(runbook: Runbook, operation: Operation, effect: Effect, at: float) -> Operation:
    if effect.verb == "delete":
        return _deleted(operation, effect, at)
    number = _entry_of_intent(runbook, operation)
    if number is not None:
        operation = with_entry(operation, number, at=at)
    return top(operation, phase=Looking(), begun=at, unknown=True)


def _deleted(operation: Operation, effect: Effect, at: float) -> Operation:
    operation = changed(operation, deletes=operation.deletes.set(effect.target or "", at))
    return top(operation, phase=Looking(), begun=None)


def _effect(operation: Operation) -> Effect:
    phase = operation.frames[-1].phase
    assert isinstance(phase, Acting)
    return phase.effect


def _entry_of_intent(runbook: Runbook, operation: Operation) -> int | None:
    """The line that was written with the intent in hand."""
    frame = operation.top
    effect = _effect(operation)
    tag = effect.tags.get("runbook:attempt") or f"{frame.visit}.{frame.attempt}"
    step = effect.tags.get("runbook:step") or key_of(step_of(runbook, operation, frame), frame)
    number = find_entry(operation, step, tag)
    return number if number is not None and operation.ledger[number].path == frame.path else None


# -- rescues ---------------------------------------------------------------------------------------------


def rescued(runbook: Runbook, operation: Operation, event: ev.Rescued) -> Operation:
    """Its `do` begins, or its refresh. An error of a look uses an attempt up, so that every loop has a bound."""
    frame = operation.top
    step = step_of(runbook, operation, frame)
    spent = frame.spent + (1 if isinstance(frame.phase, Looking) else 0)
    rescue = step.rescue[event.rescue]
    phase = Refreshing(rescue=event.rescue)
    operation = top(operation, error=event.problem, spent=spent, changed=False, phase=phase, seen=seen_in(frame))
    if not rescue.do:
        return operation
    operation = top(operation, phase=Nested(why="rescue", path=str(event.rescue)))
    return push(operation, rescue.do[0].path)


def refreshed(runbook: Runbook, operation: Operation, event: ev.Refreshed) -> Operation:
    """Settings as they are now; what was changed is asked by `settings.changed`."""
    phase = operation.top.phase
    assert isinstance(phase, Refreshing)
    operation = changed(operation, settings=event.settings)
    return top(operation, phase=changed(phase, refreshed=True), changed=event.changed)
