"""What is DynamoDB's own: replies that are lost or cut, throttling, items that are too large, what is in the table."""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from engine.clock import VirtualClock
from engine.errors import EnvironmentProblem, StoreConflict
from engine.stores.dynamodb import DynamoStore
from engine.stores.dynamodb_items import LARGEST, of_record
from engine.stores.patience import PatientStore
from engine.stores.port import Record, StoreAway, verify
from tests.servers import faults
from tests.servers.faults import CUT_REPLY, LOSE_REPLY, LOSE_REQUEST, PASS, THROTTLE, Faults, answer
from tests.servers.moto import Moto
from tests.stores.conftest import SERVERS, table_on
from tests.stores.values import lease, log, record, written

everywhere = pytest.mark.parametrize("kind", SERVERS)
once = pytest.mark.parametrize("kind", ["ministack"])
"""For what is ours to get right, whatever stands behind: the most faithful server is enough."""


@pytest.fixture
def behind(kind: str, server: Callable[[str], Moto]) -> Moto:
    return server(kind)


@pytest.fixture
def table(behind: Moto) -> str:
    return table_on(behind)


@pytest.fixture(scope="module")
def proxies() -> Iterator[Callable[[Moto], Faults]]:
    """One before each server: making a client takes longer than a test."""
    made: dict[str, Faults] = {}
    with ExitStack() as stack:

        def before(behind: Moto) -> Faults:
            if behind.url not in made:
                made[behind.url] = stack.enter_context(faults.before(behind.url))
            return made[behind.url]

        yield before


@pytest.fixture
def proxy(behind: Moto, proxies: Callable[[Moto], Faults]) -> Faults:
    made = proxies(behind)
    made.plan.clear()
    made.asked.clear()
    made.replied = 0
    return made


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def store(table: str, proxy: Faults, clock: VirtualClock) -> DynamoStore:
    return DynamoStore(table, Moto(proxy.url).clients, clock)


@pytest.fixture
def twin(table: str, behind: Moto) -> DynamoStore:
    """Another handle, before which nothing is lost."""
    return DynamoStore(table, behind.clients)


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
        ("ministack", LOSE_REQUEST), ("ministack", THROTTLE), ("ministack", answer(500, "InternalServerError")),
    ],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("name", list(WRITES))
def test_a_write_whose_reply_is_lost_is_ours(
    store: DynamoStore, twin: DynamoStore, proxy: Faults, name: str, fault
) -> None:
    twin.take_lease("op-2", lease("v1"), over=None)
    twin.take_lock("held", "op-2")
    request, asked = WRITES[name]
    proxy.plan[request] = [fault, PASS, fault]
    said = asked(store)
    again = asked(store)
    assert said == again
    assert proxy.asked.count(request) == 4
    if name.startswith("take_lease"):
        assert said is True
        assert twin.head("op-1" if name == "take_lease" else "op-2") is not None
    if name == "append":
        assert [one.write_id for one in twin.records("op-1")] == ["w"]


@once
def test_botocores_own_repeating_is_settled_too(table: str, proxy: Faults, twin: DynamoStore) -> None:
    """A client with retries, as other people's may be: the condition fails on our own write."""
    import boto3

    client = boto3.session.Session().client("dynamodb", region_name="us-west-2", endpoint_url=proxy.url)
    store = DynamoStore(table, lambda service: client)
    proxy.plan["PutItem"] = [LOSE_REPLY]
    one = record()
    store.append(one)
    assert proxy.asked == ["PutItem", "PutItem", "Query"]
    assert twin.load("op-1") == [one]


