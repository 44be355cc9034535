"""Changing the stack of frames and the records of steps: the few moves that all folds share."""

from __future__ import annotations

from typing import Any, Final

from immutables import Map

from engine.kernel.operation import (
    Frame,
    Looking,
    Nested,
    Operation,
    Phase,
    Proving,
    Seen,
    StepRecord,
    Waiting,
)
from engine.kernel.queries import entry_number, following, is_undo, key_of
from engine.language.model import Call, Check, Ensure, Fail, Hold, Notify, Remove, Runbook, Step, TakeBack, Wait
from engine.values import changed

_FRAME: Final = Frame(path="")
_RECORD: Final = StepRecord(path="", status="IN_PROGRESS")
"""What new ones are copied from: a copy costs less than a construction."""


def top(operation: Operation, **changes: Any) -> Operation:
    """The operation with its top frame changed."""
    return changed(operation, frames=topped(operation, **changes))


def topped(operation: Operation, **changes: Any) -> tuple[Frame, ...]:
    """The frames, with the top one changed."""
    return (*operation.frames[:-1], changed(operation.frames[-1], **changes))


def seen_in(frame: Frame) -> Seen | None:
    """What the look in hand has brought, else what the frame keeps of an earlier one.

    Folded anew, a proof may still stand where a look was: how far it was is volatile.
    """
    phase = frame.phase
    if type(phase) is Looking or (type(phase) is Proving and phase.then == "look"):
        return phase.seen if phase.seen is not None else frame.seen
    return frame.seen


def push(
    operation: Operation, path: str, item: int | None = None, phase: Phase | None = None, **more: Any
) -> Operation:
    """One more frame, in its next visit."""
    frame, visits = visiting(operation, path, item)
    if phase is not None or more:
        frame = changed(frame, phase=phase or frame.phase, **more)
    return changed(operation, frames=(*operation.frames, frame), visits=visits)


def visiting(operation: Operation, path: str, item: int | None = None) -> tuple[Frame, Map[str, int]]:
    """A frame at its beginning, and the visits with this one."""
    place = path if item is None else f"{path}[{item}]"
    visit = operation.visits.get(place, 0) + 1
    return changed(_FRAME, path=path, item=item, visit=visit), operation.visits.set(place, visit)


def begin(step: Step, until: float | None = None) -> Phase:
    """The phase in which a step begins, or begins again."""
    match step.body:
        case Call(until=None):
            return Proving(then="act")
        case Call() | Ensure() | Check() | Remove():
            return Looking()
        case Hold() | Fail() | Notify():
            return Proving(then="act")
        case TakeBack():
            return Nested(why="ledger")
        case Wait():
            return Waiting(until=until or 0.0, then="done")


def record(runbook: Runbook, operation: Operation, **changes: Any) -> Operation:
    """What is told of the top frame's step."""
    return changed(operation, steps=recorded(runbook, operation, **changes))


def recorded(runbook: Runbook, operation: Operation, **changes: Any) -> Map[str, StepRecord]:
    """What is told of steps, with that of the top frame's changed."""
    frame = operation.frames[-1]
    step = runbook.index.get(frame.path)
    if step is None:
        return operation.steps
    key = key_of(step, frame)
    before = operation.steps.get(key)
    if before is None:
        before, changes = _RECORD, {"path": frame.path, **changes}
    return operation.steps.set(key, changed(before, **changes))


def with_entry(operation: Operation, number: int, **changes: Any) -> Operation:
    """The ledger with one line changed."""
    ledger = list(operation.ledger)
    ledger[number] = changed(ledger[number], **changes)
    return changed(operation, ledger=tuple(ledger))


def find_entry(operation: Operation, step: str, tag: str) -> int | None:
    """The number of the entry with that intent."""
    for number, entry in enumerate(operation.ledger):
        if entry.step == step and entry.tag == tag:
            return number
    return None


def leave(runbook: Runbook, operation: Operation, result: Any) -> Operation:
    """The top frame is done: the next item, the next step of the list, or what is below."""
    left, below = operation.frames[-1], operation.frames[:-1]
    if left.item is None:
        after, item = following(runbook, left.path), None
    else:
        parent = changed(below[-1], collected=(*below[-1].collected, result))
        below, item = (*below[:-1], parent), len(parent.collected)
        after = left.path if parent.items is not None and item < len(parent.items) else None
    if after is None:
        return changed(operation, frames=below)
    frame, visits = visiting(operation, after, item)
    return changed(operation, frames=(*below, frame), visits=visits)


def complete(runbook: Runbook, operation: Operation, result: Any, id: str | None = None, status: str = "") -> Operation:
    """A step is done with a result."""
    frame = operation.frames[-1]
    if frame.path not in runbook.index:
        return settle(operation, entry_number(frame), "gone") if is_undo(frame) else leave(runbook, operation, result)
    steps = recorded(runbook, operation, status="DONE", id=id, seen=status, error=None)
    results = resulting(runbook, operation, frame, result)
    return changed(leave(runbook, operation, result), steps=steps, results=results)


def resulting(runbook: Runbook, operation: Operation, frame: Frame, result: Any) -> Map[str, Any]:
    """The results, with that of a step that expressions can name."""
    step = runbook.index.get(frame.path)
    if step is None or frame.item is not None:
        return operation.results
    name = step.name
    return operation.results.set(name, result) if runbook.by_name.get(name) is step else operation.results


def settle(operation: Operation, number: int, state: str, why: str = "") -> Operation:
    """An entry's state is known: its frame, if it has one, or its place in the queue is left."""
    operation = with_entry(operation, number, state=state, why=why)
    if not operation.frames:
        return operation
    frame = operation.frames[-1]
    if is_undo(frame) and frame.path.endswith(f"/{number}"):
        return changed(operation, frames=operation.frames[:-1])
    if frame.queue and frame.queue[0] == number:
        return top(operation, queue=frame.queue[1:])
    return operation
