"""The first record of an operation, and folding one event into it.

`evolve` carries out what `pending` has decided, or what a person or the world has said. It decides nothing: everything that
a fold needs is in the event, in the operation or in the runbook. So a log can be folded again, by a later version too, and
comes to the state that it came to when it was written; a test does so with every scenario.

Each event has one row in the table below: its fold, and the phases of the top frame that it may follow. An event that cannot
follow raises IllegalEvent, and changes nothing: an operation is a value, and each fold makes a new one.

Folds change three things, each by few moves (`stack`):

    frames     pushed when something nested begins, left when it is done, replaced to change the top one
    records    what `status` shows of each step, under the step's key
    ledger     one entry for each intent that may make something; it is never removed, only its state changes

Take the second step of the walk in `pending`, which makes a copy:

    Entered         the frame's address is set, its phase is looking; the step's record is IN_PROGRESS
    Looked          the look is kept in the phase, until it is decided upon
    RowTaken        the frame remembers the row; if the row has a `do`, the frame of its first step is pushed
    Intended        the phase is acting; the attempt counts; the entry is added, open and without an id
    TakenUp         (after a crash) the outcome is unknown: the phase is looking, and the effect is kept to be repeated
    Looked          the copy is there, with our tags
    Adopted         the entry has its id; nothing is to be repeated
    Watched         the phase is looking, next at a later time, which is not stored
    Looked          it is available
    RowTaken        the row `available`
    StepDone        the record is DONE, the result can be named in expressions; the frame is left, and the next one pushed

What happened in the world (`Looked`, `Succeeded`, `Failed`, `Unknown`, `NotSent`, `Refreshed`) comes from the driver; what
was decided comes from `pending`; and what a person says (`Resumed`, `Restarted`, `Cancelled`, …) from the commands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from immutables import Map

from engine.errors import BrokenInvariant
from engine.kernel import events as ev
from engine.kernel.apply import lifecycle, outcomes, runbook_edit, stack, steps
from engine.kernel.effect import Deletion
from engine.kernel.frame import (
    Acting,
    Entering,
    InRescue,
    InRow,
    Looking,
    Phase,
    Proving,
    Refreshing,
    Surveying,
    Waiting,
    position_of,
)
from engine.kernel.operation import AccountIdentity, Operation, SettingValue, Target
from engine.kernel.queries import current_key
from engine.language.model import Runbook
from engine.values import Value, changed


class Transition(Value):
    """What an event has changed. `before` is None for the first event of an operation."""

    event: ev.Event
    runbook: Runbook
    before: Operation | None
    after: Operation


class IllegalEvent(BrokenInvariant):
    """An event that cannot follow: nothing was changed."""


Fold = Callable[[Runbook, Operation, Any], Operation]

_FOLDS: Final[Mapping[type[ev.Event], tuple[Fold, tuple[type[Phase], ...]]]] = {
    ev.Entered: (steps.entered, (Entering,)),
    ev.Looked: (steps.looked, (Looking, Proving, Surveying)),
    ev.Adopted: (steps.adopted, (Looking,)),
    ev.TargetSettled: (steps.target_settled, ()),
    ev.Confirmed: (steps.confirmed, ()),
    ev.ItemSurveyed: (steps.item_surveyed, (Surveying,)),
    ev.ItemsBegun: (steps.items_begun, (Surveying,)),
    ev.RowTaken: (steps.row_taken, (Looking,)),
    ev.Watched: (steps.watched, (Looking, Proving)),
    ev.Delayed: (steps.delayed, (Looking, Acting, Refreshing, Proving)),
    ev.ReplaceBegun: (steps.replace_begun, (Looking,)),
    ev.Vanished: (steps.vanished, (Looking,)),
    ev.ProofBegun: (steps.proof_begun, (Looking, Acting)),
    ev.Proved: (steps.proved, (Proving, Looking)),
    ev.NestedDone: (steps.nested_done, (InRow, InRescue, Waiting)),
    ev.StepDone: (steps.step_done, ()),
    ev.StepFailed: (steps.step_failed, ()),
    ev.FailurePassedOn: (steps.failure_passed_on, ()),
    ev.Intended: (outcomes.intended, (Looking, Proving)),
    ev.SentAgain: (outcomes.sent_again, (Acting,)),
    ev.Succeeded: (outcomes.succeeded, (Acting,)),
    ev.Failed: (outcomes.failed, (Acting,)),
    ev.Unknown: (outcomes.unknown, (Acting,)),
    ev.NotSent: (outcomes.not_sent, (Acting,)),
    ev.Rescued: (outcomes.rescued, (Acting, Looking)),
    ev.Refreshed: (outcomes.refreshed, (Refreshing,)),
    ev.AccountsRecorded: (lifecycle.accounts_recorded, ()),
    ev.TakenUp: (lifecycle.taken_up, ()),
    ev.EntrySettled: (lifecycle.entry_settled, ()),
    ev.EntryTaken: (lifecycle.entry_taken, ()),
    ev.TroubleRecorded: (lifecycle.trouble_recorded, ()),
    ev.BrokenTakenBack: (lifecycle.broken_taken_back, ()),
    ev.Held: (lifecycle.held, ()),
    ev.Resumed: (lifecycle.resumed, ()),
    ev.RunbookEdited: (runbook_edit.runbook_edited, ()),
    ev.Restarted: (lifecycle.restarted, ()),
    ev.Cancelled: (lifecycle.cancelled, ()),
    ev.CleanupBegun: (lifecycle.cleanup_begun, ()),
    ev.EndRecorded: (lifecycle.end_recorded, ()),
    ev.Ended: (lifecycle.ended, ()),
}
"""Each event: how it is folded, and the phases of the top frame that it may follow (empty: any)."""

_AFTER_THE_END: Final = frozenset({ev.Restarted, ev.CleanupBegun})
_WITHOUT_FRAMES: Final = frozenset({
    ev.AccountsRecorded, ev.TakenUp, ev.EndRecorded, ev.Ended, ev.EntryTaken, ev.EntrySettled, ev.Restarted, ev.CleanupBegun, ev.Cancelled,
    ev.TargetSettled,
})  # fmt: skip
_OF_THE_OPERATION: Final = frozenset({
    ev.Started, ev.AccountsRecorded, ev.TakenUp, ev.EndRecorded, ev.Ended, ev.Cancelled, ev.CleanupBegun, ev.RunbookEdited,
})  # fmt: skip
"""Events that are about no step."""


def start(
    runbook: Runbook,
    operation_id: str,
    inputs: Mapping[str, Any],
    settings: Mapping[str, SettingValue],
    targets: Mapping[str, Target],
    now: float,
    *,
    region: str = "",
    engine: str = "",
    confirmed: tuple[Deletion, ...] = (),
    protected: tuple[str, ...] = (),
    allowed: tuple[str, ...] = (),
    accounts: Mapping[str, AccountIdentity] | None = None,
    store: str = "",
) -> list[ev.Started]:
    """The first record's events: everything that is fixed before anything begins."""
    return [
        ev.Started(
            at=now, operation=operation_id, runbook=runbook.name, digest=runbook.digest, inputs=inputs,
            settings=settings, targets=targets, region=region, engine=engine, confirmed=confirmed,
            protected=protected, allowed=allowed,
            accounts=accounts or {}, store=store,
        )
    ]  # fmt: skip


