"""Taking back, keeping, settling, and the end: recorded first, then told, then nothing is left unnamed."""

from __future__ import annotations

from typing import Any

from engine.errors import Problem
from engine.kernel.decide.view import View
from engine.kernel.events import (
    Ended,
    EndRecorded,
    EntrySettled,
    EntryTaken,
    Event,
    Held,
    StepDone,
    StepFailed,
    TroubleRecorded,
)
from engine.kernel.operation import Entry, Operation
from engine.kernel.queries import in_ends, is_undo, key_of, step_of
from engine.language.model import Runbook, TakeBack


def next_of_queue(v: View) -> Event:
    """The next entry's turn; or what is kept, and why; or the list is done."""
    if not v.frame.queue:
        return StepDone(at=v.now, result=summary(v.operation))
    number = v.frame.queue[0]
    entry = v.operation.ledger[number]
    if v.frame.path.startswith("failure/"):
        if entry.live and entry.used:
            return EntrySettled(at=v.now, entry=number, state="open", why="it was seen available")
        return EntryTaken(at=v.now, entry=number, how="broken")
    why = kept_because(v, entry)
    if why is not None:
        return EntrySettled(at=v.now, entry=number, state="kept", why=why)
    return EntryTaken(at=v.now, entry=number, how="settle" if entry.undo == "keep" else "undo")


def kept_because(v: View, entry: Entry) -> str | None:
    """Why an entry is not taken back; None where it is."""
    if entry.undo == "keep" and entry.id is not None:
        return "undo: keep"
    body = v.step.body
    past = body.past if isinstance(body, TakeBack) else ()
    if used_past_return(v.operation, entry, past):
        return f"past the point of no return ({v.operation.irreversible}), and it was seen available"
    return None


def used_past_return(operation: Operation, entry: Entry, past: tuple[str, ...]) -> bool:
    """● Past the point of no return, a cluster that was seen available is kept, with its instances."""
    if not operation.irreversible or operation.irreversible in past:
        return False
    if entry.live:
        return entry.used
    wholes = [one for one in operation.ledger if one.live and one.used and one.state in ("open", "kept", "stuck")]
    return entry.part_of is not None and any(entry.part_of in one.identity.values() for one in wholes)


def queue_of(operation: Operation, runbook: Runbook, body: TakeBack) -> tuple[int, ...]:
    """Which entries a `take_back` undoes, newest first."""
    wanted = None if body.steps is None else set(body.steps)
    found = []
    for number, entry in enumerate(operation.ledger):
        step = runbook.index.get(entry.path)
        named = wanted is None or (step is not None and step.id in wanted)
        if named and entry.state in ("open", "stuck", "kept"):
            found.append(number)
    return tuple(reversed(found))


def summary(operation: Operation) -> dict[str, Any]:
    """What a `take_back` yields: what went, what is left."""
    gone = [entry.id for entry in operation.ledger if entry.state == "gone"]
    left = [
        {"step": entry.step, "id": entry.id, "state": entry.state, "why": entry.why}
        for entry in operation.ledger
        if entry.state in ("open", "kept", "stuck")
    ]
    return {"gone": gone, "left": left}


def unsettled(operation: Operation) -> int | None:
    """● Before the end every entry without id is looked at until its id is known or its grace is over."""
    for number, entry in enumerate(operation.ledger):
        if entry.id is None and entry.state in ("open", "kept"):
            return number
    return None


def at_the_end(operation: Operation, now: float) -> Event:
    """No frame is left: the end is recorded, what has no id is settled, and it has ended."""
    if operation.ending is None:
        return EndRecorded(at=now, status="SUCCEEDED")
    number = unsettled(operation)
    if number is not None:
        return EntryTaken(at=now, entry=number, how="settle")
    return Ended(at=now)


def in_its_place(v: View, event: Event) -> Event:
    """What fails or holds in an undo makes its entry stuck; in an `on_*` list it is told, and the list goes on."""
    if type(event) is not Held and type(event) is not StepFailed:
        return event
    why = told(event)
    if is_undo(v.frame):
        return _undo_went_wrong(v, event, why)
    if any(in_ends(frame) for frame in v.operation.frames):
        return TroubleRecorded(at=event.at, why=f"{v.key}: {why}")
    return event


def _undo_went_wrong(v: View, event: Held | StepFailed, why: str) -> Event:
    number = int(v.frame.path.partition("/")[2])
    if v.frame.path.startswith("broken/"):
        return EntrySettled(at=event.at, entry=number, state="open", why=why)
    return EntrySettled(at=event.at, entry=number, state="stuck", why=why)


def told(event: Held | StepFailed) -> str:
    """One line of why."""
    match event:
        case Held(reason=reason):
            return reason
        case StepFailed(problem=problem):
            return f"{problem.name}: {problem.message}"


def result_status(operation: Operation) -> str:
    """STUCK where something is left that could not be taken back."""
    assert operation.ending is not None
    if operation.ending.status == "SUCCEEDED":
        return "SUCCEEDED"
    stuck = any(entry.state == "stuck" for entry in operation.ledger)
    return "STUCK" if stuck else operation.ending.status


def failure_of(operation: Operation) -> Problem | None:
    """The error that the operation ends, or holds, with."""
    if operation.ending is not None:
        return operation.ending.error
    return operation.failing


def held_key(runbook: Runbook, operation: Operation) -> str:
    """The key of the step that is walked: of the runbook's own list, with the item."""
    for frame in reversed(operation.frames):
        if frame.path.startswith("steps/") and frame.path.count("/") == 1:
            key = key_of(step_of(runbook, operation, frame), frame)
            return key if frame.items is None else f"{key}[{len(frame.collected)}]"
    return operation.last_step
