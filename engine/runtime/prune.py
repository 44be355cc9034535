"""Deletes operations that have ended, with all their records. Nothing else ever deletes a record.

An operation whose ledger has something that may still exist stays: its log is the only proof of whose that is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from engine.errors import Busy, RunbookError
from engine.kernel.operation import Entry
from engine.kernel.queries import name_of
from engine.runtime.driver import OperationLease
from engine.runtime.load import Parse, load, lock_name
from engine.stores.port import Head, Store
from engine.values import Value

ENDED: Final = ("SUCCEEDED", "FAILED", "CANCELLED", "STUCK")
LEFT: Final = ("open", "kept", "stuck")
"""States of ledger entries whose resource may still exist, and is not the user's."""
DELETING: Final = "deleting"
"""In the summary of an operation whose deletion has begun, so that it can be finished if it is interrupted."""


class Candidate(Value):
    """An operation that ended before the given time."""

    operation: str
    runbook: str
    status: str
    updated: str
    why_kept: str = ""  # "": it may be deleted


def candidates(store: Store, before: float, parse: Parse) -> Iterator[Candidate]:
    """The operations that ended before that time (seconds since the epoch), by status, the newest of each first."""
    for status in ENDED:
        for head in store.heads(status, before=before):
            why = _why_kept(store, head, parse)
            if why is not None:
                about = {name: str(head.summary.get(name, "")) for name in ("runbook", "status", "updated")}
                yield Candidate(operation=head.operation, why_kept=why, **about)


def _why_kept(store: Store, head: Head, parse: Parse) -> str | None:
    """Why the operation may not be deleted; "" if it may; None if it has not ended, whatever the head says."""
    try:
        operation = load(store, head.operation, parse).operation
    except RunbookError as error:
        # A deletion that was interrupted leaves the end of a log, which cannot be read.
        return "" if head.summary.get(DELETING) else f"it cannot be read: {error}"
    if not operation.ended:
        return None
    return ", ".join(f"{_describe(entry)} is {entry.state}" for entry in operation.ledger if entry.state in LEFT)


def _describe(entry: Entry) -> str:
    return f"{entry.kind} {name_of(entry)}".rstrip()


def delete(store: Store, id: str, parse: Parse, lease: OperationLease) -> None:
    """Delete the operation, under its lease, so that no runner restarts it meanwhile. A second call finishes the first.

    Raises Busy if the operation has changed since it was listed, or a runner has the lease.
    """
    if store.head(id) is None:
        return  # somebody else has deleted it
    lease.acquire()
    try:
        head = store.head(id)
        if head is None or not head.summary:
            store.delete_operation(id)  # somebody else has deleted it meanwhile: nothing but this lease is here
            return
        if _why_kept(store, head, parse) != "":
            raise Busy(f"operation {id} has changed since it was listed, and was not deleted")
        if not head.summary.get(DELETING):
            loaded = load(store, id, parse)
            if name := lock_name(loaded.runbook, loaded.operation):
                store.release_lock(name, id)  # it would belong to an operation that nobody can look up
            store.summarise(id, {**head.summary, DELETING: True})
        store.delete_operation(id)
    finally:
        lease.release()
