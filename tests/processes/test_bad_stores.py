"""A store that cannot be trusted, or not be written: nothing is written over, nothing more is performed, exit 4."""

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
from tests.processes.conftest import FAST, Open
from tests.processes.harness import Desk, Running
from tests.processes.intercepting_server import Asked, Met, refusal
from tests.processes.operation_result import changed
from tests.processes.runbooks_and_worlds import PAIR, RESUME, SMALL
from tests.processes.test_outages import BOTH
from tests.stores.system_limits import small_disk

HOLDS = PAIR.replace("{id: pause, wait: 2m}", '{id: pause, hold: "go on?"}')


def run(desk: Desk, text: str = HOLDS) -> tuple[str, ...]:
    return "run", write_file(desk.folder / "pair.yaml", text), "--operation-id", "op", "--yes"


def waiting(desk: Desk, *words: str) -> Running:
    """A runner that has made the first copy, and waits."""
    desk.change(speed=60.0)
    first = desk.begin(*run(desk, PAIR), *words)
    first.until("pause")
    desk.change(speed=FAST)
    return first


def file_of(desk: Desk) -> Path:
    return Path(desk.place.removeprefix("sqlite:"))


def stands(desk: Desk) -> Any:
    """All that is in the store."""
    if desk.place.startswith("dynamodb:"):
        items = desk.clients("dynamodb").scan(TableName=desk.place.partition(":")[2])["Items"]
        return sorted(items, key=str)
    with sqlite3.connect(file_of(desk)) as file:
        tables = [row[0] for row in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {table: file.execute(f"SELECT * FROM {table}").fetchall() for table in tables}


# -- records ------------------------------------------------------------------------------------------------

COMMANDS = {
    "resume": RESUME, "run": (), "cancel": ("cancel", "op"), "cleanup": ("cleanup", "op"),
    "restart": ("restart", "op", "--from", "first"), "status": ("status", "op"),
    "history": ("history", "op"), "verify": ("history", "op", "--verify"),
}  # fmt: skip


def is_newer(desk: Desk) -> int:
    """A later version has gone on with it; the number of its record."""
    store = open_store(desk.place, clients=desk.clients, clock=SystemClock())
    last = store.load("op")[-1]
    store.append(replace(last, seq=last.seq + 1, format=FORMAT + 1, write_id="later", state=None).sealed(last.digest))
    store.close()
    return last.seq + 1


def is_corrupt(desk: Desk) -> int:
    """Its last record has the digest of another; the number of it."""
    last = open_store(desk.place, clients=desk.clients).load("op")[-1].seq
    if desk.place.startswith("dynamodb:"):
        client, table = desk.clients("dynamodb"), desk.place.partition(":")[2]
        key = {"operation_id": {"S": "op"}, "seq": {"N": str(last)}}
        client.update_item(
            TableName=table, Key=key, UpdateExpression="SET digest = :v",
            ExpressionAttributeValues={":v": {"S": "0" * 64}},
        )  # fmt: skip
        return last
    with sqlite3.connect(file_of(desk)) as file:
        for (name,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            file.execute(f'DROP TRIGGER "{name}"')
        file.execute("UPDATE records SET digest = ? WHERE seq = ?", ("0" * 64, last))
    return last


SPOILT = {"newer": (is_newer, "was written by a newer version of runbook. Install that version; nothing was changed"),
          "corrupt": (is_corrupt, "was changed after it was written")}  # fmt: skip


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str], desk: Desk) -> Callable[..., Result]:
    """A command in this process: what a record says does not depend on which."""

    def asked(*words: str) -> Result:
        capsys.readouterr()
        code = main([*words, *desk.options])
        told = capsys.readouterr()
        return Result(code=code, out=told.out, err=told.err)

    return asked


@pytest.fixture
def store() -> str:
    return "sqlite"


@pytest.fixture
def desk(opened: Open, store: str) -> Desk:
    return opened(SMALL, store=store)


@pytest.mark.parametrize("store", ["sqlite", "dynamodb"])
@pytest.mark.parametrize("spoilt", SPOILT)
def test_a_record_that_cannot_be_trusted(desk: Desk, ask: Callable[..., Result], spoilt: str) -> None:
    befalls, said = SPOILT[spoilt]
    assert desk.type(*run(desk)).code == 5
    number = befalls(desk)
    before, made = stands(desk), changed(desk)
    for name, words in COMMANDS.items():
        told = ask(*words or run(desk))
        assert told.code == 4, (name, told)
        assert said in told.err, name
        assert f"record {number} of op" in told.err
    assert stands(desk) == before
    assert changed(desk) == made


def test_a_record_that_a_newer_version_writes_meanwhile(desk: Desk) -> None:
    """The one that runs meets it as any other's: it stops, and writes nothing over."""
    first = waiting(desk)
    first.stop()
    is_newer(desk)
    before = stands(desk)
    first.wake()
    assert first.end().code == 6
    assert stands(desk)["records"] == before["records"]
    assert changed(desk).total() == 1


# -- tables and rights ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("store", ["dynamodb"])
def test_a_table_with_another_key(desk: Desk) -> None:
    table = f"{desk.place.partition(':')[2]}-other"
    desk.clients("dynamodb").create_table(
        TableName=table, BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
    )  # fmt: skip
    desk.place = f"dynamodb:{table}"
    told = desk.type(*run(desk))
    assert told.code == 4
    assert table in told.err
    assert "key" in told.err
    assert desk.sandbox.journal == []
    assert stands(desk) == []


