"""`runbook status`, `list` and `history`."""

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
from tests.cli.commands import INPUTS, RESTORE, RUNBOOK, Cli, Store, assert_valid, start_held, write_file
from tests.process_output import read_until


def test_status_matches_its_schema(cli: Cli, few: str, store: Store) -> None:
    start_held(cli, few, store)
    result = cli("status", "op", *store, "-o", "json")
    assert result.code == 0
    assert_valid("status", result.document)
    assert result.document["hold"]["answers"][0] == f"runbook resume op {' '.join(store)}"


def test_status_names_the_runner(cli: Cli, few: str, store: Store) -> None:
    start_held(cli, few, store)
    opened = open_store(store[1])
    lease = StoreLease(opened, "op", SystemClock(), this_process("somebody@somewhere"))
    lease.acquire()
    try:
        document = cli("status", "op", *store, "-o", "json").document
        text = cli("status", "op", *store).out
    finally:
        lease.release()
        opened.close()
    assert_valid("status", document)
    assert document["runner"]["actor"] == "somebody@somewhere"
    assert f"runner: somebody@somewhere (process {os.getpid()})" in text


def listed(cli: Cli, store: Store, *words: str) -> list[str]:
    document = cli("list", *store, *words, "-o", "json").document
    assert_valid("operations", document)
    return [one["operation_id"] for one in document["operations"]]


def summarised(place: str, id: str, status: str, updated: str, runbook: str = "few") -> None:
    """An operation as its head alone shows it."""
    opened = open_store(place)
    about = {"runbook": runbook, "status": status, "step": "first", "started": updated, "updated": updated}
    opened.summarise(id, about | {"next_wake": None, "hold": None})
    opened.close()


def test_list_shows_the_newest_that_ended_and_all_others(cli: Cli, store: Store) -> None:
    for number in range(60):
        summarised(store[1], f"ended-{number:02}", "SUCCEEDED", f"2026-03-20T00:{number:02}:00Z")
    for id, status in (("held", "HELD"), ("stuck", "STUCK"), ("runs", "IN_PROGRESS")):
        summarised(store[1], id, status, "2020-01-01T00:00:00Z")
    newest = [f"ended-{number:02}" for number in reversed(range(60))]
    assert listed(cli, store) == ["stuck", "held", "runs", *newest[:50]]
    assert listed(cli, store, "--limit", "2") == ["stuck", "held", "runs", *newest[:2]]
    assert listed(cli, store, "--limit", "0") == ["stuck", "held", "runs"]
    assert len(listed(cli, store, "--limit", "100")) == 63
    assert "Older operations that have ended are not shown; show more with --limit N" in cli("list", *store).err
    assert "Older" not in cli("list", *store, "--limit", "60").err


def test_the_limit_counts_what_is_wanted(cli: Cli, store: Store) -> None:
    for number in range(6):
        name = "a" if number % 2 else "b"
        summarised(store[1], f"{name}-{number}", "FAILED", f"2026-03-20T00:0{number}:00Z", runbook=name)
    assert listed(cli, store, "--runbook", "b", "--limit", "2") == ["b-4", "b-2"]
    assert listed(cli, store, "--status", "cancelled,failed", "--limit", "1") == ["a-5"]
    assert listed(cli, store, "--status", "CANCELLED") == []


def test_list_since(cli: Cli, store: Store) -> None:
    summarised(store[1], "old", "HELD", "2026-03-20T00:00:00Z")
    summarised(store[1], "new", "HELD", "2026-03-21T12:00:00Z")
    assert listed(cli, store, "--since", "2026-03-21") == ["new"]
    assert listed(cli, store, "--since", "2026-03-21T12:00Z") == ["new"]
    assert listed(cli, store, "--since", "2026-03-21T12:00:01+00:00") == []
    assert listed(cli, store, "--since", "36500d") == ["new", "old"]
    assert cli("list", *store, "--since", "yesterday").code == 2


def test_list_of_operations_without_a_runner(cli: Cli, tmp_path: Path, store: Store) -> None:
    summarised(store[1], "alone", "IN_PROGRESS", "2026-03-20T00:00:00Z")
    summarised(store[1], "run", "IN_PROGRESS", "2026-03-20T00:00:00Z")
    summarised(store[1], "held", "HELD", "2026-03-20T00:00:00Z")
    opened = open_store(store[1])
    lease = StoreLease(opened, "run", SystemClock(), this_process("somebody@somewhere"))
    lease.acquire()
    assert listed(cli, store, "--no-runner") == ["alone"]
    lease.release()
    opened.close()
    assert listed(cli, store, "--no-runner") == ["run", "alone"]


def left_behind(place: str) -> None:
    """Leave the head as a runner does that dies after its last record: with its lease and an old summary."""
    child = subprocess.Popen(["sleep", "60"])
    opened = open_store(place)
    dead = changed(this_process("anna@desk"), pid=child.pid, started=start_of(child.pid) or "")
    assert StoreLease(opened, "op", SystemClock(), dead).acquire()
    opened.summarise("op", {"status": "IN_PROGRESS", "runbook": "few", "step": "", "updated": ""})
    opened.close()
    child.kill()
    child.wait()


