"""What every store gives to a reader that has read before: what follows, and no more."""

from __future__ import annotations

import pytest

from tests.stores.storages import Storage
from tests.stores.values import record, written


@pytest.mark.parametrize(("whole", "after", "seqs"), [
    (1, 0, [1, 2, 3, 4, 5]), (1, 1, [2, 3, 4, 5]), (1, 4, [5]), (1, 5, []), (1, 9, []),
    (4, 2, [4, 5]), (4, 3, [4, 5]), (4, 4, [5]), (5, 1, [5]),
])  # fmt: skip
def test_what_was_read_before_is_not_read_again(storage: Storage, whole: int, after: int, seqs: list[int]) -> None:
    records = written(storage.open(), count=5, whole={1: {}, whole: {}})
    store = storage.open()
    assert [one.seq for one in store.load("op-1", after=after)] == seqs
    assert list(store.records("op-1", after=after)) == records[after:]


def test_what_is_appended_after_a_part_was_read_finds_its_whole_state(storage: Storage) -> None:
    records = written(storage.open(), count=5, whole={1: {}, 4: {}})
    store = storage.open()
    store.load("op-1", after=4)
    store.append(record(seq=6, previous=records[-1].digest))
    assert [one.seq for one in storage.open().load("op-1")] == [4, 5, 6]
