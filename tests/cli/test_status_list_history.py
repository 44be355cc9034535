"""status, list and history: what the log says of operations."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
from pathlib import Path

import pytest

from engine.clock import SystemClock
from engine.stores.factory import open_store
from engine.stores.lease import StoreLease, start_of, this_process
from engine.values import changed
from tests.cli.commands import INPUTS, RESTORE, RUNBOOK, Ask, Store, begun, fits, written


def test_status_fits_its_schema(ask: Ask, few: str, store: Store) -> None:
    begun(ask, few, store)
    told = ask("status", "op", *store, "-o", "json")
    assert told.code == 0
    fits("status", told.document)
    assert told.document["hold"]["answers"][0] == f"runbook resume op {' '.join(store)}"


def test_status_says_who_drives_it(ask: Ask, few: str, store: Store) -> None:
    begun(ask, few, store)
    opened = open_store(store[1])
    lease = StoreLease(opened, "op", SystemClock(), this_process("somebody@somewhere"))
    lease.acquire()
    try:
        document = ask("status", "op", *store, "-o", "json").document
        text = ask("status", "op", *store).out
    finally:
        lease.release()
        opened.close()
    fits("status", document)
    assert document["runner"]["actor"] == "somebody@somewhere"
    assert f"driven by somebody@somewhere (process {os.getpid()})" in text


def left_behind(place: str) -> None:
    """The head as a runner leaves it that dies after its last record: a lease, and what was so at the start."""
    child = subprocess.Popen(["sleep", "60"])
    opened = open_store(place)
    dead = changed(this_process("anna@desk"), pid=child.pid, started=start_of(child.pid) or "")
    assert StoreLease(opened, "op", SystemClock(), dead).acquire()
    opened.summarise("op", {"status": "IN_PROGRESS", "runbook": "few", "step": "", "updated": ""})
    opened.close()
    child.kill()
    child.wait()


def test_nobody_drives_what_a_dead_process_has_left(ask: Ask, tmp_path: Path, store: Store) -> None:
    """Provably dead: its machine is this one. So it is not followed for ever, but resumed."""
    file = written(tmp_path / "fails.yaml", "runbook: a\nsteps:\n  - {id: b, wait: 0s}\n  - {id: c, wait: 1h}\n")
    with subprocess.Popen([RUNBOOK, "run", file, *store, "--operation-id", "op"], stderr=subprocess.PIPE) as running:
        assert running.stderr is not None
        for line in running.stderr:
            if b"waiting 1h" in line:
                break
        assert ask("status", "op", *store, "-o", "json").document["runner"]["pid"] == running.pid
        running.kill()
    document = ask("status", "op", *store, "-o", "json").document
    assert document["runner"] is None
    assert document["next"].startswith("runbook resume op")
    assert "not running: no process drives it" in ask("status", "op", *store).out


def test_the_list_says_what_the_records_say_where_a_runner_died_before_it_could(
    ask: Ask, few: str, store: Store
) -> None:
    begun(ask, few, store)
    left_behind(store[1])
    (one,) = ask("list", *store, "-o", "json").document["operations"]
    assert (one["status"], one["step"], one["runner"]) == ("HELD", "ask", None)


def test_what_was_held_and_is_resumed_is_not_listed_as_held(ask: Ask, tmp_path: Path, store: Store) -> None:
    text = "runbook: a\nsteps:\n  - {id: b, hold: is it all right}\n  - {id: c, wait: 1h}\n"
    begun(ask, written(tmp_path / "held.yaml", text), store)
    with subprocess.Popen([RUNBOOK, "resume", "op", *store], stderr=subprocess.PIPE) as running:
        try:
            assert running.stderr is not None
            assert any(b"waiting 1h" in line for line in running.stderr)
            (one,) = ask("list", *store, "-o", "json").document["operations"]
            held = ask("list", "--status", "HELD", *store, "-o", "json").document["operations"]
        finally:
            running.kill()
    assert (one["status"], one["step"], one["runner"]["pid"]) == ("IN_PROGRESS", "c", running.pid)
    assert held == []


@pytest.mark.parametrize(
    "words",
    [
        ["status", "op"],
        ["history", "op"],
        ["history", "op", "--verify"],
        ["resume", "op"],
        ["restart", "op", "--from", "first"],
        ["cancel", "op"],
        ["cleanup", "op"],
    ],
)
def test_an_unknown_operation_is_2_where_there_is_no_store_either(ask: Ask, store: Store, words: list[str]) -> None:
    told = ask(*words, *store)
    assert told.code == 2
    assert "there is no operation op" in told.err
    assert not Path(store[1].removeprefix("sqlite:")).exists()


def test_an_empty_list(ask: Ask, store: Store) -> None:
    told = ask("list", *store)
    assert (told.code, told.out) == (0, "")
    assert "no operation in" in told.err
    assert ask("list", *store, "-o", "json").document == {"format": 1, "operations": []}


def test_the_list_has_those_first_that_need_somebody(ask: Ask, few: str, store: Store) -> None:
    for id in ("a", "b"):
        begun(ask, few, store, id)
    ask("resume", "a", *store)
    told = ask("list", *store, "-o", "json")
    fits("operations", told.document)
    assert [one["operation_id"] for one in told.document["operations"]] == ["b", "a"]
    held = ask("list", *store, "--status", "held").out.splitlines()
    assert [line.split()[0] for line in held] == ["operation", "b"]


def test_a_status_that_there_is_not(ask: Ask, store: Store) -> None:
    told = ask("list", *store, "--status", "HALD")
    assert told.code == 2
    assert "did you mean `HELD`?" in told.err


def test_what_died_before_its_head_was_written_is_listed_all_the_same(ask: Ask, few: str, store: Store) -> None:
    import sqlite3

    begun(ask, few, store)
    with sqlite3.connect(store[1].removeprefix("sqlite:")) as database:
        database.execute("delete from heads")
    told = ask("list", *store, "-o", "json")
    fits("operations", told.document)
    assert told.document["operations"][0]["status"] == "HELD"


def test_history_is_one_event_a_line(ask: Ask, sandbox: tuple[str, ...]) -> None:
    ask("run", RESTORE, *INPUTS, *sandbox, "--yes", "--operation-id", "op")
    told = ask("history", "op", *sandbox, "-o", "json")
    events = [json.loads(line) for line in told.out.splitlines()]
    for event in events:
        fits("event", event)
    assert events[0]["event"] == "started"
    assert events[-1]["event"] == "ended"
    assert {event["step"] for event in events} >= {
        "copy-snapshot",
        "instances[1]",
        "setup-db-users > check rds.cluster",
    }
    text = ask("history", "op", *sandbox).out.splitlines()
    assert len(text) == len(events)


def test_history_checks_the_chain(ask: Ask, few: str, store: Store) -> None:
    begun(ask, few, store)
    told = ask("history", "op", *store, "--verify")
    assert told.code == 0
    assert "records is intact" in told.err


DAMAGES = {
    "was changed after it was written": "update records set digest = '00' where seq = 2",
    "cannot be read": "update records set packed = x'7b' where seq = 2",
    "is missing": "delete from records where seq = 2",
}


@pytest.mark.parametrize("said", DAMAGES)
def test_of_a_damaged_log_it_tells_what_comes_before_that(ask: Ask, few: str, store: Store, said: str) -> None:
    begun(ask, few, store)
    ask("resume", "op", *store)
    whole = ask("history", "op", *store).out.splitlines()
    with sqlite3.connect(store[1].removeprefix("sqlite:")) as database:
        names = [row[0] for row in database.execute("select name from sqlite_master where type = 'trigger'")]
        for name in names:
            database.execute(f'drop trigger "{name}"')
        database.execute(DAMAGES[said])
    told = ask("history", "op", *store)
    assert told.code == 4
    assert f"record 2 of op in {store[1]}" in told.err
    assert said in told.err
    assert "from its backup" in told.err
    assert told.out.splitlines() == [line for line in whole if int(line.split()[0]) < 2]
    verified = ask("history", "op", *store, "--verify")
    assert (verified.code, verified.out) == (4, "")
    assert said in verified.err


def test_following_ends_with_the_operation(ask: Ask, few: str, store: Store) -> None:
    begun(ask, few, store)
    assert "HELD (approval)" in ask("history", "op", *store, "--follow").out
