"""One event with the operation before and after it, and the key of the step that it is about."""

from __future__ import annotations

from typing import Final

from engine.kernel import events as ev
from engine.kernel.operation import Operation
from engine.kernel.queries import current_key
from engine.language.model import Runbook
from engine.values import Value, changed

_OF_THE_OPERATION: Final = frozenset({
    ev.Started, ev.TakenUp, ev.EndRecorded, ev.Ended, ev.Cancelled, ev.CleanupBegun, ev.RunbookEdited,
})  # fmt: skip
"""Events that are about no step."""


class Transition(Value):
    """What an event has changed. `before` is None for the first event of an operation."""

    event: ev.Event
    runbook: Runbook
    before: Operation | None
    after: Operation


def with_step(runbook: Runbook, operation: Operation, event: ev.Event) -> ev.Event:
    """The event with the key of its step: recorded once, so that no reader has to fold the operation to learn it."""
    if event.step or type(event) in _OF_THE_OPERATION:
        return event
    if isinstance(event, ev.EntrySettled):
        return changed(event, step=operation.ledger[event.entry].step)
    return changed(event, step=current_key(runbook, operation)) if operation.frames else event
