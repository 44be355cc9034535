"""The outcome table: what a create, a delete or a call becomes.

                                create              delete              call
Succeeded                       id, looking         looking             result; with `until`: looking
Failed: exists, not found …     looking             looking             error path
Failed otherwise                error path          error path          error path
Unknown                         looking             looking             looking; again; or unknown_outcome
NotSent                         still due           still due           still due

After a create or a delete comes a look, whatever was answered: an answer says that AWS has accepted the request, and only a
look says what there is.
"""

from __future__ import annotations

from typing import Any, Final

from engine.errors import Problem
from engine.kernel import events as ev
from engine.kernel.apply import stack
from engine.kernel.effect import Effect
from engine.kernel.frame import Acting, Frame, InRescue, Looking, Refreshing, UnsentNotice, position_of
from engine.kernel.operation import Entry, Notice, Operation
from engine.kernel.ownership import ATTEMPT, STEP
from engine.kernel.queries import key_of, step_of
from engine.kernel.rendering import Names
from engine.kernel.undo_calls import with_result
from engine.language.model import Call, Check, Notify, Runbook
from engine.values import changed

BEING_DELETED = "BeingDeleted"


def intended(runbook: Runbook, operation: Operation, event: ev.Intended) -> Operation:
    """The intent, with its line in the ledger; an attempt of its own is taken, unless it repeats one."""
    frame, effect = operation.frames[-1], event.effect
    attempts, removal, observed, performed = frame.attempts, frame.removal, frame.observed, frame.performed
    more = 1 if event.takes else 0
    number, spent = attempts.number + more, attempts.spent + more
    # Most of these have not changed since the frame was pushed, and making a new value takes longer than comparing.
    sent = (*removal.sent, f"{number}:{effect.target}") if effect.verb == "delete" else removal.sent
    if event.routine != removal.routine or sent is not removal.sent:
        removal = changed(removal, routine=event.routine, sent=sent)
    seen = stack.seen_in(frame)
    if seen is not observed.seen or observed.watching is not None:
        observed = changed(observed, watching=None, seen=seen)
    if event.saw is not None or performed is not stack.NOTHING_PERFORMED:
        output = performed.output if event.saw is None else event.saw
        performed = changed(performed, since=None, unknown=False, repeat=None, output=output)
    frame = changed(
        frame, phase=Acting(effect=effect), attempts=changed(attempts, number=number, spent=spent, granted=False),
        removal=removal, observed=observed, performed=performed,
    )  # fmt: skip
    return changed(
        operation, frames=(*operation.frames[:-1], frame), ledger=_ledger_with(operation, event.entry),
        steps=stack.recorded(runbook, operation, lambda record: changed(record, attempt=number, spent=spent)),
        irreversible=operation.irreversible or event.irreversible,
    )  # fmt: skip


def _ledger_with(operation: Operation, entry: Entry | None) -> tuple[Entry, ...]:
    """The ledger with the intent's line. It stands for what a dead runner may have done, too: one undo is enough."""
    if entry is None:
        return operation.ledger
    frame = operation.top
    if entry.kind == "call" and frame.performed.perhaps_done:
        number = stack.find_entry(operation, entry.step, f"{frame.visit}.{frame.attempts.number}")
        if number is not None:
            why = "superseded by the next attempt"
            operation = stack.with_entry(operation, number, changed(operation.ledger[number], state="void", why=why))
    return (*operation.ledger, entry)


def sent_again(runbook: Runbook, operation: Operation, event: ev.SentAgain) -> Operation:
    """● What was not sent is still due: nothing was taken back, and nothing used up."""
    phase = operation.top.phase
    assert isinstance(phase, Acting)
    return stack.in_phase(operation, changed(phase, sent=True))


def not_sent(runbook: Runbook, operation: Operation, event: ev.NotSent) -> Operation:
    """Nothing has left this machine: the effect stays due, and its attempt is not used up."""
    phase = operation.top.phase
    assert isinstance(phase, Acting)
    return stack.in_phase(operation, changed(phase, sent=False))


def succeeded(runbook: Runbook, operation: Operation, event: ev.Succeeded) -> Operation:
    """A look follows a create or a delete; a call has its result, or is looked at by its `until`."""
    effect, operation = _take_outcome(operation)
    if effect.verb in ("create", "delete"):
        return _look_after(runbook, operation, effect, event.at, accepted=True, id=event.id)
    body = step_of(runbook, operation, operation.frames[-1]).body
    if isinstance(body, Call) and body.undo is not None:
        operation = with_known_reply(runbook, operation, effect, event.output)
    if not isinstance(body, Call):
        operation = _with_notice(operation, effect, "")
    elif body.until is not None:
        frame = operation.top
        performed = changed(frame.performed, since=event.at, unknown=False, output=event.output)
        return stack.with_top(operation, changed(frame, phase=Looking(), performed=performed))
    return stack.complete(runbook, operation, event.output)


