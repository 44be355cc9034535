"""Big operations: a load reads the state, not the history; one list reads heads, not records."""

from __future__ import annotations

import itertools
import sqlite3
from pathlib import Path

import pytest

from engine.stores.port import LogRecord
from engine.stores.sqlite import SqliteStore
from tests.stores.values import log

RECORDS, WHOLE_AT = 10_000, 9_500
STATE = {f"s{number}": {"status": "DONE", "attempt": 1, "text": "x" * 40} for number in range(4_000)}


@pytest.fixture(scope="module")
def big(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[LogRecord]]:
    """10,000 records; what was appended since the last whole state weighs less than it."""
    path = tmp_path_factory.mktemp("big") / "operations.db"
    records = list(log("op-1", RECORDS, whole={1: {}, WHOLE_AT: STATE}, size=100))
    store = SqliteStore(path)
    for at in range(0, RECORDS, 500):
        assert not any(store._commit([(one, None) for one in records[at : at + 500]]))
    store.close()
    return path, records[WHOLE_AT - 1 :]


def bytes_read() -> int:
    """By this process so far, from the kernel's own count."""
    return int(Path("/proc/self/io").read_text(encoding="ascii").split()[1])


def test_a_load_reads_no_more_than_twice_the_state(big: tuple[Path, list[LogRecord]]) -> None:
    path, since = big
    state, all_since = len(since[0].packed()), sum(len(one.packed()) for one in since)
    assert all_since < 2 * state  # the driver's rule (docs/architecture.md, "The log")
    store = SqliteStore(path)
    before = bytes_read()
    found = store.load("op-1")
    read = bytes_read() - before
    store.close()
    assert found == since
    assert state < read <= 2 * state
    assert read < path.stat().st_size / 4


@pytest.mark.parametrize("status", [None, "HELD"])
def test_a_list_does_not_read_the_records(big: tuple[Path, list[LogRecord]], status: str | None) -> None:
    path, _ = big
    store = SqliteStore(path)
    before = bytes_read()
    assert len(list(store.heads(status))) == (1 if status is None else 0)
    assert bytes_read() - before < 64 * 1024
    store.close()


def test_requests_go_by_an_index(big: tuple[Path, list[LogRecord]]) -> None:
    from engine.stores import sqlite

    database = sqlite3.connect(big[0])
    for statement, values in (
        (sqlite.LOAD, ("op-1", 0)), (sqlite.LOAD, ("op-1", 7)), (sqlite.PAGE, ("op-1", 5)), (f"{sqlite.HEAD} WHERE status = ?", ("HELD",)),
    ):  # fmt: skip
        plan = [row[3] for row in database.execute(f"EXPLAIN QUERY PLAN {statement}", values)]
        assert all("USING" in line for line in itertools.filterfalse(lambda line: "SCALAR SUBQUERY" in line, plan)), (
            plan
        )
    database.close()
