"""With a key, a record that was forged, a log that was chained again and a log that was cut off are refused, in every store."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from engine.errors import EnvironmentProblem
from engine.stores.authenticated_store import AuthenticatedStore, Unauthenticated
from engine.stores.dynamodb import DynamoStore
from engine.stores.memory import MemoryStore
from engine.stores.port import Head, LogRecord, Seal, Store, verify
from engine.stores.store_key import LocalKey
from engine.values import changed
from tests.servers.moto import Moto
from tests.stores.conftest import ONCE
from tests.stores.storages import Storage
from tests.stores.values import lease, log, record, written

KEY = LocalKey(b"k" * 32)
OTHER = LocalKey(b"o" * 32)

Log = tuple[list[LogRecord], Seal | None]
"""What a store keeps of one operation: its records, and the seal in its head."""


def authentic(count: int, key: LocalKey = KEY, **values: object) -> Log:
    """A log written with the key."""
    plain = MemoryStore()
    written(AuthenticatedStore(plain, key), count=count, **values)
    head = plain.head("op-1")
    return list(plain.records("op-1")), head.seal if head is not None else None


def planted(storage: Storage, found: Log) -> Store:
    """A handle on the storage, with exactly these records and this seal."""
    records, seal = found
    store = storage.open()
    for one in records:
        store.append(one)
    if seal is not None and records:
        store.append(records[-1], seal)  # again, as after a lost reply
    return store


def test_records_come_back_as_they_were(storage: Storage) -> None:
    written(AuthenticatedStore(storage.open(), KEY), count=4, whole={1: {}, 3: {}})
    ours = AuthenticatedStore(storage.open(), KEY)
    assert [one.seq for one in ours.load("op-1")] == [3, 4]
    assert [one.seq for one in ours.records("op-1")] == [1, 2, 3, 4]
    assert verify(ours.records("op-1")) is None
    assert ours.load("op-1", after=4) == []
    assert ours.load("op-2") == []


def test_an_append_whose_reply_was_lost_is_ours(storage: Storage) -> None:
    ours = AuthenticatedStore(storage.open(), KEY)
    records = written(ours, count=3)
    ours.append(records[2])
    ours.append(records[0])
    assert len(ours.load("op-1")) == 3
    head = storage.open().head("op-1")
    assert head is not None
    assert head.seal is not None
    assert head.seal.seq == 3  # a seal never goes back


def test_without_a_key_nothing_is_added(storage: Storage) -> None:
    ours = AuthenticatedStore(storage.open(), None)
    records = written(ours, count=2)
    assert storage.open().load("op-1") == records == ours.load("op-1")
    assert storage.open().head("op-1") is None


def test_a_lease_does_not_touch_the_seal(storage: Storage) -> None:
    ours = AuthenticatedStore(storage.open(), KEY)
    written(ours)
    before = storage.open().head("op-1")
    ours.take_lease("op-1", lease(), over=None)
    ours.summarise("op-1", {"status": "HELD"})
    after = storage.open().head("op-1")
    assert isinstance(before, Head)
    assert isinstance(after, Head)
    assert after.seal == before.seal
    assert after.lease == lease()


def forged(found: Log) -> Log:
    """Another runbook's text in a record at the end, with a right chain."""
    records, seal = found
    return [*records, record(seq=4, previous=records[-1].digest, state={"forged": True})], seal


def forged_with_another_key(found: Log) -> Log:
    return authentic(4, OTHER)


def chained_again(found: Log) -> Log:
    """The second record changed, and everything after it chained to it."""
    records, seal = found
    first = records[0]
    second = changed(record(seq=2, previous=first.digest, events=({"$": "forged"},)), mac=records[1].mac)
    third = changed(record(seq=3, previous=second.digest), mac=records[2].mac)
    return [first, second, third], seal


def cut(found: Log) -> Log:
    records, seal = found
    return records[:-1], seal


def cut_with_its_seal(found: Log) -> Log:
    return found[0][:-1], None


def stripped_of_macs(found: Log) -> Log:
    return [changed(one, mac="") for one in found[0]], None


def of_another_time(found: Log) -> Log:
    """Records that were written with the key after the store had been set back, under the seal of those before."""
    return authentic(3)[0], found[1]


def sealed_lower(found: Log) -> Log:
    """Cut off, with a seal whose number was changed."""
    records, seal = found
    assert seal is not None
    return records[:-1], changed(seal, seq=2, record=records[1].mac)


@pytest.mark.parametrize(
    ("tamper", "said"),
    [
        (forged, r"record 4 of op-1 .* was not authenticated when it was written"),
        (forged_with_another_key, r"record [14] of op-1 .* is not authenticated by the key sha256:"),
        (chained_again, r"record [23] of op-1 .* is not authenticated by the key"),
        (cut_with_its_seal, r"the head of op-1 .* has lost its seal"),
        (stripped_of_macs, r"record [13] of op-1 .* was not authenticated when it was written"),
        (of_another_time, r"record 3 of op-1 .* is not the one that the head names"),
        (sealed_lower, r"the head of op-1 .* is not authenticated"),
    ],
)
def test_a_log_that_was_tampered_with_is_refused(storage: Storage, tamper: Callable[[Log], Log], said: str) -> None:
    planted(storage, tamper(authentic(3)))
    ours = AuthenticatedStore(storage.open(), KEY)
    with pytest.raises(Unauthenticated, match=said):
        ours.load("op-1")
    with pytest.raises(Unauthenticated, match=said):
        list(ours.records("op-1"))