def with_known_reply(runbook: Runbook, operation: Operation, effect: Effect, output: Any) -> Operation:
    """● The undo of a call that uses its reply is rendered as soon as the reply is known."""
    number = _entry_of_intent(runbook, operation, effect)
    if number is None or operation.ledger[number].undo in ("delete", "keep"):
        return operation
    names = Names(runbook, operation, operation.top)
    return stack.with_entry(operation, number, with_result(runbook, operation.ledger[number], names, output))


def failed(runbook: Runbook, operation: Operation, event: ev.Failed) -> Operation:
    """Some answers are not errors: a look follows them. The rest is for the error path."""
    problem = event.problem
    effect, operation = _take_outcome(operation)
    if needs_a_look(effect, problem):
        return _look_after(runbook, operation, effect, event.at)
    frame = operation.top
    body = step_of(runbook, operation, frame).body
    if isinstance(body, Call) and finds_nothing(body, problem):
        return _look_at(operation, since=event.at, unknown=True)
    number = _entry_of_intent(runbook, operation, effect)
    if number is not None and effect.verb == "create":
        # The entry stays: a create that was refused may have made something all the same.
        operation = stack.with_entry(operation, number, changed(operation.ledger[number], at=event.at))
    if number is not None and effect.verb == "call" and not frame.performed.perhaps_done:
        refused = changed(operation.ledger[number], at=event.at, state="void", why="it was refused")
        operation = stack.with_entry(operation, number, refused)
    if isinstance(body, Notify):
        operation = _with_notice(operation, effect, f"{problem.name}: {problem.message}")
    operation = stack.with_top(operation, _with_error(frame, effect, problem, event.at))
    return stack.with_record(runbook, operation, lambda record: changed(record, error=problem))


def needs_a_look(effect: Effect, problem: Problem) -> bool:
    """● *Already exists* from a create, *not found* and *being deleted* from a delete: look, as if unknown."""
    if effect.verb == "create":
        return problem.category == "exists"
    return effect.verb == "delete" and (problem.category == "not_found" or BEING_DELETED in problem.also)


def finds_nothing(call: Call, problem: Problem) -> bool:
    """● *Not found* and *being deleted* from a call with `until: {gone}`: look, as after a delete."""
    check = call.until.body if call.until is not None else None
    gone = isinstance(check, Check) and check.gone
    return gone and (problem.category == "not_found" or BEING_DELETED in problem.also)


def unknown(runbook: Runbook, operation: Operation, event: ev.Unknown) -> Operation:
    """● Sent, and nobody knows: never an error, never blindly repeated."""
    effect, operation = _take_outcome(operation)
    if effect.verb in ("create", "delete"):
        return _look_after(runbook, operation, effect, event.at)
    return unknown_call(runbook, operation, effect, event)


def unknown_call(runbook: Runbook, operation: Operation, effect: Effect, event: ev.Unknown) -> Operation:
    """With `until` it is looked at; a repeatable one is tried again; else a person must say."""
    body = step_of(runbook, operation, operation.top).body
    if isinstance(body, Call) and body.until is not None:
        return _look_at(operation, since=event.at, unknown=True)
    if isinstance(body, Call) and not may_repeat(body, effect, event.at):
        return stack.in_phase(operation, Acting(effect=effect, unknown=event.why))
    if event.again:  # it may have taken effect already, so whatever is answered next, its undo stays in the ledger
        frame = operation.top
        performed = changed(frame.performed, perhaps_done=True)
        return stack.with_top(operation, changed(frame, phase=Acting(effect=effect, sent=False), performed=performed))
    if isinstance(body, Notify):
        operation = _with_notice(operation, effect, event.why)
    problem = event.problem or Problem(name="Unknown", category="timeout", message=event.why)
    return stack.with_top(operation, _with_error(operation.top, effect, problem, event.at))


NO_ANSWER: Final = ("ServerError", "ReplyLost", "CallTimeout")
"""The wider names of errors after which nobody knows whether a call took effect."""


def may_repeat(call: Call, effect: Effect, at: float) -> bool:
    """● May the call be made twice? Because it says so, or because AWS still knows its idempotency token."""
    return call.repeatable or (effect.token_until is not None and at < effect.token_until)


