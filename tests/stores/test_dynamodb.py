"""What is DynamoDB's own: replies that are lost or cut, throttling, items that are too large, what is in the table."""

from __future__ import annotations

import random
from typing import Any

import pytest

from engine.clock import VirtualClock
from engine.errors import StoreConflict
from engine.stores.dynamodb import DynamoStore
from engine.stores.dynamodb_items import key, of_record
from engine.stores.port import LogRecord, StoreUnavailable
from engine.stores.retrying_store import RetryingStore
from tests.servers.faulty_proxy import (
    LOSE_REPLY,
    LOSE_REQUEST,
    PASS,
    THROTTLE,
    TRUNCATE_REPLY,
    FaultyProxy,
    error_reply,
)
from tests.servers.moto import Moto
from tests.stores.conftest import EVERYWHERE, ONCE, SERVERS
from tests.stores.values import lease, log, record, written


@pytest.fixture
def store(table: str, proxy: FaultyProxy, clock: VirtualClock) -> DynamoStore:
    return DynamoStore(table, Moto(proxy.url).clients, clock)


# -- replies that are lost ----------------------------------------------------------------------------------

WRITES = {
    "append": ("PutItem", lambda store: store.append(record(write_id="w"))),
    "summarise": ("UpdateItem", lambda store: store.summarise("op-1", {"status": "HELD"})),
    "take_lease": ("UpdateItem", lambda store: store.take_lease("op-1", lease("v1"), over=None)),
    "take_lease over": ("UpdateItem", lambda store: store.take_lease("op-2", lease("v2"), over="v1")),
    "release": ("UpdateItem", lambda store: store.release("op-2", "v1")),
    "ask_cancel": ("UpdateItem", lambda store: store.ask_cancel("op-1", {"actor": "ana"})),
    "take_lock": ("PutItem", lambda store: store.take_lock("orders", "op-1")),
    "take_lock over": ("PutItem", lambda store: store.take_lock("held", "op-1", over="op-2")),
    "release_lock": ("DeleteItem", lambda store: store.release_lock("held", "op-2")),
    "put_blob": ("PutItem", lambda store: store.put_blob(b"text")),
}