def test_a_dead_process_is_not_a_runner(cli: Cli, tmp_path: Path, store: Store) -> None:
    """The process ran on this machine, so that it is known to be dead: the next command is resume, not follow."""
    file = write_file(tmp_path / "fails.yaml", "runbook: a\nsteps:\n  - {id: b, wait: 0s}\n  - {id: c, wait: 1h}\n")
    words = [RUNBOOK, "run", file, *store, "--operation-id", "op"]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as running:
        read_until(running, "waiting 1h")
        assert cli("status", "op", *store, "-o", "json").document["runner"]["pid"] == running.pid
        running.kill()
    document = cli("status", "op", *store, "-o", "json").document
    assert document["runner"] is None
    assert document["next"].startswith("runbook resume op")
    assert "no runner: no process is running this operation" in cli("status", "op", *store).out


def test_list_reads_the_records_after_a_runner_died(cli: Cli, few: str, store: Store) -> None:
    start_held(cli, few, store)
    left_behind(store[1])
    (one,) = cli("list", *store, "-o", "json").document["operations"]
    assert (one["status"], one["step"], one["runner"]) == ("HELD", "ask", None)


def test_a_resumed_operation_is_not_listed_as_held(cli: Cli, tmp_path: Path, store: Store) -> None:
    text = "runbook: a\nsteps:\n  - {id: b, hold: is it all right}\n  - {id: c, wait: 1h}\n"
    start_held(cli, write_file(tmp_path / "held.yaml", text), store)
    with subprocess.Popen([RUNBOOK, "resume", "op", *store], stderr=subprocess.PIPE, text=True) as running:
        try:
            read_until(running, "waiting 1h")
            (one,) = cli("list", *store, "-o", "json").document["operations"]
            held = cli("list", "--status", "HELD", *store, "-o", "json").document["operations"]
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
def test_an_unknown_operation_creates_no_store(cli: Cli, store: Store, words: list[str]) -> None:
    result = cli(*words, *store)
    assert result.code == 2
    assert "there is no operation op" in result.err
    assert f"see `runbook list {' '.join(store)}`" in result.err
    assert not Path(store[1].removeprefix("sqlite:")).exists()


def test_an_empty_list(cli: Cli, store: Store) -> None:
    result = cli("list", *store)
    assert (result.code, result.out) == (0, "")
    assert "no operation in" in result.err
    assert cli("list", *store, "-o", "json").document == {"format": 1, "operations": []}


def test_list_shows_operations_that_need_a_person_first(cli: Cli, few: str, store: Store) -> None:
    for id in ("a", "b"):
        start_held(cli, few, store, id)
    cli("resume", "a", *store)
    result = cli("list", *store, "-o", "json")
    assert_valid("operations", result.document)
    assert [one["operation_id"] for one in result.document["operations"]] == ["b", "a"]
    held = cli("list", *store, "--status", "held").out.splitlines()
    assert [line.split()[0] for line in held] == ["operation", "b"]


def test_an_unknown_status(cli: Cli, store: Store) -> None:
    result = cli("list", *store, "--status", "HALD")
    assert result.code == 2
    assert "did you mean `HELD`?" in result.err


def test_an_operation_without_a_head_is_listed(cli: Cli, few: str, store: Store) -> None:
    import sqlite3

    start_held(cli, few, store)
    with sqlite3.connect(store[1].removeprefix("sqlite:")) as database:
        database.execute("delete from heads")
    result = cli("list", *store, "-o", "json")
    assert_valid("operations", result.document)
    assert result.document["operations"][0]["status"] == "HELD"


def test_history_prints_one_event_a_line(cli: Cli, sandbox: tuple[str, ...]) -> None:
    cli("run", RESTORE, *INPUTS, *sandbox, "--yes", "--operation-id", "op")
    result = cli("history", "op", *sandbox, "-o", "json")
    events = [json.loads(line) for line in result.out.splitlines()]
    for event in events:
        assert_valid("event", event)
    assert events[0]["event"] == "started"
    assert events[-1]["event"] == "ended"
    assert {event["step"] for event in events} >= {
        "copy-snapshot",
        "instances[1]",
        "setup-db-users > check rds.cluster",
    }
    text = cli("history", "op", *sandbox).out.splitlines()
    assert len(text) == len(events)


def test_history_verifies_the_chain(cli: Cli, few: str, store: Store) -> None:
    start_held(cli, few, store)
    result = cli("history", "op", *store, "--verify")
    assert result.code == 0
    assert "records is intact" in result.err


DAMAGES = {
    "was changed after it was written": "update records set digest = '00' where seq = 2",
    "cannot be read": "update records set packed = x'7b' where seq = 2",
    "is missing": "delete from records where seq = 2",
}


@pytest.mark.parametrize("expected", DAMAGES)
def test_history_prints_what_precedes_the_damage(cli: Cli, few: str, store: Store, expected: str) -> None:
    start_held(cli, few, store)
    cli("resume", "op", *store)
    whole = cli("history", "op", *store).out.splitlines()
    with sqlite3.connect(store[1].removeprefix("sqlite:")) as database:
        names = [row[0] for row in database.execute("select name from sqlite_master where type = 'trigger'")]
        for name in names:
            database.execute(f'drop trigger "{name}"')
        database.execute(DAMAGES[expected])
    result = cli("history", "op", *store)
    assert result.code == 4
    assert f"record 2 of op in {store[1]}" in result.err
    assert expected in result.err
    assert "from a backup" in result.err
    assert result.out.splitlines() == [line for line in whole if int(line.split()[0]) < 2]
    verified = cli("history", "op", *store, "--verify")
    assert (verified.code, verified.out) == (4, "")
    assert expected in verified.err


def test_follow_ends_at_a_hold(cli: Cli, few: str, store: Store) -> None:
    start_held(cli, few, store)
    assert "HELD (approval)" in cli("history", "op", *store, "--follow").out
