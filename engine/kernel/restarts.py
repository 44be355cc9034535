"""What an undo has taken back of the steps that were done, and where a restart can begin."""

from __future__ import annotations

from collections.abc import Iterator

from engine.kernel.frame import EntryTurn, outermost
from engine.kernel.operation import Entry, Operation, StepRecord
from engine.kernel.queries import kind_of, records_of
from engine.language.model import Ensure, Runbook, Step


def undone_keys(runbook: Runbook, operation: Operation) -> frozenset[str]:
    """● The keys of the steps, and of items of a `for_each`, whose work was undone: they are done no more.

    What a step made in the `do` of a row or rescue is its work, too. A step that was entered again since then, and made
    or found something else, is done.
    """
    keys: set[str] = set()
    for entry in _taken_back(operation):
        for key, record in operation.steps.items():
            if record.status == "DONE" and _made(entry, key, record):
                step = runbook.index.get(outermost(record.path))
                if step is None:
                    continue  # it was in an `on_*` list that an edited runbook no longer has
                keys.add(step.id)
                _, bracket, items = key.partition("[")
                if bracket and step.for_each is not None:
                    keys.add(f"{step.id}[{items.partition(']')[0]}]")
    return frozenset(keys)


def _taken_back(operation: Operation) -> Iterator[Entry]:
    """What is gone because it was undone; a removal that the runbook has as a step is no undo."""
    for number, entry in enumerate(operation.ledger):
        turns = (EntryTurn(entry=number, how="undo").path, EntryTurn(entry=number, how="broken").path)
        if entry.state == "gone" and any(turn in operation.visits for turn in turns):
            yield entry


def _made(entry: Entry, key: str, record: StepRecord) -> bool:
    """Is the entry what the step is done with: the same resource, or a call of the same visit?"""
    if (entry.step, entry.path) != (key, record.path):
        return False
    return entry.tag.startswith(f"{record.visit}.") if entry.kind == "call" else entry.id == record.id


def step_status(record: StepRecord | None, key: str, undone: frozenset[str]) -> str:
    """The status of a step, or of an item, as `status` shows it."""
    if record is None:
        return "PENDING"
    return "UNDONE" if record.status == "DONE" and key in undone else record.status


def restarts_from(runbook: Runbook, operation: Operation, step: str = "") -> str:
    """The id of the latest step, not after `step` (without it: the one entered last), that a restart can begin at.

    Every step before it is done, and what it or a later one requires of those is not known to be gone. Nothing is looked
    at: `runbook restart` looks besides.
    """
    ids = [one.id for one in runbook.steps]
    wanted = (step or operation.last_step).partition("[")[0]
    at = ids.index(wanted) if wanted in ids else 0
    while (earlier := min(_first_gone(runbook, operation, at), _number_of_unfinished(runbook, operation, at))) < at:
        at = earlier
    return ids[at]


def _first_gone(runbook: Runbook, operation: Operation, at: int) -> int:
    """The first step before `at` that made what a later one requires, and that is gone; `at` where there is none."""
    required = {name.replace("-", "_") for step in runbook.steps[at:] for name in step.requires}
    gone = {entry.id for entry in operation.ledger if entry.state == "gone" and entry.id is not None}
    for number, step in enumerate(runbook.steps[:at]):
        if step.name in required and any(one.id in gone for _, one in records_of(operation, step)):
            return number
    return at


def _number_of_unfinished(runbook: Runbook, operation: Operation, at: int) -> int:
    found = unfinished_before(runbook, operation, at)
    return runbook.steps.index(found[0]) if found is not None else at


def unfinished_before(runbook: Runbook, operation: Operation, at: int) -> tuple[Step, str] | None:
    """The first step before number `at` that is not done, and its status; None if a restart can begin there."""
    undone = undone_keys(runbook, operation)
    for step in runbook.steps[:at]:
        status = step_status(operation.steps.get(step.id), step.id, undone)
        if status == "UNDONE" and has_served(runbook, operation, step, at, undone):
            continue
        if status not in ("DONE", "SKIPPED"):
            return step, status
    return None


def has_served(runbook: Runbook, operation: Operation, step: Step, at: int, undone: frozenset[str]) -> bool:
    """● A copy that was taken back need not be made again where what was made from it, before step `at`, is there.

    To restore once more would replace a cluster that has been in use since.
    """
    kind = kind_of(runbook, step)
    if kind is None or kind.data != "copy":
        return False
    users = [number for number, one in enumerate(runbook.steps) if _is_made_from(runbook, one, step)]
    statuses = [step_status(operation.steps.get(one.id), one.id, undone) for one in (runbook.steps[n] for n in users)]
    return bool(users) and max(users) < at and all(status == "DONE" for status in statuses)


def _is_made_from(runbook: Runbook, step: Step, copy: Step) -> bool:
    """Does the step make something from another resource, and require that copy?"""
    kind, body = kind_of(runbook, step), step.body
    makes = isinstance(body, Ensure) and kind is not None and kind.source is not None and kind.source in body.params
    return makes and copy.id in step.requires
