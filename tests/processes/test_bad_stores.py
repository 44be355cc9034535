"""A store that is damaged or cannot be written: nothing is overwritten, nothing more is performed, exit code 4."""

from __future__ import annotations

import ctypes
import resource
import shutil
import sqlite3
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from engine.cli.main import main
from engine.clock import SystemClock
from engine.stores.factory import open_store
from engine.stores.port import FORMAT
from tests.cli.commands import Result, write_file
from tests.processes.conftest import FAST, NewHarness
from tests.processes.harness import Harness, RunningCommand
from tests.processes.intercepting_server import Interception, Request, refusal
from tests.processes.operation_result import changed
from tests.processes.runbooks_and_worlds import PAIR, RESUME, SMALL
from tests.processes.test_outages import BOTH
from tests.stores.system_limits import small_disk

HOLDS = PAIR.replace("{id: pause, wait: 2m}", '{id: pause, hold: "go on?"}')


def run_words(harness: Harness, text: str = HOLDS) -> tuple[str, ...]:
    return "run", write_file(harness.folder / "pair.yaml", text), "--operation-id", "op", "--yes"


def start_and_read_until_pause(harness: Harness, *words: str) -> RunningCommand:
    """Start a runner; returns when it has made the first copy and waits."""
    harness.change(speed=60.0)
    first = harness.start(*run_words(harness, PAIR), *words)
    first.read_until("pause")
    harness.change(speed=FAST)
    return first


def file_of(harness: Harness) -> Path:
    return Path(harness.store_url.removeprefix("sqlite:"))


def store_content(harness: Harness) -> Any:
    """Everything in the store."""
    if harness.store_url.startswith("dynamodb:"):
        items = harness.clients("dynamodb").scan(TableName=harness.store_url.partition(":")[2])["Items"]
        return sorted(items, key=str)
    with sqlite3.connect(file_of(harness)) as file:
        tables = [row[0] for row in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {table: file.execute(f"SELECT * FROM {table}").fetchall() for table in tables}


# -- records ------------------------------------------------------------------------------------------------

COMMANDS = {
    "resume": RESUME, "run": (), "cancel": ("cancel", "op"), "cleanup": ("cleanup", "op"),
    "restart": ("restart", "op", "--from", "first"), "status": ("status", "op"),
    "history": ("history", "op"), "verify": ("history", "op", "--verify"),
}  # fmt: skip


def append_newer_record(harness: Harness) -> int:
    """Append a record as a newer version writes it; returns its number."""
    store = open_store(harness.store_url, clients=harness.clients, clock=SystemClock())
    last = store.load("op")[-1]
    store.append(replace(last, seq=last.seq + 1, format=FORMAT + 1, write_id="later", state=None).sealed(last.digest))
    store.close()
    return last.seq + 1


def corrupt_last_record(harness: Harness) -> int:
    """Change the digest of the last record; returns its number."""
    last = open_store(harness.store_url, clients=harness.clients).load("op")[-1].seq
    if harness.store_url.startswith("dynamodb:"):
        client, table = harness.clients("dynamodb"), harness.store_url.partition(":")[2]
        key = {"operation_id": {"S": "op"}, "seq": {"N": str(last)}}
        client.update_item(
            TableName=table, Key=key, UpdateExpression="SET digest = :v",
            ExpressionAttributeValues={":v": {"S": "0" * 64}},
        )  # fmt: skip
        return last
    with sqlite3.connect(file_of(harness)) as file:
        for (name,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            file.execute(f'DROP TRIGGER "{name}"')
        file.execute("UPDATE records SET digest = ? WHERE seq = ?", ("0" * 64, last))
    return last


DAMAGE = {"newer": (append_newer_record, "was written by a newer version of runbook. Install that version; nothing was changed"),
          "corrupt": (corrupt_last_record, "was changed after it was written")}  # fmt: skip


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str], harness: Harness) -> Callable[..., Result]:
    """Runs a command in this process."""

    def run_in_process(*words: str) -> Result:
        capsys.readouterr()
        code = main([*words, *harness.options])
        captured = capsys.readouterr()
        return Result(code=code, out=captured.out, err=captured.err)

    return run_in_process


