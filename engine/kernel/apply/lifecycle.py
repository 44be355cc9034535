"""Folds of what concerns the whole operation: taken up, held, resumed, taken back, ended."""

from __future__ import annotations

from immutables import Map

from engine.errors import Problem
from engine.kernel import events as ev
from engine.kernel.apply.outcomes import unknown, unknown_call
from engine.kernel.apply.stack import begin, complete, leave, push, record, settle, top, with_entry
from engine.kernel.decide.ends import held_key, result_status
from engine.kernel.operation import (
    Acting,
    Effect,
    Ending,
    Frame,
    Hold,
    Looking,
    Nested,
    Operation,
    Proving,
    Refreshing,
    UndoRecord,
)
from engine.kernel.queries import in_ends, step_of
from engine.language.model import Call, Runbook
from engine.values import changed


def taken_up(runbook: Runbook, operation: Operation, event: ev.TakenUp) -> Operation:
    """● An effect in hand becomes unknown; `requires` are proved again."""
    count = 0 if event.released else operation.taken_up + 1
    operation = changed(operation, taken_up=count)
    if not operation.frames:
        return operation
    phase = operation.top.phase
    if isinstance(phase, Proving):
        return top(operation, phase=Proving() if phase.then == "look" else Proving(then="act"))
    if isinstance(phase, Acting) and phase.sent and phase.failed is None and not phase.unknown:
        return changed(_from_a_dead_runner(runbook, operation, phase, event), taken_up=count)
    if isinstance(phase, Acting) and not phase.sent and is_looked_at(runbook, operation, phase.effect):
        return top(operation, phase=Looking(), repeat=phase.effect)  # still due, but who knows what happened since
    return operation


def is_looked_at(runbook: Runbook, operation: Operation, effect: Effect) -> bool:
    """Does a look tell what came of it?"""
    body = step_of(runbook, operation, operation.top).body
    return effect.verb in ("create", "delete") or (isinstance(body, Call) and body.until is not None)


def _from_a_dead_runner(runbook: Runbook, operation: Operation, phase: Acting, event: ev.TakenUp) -> Operation:
    """● The same attempt is repeated, with its recorded parameters, once a look has seen nothing."""
    effect = phase.effect
    why = ev.Unknown(at=event.at, why="the runner died before it was recorded")
    if is_looked_at(runbook, operation, effect):
        return top(unknown(runbook, operation, why), repeat=effect, perhaps_done=effect.verb == "call")
    body = step_of(runbook, operation, operation.top).body
    if isinstance(body, Call) and not body.repeatable:
        return unknown_call(runbook, operation, effect, why)
    return top(operation, phase=changed(phase, sent=False), perhaps_done=isinstance(body, Call))


# -- holds ------------------------------------------------------------------------------------------------


def held(runbook: Runbook, operation: Operation, event: ev.Held) -> Operation:
    """Stopped safely; complete when `on_hold` has run."""
    key = held_key(runbook, operation)
    hold = Hold(
        kind=event.kind, reason=event.reason, step=key, since=event.at, error=event.error, found=event.found
    )  # fmt: skip
    operation = record(runbook, operation, status="HELD", error=event.error, seen=event.status)
    if key in operation.steps:
        steps = operation.steps.set(key, changed(operation.steps[key], status="HELD", error=event.error))
        operation = changed(operation, steps=steps)
    operation = changed(operation, hold=hold, taken_up=0)
    return push(operation, "on_hold/0") if "on_hold/0" in runbook.index else operation


def resumed(runbook: Runbook, operation: Operation, event: ev.Resumed) -> Operation:
    """● Deadlines, schedules and the time limit begin afresh, for a person has acted."""
    hold = operation.hold
    assert hold is not None
    frames = tuple(_afresh(frame) for frame in operation.frames)
    operation = changed(operation, hold=None, failing=None, since=event.at, frames=frames)
    operation = record(runbook, operation, status="IN_PROGRESS", error=None, seen="")
    if hold.step in operation.steps:
        going_on = changed(operation.steps[hold.step], status="IN_PROGRESS", error=None)
        operation = changed(operation, steps=operation.steps.set(hold.step, going_on))
    if event.reject is not None:
        problem = Problem(name="Rejected", category="invalid", message=event.reject)
        return top(record(runbook, operation, status="FAILED", error=problem), failed=problem)
    return _told_again(_answered(runbook, operation, hold, event))


def _told_again(operation: Operation) -> Operation:
    """A notice that was not sent is sent at the next `resume`."""
    for number in reversed(range(len(operation.notices))):
        if not operation.notices[number].sent:
            operation = push(
                operation, f"notice/{number}", region=operation.notices[number].region, phase=Proving(then="act")
            )
    return operation


def _answered(runbook: Runbook, operation: Operation, hold: Hold, event: ev.Resumed) -> Operation:
    frame = operation.top
    match hold.kind:
        case "approval":
            return complete(runbook, operation, {"actor": event.actor, "why": event.why})
        case "time_limit" | "trouble":
            return operation
        case "unknown_outcome" if event.outcome == "done":
            return complete(runbook, operation, event.output)
        case "unknown_outcome" if event.outcome == "":
            return operation
        case "rescue":
            return _rescue_again(runbook, operation, frame)
        case _:
            return _begin_again(runbook, operation, frame)


def _begin_again(runbook: Runbook, operation: Operation, frame: Frame) -> Operation:
    """From its beginning; a `for_each`, from the item that was its last."""
    if frame.items is not None:
        return push(operation, frame.path, len(frame.collected))
    return top(operation, phase=begin(step_of(runbook, operation, frame)))


