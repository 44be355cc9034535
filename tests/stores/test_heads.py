"""How stores list operations, and delete one: one test a rule, over every store."""

from __future__ import annotations

import re

import pytest

from engine.stores.port import UNSUMMARISED, Head, Store
from engine.stores.serialization import iso
from tests.stores.storages import Storage
from tests.stores.values import lease, record, written


def test_heads_are_listed_by_status(store: Store) -> None:
    for id, status in (("b", "HELD"), ("c", "HELD"), ("a", "HELD"), ("d", "FAILED"), ("e", "IN_PROGRESS")):
        store.summarise(id, {"status": status})
    store.summarise("c", {"status": "SUCCEEDED"})
    store.summarise("f", {})
    assert [head.operation for head in store.heads()] == list("fedcba")
    assert [head.operation for head in store.heads("HELD")] == ["b", "a"]
    assert [head.operation for head in store.heads("SUCCEEDED")] == ["c"]
    assert list(store.heads("STUCK")) == []
    assert next(store.heads("FAILED")).summary == {"status": "FAILED"}


def test_an_operation_whose_runner_died_before_the_head_is_listed(store: Store) -> None:
    written(store, "op-1", 2)
    store.summarise("op-2", {"status": "HELD"})
    assert list(store.heads()) == [Head(operation="op-2", summary={"status": "HELD"}), Head(operation="op-1")]
    assert [head.operation for head in store.heads("HELD")] == ["op-2"]
    assert [head.operation for head in store.heads(UNSUMMARISED)] == ["op-1"]


AT = 1_710_893_160.0


def timed(store: Store, id: str, status: str, minutes: int) -> None:
    store.summarise(id, {"status": status, "updated": iso(AT + 60 * minutes)})


def test_heads_are_listed_by_time_newest_first(store: Store) -> None:
    for id, status, minutes in (("b", "HELD", 5), ("c", "FAILED", 7), ("a", "HELD", 6), ("d", "HELD", 1)):
        timed(store, id, status, minutes)
    timed(store, "d", "HELD", 9)  # its time is that of the last summary
    store.append(record("e", readable={"timestamp": iso(AT + 60 * 8)}))
    assert [head.operation for head in store.heads()] == ["d", "e", "c", "a", "b"]
    assert [head.operation for head in store.heads("HELD")] == ["d", "a", "b"]
    assert [head.operation for head in store.heads(limit=2)] == ["d", "e"]
    assert [head.operation for head in store.heads("HELD", limit=2)] == ["d", "a"]
    assert [head.operation for head in store.heads(UNSUMMARISED)] == ["e"]


@pytest.mark.parametrize(
    ("status", "after", "before", "listed"),
    [
        (None, 6, None, "dca"),  # not before `after`
        (None, None, 6, "b"),  # before `before`, which itself is not
        (None, 6, 7, "a"),
        ("HELD", 6, None, "da"),
        ("HELD", 5, 9, "ab"),
        ("HELD", 10, None, ""),
        (UNSUMMARISED, 5, None, ""),
    ],
)
def test_heads_are_listed_between_two_times(store: Store, status, after, before, listed) -> None:
    for id, its_status, minutes in (("b", "HELD", 5), ("a", "HELD", 6), ("c", "FAILED", 7), ("d", "HELD", 9)):
        timed(store, id, its_status, minutes)
    limits = {name: AT + 60 * at for name, at in (("after", after), ("before", before)) if at is not None}
    assert [head.operation for head in store.heads(status, **limits)] == list(listed)


def test_a_lease_does_not_move_an_operation_in_the_list(store: Store) -> None:
    timed(store, "a", "HELD", 5)
    timed(store, "b", "HELD", 6)
    store.append(record("c", readable={"timestamp": iso(AT)}))
    for id in "abc":
        store.take_lease(id, lease(since=AT + 3_600), over=None)
    assert [head.operation for head in store.heads()] == ["b", "a", "c"]
    assert [head.operation for head in store.heads(UNSUMMARISED)] == ["c"]


def test_an_operation_is_deleted_whole_and_alone(store: Store) -> None:
    written(store, "op-1", 3)
    others = written(store, "op-10", 2)
    for id in ("op-1", "op-10"):
        store.take_lease(id, lease(), over=None)
        store.summarise(id, {"status": "FAILED"})
    digest = store.put_blob(b"runbook: x")
    store.delete_operation("op-1")
    store.delete_operation("op-1")  # as it is after a lost reply
    assert store.load("op-1") == list(store.records("op-1")) == []
    assert store.head("op-1") is None
    assert [head.operation for head in store.heads()] == ["op-10"]
    assert list(store.records("op-10")) == others
    assert store.blob(digest) == b"runbook: x"
    written(store, "op-1", 1)  # its id is free again


def test_a_store_has_one_id(storage: Storage) -> None:
    first, second = storage.open(), storage.open()
    assert first.store_id(create=False) == ""
    made = second.store_id()
    assert re.fullmatch(r"[0-9a-f]{12}", made)
    assert {first.store_id(), second.store_id(), first.store_id(create=False), storage.open().store_id()} == {made}
    assert list(first.heads()) == []
    assert first.load("store#id") == []


def test_many_heads_are_listed_to_the_end(store: Store) -> None:
    for number in range(40):
        store.summarise(f"op-{number:02}", {"status": "HELD", "text": "x" * 40_000})
    assert [head.operation for head in store.heads()] == [f"op-{number:02}" for number in reversed(range(40))]
    assert len(list(store.heads("HELD"))) == 40
