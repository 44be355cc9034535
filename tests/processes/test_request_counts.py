"""Requests to the DynamoDB table: a record is one write, and polling writes nothing."""

from __future__ import annotations

from collections import Counter

from engine.clock import SystemClock
from engine.stores.factory import open_store
from tests.processes.conftest import NewHarness
from tests.processes.runbooks_and_worlds import SMALL
from tests.processes.test_outages import run_words

LOOK = "rds.DescribeDBClusterSnapshots"


def request_counts(new_harness: NewHarness, copying: str) -> Counter[str]:
    """The number of requests of a run by name, and of its records."""
    harness = new_harness(SMALL | {"takes": {"copy": copying}}, store="dynamodb")
    assert harness.run(*run_words(harness)).code == 0
    counts = Counter(harness.server.requests)
    store = open_store(harness.store_url, clients=harness.clients, clock=SystemClock())
    counts["records"] = len(list(store.records("op")))
    store.close()
    return counts


def test_a_record_is_one_write_and_a_poll_is_none(new_harness: NewHarness) -> None:
    quick, slow = request_counts(new_harness, "45s"), request_counts(new_harness, "20m")
    for counts in (quick, slow):
        assert (
            counts["dynamodb.PutItem"] == counts["records"] + 3
        )  # the text of the runbook, the lock, and the id of the store
        assert counts["dynamodb.DeleteItem"] == 1  # the lock
        assert not [name for name in counts if "Transact" in name or "Batch" in name]
    assert slow[LOOK] > quick[LOOK] + 60
    assert slow["records"] == quick["records"]
    renewals = 2 * 20 * 60 / 30
    assert slow["dynamodb.UpdateItem"] - quick["dynamodb.UpdateItem"] <= renewals