@pytest.mark.parametrize(
    ("kind", "fault"),
    [
        *((kind, LOSE_REPLY) for kind in SERVERS),
        ("ministack", LOSE_REQUEST), ("ministack", THROTTLE), ("ministack", error_reply(500, "InternalServerError")),
    ],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("name", list(WRITES))
def test_a_write_whose_reply_is_lost_is_ours(
    store: DynamoStore, twin: DynamoStore, proxy: FaultyProxy, name: str, fault
) -> None:
    twin.take_lease("op-2", lease("v1"), over=None)
    twin.take_lock("held", "op-2")
    request, asked = WRITES[name]
    proxy.plan[request] = [fault, PASS, fault]
    said = asked(store)
    again = asked(store)
    assert said == again
    assert proxy.requests.count(request) == 4
    if name.startswith("take_lease"):
        assert said is True
        assert twin.head("op-1" if name == "take_lease" else "op-2") is not None
    if name == "append":
        assert [one.write_id for one in twin.records("op-1")] == ["w"]


@ONCE
def test_botocores_own_repeating_is_settled_too(table: str, proxy: FaultyProxy, twin: DynamoStore) -> None:
    """A client with retries, as other people's may be: the condition fails on our own write."""
    import boto3

    client = boto3.session.Session().client("dynamodb", region_name="us-west-2", endpoint_url=proxy.url)
    store = DynamoStore(table, lambda service: client)
    proxy.plan["PutItem"] = [LOSE_REPLY]
    one = record()
    store.append(one)
    assert proxy.requests == ["PutItem", "PutItem", "Query"]
    assert twin.load("op-1") == [one]


@EVERYWHERE
def test_anothers_record_is_a_conflict_though_our_reply_was_lost(
    store: DynamoStore, twin: DynamoStore, proxy: FaultyProxy
) -> None:
    proxy.plan["PutItem"] = [LOSE_REQUEST]
    theirs = record(write_id="theirs")
    twin.append(theirs)
    with pytest.raises(StoreConflict, match="another runner"):
        store.append(record(write_id="ours"))
    assert twin.load("op-1") == [theirs]


READS = {
    "load": ("Query", lambda store: store.load("op-1")),
    "records": ("Query", lambda store: list(store.records("op-1"))),
    "head": ("Query", lambda store: store.head("op-1")),
    "blob": ("Query", lambda store: store.blob(store.put_blob(b"text"))),
    "heads": ("Scan", lambda store: list(store.heads())),
    "heads of": ("Query", lambda store: list(store.heads("HELD"))),
    "batch": ("BatchGetItem", lambda store: list(store.heads())),
}


@ONCE
@pytest.mark.parametrize("fault", [TRUNCATE_REPLY, LOSE_REQUEST, LOSE_REPLY, THROTTLE], ids=str)
@pytest.mark.parametrize("name", list(READS))
def test_a_reply_that_is_cut_off_is_not_an_empty_one(
    store: DynamoStore, twin: DynamoStore, proxy: FaultyProxy, clock: VirtualClock, name: str, fault
) -> None:
    records = written(twin, count=3)
    twin.summarise("op-1", {"status": "HELD"})
    request, asked = READS[name]
    proxy.plan[request] = [fault, fault]
    found = asked(store)
    assert found == asked(twin)
    assert found
    assert name != "load" or found == records
    assert proxy.plan[request] == []
    proxy.plan[request] = [fault] * 50
    began = clock.now()
    with pytest.raises(StoreUnavailable):
        asked(store)
    assert 0 < clock.now() - began < 5
    assert len(proxy.plan[request]) == 50 - 4


@ONCE
def test_a_store_that_is_away_for_ten_minutes_loses_nothing(
    store: DynamoStore, twin: DynamoStore, proxy: FaultyProxy, clock: VirtualClock
) -> None:
    proxy.plan["PutItem"] = [PASS, LOSE_REPLY, *[LOSE_REQUEST] * 90, THROTTLE]
    said: list[str] = []
    records = written(RetryingStore(store, clock, notify=said.append), count=3)
    assert twin.load("op-1") == records
    assert "The operation is paused" in said[0]
    assert said[-1].endswith("is available again")
    assert clock.now() - VirtualClock().now() > 300


class Watched:
    """A client that keeps what it was asked."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def __getattr__(self, name: str) -> Any:
        def request(**arguments: Any) -> Any:
            self.asked.append((name, arguments))
            return getattr(self.client, name)(**arguments)

        return request


@ONCE
@pytest.mark.parametrize("name", list(READS))
def test_every_read_of_an_item_is_strongly_consistent(table: str, table_server: Moto, name: str) -> None:
    """No emulator lags, so that none would show it."""
    watched = Watched(table_server.clients("dynamodb"))
    store = DynamoStore(table, lambda service: watched)
    written(store, count=3)
    store.summarise("op-1", {"status": "HELD"})
    READS[name][1](store)
    reads = [(name, asked) for name, asked in watched.asked if name in ("query", "scan", "batch_get_item", "get_item")]
    assert reads
    for request, asked in reads:
        told = asked["RequestItems"][table] if request == "batch_get_item" else asked
        assert told.get("ConsistentRead") is (None if "IndexName" in asked else True), (request, asked)


# -- what it costs ------------------------------------------------------------------------------------------


@ONCE
def test_a_commit_is_one_write_and_nothing_else(store: DynamoStore, proxy: FaultyProxy) -> None:
    written(store, count=20, whole={1: {}, 9: {}})
    assert proxy.requests == ["PutItem"] * 20


@EVERYWHERE
@pytest.mark.parametrize("known", [True, False])
def test_a_load_reads_no_more_than_twice_the_state(
    store: DynamoStore, twin: DynamoStore, table: str, table_server: Moto, proxy: FaultyProxy, kind: str, known: bool
) -> None:
    """10,000 records where the server is quick enough to be given them."""
    count = 10_000 if kind == "ministack" and known else 400
    whole_at = count - 100
    state = {f"s{n}": random.Random(n).randbytes(30).hex() for n in range(1_200)}  # hardly compressible
    records = list(log("op-1", count, whole={1: {}, whole_at: state}, size=100))
    _put(table_server, table, records, known)
    assert store.load("op-1") == records[whole_at - 1 :]
    bound = 2 * len(records[whole_at - 1].packed())
    if known:
        assert len(proxy.requests) == 2 + (proxy.reply_bytes > 1_000_000)
        assert proxy.reply_bytes < bound + 4_096
    proxy.requests.clear()
    before = proxy.reply_bytes
    store.append(record(seq=count + 1, previous=records[-1].digest))
    assert len(twin.load("op-1")) == 102
    assert len(store.load("op-1")) == 102
    assert proxy.reply_bytes - before < bound + 4_096  # from the first append on, the place is known
    before = proxy.reply_bytes
    assert [one.seq for one in store.load("op-1", after=count)] == [count + 1]
    assert store.load("op-1", after=count + 1) == []
    assert proxy.reply_bytes - before < 4_096


def _put(table_server: Moto, table: str, records: list[LogRecord], known: bool) -> None:
    """25 at a time, as a runner that did, or did not, know where the last whole state is would have written them.

    Where it is known, those before it are hollow: nobody is to read them.
    """
    client, items = table_server.clients("dynamodb"), []
    last = max(one.seq for one in records if one.state is not None)
    for one in records:
        hollow = known and one.seq < last
        items.append(key("op-1", one.seq) if hollow else of_record(one, last if known else None, "", lambda part: ""))
    for at in range(0, len(items), 25):
        left = {table: [{"PutRequest": {"Item": item}} for item in items[at : at + 25]]}
        while left:
            left = client.batch_write_item(RequestItems=left).get("UnprocessedItems")


# -- lists under load ---------------------------------------------------------------------------------------


class Sparing:
    """A client that gives of a batch no more than two items, and the rest when it is asked again."""

    def __init__(self, client: Any, *, spares: bool = True) -> None:
        self.client, self.spares, self.asked = client, spares, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)

    def batch_get_item(self, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803 - as boto3 calls it
        self.asked += 1
        ((table, wanted),) = RequestItems.items()
        now, later = wanted["Keys"][:2], wanted["Keys"][2:]
        if not self.spares:
            return {"Responses": {}, "UnprocessedKeys": RequestItems}
        reply = self.client.batch_get_item(RequestItems={table: wanted | {"Keys": now}})
        return reply | {"UnprocessedKeys": {table: wanted | {"Keys": later}} if later else {}}


@ONCE
def test_what_a_batch_leaves_out_is_asked_again(table: str, table_server: Moto, clock: VirtualClock) -> None:
    sparing = Sparing(table_server.clients("dynamodb"))
    store = DynamoStore(table, lambda service: sparing, clock)
    for number in range(7):
        store.summarise(f"op-{number}", {"status": "HELD"})
    assert [head.operation for head in store.heads("HELD")] == [f"op-{number}" for number in reversed(range(7))]
    assert sparing.asked == 4
    sparing.spares = False
    with pytest.raises(StoreUnavailable, match="DynamoDB throttles reads"):
        list(store.heads())


class Interrupted:
    """A client that fails at the given deletion."""

    def __init__(self, client: Any, left: int) -> None:
        self.client, self.left = client, left

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)

    def delete_item(self, **arguments: Any) -> Any:
        self.left -= 1
        if self.left < 0:
            raise KeyboardInterrupt
        return self.client.delete_item(**arguments)


@ONCE
@pytest.mark.parametrize("deleted", range(6))
def test_a_deletion_that_is_interrupted_is_listed_until_it_is_finished(
    table: str, table_server: Moto, clock: VirtualClock, deleted: int
) -> None:
    interrupted = Interrupted(table_server.clients("dynamodb"), deleted)
    store = DynamoStore(table, lambda service: interrupted, clock)
    written(store, "op-1", 3, size=200_000)  # each record is in a blob
    store.summarise("op-1", {"status": "FAILED"})
    with pytest.raises(KeyboardInterrupt):
        store.delete_operation("op-1")
    assert [head.operation for head in store.heads("FAILED")] == ["op-1"]
    items = table_server.clients("dynamodb").scan(TableName=table)["Items"]
    left = sorted(int(item["seq"]["N"]) for item in items if item["operation_id"] == {"S": "op-1"})
    assert left == [0, *range(1 + deleted // 2, 4)]  # the head, and never a log that is cut off at its end
    interrupted.left = 100
    store.delete_operation("op-1")
    assert table_server.clients("dynamodb").scan(TableName=table)["Items"] == []


@ONCE
def test_more_heads_than_a_batch_holds(store: DynamoStore) -> None:
    for number in range(205):
        store.summarise(f"op-{number:03}", {"status": "HELD"})
    assert [head.operation for head in store.heads()] == [f"op-{number:03}" for number in reversed(range(205))]
