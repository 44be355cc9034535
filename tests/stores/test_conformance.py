"""What every store does: the rules of the port, one test each, over every place."""

from __future__ import annotations

from threading import Barrier, Thread

import pytest

from engine.errors import EnvironmentProblem, StoreConflict
from engine.stores.port import FORMAT, Head, LogRecord, Store, verify
from engine.values import changed
from tests.stores.storages import Storage
from tests.stores.values import lease, log, record, written

# -- records ----------------------------------------------------------------------------------------------

VALUES = {
    "numbers": [0, -1, 2**60, 2**70, -(2**70), 0.1, 1e300, 5e-324, 1e16, -0.0, 1.0],
    "texts": ["", "é", "ünïcode \u2028 \U0001f600", "\x00\x1f\x7f", "half a \ud800 character", "{{ }} ${x} %s '\\"],
    "others": [None, True, False, [], {}, [[{"a": [1, {"b": None}]}]]],
    "$": "entered",
}


def test_a_record_comes_back_as_it_was(store: Store) -> None:
    one = record(events=(VALUES, {}), state=VALUES, readable={"step": "copy", "error_message": "", "other": "x"})
    store.append(one)
    assert store.load("op-1") == [one]
    assert list(store.records("op-1")) == [one]
    assert repr(store.load("op-1")) == repr([one])  # 1.0 is not 1, False is not 0, and keys keep their order


def test_what_a_person_reads_beside_the_events_may_be_anything(store: Store) -> None:
    told = {
        "details": "half a \ud800 character",
        "error_message": "e" * 50_000,
        "status": "",
        "digest": "mine",
        "seq": "9",
    }
    one = record(readable=told)
    store.append(one)
    assert store.load("op-1") == [one]


def test_nothing_is_shared(store: Store) -> None:
    events, state = {"list": [1]}, {"ledger": ["a"]}
    one = record(events=(events,), state=state)
    store.append(one)
    events["list"].append(2)
    state["ledger"].append("b")
    for found in (store.load("op-1")[0], next(store.records("op-1"))):
        assert found.events[0]["list"] == [1]
        found.events[0]["list"].append(3)
    assert store.load("op-1")[0].events[0]["list"] == [1]
    assert store.load("op-1")[0].state == {"ledger": ["a"]}


def test_a_number_is_written_once(store: Store) -> None:
    first = written(store, count=2)
    late = record(seq=2, previous=first[0].digest)
    with pytest.raises(StoreConflict, match=r"record 2 of op-1 .* another runner"):
        store.append(late)
    assert store.load("op-1") == first


def test_an_append_whose_reply_was_lost_is_ours(store: Store) -> None:
    records = written(store, count=2)
    store.append(records[1])
    store.append(records[0])
    assert store.load("op-1") == records


def test_an_unknown_operation_is_empty(store: Store) -> None:
    assert store.load("op-9") == []
    assert list(store.records("op-9")) == []
    assert store.head("op-9") is None
    assert list(store.heads()) == []
    store.release("op-9", "v1")
    store.release_lock("us-west-2/orders", "op-9")
    assert store.head("op-9") is None


@pytest.mark.parametrize(
    ("states", "seqs"),
    [({1: {}}, [1, 2, 3, 4, 5]), ({1: {}, 3: {}}, [3, 4, 5]), ({1: {}, 5: {}}, [5]), ({}, [1, 2, 3, 4, 5])],
)
def test_a_load_begins_at_the_last_whole_state(storage: Storage, states: dict[int, object], seqs: list[int]) -> None:
    written(storage.open(), count=5, whole=states)
    assert [one.seq for one in storage.open().load("op-1")] == seqs


def test_operations_are_apart(store: Store) -> None:
    for id in ("op-1", "op-10", "op-1.", "OP-1", "op-2"):
        written(store, id, 2)
    assert [(one.operation, one.seq) for one in store.load("op-1")] == [("op-1", 1), ("op-1", 2)]
    assert [one.operation for one in store.records("op-10")] == ["op-10"] * 2


def test_long_logs_are_read_to_the_end(storage: Storage) -> None:
    store = storage.open()
    records = written(store, count=40, size=80_000)  # several pages of DynamoDB's
    assert list(store.records("op-1")) == records
    assert storage.open().load("op-1") == records