def begun(runbook: Runbook, event: ev.Started) -> Operation:
    """The operation after record 1."""
    operation = Operation(
        id=event.operation, runbook=event.runbook, digest=event.digest, started=event.at, at=event.at, since=event.at,
        region=event.region, inputs=event.inputs, settings=event.settings, targets=Map(event.targets),
        confirmed=event.confirmed, protected=event.protected, allowed=event.allowed,
        accounts=event.accounts, store=event.store,
    )  # fmt: skip
    return stack.push(operation, position_of("steps/0"))


def evolve(runbook: Runbook, operation: Operation, event: ev.Event) -> Operation:
    """The operation after the event."""
    found = _FOLDS.get(type(event))
    if found is None:
        raise _illegal(operation, event, "it is not known")
    fold, phases = found
    if why := _why_not(operation, event, phases):
        raise _illegal(operation, event, why)
    try:
        after = fold(runbook, operation, event)
        return after if after.at == event.at else changed(after, at=event.at)
    except (AssertionError, LookupError, ValueError) as error:  # it names a line, a row or a phase that is not there
        raise _illegal(operation, event, repr(error)) from error


def with_step(runbook: Runbook, operation: Operation, event: ev.Event) -> ev.Event:
    """The event with the key of its step: recorded once, so that no reader has to fold the operation to learn it."""
    if event.step or type(event) in _OF_THE_OPERATION:
        return event
    if isinstance(event, ev.EntrySettled):
        return changed(event, step=operation.ledger[event.entry].step)
    return changed(event, step=current_key(runbook, operation)) if operation.frames else event


def _why_not(operation: Operation, event: ev.Event, phases: tuple[type[Phase], ...]) -> str:
    """Why it cannot follow; "" where it can."""
    if event.at < operation.at:
        return f"its time {event.at} is before {operation.at}"
    kind = type(event)
    is_misplaced = (not operation.ended) == (kind in _AFTER_THE_END) and kind is not ev.AccountsRecorded
    if is_misplaced and not (kind is ev.Restarted and operation.hold is not None):
        return f"the operation is {operation.status}"
    if kind is ev.Resumed and operation.hold is None:
        return "it is not held"
    if not operation.frames:
        return "" if kind in _WITHOUT_FRAMES else "no step is entered"
    phase = operation.frames[-1].phase
    if phases and type(phase) not in phases:
        return f"the phase is {type(phase).__name__}"
    if operation.ending is not None and kind in (ev.EndRecorded, ev.RunbookEdited):
        return "the end is recorded"
    return ""


def _illegal(operation: Operation, event: ev.Event, why: str) -> IllegalEvent:
    where = operation.top.path if operation.frames else "the end"
    return IllegalEvent(f"{type(event).__name__} cannot follow in {operation.id} at {where}: {why}")