@pytest.fixture
def store() -> str:
    return "sqlite"


@pytest.fixture
def harness(new_harness: NewHarness, store: str) -> Harness:
    return new_harness(SMALL, store=store)


@pytest.mark.parametrize("store", ["sqlite", "dynamodb"])
@pytest.mark.parametrize("kind_of_damage", DAMAGE)
def test_every_command_refuses_a_damaged_record(
    harness: Harness, ask: Callable[..., Result], kind_of_damage: str
) -> None:
    damage, said = DAMAGE[kind_of_damage]
    assert harness.run(*run_words(harness)).code == 5
    number = damage(harness)
    before, made = store_content(harness), changed(harness)
    for name, words in COMMANDS.items():
        result = ask(*words or run_words(harness))
        assert result.code == 4, (name, result)
        assert said in result.err, name
        assert f"record {number} of op" in result.err
    assert store_content(harness) == before
    assert changed(harness) == made


def test_a_runner_stops_when_a_newer_version_has_written(harness: Harness) -> None:
    """It is a conflict like any other: the runner stops and overwrites nothing."""
    first = start_and_read_until_pause(harness)
    first.stop()
    append_newer_record(harness)
    before = store_content(harness)
    first.wake()
    assert first.finish().code == 6
    assert store_content(harness)["records"] == before["records"]
    assert changed(harness).total() == 1


# -- tables and rights ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("store", ["dynamodb"])
def test_a_table_with_another_key_is_refused(harness: Harness) -> None:
    table = f"{harness.store_url.partition(':')[2]}-other"
    harness.clients("dynamodb").create_table(
        TableName=table, BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
    )  # fmt: skip
    harness.store_url = f"dynamodb:{table}"
    result = harness.run(*run_words(harness))
    assert result.code == 4
    assert table in result.err
    assert "key" in result.err
    assert harness.sandbox.journal == []
    assert store_content(harness) == []


@pytest.mark.parametrize("store", ["dynamodb"])
@pytest.mark.parametrize(("request_", "nth"), [("Query", 1), ("PutItem", 2), ("UpdateItem", 2), ("PutItem", 5)])
def test_denied_access_to_the_table_stops_the_run(harness: Harness, request_: str, nth: int) -> None:
    """Denied from the first request on, the first record, the lease, or the first intent."""
    name = f"dynamodb.{request_}"

    def intercept(request: Request, when: str) -> Interception:
        if when == "before" and request.name == name and harness.server.count(name) >= nth:
            return refusal("AccessDeniedException", "User: arn:aws:iam::1:user/me is not authorized")
        return None

    harness.server.intercept = intercept
    result = harness.run(*run_words(harness, PAIR))
    assert result.code == 4
    assert "DynamoDB denies" in result.err
    assert "user/me is not authorized" in result.err
    assert changed(harness).total() == 0
    harness.server.stop_intercepting()
    has_begun = harness.run("status", "op").code == 0
    assert has_begun == (request_ == "UpdateItem" or nth > 2)
    assert harness.run(*RESUME if has_begun else run_words(harness, PAIR)).code == 0
    assert changed(harness) == BOTH


DROPPED_CAPABILITIES = (1, 2)
"""CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH: with them, file modes do not apply to root (capabilities(7))."""
DROP = 24
"""PR_CAPBSET_DROP (prctl(2))."""


def bound_by_modes() -> None:
    """Called in the new process: file modes apply to it, even when it runs as root."""
    system = ctypes.CDLL(None, use_errno=True)
    for capability in DROPPED_CAPABILITIES:
        system.prctl(DROP, capability, 0, 0, 0)