def test_every_handle_sees_what_another_wrote(storage: Storage) -> None:
    ours, theirs = storage.open(), storage.open()
    assert theirs.load("op-1") == []
    records = list(log("op-1", 4))
    for number, one in enumerate(records):
        (ours, theirs)[number % 2].append(one)
    assert ours.load("op-1") == theirs.load("op-1") == records
    ours.take_lease("op-1", lease(), over=None)
    assert theirs.head("op-1") == Head(operation="op-1", lease=lease())


# -- what does not fit ------------------------------------------------------------------------------------


def _missing(records: list[LogRecord]) -> list[LogRecord]:
    return [records[0], records[2]]


def _changed(records: list[LogRecord]) -> list[LogRecord]:
    forged = record(seq=2, previous=records[0].digest, events=({"$": "forged"},))
    return [records[0], changed(forged, digest=records[1].digest), records[2]]


def _unchained(records: list[LogRecord]) -> list[LogRecord]:
    return [records[0], record(seq=2, previous="0" * 64), records[2]]


def _begun_elsewhere(records: list[LogRecord]) -> list[LogRecord]:
    return [record(seq=1, previous="0" * 64)]


@pytest.mark.parametrize(
    ("spoilt", "said"),
    [
        (_missing, "record 2 .*is missing"),
        (_changed, "record 2 .*was changed after it was written"),
        (_unchained, "record 2 .*does not follow the one before"),
        (_begun_elsewhere, "record 1 .*does not follow the one before"),
    ],
)
def test_a_chain_that_does_not_hold_is_refused(store: Store, spoilt, said) -> None:
    for one in spoilt(list(log("op-1", 3))):
        store.append(one)
    with pytest.raises(EnvironmentProblem, match=said) as caught:
        store.load("op-1")
    assert "history op-1 --verify" in str(caught.value)
    told = verify(store.records("op-1"))
    assert told is not None
    assert said.split(" .*")[1] in told


def test_a_newer_record_is_refused(store: Store) -> None:
    store.append(record(format=FORMAT + 1))
    with pytest.raises(EnvironmentProblem, match=r"record 1 of op-1 .* newer version"):
        store.load("op-1")
    with pytest.raises(EnvironmentProblem, match=r"record 1 of op-1 .* newer version"):
        list(store.records("op-1"))


# -- heads ------------------------------------------------------------------------------------------------


def test_a_head_says_what_was_put_last(store: Store) -> None:
    store.summarise("op-1", {"status": "IN_PROGRESS", "step": "cöpy", "hold": None})
    store.summarise("op-1", {"status": "HELD", "step": "copy", "hold": "row"})
    assert store.head("op-1") == Head(operation="op-1", summary={"status": "HELD", "step": "copy", "hold": "row"})


def test_the_parts_of_a_head_do_not_disturb_each_other(store: Store) -> None:
    asked = {"actor": "bob", "at": 7.5, "undo": True, "past": ["copy"]}
    store.take_lease("op-1", lease(), over=None)
    store.ask_cancel("op-1", asked)
    store.summarise("op-1", {"status": "HELD"})
    assert store.head("op-1") == Head(operation="op-1", lease=lease(), summary={"status": "HELD"}, cancel_asked=asked)
    store.ask_cancel("op-1", None)
    store.release("op-1", "v1")
    assert store.head("op-1") == Head(operation="op-1", summary={"status": "HELD"})


# -- lease ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("there", "new", "over", "taken"),
    [
        (None, "v1", None, True),
        (None, "v1", "v0", False),
        ("v1", "v2", None, False),
        ("v1", "v2", "v1", True),
        ("v1", "v2", "v0", False),
        ("v1", "v1", None, True),  # the reply was lost, and it is asked again
        ("v1", "v1", "v0", True),
    ],
)
@pytest.mark.parametrize("headed", [False, True])
def test_a_lease_is_taken_over_the_version_that_was_seen(store: Store, there, new, over, taken, headed) -> None:
    if headed:
        store.summarise("op-1", {"status": "HELD"})
    if there is not None:
        assert store.take_lease("op-1", lease(there), over=None)
    assert store.take_lease("op-1", lease(new), over=over) is taken
    head = store.head("op-1")
    now = new if taken else there
    assert (head.lease if head is not None else None) == (lease(now) if now is not None else None)