def test_a_log_that_was_cut_off_is_refused() -> None:
    records, seal = authentic(3)
    plain = MemoryStore()
    for one in records[:-1]:
        plain.append(one)
    plain.append(records[1], seal)
    ours = AuthenticatedStore(plain, KEY)
    for read in (ours.load, lambda name: list(ours.records(name))):
        with pytest.raises(Unauthenticated, match=r"record 3 of op-1 .* is missing: the log was cut off"):
            read("op-1")


def test_a_log_whose_records_are_all_gone_is_refused() -> None:
    plain = MemoryStore()
    written(AuthenticatedStore(plain, KEY), count=3)
    plain._records.clear()
    with pytest.raises(Unauthenticated, match=r"record 1 of op-1 .* is missing"):
        AuthenticatedStore(plain, KEY).load("op-1")


def test_a_runner_that_died_before_the_seal_is_continued(storage: Storage) -> None:
    """DynamoDB has no transactions: the last record may not be sealed yet."""
    plain = MemoryStore()
    ours = AuthenticatedStore(plain, KEY)
    first, second = log("op-1", 2)
    ours.append(first)
    seal = plain.head("op-1").seal  # type: ignore[union-attr]
    ours.append(second)
    died = storage.open()
    for one in plain.records("op-1"):
        died.append(one, seal if one.seq == 1 else None)
    assert len(AuthenticatedStore(storage.open(), KEY).load("op-1")) == 2


class Killed(BaseException):
    """What a killed process raises."""


class DiesAtPut:
    """A client of DynamoDB whose process is killed before it sends its first PutItem."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def put_item(self, **_: Any) -> None:
        raise Killed


@pytest.mark.integration
@ONCE
def test_dynamodb_seals_the_first_record_before_it_writes_it(table: str, table_server: Moto) -> None:
    """So an operation that has records and no seal was tampered with, and is never one whose runner died."""
    dying = DynamoStore(table, lambda service: DiesAtPut(table_server.clients(service)))
    with pytest.raises(Killed):
        AuthenticatedStore(dying, KEY).append(record())
    found = DynamoStore(table, table_server.clients)
    head = found.head("op-1")
    assert head is not None
    assert head.seal is not None
    ours = AuthenticatedStore(found, KEY)
    assert ours.load("op-1") == []
    ours.append(record())
    assert len(ours.load("op-1")) == 1


def test_the_seal_of_a_first_record_that_was_never_written_is_no_loss() -> None:
    plain = MemoryStore()
    ours = AuthenticatedStore(plain, KEY)
    ours.append(record())
    plain._records.clear()
    assert ours.load("op-1") == []
    ours.append(record())
    assert len(ours.load("op-1")) == 1


@pytest.mark.parametrize("whole", [{1: {}}, {1: {}, 3: {}}])
def test_a_log_with_macs_needs_the_key(storage: Storage, whole: dict[int, object]) -> None:
    planted(storage, authentic(3, whole=whole))
    without = AuthenticatedStore(storage.open(), None)
    for read in (without.load, without.head, lambda name: list(without.records(name))):
        with pytest.raises(Unauthenticated, match=r"recorded with a store key.*set RUNBOOK_STORE_KEY"):
            read("op-1")
    assert [head.operation for head in without.heads()] == ["op-1"]


def test_a_forged_record_without_its_mac_needs_the_key_too(storage: Storage) -> None:
    """It has a whole state, so nothing before it is read; the seal in the head tells."""
    planted(storage, forged(authentic(3)))
    with pytest.raises(Unauthenticated, match="set RUNBOOK_STORE_KEY"):
        AuthenticatedStore(storage.open(), None).head("op-1")


def test_a_log_without_macs_is_not_continued_with_a_key(storage: Storage) -> None:
    written(storage.open(), count=2)
    with pytest.raises(EnvironmentProblem, match="unset RUNBOOK_STORE_KEY"):
        AuthenticatedStore(storage.open(), KEY).load("op-1")


def test_macs_are_of_one_operation(storage: Storage) -> None:
    """A record of another operation, with its own right HMAC, is refused by its contents; a seal by its HMAC."""
    _, seal = authentic(2)
    ours = AuthenticatedStore(storage.open(), KEY)
    for one in log("op-2", 2):
        ours.append(one)
    storage.open().append(list(storage.open().records("op-2"))[-1], seal)
    with pytest.raises(Unauthenticated, match="the head of op-2"):
        ours.load("op-2")
