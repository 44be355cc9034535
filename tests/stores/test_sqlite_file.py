"""The SQLite file: private, its records unchangeable, and never written over where it is not ours."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.errors import EnvironmentProblem
from engine.stores.port import Head, LogRecord, Seal
from engine.stores.sqlite import SqliteStore
from engine.stores.sqlite_file import APPLICATION, CHECKPOINT_PAGES, VERSION
from tests.stores.system_limits import as_nobody
from tests.stores.values import lease, record, written


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "runbook" / "operations.db"


def mode(path: Path) -> str:
    return oct(path.stat().st_mode & 0o777)


# -- made at the first write, for its owner alone -----------------------------------------------------------


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_only_the_owner_may_read_it(path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        store = SqliteStore(path)
        written(store)
        files = sorted(path.parent.iterdir())
        assert [one.name for one in files] == ["operations.db", "operations.db-shm", "operations.db-wal"]
        assert {mode(one) for one in files} == {"0o600"}
        assert mode(path.parent) == mode(path.parent.parent) == "0o700"
    finally:
        os.umask(before)
    store.close()


def test_reading_makes_nothing(path: Path) -> None:
    store = SqliteStore(path)
    assert store.load("op-1") == list(store.heads()) == list(store.records("op-1")) == []
    assert store.head("op-1") is None
    store.release("op-1", "v1")
    store.release_lock("orders", "op-1")
    with pytest.raises(EnvironmentProblem, match="missing"):
        store.blob("0" * 64)
    store.close()
    assert not path.parent.parent.exists()


def test_an_empty_file_is_an_empty_store(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.touch()
    store = SqliteStore(path)
    assert store.load("op-1") == []
    assert path.stat().st_size == 0
    assert store.load("op-1") == []
    records = written(store)
    store.close()
    assert SqliteStore(path).load("op-1") == records


def test_it_is_found_again_after_it_is_closed(path: Path) -> None:
    store = SqliteStore(path)
    records = written(store)
    store.close()
    store.close()
    assert [one.name for one in path.parent.iterdir()] == ["operations.db"]  # one file to copy
    assert store.load("op-1") == records


# -- records stay ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE records SET packed = x'00'",
        "UPDATE records SET status = 'SUCCEEDED' WHERE seq = 1",
        "UPDATE OR REPLACE records SET seq = 2 WHERE seq = 1",
        "DELETE FROM records",
        "DELETE FROM records WHERE seq = 3",
        "INSERT OR REPLACE INTO records SELECT * FROM records WHERE seq = 1",
        "REPLACE INTO records SELECT * FROM records",
        "INSERT INTO records SELECT * FROM records WHERE seq = 1 ON CONFLICT DO UPDATE SET packed = x'00'",
        "INSERT INTO records (operation_id, seq, whole, write_id, digest, packed) VALUES ('op-2', 0, 0, '', '', '')",
    ],
)
def test_no_statement_changes_a_record(path: Path, statement: str) -> None:
    store = SqliteStore(path)
    records = written(store)
    database = sqlite3.connect(path)
    with pytest.raises(sqlite3.IntegrityError, match=r"a record is never|CHECK constraint"):
        database.execute(statement)
    database.close()
    assert store.load("op-1") == records
    store.close()


def test_a_person_reads_a_record_in_its_columns(path: Path) -> None:
    told = {"step": "copy", "status": "IN_PROGRESS", "retry_count": "1", "error": "", "details": "x" * 9_000}
    store = SqliteStore(path)
    store.append(record(readable=told))
    row = store._read("SELECT step, status, retry_count, error, length(details), orphaned_resources FROM records", ())
    assert row == [("copy", "IN_PROGRESS", "1", "", 4_000, "")]
    store.close()


def test_commits_wait_for_the_disk(path: Path) -> None:
    store = SqliteStore(path)
    written(store)
    asked = ("synchronous", "journal_mode", "application_id", "user_version")
    assert [store._read(f"PRAGMA {name}", ())[0][0] for name in asked] == [2, "wal", APPLICATION, VERSION]
    store.close()


def _of_version_1(path: Path) -> list[LogRecord]:
    """A file from before the columns of the store key, with three records, which are returned."""
    store = SqliteStore(path)
    records = written(store)
    store.close()
    with sqlite3.connect(path) as database:
        database.execute("ALTER TABLE records DROP COLUMN mac")
        database.execute("ALTER TABLE heads DROP COLUMN seal")
        database.execute("PRAGMA user_version = 1")
    database.close()
    return records


def test_a_file_of_an_older_version_gets_the_new_columns(path: Path) -> None:
    records = _of_version_1(path)
    store = SqliteStore(path)
    assert store.load("op-1") == records
    store.append(record(seq=4, previous=records[-1].digest), Seal(seq=4, record="r", mac="m"))
    assert store.head("op-1") == Head(operation="op-1", seal=Seal(seq=4, record="r", mac="m"))
    assert store._read("PRAGMA user_version", ()) == [(VERSION,)]
    store.close()


def test_the_file_beside_it_stops_growing_soon(path: Path) -> None:
    """To grow it takes the disk twice as long as to write it over."""
    store = SqliteStore(path)
    written(store, count=2 * CHECKPOINT_PAGES)
    beside = path.with_name(f"{path.name}-wal").stat().st_size
    assert CHECKPOINT_PAGES <= beside // 4096 < CHECKPOINT_PAGES * 1.2
    store.close()


# -- what is not ours --------------------------------------------------------------------------------------


def _text(path: Path) -> None:
    path.write_text("operations:\n" * 100)


def _short(path: Path) -> None:
    path.write_bytes(b"\0")


def _another_programs(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE records (operation_id TEXT, seq INTEGER)")
    database.close()


def _another_application(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA application_id = 1234")
    database.close()


def _newer(path: Path) -> None:
    store = SqliteStore(path)
    written(store)
    store.close()
    with sqlite3.connect(path) as database:
        database.execute(f"PRAGMA user_version = {VERSION + 1}")
        database.execute("DROP TABLE heads")
    database.close()


def _folder(path: Path) -> None:
    path.mkdir()


def contents(folder: Path) -> dict[str, str]:
    return {one.name: hashlib.sha256(one.read_bytes()).hexdigest() for one in sorted(folder.iterdir()) if one.is_file()}


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (_text, "is not a SQLite database, and was not changed"),
        (_short, "is not a SQLite database, and was not changed"),
        (_another_programs, "is the database of another program, and was not changed"),
        (_another_application, "is the database of another program, and was not changed"),
        (
            _newer,
            rf"newer version of runbook \(its tables have version {VERSION + 1}, this runbook supports {VERSION}\)",
        ),
        (_folder, "Choose another file with --store"),
    ],
)
@pytest.mark.parametrize(
    "asked",
    [
        lambda store: store.load("op-1"),
        lambda store: list(store.heads()),
        lambda store: store.append(record()),
        lambda store: store.take_lease("op-1", lease(), over=None),
    ],
    ids=["load", "heads", "append", "take_lease"],
)
def test_what_is_not_ours_is_left_alone(
    path: Path, made: Callable[[Path], None], said: str, asked: Callable[[SqliteStore], object]
) -> None:
    path.parent.mkdir(parents=True)
    made(path)
    before = contents(path.parent)
    store = SqliteStore(path)
    with pytest.raises(EnvironmentProblem, match=said) as caught:
        asked(store)
    assert str(path) in str(caught.value)
    assert caught.value.exit_code == 4
    store.close()
    assert contents(path.parent) == before


# -- rights ------------------------------------------------------------------------------------------------


def test_a_read_only_file_can_be_read_and_says_that_it_cannot_be_written() -> None:
    with as_nobody() as folder:
        path = folder / "operations.db"
        store = SqliteStore(path)
        records = written(store)
        store.close()
        path.chmod(0o400)
        copy = SqliteStore(path)
        assert copy.load("op-1") == records
        with pytest.raises(EnvironmentProblem, match=r"operations.db cannot be written .* writable for your user"):
            copy.append(record(seq=4, previous=records[-1].digest))
        assert copy.load("op-1") == records
        copy.close()


def test_a_copy_in_a_read_only_folder_can_be_read() -> None:
    with as_nobody() as folder:
        path = folder / "ticket" / "operations.db"
        store = SqliteStore(path)
        records = written(store)
        store.close()
        path.chmod(0o400)
        path.parent.chmod(0o500)
        copy = SqliteStore(path)
        assert copy.load("op-1") == records
        with pytest.raises(EnvironmentProblem, match="cannot be written"):
            copy.summarise("op-1", {"status": "HELD"})
        copy.close()


@pytest.mark.parametrize("barred", ["file", "folder", "parent"])
def test_what_may_not_be_read_or_made_is_told(barred: str) -> None:
    with as_nobody() as folder:
        path = folder / "state" / "operations.db"
        if barred == "parent":
            folder.chmod(0o500)
        else:
            path.parent.mkdir()
        if barred == "file":
            path.write_bytes(b"")
            path.chmod(0o000)
        elif barred == "folder":
            path.parent.chmod(0o500)
        store = SqliteStore(path)
        with pytest.raises(EnvironmentProblem, match=r"cannot use .*operations.db as a store: Permission denied"):
            store.append(record())
        folder.chmod(0o700)