def test_a_lease_is_given_back_by_its_version(store: Store) -> None:
    store.take_lease("op-1", lease("v1"), over=None)
    store.release("op-1", "v0")
    assert store.head("op-1") == Head(operation="op-1", lease=lease("v1"))
    store.release("op-1", "v1")
    store.release("op-1", "v1")
    assert store.head("op-1") == Head(operation="op-1")
    assert not store.take_lease("op-1", lease("v2"), over="v1")
    assert store.take_lease("op-1", lease("v2"), over=None)


# -- locks ------------------------------------------------------------------------------------------------


def test_a_lock_has_one_holder(store: Store) -> None:
    assert store.take_lock("us-west-2/orders", "op-1") is None
    assert store.take_lock("us-west-2/orders", "op-1") is None
    assert store.take_lock("us-west-2/orders", "op-2") == "op-1"
    assert store.take_lock("us-west-2/orders", "op-2", over="op-3") == "op-1"
    assert store.take_lock("eu-west-1/orders", "op-2") is None
    assert store.take_lock("us-west-2/orders", "op-2", over="op-1") is None
    assert store.take_lock("us-west-2/orders", "op-1") == "op-2"


def test_a_lock_is_given_back_by_its_holder(store: Store) -> None:
    store.take_lock("orders ü", "op-1")
    store.release_lock("orders ü", "op-2")
    assert store.take_lock("orders ü", "op-2") == "op-1"
    store.release_lock("orders ü", "op-1")
    store.release_lock("orders ü", "op-1")
    assert store.take_lock("orders ü", "op-2") is None


# -- blobs ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content", [b"", b"runbook: restore\n", bytes(range(256)) * 400], ids=["empty", "text", "bytes"]
)
def test_bytes_are_kept_by_their_content(storage: Storage, content: bytes) -> None:
    digest = storage.open().put_blob(content)
    other = storage.open()
    assert other.put_blob(content) == digest
    assert other.blob(digest) == content
    assert other.put_blob(content + b"x") != digest


def test_bytes_that_are_missing_are_told(store: Store) -> None:
    with pytest.raises(EnvironmentProblem, match=r"text 00+ is missing .* backup"):
        store.blob("0" * 64)


# -- races ------------------------------------------------------------------------------------------------


def test_of_32_threads_one_wins_each_number(storage: Storage) -> None:
    """Each appends what it makes of the last record until the log is full; all see one order."""
    length, barrier = 12, Barrier(32)
    won: dict[int, list[str]] = {seq: [] for seq in range(1, length + 1)}
    failed: list[BaseException] = []

    def race(name: str, store: Store) -> None:
        barrier.wait()
        for seq in range(1, length + 1):
            one = record(seq=seq, previous=str(seq), write_id=f"{name}/{seq}", actor=name)
            try:
                store.append(one)
                won[seq].append(one.write_id)
            except StoreConflict:
                pass
            except BaseException as error:
                failed.append(error)
                raise

    stores = [storage.open() for _ in range(2)]
    threads = [Thread(target=race, args=(f"t{number}", stores[number % 2])) for number in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert all(len(winners) == 1 for winners in won.values())
    assert [one.write_id for one in stores[0].records("op-1")] == [won[seq][0] for seq in range(1, length + 1)]


def test_of_16_threads_one_takes_the_lease_and_one_the_lock(storage: Storage) -> None:
    if storage.kind == "moto":
        pytest.skip("moto says yes to two conditional updates at once; MiniStack and dynalite race instead")
    barrier = Barrier(16)
    leases: list[str] = []
    locks: list[str] = []

    def race(name: str, store: Store) -> None:
        barrier.wait()
        if store.take_lease("op-1", lease(name), over=None):
            leases.append(name)
        if store.take_lock("orders", name) is None:
            locks.append(name)

    threads = [Thread(target=race, args=(f"t{number}", storage.open())) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(leases) == len(locks) == 1
    head = storage.open().head("op-1")
    assert head is not None
    assert head.lease == lease(leases[0])