@everywhere
def test_anothers_record_is_a_conflict_though_our_reply_was_lost(
    store: DynamoStore, twin: DynamoStore, proxy: Faults
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


@once
@pytest.mark.parametrize("fault", [CUT_REPLY, LOSE_REQUEST, LOSE_REPLY, THROTTLE], ids=str)
@pytest.mark.parametrize("name", list(READS))
def test_a_reply_that_is_cut_off_is_not_an_empty_one(
    store: DynamoStore, twin: DynamoStore, proxy: Faults, clock: VirtualClock, name: str, fault
) -> None:
    records = written(twin, count=3)
    twin.summarise("op-1", {"status": "HELD"})
    request, asked = READS[name]
    proxy.plan[request] = [fault, fault]
    found = asked(store)
    assert found == asked(twin)
    assert found and (name != "load" or found == records)
    assert proxy.plan[request] == []
    proxy.plan[request] = [fault] * 50
    began = clock.now()
    with pytest.raises(StoreAway):
        asked(store)
    assert 0 < clock.now() - began < 5
    assert len(proxy.plan[request]) == 50 - 4


@once
def test_a_store_that_is_away_for_ten_minutes_loses_nothing(
    store: DynamoStore, twin: DynamoStore, proxy: Faults, clock: VirtualClock
) -> None:
    proxy.plan["PutItem"] = [PASS, LOSE_REPLY, *[LOSE_REQUEST] * 90, THROTTLE]
    said: list[str] = []
    records = written(PatientStore(store, clock, told=said.append), count=3)
    assert twin.load("op-1") == records
    assert "nothing is performed" in said[0] and said[-1].endswith("answers again")
    assert clock.now() - VirtualClock().now() > 300


# -- what it costs ------------------------------------------------------------------------------------------


@once
def test_a_commit_is_one_write_and_nothing_else(store: DynamoStore, proxy: Faults) -> None:
    written(store, count=20, whole={1: {}, 9: {}})
    assert proxy.asked == ["PutItem"] * 20


@everywhere
@pytest.mark.parametrize("known", [True, False])
def test_a_load_reads_no_more_than_twice_the_state(
    store: DynamoStore, twin: DynamoStore, table: str, behind: Moto, proxy: Faults, kind: str, known: bool
) -> None:
    """10,000 records where the server is quick enough to be given them."""
    count = 10_000 if kind == "ministack" and known else 400
    whole_at = count - 100
    state = {f"s{n}": random.Random(n).randbytes(30).hex() for n in range(1_200)}  # hardly compressible
    records = list(log("op-1", count, whole={1: {}, whole_at: state}, size=100))
    _put(behind, table, records, whole_at if known else None)
    assert store.load("op-1") == records[whole_at - 1 :]
    bound = 2 * len(records[whole_at - 1].packed())
    if known:
        assert len(proxy.asked) == 2 + (proxy.replied > 1_000_000)
        assert proxy.replied < bound + 4_096
    proxy.asked.clear()
    before = proxy.replied
    store.append(record(seq=count + 1, previous=records[-1].digest))
    assert len(twin.load("op-1")) == 102
    assert len(store.load("op-1")) == 102
    assert proxy.replied - before < bound + 4_096  # from the first append on, the place is known


def _put(behind: Moto, table: str, records: list[Record], whole_at: int | None) -> None:
    """25 at a time; the whole states' places as a runner that did, or did not, know them would have written."""
    client = behind.clients("dynamodb")
    items = []
    for one in records:
        at = one.seq if one.state is not None else 1 if one.seq < (whole_at or 0) else whole_at
        items.append(of_record(one, at, "store", lambda part: ""))
    for at in range(0, len(items), 25):
        left = {table: [{"PutRequest": {"Item": item}} for item in items[at : at + 25]]}
        while left:
            left = client.batch_write_item(RequestItems=left).get("UnprocessedItems")


# -- what is large ------------------------------------------------------------------------------------------


def noise(size: int, seed: int = 1) -> str:
    """Text that does not compress below half."""
    return random.Random(seed).randbytes(size // 2).hex()


@everywhere
def test_a_large_state_is_kept_in_parts(store: DynamoStore, twin: DynamoStore, proxy: Faults) -> None:
    state = {f"s{n}": noise(20_000, n) for n in range(100)}  # two megabytes, one compressed
    one = record(state=state)
    store.append(one)
    assert twin.load("op-1") == list(twin.records("op-1")) == [one]
    puts = proxy.asked.count("PutItem")
    assert 3 <= puts <= 5
    two = record(seq=2, previous=one.digest)
    store.append(two)
    assert twin.load("op-1") == [one, two]


@once
def test_an_output_over_64_kb_is_kept_apart(store: DynamoStore, twin: DynamoStore) -> None:
    event = {"$": "Succeeded", "output": {"rows": [noise(2_000, n) for n in range(150)]}}
    one = record(events=(event,))
    store.append(one)
    assert twin.load("op-1") == [one]
    item = twin._one("op-1", 1)
    assert item is not None and "packed" not in item and len(item["parts"]["L"]) == 1


@once
def test_an_output_that_is_too_large_is_refused_with_step_and_field(
    store: DynamoStore, twin: DynamoStore, proxy: Faults
) -> None:
    event = {"$": "Succeeded", "at": 1.0, "output": {"count": 3, "rows": noise(3 * LARGEST)}}
    with pytest.raises(
        EnvironmentProblem, match=r"step export yields 5\d\d KB .* in events\[1\].output.rows"
    ) as caught:
        store.append(record(events=({"$": "Entered"}, event), readable={"step": "export"}))
    assert "at most 350 KB" in str(caught.value)
    assert proxy.asked == [] and twin.load("op-1") == []


@once
def test_a_runbook_that_is_too_large_is_refused(store: DynamoStore, proxy: Faults) -> None:
    assert store.blob(store.put_blob(b"# comment\n" * 200_000))  # two megabytes that compress
    proxy.asked.clear()
    with pytest.raises(EnvironmentProblem, match=r"a text of 1050 KB is 598 KB compressed, .* at most 350 KB"):
        store.put_blob(noise(3 * LARGEST).encode())
    assert proxy.asked == []


# -- what is in the table -----------------------------------------------------------------------------------


@everywhere
def test_a_person_reads_a_record_in_the_table(store: DynamoStore, twin: DynamoStore) -> None:
    told = {
        "step": "copy", "status": "IN_PROGRESS", "timestamp": "2024-03-20T00:06:00Z", "details": "name=x", "error": "",
        "retry_count": "1", "max_retries": "3", "error_message": "é" * 9_000, "cleanup_status": "NOT_NEEDED",
    }  # fmt: skip
    store.append(record(readable=told))
    item = twin._one("op-1", 1)
    assert item is not None
    read = {name: value["S"] for name, value in item.items() if "S" in value}
    expected = {name: text for name, text in told.items() if text and name != "error_message"}
    assert {name: read.get(name) for name in expected} == expected
    assert "error" not in read  # an empty one is left out
    assert len(read["error_message"]) == 4_000


SPOILT = {
    "packed": ("SET packed = :v", {"B": b"nonsense"}, "cannot be read"),
    "no packed": ("REMOVE packed", None, "cannot be read"),
    "other bytes": ("SET packed = :v", {"B": zlib.compress(b'{"format":1}')}, "was changed after it was written"),
    "digest": ("SET digest = :v", {"S": "0" * 64}, "was changed after it was written"),
    "parts": ("SET parts = :v", {"L": [{"S": "0" * 64}]}, "is missing"),
}


@once
@pytest.mark.parametrize("name", list(SPOILT))
def test_a_record_that_was_changed_in_the_table_is_told(
    store: DynamoStore, behind: Moto, table: str, kind: str, name: str
) -> None:
    written(store)
    change, value, said = SPOILT[name]
    key = {"operation_id": {"S": "op-1"}, "seq": {"N": "2"}}
    values = {"ExpressionAttributeValues": {":v": value}} if value is not None else {}
    behind.clients("dynamodb").update_item(TableName=table, Key=key, UpdateExpression=change, **values)
    with pytest.raises(EnvironmentProblem, match=said):
        store.load("op-1")
    if name == "digest":
        assert "record 2 was changed" in str(verify(store.records("op-1")))


@everywhere
def test_keys_of_locks_and_blobs_are_no_operations(store: DynamoStore) -> None:
    digest = store.put_blob(b"text")
    store.take_lock("orders", "op-1")
    for id in (f"blob#{digest}", "lock#orders"):
        assert store.load(id) == list(store.records(id)) == []
        assert store.head(id) is None
    assert list(store.heads()) == []
    assert store.take_lock("x" * 5_000, "op-1") is None
    assert store.take_lock("x" * 5_000, "op-2") == "op-1"


@everywhere
def test_a_renewal_does_not_touch_the_index(store: DynamoStore, behind: Moto, table: str) -> None:
    """Its keys alone are in it: a lease renewed every half minute would be paid for twice."""
    (index,) = behind.clients("dynamodb").describe_table(TableName=table)["Table"]["GlobalSecondaryIndexes"]
    assert index["Projection"] == {"ProjectionType": "KEYS_ONLY"}