def _rescue_again(runbook: Runbook, operation: Operation, frame: Frame) -> Operation:
    """● A step held by a rescue takes that rescue's refresh and `then` again."""
    if isinstance(frame.phase, Refreshing):
        return top(operation, phase=Refreshing(rescue=frame.phase.rescue))
    return _begin_again(runbook, operation, frame)


def _afresh(frame: Frame) -> Frame:
    return changed(frame, spent=0, granted=False, watching=None, first_failure=None, failed=None, changed=False)


# -- the ledger --------------------------------------------------------------------------------------------


def entry_settled(runbook: Runbook, operation: Operation, event: ev.EntrySettled) -> Operation:
    return settle(operation, event.entry, event.state, event.why)


def entry_taken(runbook: Runbook, operation: Operation, event: ev.EntryTaken) -> Operation:
    """Its turn: looked at by its id where that is known, else by its name."""
    entry = operation.ledger[event.entry]
    if operation.frames and operation.top.queue:
        operation = top(operation, queue=operation.top.queue[1:])
    identity = {"id": entry.id} if entry.id is not None else entry.identity
    if isinstance(entry.undo, UndoRecord):
        identity = entry.undo.until or {}
    operation = push(
        operation, f"{event.how}/{event.entry}", identity=identity, region=entry.region, account=entry.account
    )
    return top(operation, phase=begin(step_of(runbook, operation, operation.top)))


def broken_taken_back(runbook: Runbook, operation: Operation, event: ev.BrokenTakenBack) -> Operation:
    """Only what is broken goes; the rest stays open."""
    operation = changed(operation, failing=event.problem)
    return push(operation, "failure/0", phase=Nested(why="ledger"), queue=event.queue)


def trouble_recorded(runbook: Runbook, operation: Operation, event: ev.TroubleRecorded) -> Operation:
    """The list goes on with its next step."""
    lowest = [in_ends(frame) for frame in operation.frames].index(True)
    if operation.top.path.startswith("notice/"):
        lowest = len(operation.frames) - 1
    operation = changed(operation, troubles=(*operation.troubles, event.why), frames=operation.frames[: lowest + 1])
    return leave(runbook, operation, None)


# -- ends ---------------------------------------------------------------------------------------------------


def end_recorded(runbook: Runbook, operation: Operation, event: ev.EndRecorded) -> Operation:
    """● How it ends is recorded before the list runs."""
    ending = Ending(status=event.status, at=event.at, error=event.error, step=operation.last_step)
    operation = changed(operation, ending=ending, hold=None, failing=None, frames=())
    first = {"SUCCEEDED": "on_success/0", "FAILED": "on_failure/0"}.get(event.status, "")
    return push(operation, first) if first in runbook.index else operation


def _without_unsent(operation: Operation) -> Operation:
    """● A call that nobody has sent was not done: before its frame goes, its line is void, and is not undone."""
    if not operation.frames or operation.top.perhaps_done:
        return operation
    frame, phase = operation.top, operation.top.phase
    if isinstance(phase, Acting):
        effect = None if phase.sent else phase.effect
    else:
        effect = frame.repeat if frame.begun is None else None
    if effect is None or effect.verb != "call":
        return operation
    for number, entry in enumerate(operation.ledger):
        if entry.id == effect.key and entry.state == "open":
            return with_entry(operation, number, state="void", why="it was never sent")
    return operation


def cancelled(runbook: Runbook, operation: Operation, event: ev.Cancelled) -> Operation:
    """A person's end: taken back if asked, then `on_cancel`."""
    operation = _without_unsent(operation)
    ending = Ending(status="CANCELLED", at=event.at, step=operation.last_step, undo=event.undo, past=event.past)
    steps = operation.steps.update(
        {
            k: changed(one, status="FAILED")
            for k, one in operation.steps.items()
            if one.status in ("IN_PROGRESS", "HELD")
        }
    )
    operation = changed(operation, ending=ending, hold=None, failing=None, frames=(), steps=steps)
    if event.undo:
        return push(operation, "cancel/0")
    return push(operation, "on_cancel/0") if "on_cancel/0" in runbook.index else operation


def cleanup_begun(runbook: Runbook, operation: Operation, event: ev.CleanupBegun) -> Operation:
    """What an ended operation has left is taken back."""
    assert operation.ending is not None
    ending = changed(operation.ending, past=event.past)
    return push(changed(operation, ended="", cleaning=True, ending=ending, frames=()), "cleanup/0")


def ended(runbook: Runbook, operation: Operation, event: ev.Ended) -> Operation:
    """Success delivers what is open or kept: then it is the user's."""
    assert operation.ending is not None
    if operation.ending.status == "SUCCEEDED":
        for number, entry in enumerate(operation.ledger):
            if entry.state in ("open", "kept"):
                operation = with_entry(operation, number, state="delivered")
    return changed(operation, ended=result_status(operation), cleaning=False)


def restarted(runbook: Runbook, operation: Operation, event: ev.Restarted) -> Operation:
    """Back to a step: what came after it is superseded, never erased; targets and the ledger stay."""
    operation = _without_unsent(operation)
    at = int(event.path.partition("/")[2])
    after = {one.path for one in runbook.steps[at:]}
    names = {one.name for one in runbook.by_name.values() if _outermost(one.path) in after}
    steps = operation.steps.update(
        {
            key: changed(one, status="SUPERSEDED")
            for key, one in operation.steps.items()
            if _outermost(one.path) in after
        }
    )
    results = Map({name: value for name, value in operation.results.items() if name not in names})
    operation = changed(
        operation, ended="", ending=None, hold=None, failing=None, cleaning=False, frames=(), steps=steps,
        results=results, since=event.at, settings=event.settings or operation.settings,
    )  # fmt: skip
    return push(operation, event.path)


def _outermost(path: str) -> str:
    """The path of the step of the runbook's own list that a step is in, or is."""
    return "/".join(path.split("/")[:2])
