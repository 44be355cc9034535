"""What befalls a disk and a file under SQLite: told in one sentence, nothing written over, nothing of the log lost."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.clock import VirtualClock
from engine.errors import EnvironmentProblem
from engine.stores import sqlite_file
from engine.stores.port import StoreUnavailable, verify
from engine.stores.retrying_store import RetryingStore
from engine.stores.sqlite import SqliteStore
from tests.stores.system_limits import no_file_larger_than, python, small_disk
from tests.stores.values import log, record, written


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "operations.db"


def reread(path: Path) -> list[int]:
    """The numbers of what another process would find, its chain checked."""
    store = SqliteStore(path)
    records = list(store.records("op-1"))
    assert verify(records) is None
    store.close()
    return [one.seq for one in records]


# -- the disk ----------------------------------------------------------------------------------------------


def test_a_quota_is_told_and_nothing_is_lost(path: Path) -> None:
    store = SqliteStore(path)
    records = list(log("op-1", 3, size=60_000))
    store.append(records[0])
    with no_file_larger_than(100_000), pytest.raises(EnvironmentProblem, match=r"operations.db cannot .* disk"):
        store.append(records[1])
    assert store.load("op-1") == records[:1]
    assert reread(path) == [1]
    for one in records[1:]:  # there is room again
        store.append(one)
    store.close()
    assert reread(path) == [1, 2, 3]


@pytest.mark.integration
def test_a_full_disk_is_told_and_waited_for(tmp_path: Path) -> None:
    folder = tmp_path / "disk"
    folder.mkdir()
    with small_disk(folder, "600k") as there:
        if not there:
            pytest.skip("no right to mount a small disk here")
        path, ballast = folder / "operations.db", folder / "ballast"
        store = SqliteStore(path)
        records = list(log("op-1", 3, size=60_000))
        store.append(records[0])
        ballast.write_bytes(b"x" * (shutil.disk_usage(folder).free - 16_384))
        with pytest.raises(StoreUnavailable, match=r"operations.db cannot grow: the disk is full .* free some space"):
            store.append(records[1])
        assert store.load("op-1") == records[:1]
        said: list[str] = []

        class MakesRoom(VirtualClock):
            def sleep(self, seconds: float) -> None:
                super().sleep(seconds)
                if self.now() - began > 30:
                    ballast.unlink(missing_ok=True)

        clock = MakesRoom()
        began = clock.now()
        RetryingStore(store, clock, notify=said.append, jitter=lambda: 1.0).append(records[1])
        assert "the disk is full" in said[0]
        assert said[-1].endswith("is available again")
        store.append(records[2])
        store.close()
        assert reread(path) == [1, 2, 3]


APPENDS = """
import sys
from pathlib import Path
from engine.errors import EnvironmentProblem
from engine.stores.sqlite import SqliteStore
from tests.stores.values import log
store = SqliteStore(Path(sys.argv[1]))
try:
    for one in log("op-1", int(sys.argv[2])):
        store.append(one)
        print(one.seq)
except EnvironmentProblem as error:
    print(error, file=sys.stderr)
    raise SystemExit(error.exit_code)
