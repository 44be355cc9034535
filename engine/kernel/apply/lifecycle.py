"""Folds of what concerns the whole operation: it is taken up, held, resumed, restarted, cancelled; entries have their turn; it ends."""

from __future__ import annotations

from typing import Literal

from immutables import Map

from engine.errors import Problem
from engine.kernel import events as ev
from engine.kernel.apply import stack
from engine.kernel.apply.outcomes import may_repeat, unknown, unknown_call, with_known_reply
from engine.kernel.effect import Effect
from engine.kernel.frame import (
    Acting,
    Address,
    Entering,
    EntryTurn,
    Frame,
    InItems,
    InLedger,
    LedgerUndo,
    Looking,
    Proving,
    Surveying,
    UnsentNotice,
    at_item,
    outermost,
    position_of,
)
from engine.kernel.operation import Ending, Hold, Operation, UndoRecord
from engine.kernel.queries import final_status, held_key, in_ends, step_of
from engine.language.model import Call, Check, Runbook
from engine.values import changed


def accounts_recorded(runbook: Runbook, operation: Operation, event: ev.AccountsRecorded) -> Operation:
    """Also of what was made before they were recorded: the first runner that looks after it has the credentials for it."""
    ledger = tuple(
        changed(entry, account_id=event.accounts[entry.account or ""].id)
        if not entry.account_id and (entry.account or "") in event.accounts
        else entry
        for entry in operation.ledger
    )
    return changed(operation, accounts={**operation.accounts, **event.accounts}, ledger=ledger)


def taken_up(runbook: Runbook, operation: Operation, event: ev.TakenUp) -> Operation:
    """● An effect in hand becomes unknown; what is volatile begins again."""
    count = 0 if event.released else operation.taken_up + 1
    operation = with_policy(changed(operation, taken_up=count), event)
    if not operation.frames:
        return operation
    frame, phase = operation.top, operation.top.phase
    if isinstance(phase, Surveying):
        return stack.in_phase(operation, Surveying(items=phase.items))
    if isinstance(phase, (Looking, Proving)):  # it looks at once; `requires` are proved again
        return stack.in_phase(operation, stack.first_phase(step_of(runbook, operation, frame)))
    if not isinstance(phase, Acting) or phase.failed is not None or phase.unknown:
        return operation
    if phase.sent:
        return changed(_from_a_dead_runner(runbook, operation, phase, event), taken_up=count)
    if is_looked_at(runbook, operation, phase.effect):
        # It is still due; but who knows what has happened since it could not be sent? So a look comes first.
        repeat = changed(frame.performed, repeat=phase.effect)
        return stack.with_top(operation, changed(frame, phase=Looking(), performed=repeat))
    return operation


def with_policy(operation: Operation, event: ev.TakenUp | ev.Restarted | ev.CleanupBegun) -> Operation:
    """● The protected names are those of the runner that acts, whoever began the operation."""
    return changed(operation, protected=event.protected, allowed=event.allowed)


def is_looked_at(runbook: Runbook, operation: Operation, effect: Effect) -> bool:
    """Does a look show the result?"""
    body = step_of(runbook, operation, operation.top).body
    return effect.verb in ("create", "delete") or (isinstance(body, Call) and body.until is not None)


def _from_a_dead_runner(runbook: Runbook, operation: Operation, phase: Acting, event: ev.TakenUp) -> Operation:
    """● The same attempt is repeated, with its recorded parameters, once a look has seen nothing."""
    effect, frame = phase.effect, operation.top
    body = step_of(runbook, operation, frame).body
    why = ev.Unknown(at=event.at, why="the runner stopped before it was recorded")
    if is_looked_at(runbook, operation, effect):
        operation = unknown(runbook, operation, why)
        frame = operation.top
        performed = changed(frame.performed, repeat=effect, perhaps_done=effect.verb == "call")
        return stack.with_top(operation, changed(frame, performed=performed))
    if isinstance(body, Call) and not may_repeat(body, effect, event.at):
        return unknown_call(runbook, operation, effect, why)
    performed = changed(frame.performed, perhaps_done=isinstance(body, Call))
    return stack.with_top(operation, changed(frame, phase=changed(phase, sent=False), performed=performed))


# -- holds -----------------------------------------------------------------------------------------------------


def held(runbook: Runbook, operation: Operation, event: ev.Held) -> Operation:
    """The operation stops safely; the hold is complete when `on_hold` has run."""
    key = held_key(runbook, operation)
    hold = Hold(
        kind=event.kind, reason=event.reason, step=key, since=event.at, error=event.error, found=event.found,
        deletions=event.deletions,
    )  # fmt: skip
    operation = _records_marked(runbook, operation, key, "HELD", event.error, event.status)
    return _with_list(runbook, changed(operation, hold=hold, taken_up=0), "on_hold")


