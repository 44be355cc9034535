"""Whose is it: own, kin, foreign, or nobody's to take. By immutable id and tags together; names prove nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

from engine.kernel.effect import Seen, SeenPart
from engine.kernel.operation import Entry, Operation

OPERATION: Final = "runbook:operation"
RUNBOOK: Final = "runbook:runbook"
STEP: Final = "runbook:step"
ATTEMPT: Final = "runbook:attempt"

Whose = Literal["own", "kin", "foreign", "nobody's"]


def tags_of(operation: Operation, step: str, tag: str, more: Mapping[str, Any]) -> dict[str, str]:
    """The tags that the creating call sets: the tool's own beside the runbook's."""
    own = {OPERATION: operation.id, RUNBOOK: operation.runbook, STEP: step, ATTEMPT: tag}
    return {str(key): str(value) for key, value in more.items()} | own


def bears_tag_of(entry: Entry, operation: Operation, tags: Mapping[str, str]) -> bool:
    """Are these the exact tags that the entry's create was sent with?"""
    return tags.get(OPERATION) == operation.id and tags.get(STEP) == entry.step and tags.get(ATTEMPT) == entry.tag


def adoptable(operation: Operation, entries: list[tuple[int, Entry]], seen: Seen) -> int | None:
    """● The entry without id whose exact tag the thing bears: it takes the thing's id before anything else.

    An entry that was void is opened again: it did come to something.
    """
    if seen.id is None:
        return None
    for number, entry in entries:
        waiting = entry.id is None and entry.state in ("open", "void", "kept", "stuck")
        if waiting and bears_tag_of(entry, operation, seen.tags):
            return number
    return None


def whose(operation: Operation, seen: Seen | SeenPart) -> Whose:
    """Own by ledger and tags; kin by the log of the operation that the tags name; else foreign."""
    named = seen.tags.get(OPERATION)
    if named == operation.id:
        made = any(entry.id == seen.id for entry in operation.ledger)
        return "own" if made else "foreign"
    if isinstance(seen, SeenPart) or named is None:
        return "foreign"
    return _anothers(operation, seen)


def _anothers(operation: Operation, seen: Seen) -> Whose:
    maker = seen.maker
    if maker is None or unfinished(maker.known, maker.ended):
        return "nobody's"
    if seen.id in maker.ids:
        return "kin" if maker.runbook == operation.runbook else "foreign"
    return "foreign"  # its tags were copied: no ledger names its id


def unfinished(known: bool, ended: bool) -> bool:
    """● What an operation that has not ended made, or one that this store does not know, is nobody's to take."""
    return not (known and ended)


def may_take(demand: str, is_whose: Whose) -> bool:
    """Does `owner: own | kin | any` allow it? Each includes the ones before; nobody's is never taken."""
    match is_whose:
        case "own":
            return True
        case "kin":
            return demand in ("kin", "any")
        case "foreign":
            return demand == "any"
        case "nobody's":
            return False
