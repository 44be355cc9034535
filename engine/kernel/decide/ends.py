"""The end: it is recorded first, then people are notified, then nothing is left that the ledger does not name."""

from __future__ import annotations

from engine.kernel import events as ev
from engine.kernel.decide.view import View
from engine.kernel.effect import Deletion
from engine.kernel.frame import EntryTurn, LedgerUndo
from engine.kernel.operation import Entry, Operation, UndoRecord
from engine.kernel.queries import in_ends
from engine.kernel.rendering import iso
from engine.language.model import Call, Runbook, TakeBack


def next_of_queue(view: View, queue: tuple[int, ...]) -> ev.Event:
    """The next entry's turn; or what is kept, and why; or the list is done."""
    if not queue:  # the result of a `take_back`: what went, what is left
        ledger = view.operation.ledger
        left = [entry for entry in ledger if entry.is_left]
        return ev.StepDone(at=view.now, result={
            "gone": [entry.id for entry in ledger if entry.state == "gone"],
            "left": [{"step": one.step, "id": one.id, "state": one.state, "why": one.why} for one in left],
        })  # fmt: skip
    number = queue[0]
    entry = view.operation.ledger[number]
    if view.frame.position == LedgerUndo(why="failure"):  # before a hold: only what is broken, and nobody has used
        if entry.live and entry.used:
            return ev.EntrySettled(at=view.now, entry=number, state="open", why="it has been available")
        return ev.EntryTaken(at=view.now, entry=number, how="broken")
    body = view.step.body
    if entry.undo == "keep" and entry.id is not None:
        return ev.EntrySettled(at=view.now, entry=number, state="kept", why="undo: keep")
    if used_past_return(view.operation, entry, body.past if isinstance(body, TakeBack) else ()):
        why = f"past the point of no return ({view.operation.irreversible}), and it has been available"
        return ev.EntrySettled(at=view.now, entry=number, state="kept", why=why)
    if isinstance(entry.undo, UndoRecord) and entry.undo.awaits_result:
        return ev.EntrySettled(at=view.now, entry=number, state="stuck", why=why_not_undone(view, entry))
    # What is to be kept, and has no id yet, is looked for, so that the ledger names it.
    return ev.EntryTaken(at=view.now, entry=number, how="settle" if entry.undo == "keep" else "undo")


def why_not_undone(view: View, entry: Entry) -> str:
    """What to look for, where the reply that an undo needs was never learnt."""
    made_by = view.runbook.index.get(entry.path)
    call = made_by.body if made_by is not None else None
    name = call.action if isinstance(call, Call) else entry.step
    where = f" in {entry.region}" if entry.region else ""
    why = entry.why or f"the reply of {name} was lost"
    return f"{why}: look for what it may have made{where} at {iso(entry.at)}, and undo that by hand"


def used_past_return(operation: Operation, entry: Entry, past: tuple[str, ...]) -> bool:
    """● Past the point of no return, a cluster that was seen available is kept, with its instances."""
    if not operation.irreversible or operation.irreversible in past:
        return False
    if entry.live:
        return entry.used
    wholes = [one for one in operation.ledger if one.live and one.used and one.is_left]
    return entry.part_of is not None and any(entry.part_of in one.identity.values() for one in wholes)


def queue_of(operation: Operation, runbook: Runbook, body: TakeBack) -> tuple[int, ...]:
    """Which entries a `take_back` undoes, newest first."""
    found = []
    for number, entry in enumerate(operation.ledger):
        step = runbook.index.get(entry.path)
        named = body.steps is None or (step is not None and step.id in body.steps)
        if named and entry.is_left:
            found.append(number)
    return tuple(reversed(found))


def unsettled(operation: Operation) -> int | None:
    """● Before the end every entry without id is looked at until its id is known or its grace is over."""
    for number, entry in enumerate(operation.ledger):
        if entry.id is None and entry.state in ("open", "kept"):
            return number
    return None


def at_the_end(operation: Operation, now: float) -> ev.Event:
    """No frame is left: the end is recorded, what has no id is looked for, and it has ended."""
    if operation.ending is None:
        return ev.EndRecorded(at=now, status="SUCCEEDED")
    number = unsettled(operation)
    if number is not None:
        return ev.EntryTaken(at=now, entry=number, how="settle")
    return ev.Ended(at=now)


def without_stopping(view: View, event: ev.Event) -> ev.Event:
    """What fails or holds in an undo makes its entry stuck; in an `on_*` list it is recorded, and the list continues."""
    deletions: tuple[Deletion, ...] = ()
    if type(event) is ev.Held:  # few events are either, and `isinstance` takes longer to say no
        why, deletions = event.reason, event.deletions
    elif type(event) is ev.StepFailed:
        why = f"{event.problem.name}: {event.problem.message}"
    else:
        return event
    position = view.frame.position
    if isinstance(position, EntryTurn):
        # What was only looked at, to be taken back if it is broken, is no worse off than before.
        return ev.EntrySettled(
            at=event.at, entry=position.entry, state="open" if position.how == "broken" else "stuck", why=why
        )
    if any(in_ends(frame) for frame in view.operation.frames):
        return ev.TroubleRecorded(at=event.at, why=f"{view.key}: {why}", deletions=deletions)
    return event