def _records_marked(
    runbook: Runbook, operation: Operation, key: str, status: Literal["HELD", "IN_PROGRESS"],
    error: Problem | None = None, seen: str = "",
) -> Operation:  # fmt: skip
    """What a hold, or its end, writes into the record of the top frame's step, and of `key`, the step that it is nested in."""
    steps = stack.recorded(runbook, operation, lambda record: changed(record, status=status, error=error, seen=seen))
    if key in steps:
        steps = steps.set(key, changed(steps[key], status=status, error=error))
    return changed(operation, steps=steps)


def _with_list(runbook: Runbook, operation: Operation, name: str) -> Operation:
    """An `on_*` list is next, if the runbook has it."""
    first = f"{name}/0"
    return stack.push(operation, position_of(first)) if first in runbook.index else operation


def resumed(runbook: Runbook, operation: Operation, event: ev.Resumed) -> Operation:
    """● Deadlines, schedules and the time limit begin afresh, for a person has acted."""
    hold = operation.hold
    assert hold is not None
    frames = tuple([_reset_schedule(frame) for frame in operation.frames])
    settings = event.settings or operation.settings
    operation = changed(operation, hold=None, failing=None, since=event.at, frames=frames, settings=settings)
    operation = _records_marked(runbook, operation, hold.step, "IN_PROGRESS")
    if event.reject is not None:
        problem = Problem(name="Rejected", category="invalid", message=event.reject)
        operation = stack.with_record(
            runbook, operation, lambda record: changed(record, status="FAILED", error=problem)
        )
        return stack.with_top(operation, changed(operation.top, failed=problem))
    operation = _answered(runbook, operation, hold, event)
    for number, notice in reversed([*enumerate(operation.notices)]):
        if not notice.sent:  # it is sent at the next resume
            operation = stack.push(
                operation, UnsentNotice(notice=number), Proving(then="act"), Address(region=notice.region)
            )
    return operation


def _answered(runbook: Runbook, operation: Operation, hold: Hold, event: ev.Resumed) -> Operation:
    """What a person's word means, by the kind of the hold."""
    match hold.kind:
        case "approval":
            return stack.complete(runbook, operation, {"actor": event.actor, "why": event.why})
        case "time_limit" | "trouble":
            return operation  # nothing was wrong with the step itself
        case "unknown_outcome" if event.outcome == "done":
            phase = operation.top.phase
            if event.output is not None and isinstance(phase, Acting):
                operation = with_known_reply(runbook, operation, phase.effect, event.output)
            return stack.complete(runbook, operation, event.output)
        case "unknown_outcome" if event.outcome == "":
            return operation  # it holds again: this needs a word
        case _:
            return begin_again(runbook, operation, operation.top)


def begin_again(runbook: Runbook, operation: Operation, frame: Frame) -> Operation:
    """● A person has mended something, whatever it was: look, and make the next attempt.

    From its beginning; a `for_each`, from the item that was its last. A rescue that held is not asked again before the
    attempt: nothing but an attempt shows whether it is mended.
    """
    if isinstance(frame.phase, Surveying):
        return stack.in_phase(operation, Surveying(items=frame.phase.items))
    if isinstance(frame.phase, InItems):
        return stack.push(operation, at_item(frame.position, len(frame.phase.results)))
    if isinstance(frame.phase, (Entering, InLedger)):
        return operation  # it has not begun, or its entries have turns of their own
    step = step_of(runbook, operation, frame)
    # What a check is about may have come from a setting that is mended now. What an `ensure` is about never changes:
    # another name would be another resource.
    return stack.in_phase(operation, Entering() if isinstance(step.body, Check) else stack.first_phase(step))


def _reset_schedule(frame: Frame) -> Frame:
    """● No time counts that passed before a person acted, and every attempt is there again."""
    return changed(
        frame, attempts=changed(frame.attempts, spent=0, granted=False, first_failure=None),
        observed=changed(frame.observed, watching=None), failed=None, settings_changed=False,
    )  # fmt: skip


# -- the ledger ------------------------------------------------------------------------------------------------


def entry_settled(runbook: Runbook, operation: Operation, event: ev.EntrySettled) -> Operation:
    """The entry's state is known; its turn, if it had one, is over."""
    return stack.set_state(operation, event.entry, event.state, event.why)


def entry_taken(runbook: Runbook, operation: Operation, event: ev.EntryTaken) -> Operation:
    """Its turn: looked at by its id where that is known, else by its name; a call, by the `until` of its undo."""
    entry = operation.ledger[event.entry]
    queue = operation.top.phase if operation.frames else None
    if isinstance(queue, InLedger) and queue.queue:
        operation = stack.in_phase(operation, InLedger(queue=queue.queue[1:]))
    identity = {"id": entry.id} if entry.id is not None else entry.identity
    if isinstance(entry.undo, UndoRecord):
        identity = entry.undo.until or {}
    address = Address(identity=identity, region=entry.region, account=entry.account)
    operation = stack.push(operation, EntryTurn(entry=event.entry, how=event.how), address=address)
    return stack.in_phase(operation, stack.first_phase(step_of(runbook, operation, operation.top)))


