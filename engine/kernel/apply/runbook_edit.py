"""Folding an edited runbook in: the operation continues with another text, at the same step.

Steps are known by their ids; `moves` says where each that is still there has gone. Nothing that was done, made or
sent is forgotten: keys of effects, visits and the ledger go with their steps.
"""

from __future__ import annotations

from collections.abc import Mapping

from immutables import Map

from engine.kernel.apply import stack
from engine.kernel.events import RunbookEdited
from engine.kernel.frame import Attempts, Performed, position_of
from engine.kernel.operation import Entry, Operation, StepRecord, UndoRecord
from engine.language.model import Runbook
from engine.values import changed


def runbook_edited(runbook: Runbook, operation: Operation, event: RunbookEdited) -> Operation:
    """The step where it stands is entered again from its beginning; what a create has begun stays begun."""
    standing = operation.frames[0]
    of_this_step = (frame for frame in reversed(operation.frames) if frame.path == standing.path)
    deepest = next(of_this_step, standing)  # the item, where it is a `for_each`
    operation = changed(
        operation, digest=event.digest, settings=event.settings, inputs=event.inputs, frames=(), hold=None, failing=None,
        since=event.at, ledger=tuple([_moved_entry(entry, event.moves) for entry in operation.ledger]),
        steps=Map({key: _moved_record(record, event.moves) for key, record in operation.steps.items()}),
        visits=_moved_visits(operation.visits, event.moves),
    )  # fmt: skip
    operation = stack.push(operation, position_of(event.moves[standing.path]))
    kept = Performed(since=deepest.performed.since, unknown=deepest.performed.unknown)
    attempts = Attempts(number=deepest.attempts.number)
    return stack.with_top(operation, changed(operation.top, performed=kept, attempts=attempts))


def moved(path: str, moves: Mapping[str, str]) -> str:
    """Where a path has gone: the step that it is in has another place; "" where that step is no more."""
    parts = path.split("/")
    if parts[0] != "steps":
        return path
    head = moves.get("/".join(parts[:2]).partition("[")[0])
    return "/".join((head, *parts[2:])) if head else ""


def _moved_entry(entry: Entry, moves: Mapping[str, str]) -> Entry:
    undo = entry.undo
    if isinstance(undo, UndoRecord):
        undo = changed(undo, path=moved(undo.path, moves))
    return changed(entry, path=moved(entry.path, moves), undo=undo)


def _moved_record(record: StepRecord, moves: Mapping[str, str]) -> StepRecord:
    path = moved(record.path, moves)
    return changed(record, path=path) if path else changed(record, path="", status="SUPERSEDED")


def _moved_visits(visits: Map[str, int], moves: Mapping[str, str]) -> Map[str, int]:
    """A step keeps its own count, and no place starts below the count that it had."""
    found = dict(visits)
    for place, count in visits.items():
        path, bracket, item = place.partition("[")
        there = moved(path, moves)
        if there:
            name = f"{there}{bracket}{item}"
            found[name] = max(found.get(name, 0), count)
    return Map(found)
