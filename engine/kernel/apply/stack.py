"""The moves that all folds share: frames are pushed and left, records and ledger entries are put in place of the old."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Literal, assert_never

from immutables import Map

from engine.kernel.effect import Deletion, Seen
from engine.kernel.frame import (
    Address,
    Entering,
    EntryTurn,
    Frame,
    InItems,
    InLedger,
    Looking,
    MainStep,
    Phase,
    Position,
    Proving,
    Waiting,
    at_item,
    brackets,
    items_of,
)
from engine.kernel.operation import Entry, Operation, StepRecord
from engine.kernel.ownership import key_in_tag
from engine.kernel.queries import following, key_of
from engine.language.model import Call, Check, Ensure, Fail, Hold, Notify, Remove, Runbook, Step, TakeBack, Wait
from engine.values import changed

EntryState = Literal["open", "gone", "void", "kept", "stuck", "delivered"]

_FRAME: Final = Frame(position=MainStep(path=""))
_RECORD: Final = StepRecord(path="", status="IN_PROGRESS")
"""What new ones are copied from: a copy costs less than a construction."""
NOTHING_PERFORMED: Final = _FRAME.performed
_NOWHERE: Final = Address()
_ENTERING: Final = Entering()


# -- frames ----------------------------------------------------------------------------------------------------


def with_top(operation: Operation, frame: Frame) -> Operation:
    """The operation with another frame in place of its top one."""
    return changed(operation, frames=(*operation.frames[:-1], frame))


def in_phase(operation: Operation, phase: Phase) -> Operation:
    """The operation with its top frame in that phase."""
    return with_top(operation, changed(operation.frames[-1], phase=phase))


def push(operation: Operation, position: Position, phase: Phase = _ENTERING, address: Address = _NOWHERE) -> Operation:
    """One more frame, in its next visit."""
    frame, visits = new_frame(operation, position)
    frame = changed(frame, phase=phase, address=address)
    return changed(operation, frames=(*operation.frames, frame), visits=visits)


def new_frame(operation: Operation, position: Position) -> tuple[Frame, Map[str, int]]:
    """A frame at its beginning, and the visits with this one."""
    place = position.path + brackets(items_of(position))
    visit = operation.visits.get(place, 0) + 1
    return changed(_FRAME, position=position, visit=visit), operation.visits.set(place, visit)


def first_phase(step: Step, until: float | None = None, queue: tuple[int, ...] = ()) -> Phase:
    """The phase in which a step begins, or begins again."""
    body = step.body
    match body:
        case Call(until=None) | Hold() | Fail() | Notify():
            return Proving(then="act")
        case Call() | Ensure() | Check() | Remove():
            return Looking()
        case TakeBack():
            return InLedger(queue=queue)
        case Wait():
            return Waiting(until=until or 0.0, then="done")
        case _:
            assert_never(body)


def seen_in(frame: Frame) -> Seen | None:
    """What the look in hand has brought, else what the frame keeps of an earlier one."""
    seen = frame.phase.seen if type(frame.phase) is Looking else None
    return seen if seen is not None else frame.observed.seen


def leave(runbook: Runbook, operation: Operation, result: Any) -> Operation:
    """The top frame is done: the next item, the next step of the list, or what is below."""
    position, below = operation.frames[-1].position, operation.frames[:-1]
    after: Position | None
    if position.item is None:
        after = following(runbook, position)
    else:
        parent = below[-1]
        assert isinstance(parent.phase, InItems)
        items = changed(parent.phase, results=(*parent.phase.results, result))
        below = (*below[:-1], changed(parent, phase=items))
        number = len(items.results)
        after = at_item(position, number) if number < len(items.items) else None
    if after is None:
        return changed(operation, frames=below)
    frame, visits = new_frame(operation, after)
    return changed(operation, frames=(*below, frame), visits=visits)


def complete(runbook: Runbook, operation: Operation, result: Any, id: str | None = None, status: str = "") -> Operation:
    """The top frame's step is done, with a result that expressions can name."""
    frame = operation.frames[-1]
    step, turn = runbook.index.get(frame.position.path), frame.position
    if step is None:
        if isinstance(turn, EntryTurn):
            return set_state(operation, turn.entry, "gone")
        return leave(runbook, operation, result)
    steps = recorded(runbook, operation, lambda record: changed(record, status="DONE", id=id, seen=status, error=None))
    if operation.confirmed and isinstance(step.body, Call):
        operation = changed(operation, confirmed=without_used(operation, key_of(step, frame), step.body.action))
    results = operation.results
    if turn.item is None and runbook.by_name.get(step.name) is step:
        results = results.set(step.name, result)
    return changed(leave(runbook, operation, result), steps=steps, results=results)


def without_used(operation: Operation, step: str, action: str) -> tuple[Deletion, ...]:
    """● The word for a call is used up when its step is done: something else may have the name by the next time."""
    return tuple([one for one in operation.confirmed if (one.step, one.kind) != (step, action)])


# -- records of steps ------------------------------------------------------------------------------------------


def recorded(
    runbook: Runbook, operation: Operation, change: Callable[[StepRecord], StepRecord]
) -> Map[str, StepRecord]:
    """The records, with that of the top frame's step changed; an entry's turn and a notice have none."""
    frame = operation.frames[-1]
    path = frame.position.path
    step = runbook.index.get(path)
    if step is None:
        return operation.steps
    key = key_of(step, frame)
    before = operation.steps.get(key) or changed(_RECORD, path=path)
    return operation.steps.set(key, change(before))


def with_record(runbook: Runbook, operation: Operation, change: Callable[[StepRecord], StepRecord]) -> Operation:
    """The operation with the record of the top frame's step changed."""
    return changed(operation, steps=recorded(runbook, operation, change))


# -- the ledger ------------------------------------------------------------------------------------------------


def with_entry(operation: Operation, number: int, entry: Entry) -> Operation:
    """The operation with another entry in that place of its ledger."""
    ledger = operation.ledger
    return changed(operation, ledger=(*ledger[:number], entry, *ledger[number + 1 :]))


def find_entry(operation: Operation, step: str, tag: str) -> int | None:
    """The number of the entry with that intent. `step`: its key, or how tags have it."""
    for number, entry in enumerate(operation.ledger):
        if entry.tag == tag and key_in_tag(entry.step) == key_in_tag(step):
            return number
    return None


def set_state(operation: Operation, number: int, state: EntryState, why: str = "") -> Operation:
    """An entry's state is known: its frame, if it has one, or its place in the queue is left."""
    operation = with_entry(operation, number, changed(operation.ledger[number], state=state, why=why))
    if not operation.frames:
        return operation
    frame = operation.frames[-1]
    if isinstance(frame.position, EntryTurn) and frame.position.entry == number:
        return changed(operation, frames=operation.frames[:-1])
    if isinstance(frame.phase, InLedger) and frame.phase.queue[:1] == (number,):
        return in_phase(operation, InLedger(queue=frame.phase.queue[1:]))
    return operation
