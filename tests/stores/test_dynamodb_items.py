"""What is in the table: items that are too large, attributes for a person, records that were changed by hand."""

from __future__ import annotations

import zlib

import pytest

from engine.clock import VirtualClock
from engine.errors import EnvironmentProblem
from engine.stores.dynamodb import DynamoStore
from engine.stores.dynamodb_items import LARGEST
from engine.stores.port import verify
from tests.servers.faulty_proxy import FaultyProxy
from tests.servers.moto import Moto
from tests.stores.conftest import EVERYWHERE, ONCE
from tests.stores.values import noise, record, written


@pytest.fixture
def store(table: str, proxy: FaultyProxy, clock: VirtualClock) -> DynamoStore:
    return DynamoStore(table, Moto(proxy.url).clients, clock)


# -- what is large ------------------------------------------------------------------------------------------


@EVERYWHERE
def test_a_large_state_is_kept_in_parts(store: DynamoStore, twin: DynamoStore, proxy: FaultyProxy) -> None:
    state = {f"s{n}": noise(20_000, n) for n in range(100)}  # two megabytes, one compressed
    one = record(state=state)
    store.append(one)
    assert twin.load("op-1") == list(twin.records("op-1")) == [one]
    puts = proxy.requests.count("PutItem")
    assert 3 <= puts <= 5
    two = record(seq=2, previous=one.digest)
    store.append(two)
    assert twin.load("op-1") == [one, two]


@ONCE
def test_an_output_over_64_kb_is_kept_apart(store: DynamoStore, twin: DynamoStore) -> None:
    event = {"$": "succeeded", "output": {"rows": [noise(2_000, n) for n in range(150)]}}
    one = record(events=(event,))
    store.append(one)
    assert twin.load("op-1") == [one]
    item = twin._item("op-1", 1)
    assert item is not None
    assert "packed" not in item
    assert len(item["parts"]["L"]) == 1


@ONCE
def test_an_output_that_is_too_large_is_refused_with_step_and_field(
    store: DynamoStore, twin: DynamoStore, proxy: FaultyProxy
) -> None:
    event = {"$": "succeeded", "at": 1.0, "output": {"count": 3, "rows": noise(3 * LARGEST)}}
    with pytest.raises(
        EnvironmentProblem, match=r"step export returned 5\d\d KB .* in events\[1\].output.rows"
    ) as caught:
        store.append(record(events=({"$": "entered"}, event), readable={"step": "export"}))
    assert "at most 350 KB" in str(caught.value)
    assert proxy.requests == []
    assert twin.load("op-1") == []


@ONCE
def test_a_runbook_that_is_too_large_is_refused(store: DynamoStore, proxy: FaultyProxy) -> None:
    assert store.blob(store.put_blob(b"# comment\n" * 200_000))  # two megabytes that compress
    proxy.requests.clear()
    with pytest.raises(EnvironmentProblem, match=r"the runbook has 1050 KB, 598 KB compressed; .* at most 350 KB"):
        store.put_blob(noise(3 * LARGEST).encode())
    assert proxy.requests == []


# -- what is in the table -----------------------------------------------------------------------------------


@EVERYWHERE
def test_a_person_reads_a_record_in_the_table(store: DynamoStore, twin: DynamoStore) -> None:
    told = {
        "step": "copy", "status": "IN_PROGRESS", "timestamp": "2024-03-20T00:06:00Z", "details": "name=x", "error": "",
        "retry_count": "1", "max_retries": "3", "error_message": "é" * 9_000, "cleanup_status": "NOT_NEEDED",
    }  # fmt: skip
    store.append(record(readable=told))
    item = twin._item("op-1", 1)
    assert item is not None
    read = {name: value["S"] for name, value in item.items() if "S" in value}
    expected = {name: text for name, text in told.items() if text and name != "error_message"}
    assert {name: read.get(name) for name in expected} == expected
    assert "error" not in read  # an empty one is left out
    assert len(read["error_message"]) == 4_000


@EVERYWHERE
def test_a_small_record_is_text_and_a_larger_one_is_compressed(store: DynamoStore, twin: DynamoStore) -> None:
    events = ({"$": "entered", "note": "é"},), ({"$": "entered", "note": "é" * 900},), ({"note": "half a \ud800"},)
    kept = [record(seq=seq, events=some) for seq, some in enumerate(events, 1)]
    for one in kept:
        store.append(one)
    found = [twin._item("op-1", seq) for seq in (1, 2, 3)]
    assert [list(item["packed"]) for item in found if item is not None] == [["S"], ["B"], ["B"]]
    assert list(twin.records("op-1")) == kept


SPOILT = {
    "packed": ("SET packed = :v", {"B": b"nonsense"}, "cannot be read"),
    "text": ("SET packed = :v", {"S": "nonsense"}, "was changed after it was written"),
    "no packed": ("REMOVE packed", None, "cannot be read"),
    "other bytes": ("SET packed = :v", {"B": zlib.compress(b'{"format":1}')}, "was changed after it was written"),
    "digest": ("SET digest = :v", {"S": "0" * 64}, "was changed after it was written"),
    "parts": ("SET parts = :v", {"L": [{"S": "0" * 64}]}, "is missing"),
}


@ONCE
@pytest.mark.parametrize("name", list(SPOILT))
def test_a_record_that_was_changed_in_the_table_is_told(
    store: DynamoStore, table_server: Moto, table: str, kind: str, name: str
) -> None:
    written(store)
    change, value, said = SPOILT[name]
    key = {"operation_id": {"S": "op-1"}, "seq": {"N": "2"}}
    values = {"ExpressionAttributeValues": {":v": value}} if value is not None else {}
    table_server.clients("dynamodb").update_item(TableName=table, Key=key, UpdateExpression=change, **values)
    with pytest.raises(EnvironmentProblem, match=said):
        store.load("op-1")
    if name == "digest":
        assert "record 2 was changed" in str(verify(store.records("op-1")))


@EVERYWHERE
def test_keys_of_locks_and_blobs_are_no_operations(store: DynamoStore) -> None:
    digest = store.put_blob(b"text")
    store.take_lock("orders", "op-1")
    for id in (f"blob#{digest}", "lock#orders"):
        assert store.load(id) == list(store.records(id)) == []
        assert store.head(id) is None
    assert list(store.heads()) == []
    assert store.take_lock("x" * 5_000, "op-1") is None
    assert store.take_lock("x" * 5_000, "op-2") == "op-1"


@EVERYWHERE
def test_a_renewal_does_not_touch_the_index(store: DynamoStore, table_server: Moto, table: str) -> None:
    """Its keys alone are in it: a lease renewed every half minute would be paid for twice."""
    (index,) = table_server.clients("dynamodb").describe_table(TableName=table)["Table"]["GlobalSecondaryIndexes"]
    assert index["Projection"] == {"ProjectionType": "KEYS_ONLY"}