@pytest.mark.parametrize("store", ["dynamodb"])
@pytest.mark.parametrize(("request_", "nth"), [("Query", 1), ("PutItem", 2), ("UpdateItem", 2), ("PutItem", 5)])
def test_a_table_that_may_not_be_used(desk: Desk, request_: str, nth: int) -> None:
    """From the first request on, from the first record, the lease, the first intent."""
    name = f"dynamodb.{request_}"

    def meet(asked: Asked, when: str) -> Met:
        if when == "before" and asked.name == name and desk.front.count(name) >= nth:
            return refusal("AccessDeniedException", "User: arn:aws:iam::1:user/me is not authorized")
        return None

    desk.front.meet = meet
    told = desk.type(*run(desk, PAIR))
    assert told.code == 4
    assert "DynamoDB refuses" in told.err
    assert "user/me is not authorized" in told.err
    assert changed(desk).total() == 0
    desk.front.unmet()
    has_begun = desk.type("status", "op").code == 0
    assert has_begun == (request_ == "UpdateItem" or nth > 2)
    assert desk.type(*RESUME if has_begun else run(desk, PAIR)).code == 0
    assert changed(desk) == BOTH


NOT_ABOVE_MODES = (1, 2)
"""CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH: with them, root is bound by no mode of a file (capabilities(7))."""
DROP = 24
"""PR_CAPBSET_DROP (prctl(2))."""


def bound_by_modes() -> None:
    """In the process that begins: modes of files hold for it, whoever it is."""
    system = ctypes.CDLL(None, use_errno=True)
    for capability in NOT_ABOVE_MODES:
        system.prctl(DROP, capability, 0, 0, 0)


def test_a_file_that_may_only_be_read(desk: Desk) -> None:
    assert desk.type(*run(desk)).code == 5
    before = stands(desk)
    file, folder = file_of(desk), file_of(desk).parent
    private = folder / "private"
    private.mkdir()
    file.rename(private / file.name)
    desk.place = f"sqlite:{private / file.name}"
    (private / file.name).chmod(stat.S_IRUSR)
    private.chmod(stat.S_IRUSR | stat.S_IXUSR)
    told = desk.begin(*RESUME, more={"preexec_fn": bound_by_modes}).end()
    assert told.code == 4, told
    assert "cannot be written" in told.err
    assert "give yourself the right to write the file and its folder" in told.err
    private.chmod(stat.S_IRWXU)
    assert stands(desk) == before
    assert changed(desk).total() == 1


# -- disks ------------------------------------------------------------------------------------------------------


def test_a_quota_that_is_reached(desk: Desk) -> None:
    """Files of that process may not grow from now on."""
    first = waiting(desk)
    size = max(path.stat().st_size for path in file_of(desk).parent.glob("operations.db*"))
    resource.prlimit(first.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    told = first.end()
    assert told.code == 4, told.err
    assert "the disk answers with an error" in told.err
    assert "see to the disk, or its quota" in told.err
    assert "runbook resume op" in told.err
    assert changed(desk).total() == 1
    assert desk.type(*RESUME).code == 0
    assert changed(desk) == BOTH


def test_a_disk_that_is_full(desk: Desk, tmp_path: Path) -> None:
    """It waits for room; given up in time, it can be resumed when there is some."""
    folder = tmp_path / "disk"
    folder.mkdir()
    with small_disk(folder, "1M") as there:
        if not there:
            pytest.skip("no right to mount a small disk here")
        desk.place, ballast = f"sqlite:{folder / 'operations.db'}", folder / "ballast"
        first = waiting(desk, "--store-timeout", "10m")
        ballast.write_bytes(b"x" * (shutil.disk_usage(folder).free - 4096))
        told = first.end()
        assert told.code == 4, told.err
        assert "cannot grow: the disk is full" in told.err
        assert "free some space" in told.err
        assert changed(desk).total() == 1
        ballast.unlink()
        assert desk.type(*RESUME).code == 0
        assert changed(desk) == BOTH


# -- files that go --------------------------------------------------------------------------------------------


def deleted(file: Path) -> None:
    file.unlink()


def replaced(file: Path) -> None:
    shutil.copy(file, file.with_name("other.db"))
    file.with_name("other.db").rename(file)


def moved(file: Path) -> None:
    file.rename(file.with_name("elsewhere.db"))


@pytest.mark.parametrize("befalls", [deleted, replaced, moved])
def test_a_file_that_goes_from_under_the_process(desk: Desk, befalls: Callable[[Path], None]) -> None:
    first = waiting(desk)
    file = file_of(desk)
    befalls(file)
    there = {path.name: path.read_bytes() for path in file.parent.glob("*.db")}
    told = first.end()
    assert told.code == 4, told.err
    assert "deleted or replaced while it was open, and the operation was stopped" in told.err
    assert changed(desk).total() == 1
    assert {path.name: path.read_bytes() for path in file.parent.glob("*.db")} == there
    if befalls is moved:  # it is put back
        file.with_name("elsewhere.db").rename(file)
        assert desk.type(*RESUME).code == 0
        assert changed(desk) == BOTH


def test_what_there_is_is_told_where_an_operation_or_step_is_unknown(desk: Desk, ask: Callable[..., Result]) -> None:
    assert desk.type(*run(desk)).code == 5
    for words, said in {
        ("resume", "opp"): "there is no operation opp",
        ("restart", "op", "--from", "frist"): "did you mean `first`?",
    }.items():
        told = ask(*words)
        assert told.code == 2
        assert said in told.err
    assert Path(file_of(desk)).exists()
