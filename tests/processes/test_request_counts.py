"""What an operation costs in requests to a table: a record is one write, and nothing is written for a look."""

from __future__ import annotations

from collections import Counter

from engine.clock import SystemClock
from engine.stores.factory import open_store
from tests.processes.conftest import Open
from tests.processes.runbooks_and_worlds import SMALL
from tests.processes.test_outages import run

LOOK = "rds.DescribeDBClusterSnapshots"


def asked(opened: Open, copying: str) -> Counter[str]:
    """Each request of a run over HTTP, and its records."""
    desk = opened(SMALL | {"takes": {"copy": copying}}, store="dynamodb")
    assert desk.type(*run(desk)).code == 0
    told = Counter(desk.front.asked)
    store = open_store(desk.place, clients=desk.clients, clock=SystemClock())
    told["records"] = len(list(store.records("op")))
    store.close()
    return told


def test_a_record_is_one_write_and_a_look_none(opened: Open) -> None:
    quick, slow = asked(opened, "45s"), asked(opened, "20m")
    for told in (quick, slow):
        assert told["dynamodb.PutItem"] == told["records"] + 2  # the runbook's text, and the lock
        assert told["dynamodb.DeleteItem"] == 1  # the lock
        assert not [name for name in told if "Transact" in name or "Batch" in name]
    assert slow[LOOK] > quick[LOOK] + 60
    assert slow["records"] == quick["records"]
    renewals = 2 * 20 * 60 / 30
    assert slow["dynamodb.UpdateItem"] - quick["dynamodb.UpdateItem"] <= renewals
