"""What is ours, told by values alone: rules of `engine.kernel.ownership`, and kernels without them."""

from __future__ import annotations

from typing import Any

from engine.kernel import ownership
from engine.kernel.effect import Seen
from engine.kernel.operation import Entry, Operation
from engine.kernel.ownership import adoptable
from engine.values import changed
from tests.laws.scenario_run import ID


def another_store_has_an_operation_of_this_id() -> None:
    """The reply of our create is lost, and what has our name is of an operation in another store, with our id."""
    entry = Entry(
        step="copy", path="steps/0", kind="rds.cluster_snapshot", identity={"name": "copy"}, region="us-west-2",
        account=None, tag="1.1", at=0.0,
    )  # fmt: skip
    operation = Operation(id=ID, runbook="r", digest="d", started=0.0, ledger=(entry,), store="0123456789ab")
    tags = ownership.tags_of(operation, "copy", "1.1", {})
    seen = Seen(at=0.0, status="available", cls="available", id="snap-1", tags=tags)
    theirs = changed(seen, tags=tags | {ownership.STORE: "ba9876543210"})
    assert ownership.adoptable(operation, [(0, entry)], seen) == 0
    assert ownership.adoptable(operation, [(0, entry)], theirs) is None
    assert ownership.adoptable(operation, [(0, entry)], changed(seen, tags={})) is None


def whichever_store(operation: Operation, entries: Any, seen: Seen) -> int | None:
    """What an operation of another store made, under the same id, is taken for our own."""
    return adoptable(operation, entries, changed(seen, tags={**seen.tags, ownership.STORE: operation.store}))
