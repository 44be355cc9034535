"""Ownership: own, kin, foreign, or nobody's to take. By immutable id and tags together; names prove nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal, assert_never

from engine.kernel.effect import Seen, SeenPart
from engine.kernel.operation import Entry, Operation

OPERATION: Final = "runbook:operation"
RUNBOOK: Final = "runbook:runbook"
STEP: Final = "runbook:step"
ATTEMPT: Final = "runbook:attempt"
STORE: Final = "runbook:store"

Owner = Literal["own", "kin", "foreign", "nobody's"]


def tags_of(operation: Operation, step: str, tag: str, more: Mapping[str, Any]) -> dict[str, str]:
    """The tags that the creating call sets: the tool's own beside the runbook's."""
    own = {OPERATION: operation.id, RUNBOOK: operation.runbook, STEP: key_in_tag(step), ATTEMPT: tag}
    if operation.store:  # not of an operation that was begun before stores had ids
        own[STORE] = operation.store
    return {str(key): str(value) for key, value in more.items()} | own


def key_in_tag(key: str) -> str:
    """`mine[2]` as `mine/2`: AWS allows no brackets in tags."""
    return key.replace("[", "/").replace("]", "") if "[" in key else key


def account_id_of(operation: Operation, account: str | None) -> str:
    """The id of an account by its name in the runbook (None: the runner's own); "" if it is not recorded."""
    identity = operation.accounts.get(account or "")
    return identity.id if identity is not None else ""


def adoptable(operation: Operation, entries: list[tuple[int, Entry]], seen: Seen) -> int | None:
    """● The entry without id whose exact tags the resource has: it takes the resource's id before anything else.

    An entry that was void is opened again: its create made something after all. Operation ids repeat in other stores, so
    the store's id must fit, too.
    """
    tags = seen.tags
    if seen.id is None or (tags.get(OPERATION), tags.get(STORE, "")) != (operation.id, operation.store):
        return None
    for number, entry in entries:
        waiting = entry.id is None and entry.state in ("open", "void", "kept", "stuck")
        if waiting and (key_in_tag(tags.get(STEP, "")), tags.get(ATTEMPT)) == (key_in_tag(entry.step), entry.tag):
            return number
    return None


def owner_of(operation: Operation, seen: Seen | SeenPart) -> Owner:
    """Own by ledger and tags; kin by the log of the operation that the tags name; else foreign.

    A tag is anybody's text: what has an operation's tags, and is not in its ledger by id, is foreign.
    """
    named = seen.tags.get(OPERATION)
    if named == operation.id:
        return "own" if any(entry.id == seen.id for entry in operation.ledger) else "foreign"
    if isinstance(seen, SeenPart) or named is None:
        return "foreign"
    maker = seen.maker
    if maker is None or unfinished(maker.known, maker.ended):
        return "nobody's"
    return "kin" if seen.id in maker.ids and maker.runbook == operation.runbook else "foreign"


def unfinished(known: bool, ended: bool) -> bool:
    """● What an operation that has not ended made, or one that this store does not know, is nobody's to take."""
    return not (known and ended)


def may_take(demand: str, owner: Owner) -> bool:
    """● Does `owner: own | kin | any` allow it? Each includes the ones before; nobody's is never taken."""
    match owner:
        case "own":
            return True
        case "kin":
            return demand in ("kin", "any")
        case "foreign":
            return demand == "any"
        case "nobody's":
            return False
        case _:
            assert_never(owner)