def broken_taken_back(runbook: Runbook, operation: Operation, event: ev.BrokenTakenBack) -> Operation:
    """Only what is broken goes; the rest stays open."""
    return stack.push(changed(operation, failing=event.problem), LedgerUndo(why="failure"), InLedger(queue=event.queue))


def trouble_recorded(runbook: Runbook, operation: Operation, event: ev.TroubleRecorded) -> Operation:
    """The list continues with its next step: all frames above the list's own are dropped."""
    frames = operation.frames
    if isinstance(operation.top.position, UnsentNotice):
        lowest = len(frames) - 1
    else:
        lowest = [in_ends(frame) for frame in frames].index(True)
    operation = changed(operation, troubles=(*operation.troubles, event.why), frames=frames[: lowest + 1])
    return stack.leave(runbook, operation, None)


# -- ends ------------------------------------------------------------------------------------------------------


def end_recorded(runbook: Runbook, operation: Operation, event: ev.EndRecorded) -> Operation:
    """● How it ends is recorded before the list runs."""
    ending = Ending(status=event.status, at=event.at, error=event.error, step=operation.last_step)
    operation = changed(operation, ending=ending, hold=None, failing=None, frames=())
    return _with_list(runbook, operation, {"SUCCEEDED": "on_success", "FAILED": "on_failure"}.get(event.status, ""))


def _without_unsent(operation: Operation) -> Operation:
    """● A call that nobody has sent was not done: before its frame is dropped, its entry becomes `void`, so that it is not undone."""
    if not operation.frames or operation.top.performed.perhaps_done:
        return operation
    performed, phase = operation.top.performed, operation.top.phase
    if isinstance(phase, Acting):
        effect = None if phase.sent else phase.effect
    else:
        effect = performed.repeat if performed.since is None else None
    if effect is None or effect.verb != "call":
        return operation
    for number, entry in enumerate(operation.ledger):
        if entry.id == effect.key and entry.state == "open":
            return stack.with_entry(operation, number, changed(entry, state="void", why="it was never sent"))
    return operation


def cancelled(runbook: Runbook, operation: Operation, event: ev.Cancelled) -> Operation:
    """A person's end: taken back if asked, then `on_cancel`."""
    operation = _without_unsent(operation)
    ending = Ending(status="CANCELLED", at=event.at, step=operation.last_step, undo=event.undo, past=event.past)
    unfinished = {key: one for key, one in operation.steps.items() if one.status in ("IN_PROGRESS", "HELD")}
    steps = operation.steps.update({key: changed(one, status="FAILED") for key, one in unfinished.items()})
    operation = changed(operation, ending=ending, hold=None, failing=None, frames=(), steps=steps)
    if event.undo:
        return stack.push(operation, LedgerUndo(why="cancel"))
    return _with_list(runbook, operation, "on_cancel")


def cleanup_begun(runbook: Runbook, operation: Operation, event: ev.CleanupBegun) -> Operation:
    """What an ended operation has left is taken back."""
    assert operation.ending is not None
    ending = changed(operation.ending, past=event.past)
    operation = changed(with_policy(operation, event), ended="", cleaning=True, ending=ending, frames=())
    return stack.push(operation, LedgerUndo(why="cleanup"))


def ended(runbook: Runbook, operation: Operation, event: ev.Ended) -> Operation:
    """Success delivers what is open or kept: from here on it is the user's."""
    assert operation.ending is not None
    ledger = operation.ledger
    if operation.ending.status == "SUCCEEDED":
        ledger = tuple([changed(one, state="delivered") if one.state in ("open", "kept") else one for one in ledger])
    return changed(operation, ended=final_status(operation), cleaning=False, ledger=ledger)


def restarted(runbook: Runbook, operation: Operation, event: ev.Restarted) -> Operation:
    """Back to a step: what came after it is superseded, never erased; targets and the ledger stay."""
    operation = _without_unsent(with_policy(operation, event))
    at = int(event.path.partition("/")[2])
    after = {one.path for one in runbook.steps[at:]}
    names = {one.name for one in runbook.by_name.values() if outermost(one.path) in after}
    again = {key: one for key, one in operation.steps.items() if outermost(one.path) in after}
    operation = changed(
        operation, ended="", ending=None, hold=None, failing=None, cleaning=False, frames=(), since=event.at,
        settings=event.settings or operation.settings,
        steps=operation.steps.update({key: changed(one, status="SUPERSEDED") for key, one in again.items()}),
        results=Map({name: value for name, value in operation.results.items() if name not in names}),
    )  # fmt: skip
    return stack.push(operation, position_of(event.path))