def test_a_read_only_file_is_refused(harness: Harness) -> None:
    assert harness.run(*run_words(harness)).code == 5
    before = store_content(harness)
    file, folder = file_of(harness), file_of(harness).parent
    private = folder / "private"
    private.mkdir()
    file.rename(private / file.name)
    harness.store_url = f"sqlite:{private / file.name}"
    (private / file.name).chmod(stat.S_IRUSR)
    private.chmod(stat.S_IRUSR | stat.S_IXUSR)
    result = harness.start(*RESUME, more={"preexec_fn": bound_by_modes}).finish()
    assert result.code == 4, result
    assert "cannot be written" in result.err
    assert "make the file and its folder writable for your user" in result.err
    private.chmod(stat.S_IRWXU)
    assert store_content(harness) == before
    assert changed(harness).total() == 1


# -- disks ------------------------------------------------------------------------------------------------------


def test_a_reached_quota_stops_the_run(harness: Harness) -> None:
    """The files of the process may no longer grow."""
    first = start_and_read_until_pause(harness)
    size = max(path.stat().st_size for path in file_of(harness).parent.glob("operations.db*"))
    resource.prlimit(first.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    result = first.finish()
    assert result.code == 4, result.err
    assert "the disk reports an error" in result.err
    assert "check the disk and your quota" in result.err
    assert "runbook resume op" in result.err
    assert changed(harness).total() == 1
    assert harness.run(*RESUME).code == 0
    assert changed(harness) == BOTH


def test_a_full_disk_stops_the_run_after_the_timeout(harness: Harness, tmp_path: Path) -> None:
    """The run waits for space until the timeout, and can be resumed when there is some."""
    folder = tmp_path / "disk"
    folder.mkdir()
    with small_disk(folder, "1M") as there:
        if not there:
            pytest.skip("no right to mount a small disk here")
        harness.store_url, ballast = f"sqlite:{folder / 'operations.db'}", folder / "ballast"
        first = start_and_read_until_pause(harness, "--store-timeout", "10m")
        ballast.write_bytes(b"x" * (shutil.disk_usage(folder).free - 4096))
        result = first.finish()
        assert result.code == 4, result.err
        assert "cannot grow: the disk is full" in result.err
        assert "free some space" in result.err
        assert changed(harness).total() == 1
        ballast.unlink()
        assert harness.run(*RESUME).code == 0
        assert changed(harness) == BOTH


# -- files that disappear --------------------------------------------------------------------------------------------


def deleted(file: Path) -> None:
    file.unlink()


def replaced(file: Path) -> None:
    shutil.copy(file, file.with_name("other.db"))
    file.with_name("other.db").rename(file)


def moved(file: Path) -> None:
    file.rename(file.with_name("elsewhere.db"))


@pytest.mark.parametrize("damage", [deleted, replaced, moved])
def test_a_file_that_is_deleted_replaced_or_moved_stops_the_run(
    harness: Harness, damage: Callable[[Path], None]
) -> None:
    first = start_and_read_until_pause(harness)
    file = file_of(harness)
    damage(file)
    there = {path.name: path.read_bytes() for path in file.parent.glob("*.db")}
    result = first.finish()
    assert result.code == 4, result.err
    assert "deleted or replaced while it was open, and the operation was stopped" in result.err
    assert changed(harness).total() == 1
    assert {path.name: path.read_bytes() for path in file.parent.glob("*.db")} == there
    if damage is moved:  # moved back
        file.with_name("elsewhere.db").rename(file)
        assert harness.run(*RESUME).code == 0
        assert changed(harness) == BOTH


def test_an_unknown_operation_or_step_gets_a_suggestion(harness: Harness, ask: Callable[..., Result]) -> None:
    assert harness.run(*run_words(harness)).code == 5
    for words, said in {
        ("resume", "opp"): "there is no operation opp",
        ("restart", "op", "--from", "frist"): "did you mean `first`?",
    }.items():
        result = ask(*words)
        assert result.code == 2
        assert said in result.err
    assert Path(file_of(harness)).exists()