"""


@pytest.fixture(scope="module")
def traced() -> str:
    """strace, where it is installed and may trace."""
    found = shutil.which("strace")
    if found is None or subprocess.run([found, "-o", "/dev/null", "true"], capture_output=True).returncode:
        pytest.skip("no strace, or no right to trace: fdatasync is neither counted nor failed")
    return found


def syncs(traced: str, path: Path, count: int) -> int:
    command = (
        traced,
        "-f",
        "-qq",
        "-o",
        str(path.with_suffix(".trace")),
        "-e",
        "trace=fdatasync,fsync,msync,sync_file_range",
    )
    process = python(APPENDS, str(path), str(count), before=command)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    return path.with_suffix(".trace").read_text().count("sync(")


@pytest.mark.integration
def test_an_append_is_one_wait_for_the_disk(traced: str, tmp_path: Path) -> None:
    few, more = (syncs(traced, tmp_path / f"{count}.db", count) for count in (10, 60))
    assert more - few == 50


@pytest.mark.integration
def test_a_failing_disk_is_told_and_the_log_is_whole(traced: str, path: Path) -> None:
    command = (traced, "-f", "-qq", "-o", "/dev/null", "-e", "inject=fdatasync:error=EIO:when=12+")
    process = python(APPENDS, str(path), "30", before=command)
    out, said = process.communicate(timeout=60)
    assert process.returncode == 4, said
    assert "the disk reports an error" in said
    assert "Traceback" not in said
    told = [int(line) for line in out.split()]
    found = reread(path)
    assert told == list(range(1, len(told) + 1))
    assert len(told) >= 1
    assert found in (told, [*told, len(told) + 1])  # what failed may have reached the disk: unknown, never half


# -- the file ----------------------------------------------------------------------------------------------


def _deleted(path: Path) -> None:
    path.unlink()


def _replaced(path: Path) -> None:
    other = SqliteStore(path.with_name("other.db"))
    written(other, "op-2")
    other.close()
    path.with_name("other.db").rename(path)


def _folder_moved(path: Path) -> None:
    path.parent.rename(path.parent.with_name("moved"))


@pytest.mark.parametrize("befalls", [_deleted, _replaced, _folder_moved])
@pytest.mark.parametrize(
    "asked",
    [
        lambda store: store.append(record(seq=4)),
        lambda store: store.load("op-1"),
        lambda store: store.head("op-1"),
        lambda store: store.summarise("op-1", {}),
    ],
    ids=["append", "load", "head", "summarise"],
)
def test_a_file_that_goes_from_under_us_is_told(path: Path, befalls, asked) -> None:
    path = path.parent / "state" / "operations.db"
    store = SqliteStore(path)
    written(store)
    befalls(path)
    with pytest.raises(
        EnvironmentProblem, match=r"deleted or replaced while it was open, and the operation was stopped"
    ):
        asked(store)
    store.close()
    if befalls is _replaced:
        for beside in ("-wal", "-shm"):  # they are the old one's, as we said
            path.with_name(path.name + beside).unlink()
        assert [head.operation for head in SqliteStore(path).heads()] == ["op-2"]


def spoil(path: Path, storage: Callable[[bytes], int], length: int) -> bytes:
    content = bytearray(path.read_bytes())
    at = storage(bytes(content))
    content[at : at + length] = b"\xa5" * length
    path.write_bytes(content)
    return bytes(content)


@pytest.mark.parametrize(
    ("storage", "length", "said"),
    [
        (lambda content: 100, 4_000, "operations.db is damaged .* backup"),  # the schema
        (lambda content: len(content) // 2, 40_000, r"damaged|changed after it was written|cannot be read"),
        (lambda content: content.index(b'"seq":2'), 7, "record 2 of op-1 in .* was changed after it was written"),
        (lambda content: 16, 2, "operations.db is not a SQLite database"),
    ],
    ids=["schema", "half", "one record", "header"],
)  # fmt: skip
def test_a_damaged_file_is_told_and_left_alone(path: Path, storage, length, said) -> None:
    store = SqliteStore(path)
    written(store, count=40, size=1_000)
    store.close()
    before = spoil(path, storage, length)
    store = SqliteStore(path)
    with pytest.raises(EnvironmentProblem, match=said) as caught:
        store.load("op-1")
    assert caught.value.exit_code == 4
    store.close()
    assert path.read_bytes() == before


def test_a_truncated_file_is_told_and_left_alone(path: Path) -> None:
    store = SqliteStore(path)
    written(store, count=40, size=1_000)
    store.close()
    before = path.read_bytes()[:20_000]
    path.write_bytes(before)
    store = SqliteStore(path)
    with pytest.raises(EnvironmentProblem, match=r"operations.db is damaged"):
        store.load("op-1")
    with pytest.raises(EnvironmentProblem, match=r"operations.db is damaged"):
        store.append(record(seq=41))
    store.close()
    assert path.read_bytes() == before


# -- another process has it ---------------------------------------------------------------------------------


def test_a_file_that_another_has_locked_is_told_and_waited_for(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_file, "BUSY_TIMEOUT", 0.05)
    store = SqliteStore(path)
    records = written(store)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    late = record(seq=4, previous=records[-1].digest)
    with pytest.raises(
        StoreUnavailable,
        match=r"operations.db is locked by another process .* find out which process has the file open",
    ):
        store.append(late)
    assert store.load("op-1") == records  # reading goes on

    class LetsGo(VirtualClock):
        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            if other.in_transaction:
                other.execute("COMMIT")

    RetryingStore(store, LetsGo()).append(late)
    other.close()
    store.close()
    assert reread(path) == [1, 2, 3, 4]


def test_a_new_file_that_another_has_locked_is_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_file, "BUSY_TIMEOUT", 0.0)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreUnavailable, match=r"operations.db is locked by another process"):
        SqliteStore(path).append(record())
    other.execute("ROLLBACK")
    other.close()