def lost_reply(runbook: Runbook, operation: Operation, outcome: ev.Event) -> Problem | None:
    """● A call that may be repeated and got no answer is sent again by the network schedule; None for other outcomes.

    That uses up no attempt, and needs no `retry`. With an `until` it is looked at instead.
    """
    if not isinstance(outcome, (ev.Unknown, ev.Failed)) or not operation.frames:
        return None
    phase = operation.top.phase
    if not isinstance(phase, Acting):
        return None
    body = step_of(runbook, operation, operation.top).body
    if not isinstance(body, Call) or body.until is not None or not may_repeat(body, phase.effect, outcome.at):
        return None
    problem = outcome.problem
    if isinstance(outcome, ev.Unknown):
        return problem or Problem(name="ReplyLost", category="timeout", message=outcome.why)
    return problem if problem is not None and any(map(problem.answers_to, NO_ANSWER)) else None


def _take_outcome(operation: Operation) -> tuple[Effect, Operation]:
    """The effect whose outcome has come. The runner that took the operation up was not killed by it."""
    phase = operation.frames[-1].phase
    assert isinstance(phase, Acting)
    return phase.effect, changed(operation, taken_up=0) if operation.taken_up else operation


def _with_error(frame: Frame, effect: Effect, problem: Problem, at: float) -> Frame:
    """The error path is to be taken; the schedule counts from its first failure."""
    first = frame.attempts.first_failure
    attempts = changed(frame.attempts, first_failure=at if first is None else first)
    return changed(frame, phase=Acting(effect=effect, failed=problem), error=problem, attempts=attempts)


def _look_at(operation: Operation, *, since: float | None, unknown: bool) -> Operation:
    frame = operation.top
    performed = changed(frame.performed, since=since, unknown=unknown)
    return stack.with_top(operation, changed(frame, phase=Looking(), performed=performed))


def _look_after(
    runbook: Runbook, operation: Operation, effect: Effect, at: float, *, accepted: bool = False, id: str | None = None
) -> Operation:
    """After a create or a delete, accepted or unknown: its grace counts from here on."""
    if effect.verb == "delete":  # its grace is that of the id, which other steps may look at, too
        operation = changed(operation, deletes=operation.deletes.set(effect.target or "", at))
        return _look_at(operation, since=None, unknown=operation.top.performed.unknown)
    number = _entry_of_intent(runbook, operation, effect)
    if number is not None:
        entry = operation.ledger[number]
        operation = stack.with_entry(operation, number, changed(entry, at=at, id=entry.id or id))
    return _look_at(operation, since=at, unknown=not accepted)


def _with_notice(operation: Operation, effect: Effect, error: str) -> Operation:
    """The result of a message, instead of what was recorded of it before."""
    topic, subject, text = (str(effect.params.get(name, "")) for name in ("topic", "subject", "text"))
    notice = Notice(
        topic=topic, subject=subject, text=text, key=effect.key, region=effect.region, account=effect.account,
        sent=not error, error=error,
    )  # fmt: skip
    notices, position = operation.notices, operation.top.position
    keys = [one.key for one in notices]
    if isinstance(position, UnsentNotice):
        number = position.notice
    else:
        number = keys.index(notice.key) if notice.key in keys else len(keys)
    return changed(operation, notices=(*notices[:number], notice, *notices[number + 1 :]))


def _entry_of_intent(runbook: Runbook, operation: Operation, effect: Effect) -> int | None:
    """The line that was written with the intent in hand."""
    frame = operation.top
    tag = effect.tags.get(ATTEMPT) or f"{frame.visit}.{frame.attempts.number}"
    step = effect.tags.get(STEP) or key_of(step_of(runbook, operation, frame), frame)
    number = stack.find_entry(operation, step, tag)
    return number if number is not None and operation.ledger[number].path == frame.path else None


# -- rescues ---------------------------------------------------------------------------------------------------


def rescued(runbook: Runbook, operation: Operation, event: ev.Rescued) -> Operation:
    """The rescue's `do` begins, or its refresh."""
    frame = operation.top
    rescue = step_of(runbook, operation, frame).rescue[event.rescue]
    attempts = frame.attempts
    if isinstance(frame.phase, Looking):  # an error of a look uses an attempt up, so that every loop has a bound
        attempts = changed(attempts, spent=attempts.spent + 1)
    operation = stack.with_top(operation, changed(
        frame, phase=InRescue(rescue=event.rescue) if rescue.do else Refreshing(rescue=event.rescue),
        error=event.problem, settings_changed=False, attempts=attempts,
        observed=changed(frame.observed, seen=stack.seen_in(frame)),
    ))  # fmt: skip
    return stack.push(operation, position_of(rescue.do[0].path, within=event.within)) if rescue.do else operation


def refreshed(runbook: Runbook, operation: Operation, event: ev.Refreshed) -> Operation:
    """The settings as they are now; whether one has changed is what `settings.changed` says."""
    frame = operation.top
    assert isinstance(frame.phase, Refreshing)
    frame = changed(frame, phase=changed(frame.phase, refreshed=True), settings_changed=event.changed)
    return changed(stack.with_top(operation, frame), settings=event.settings)
