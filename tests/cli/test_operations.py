"""run, resume, restart, status, list, history, cancel and cleanup: what each does, its exit code, its streams."""

from __future__ import annotations

import json
import os
import re
import socket
from pathlib import Path

import pytest

from engine.clock import SystemClock
from engine.stores.lease import StoreLease, this_process
from engine.stores.opening import open_store
from tests.cli.asking import FEW, INPUTS, LONG, RESTORE, Ask, fits, world, written

Store = tuple[str, str]


def begun(ask: Ask, few: str, store: Store, id: str = "op") -> None:
    assert ask("run", few, *store, "--operation-id", id).code == 5


# -- run ------------------------------------------------------------------------------------------------------


def test_a_run_ends_well(ask: Ask, tmp_path: Path, store: Store) -> None:
    told = ask("run", written(tmp_path / "a.yaml", "runbook: a\nsteps:\n  - {id: b, wait: 0s}\n"), *store)
    assert told.code == 0
    assert "SUCCEEDED" in told.out
    assert "b  done" in told.err
    assert "Next: runbook history" in told.err


def test_a_run_that_holds(ask: Ask, few: str, store: Store) -> None:
    told = ask("run", few, *store, "--operation-id", "op")
    assert told.code == 5
    assert "held at ask (approval)" in told.out
    assert f"  runbook resume op {' '.join(store)}" in told.err.splitlines()


def test_a_run_that_fails(ask: Ask, tmp_path: Path, store: Store) -> None:
    file = written(tmp_path / "a.yaml", "runbook: a\nsteps:\n  - {id: b, fail: no good, error: Sour}\n")
    told = ask("run", file, *store, "-o", "json")
    assert told.code == 1
    assert (told.document["status"], told.document["error"]) == ("FAILED", "Sour")


def test_the_same_again_stays_as_it_is(ask: Ask, few: str, store: Store) -> None:
    begun(ask, few, store)
    again = ask("run", few, *store, "--operation-id", "op", "-o", "json")
    assert again.code == 5
    ask("resume", "op", *store)
    ended = ask("run", few, *store, "--operation-id", "op", "-o", "json")
    assert (ended.code, ended.document["status"]) == (0, "SUCCEEDED")


def test_another_runbook_under_the_same_id_is_refused(ask: Ask, few: str, store: Store, tmp_path: Path) -> None:
    begun(ask, few, store)
    told = ask("run", written(tmp_path / "b.yaml", FEW + "  # other\n"), *store, "--operation-id", "op")
    assert told.code == 2
    assert "another runbook or other inputs" in told.err


def test_an_operation_gets_an_id_of_its_own(ask: Ask, few: str, store: Store) -> None:
    ids = {ask("run", few, *store, "-o", "json").document["operation_id"] for _ in range(2)}
    assert len(ids) == 2
    assert all(id.startswith("few-") for id in ids)


@pytest.mark.parametrize("id", ["..", "-x", "a/b", "a b", "x" * 65, "é", ".hidden", ""])
def test_what_is_no_operation_id(ask: Ask, few: str, store: Store, id: str) -> None:
    told = ask("run", few, *store, f"--operation-id={id}")
    assert told.code == (5 if not id else 2)


def test_inputs_of_a_file_and_of_the_line(ask: Ask, tmp_path: Path, store: Store) -> None:
    text = "runbook: a\ninputs:\n  one: {type: integer}\n  two: {}\nsteps:\n  - {id: b, wait: 0s}\n"
    text += "outputs: {sum: '${one}/${two}'}\n"
    file = written(tmp_path / "a.yaml", text)
    inputs = written(tmp_path / "inputs.yaml", "{one: 1, two: from-file}")
    told = ask("run", file, *store, "--inputs", inputs, "-i", "two=a=b", "-o", "json")
    assert told.document["outputs"] == {"sum": "1/a=b"}


def test_the_restore_runs_in_the_sandbox(ask: Ask, sandbox: tuple[str, ...]) -> None:
    told = ask("run", RESTORE, *INPUTS, *sandbox, "--yes", "--operation-id", "op", "-o", "json")
    assert told.code == 0
    assert told.document["outputs"]["endpoint"].startswith("orders.cluster-")
    fits("status", told.document)


def test_every_wait_says_what_how_long_and_until_when(ask: Ask, sandbox: tuple[str, ...]) -> None:
    lines = ask("run", RESTORE, *INPUTS, *sandbox, "--yes").err.splitlines()
    assert any("copying: waits for it, looks every 30s, until 2024-03-21 00:06:00Z at most" in line for line in lines)
    assert any("failed: it is deleted, and made anew 5m after it is gone (attempt 2 of 4)" in line for line in lines)
    assert any("waits 5m, until 00:13:00Z, then attempt 2 of 4" in line for line in lines)
    assert any("ConnectionTimeout" in line for line in lines)
    assert any("setup-db-users" in line and "waits 1m, until 00:54:00Z, then attempt 2 of 4" in line for line in lines)


# -- resume -----------------------------------------------------------------------------------------------------


def test_resume_goes_on(ask: Ask, few: str, store: Store) -> None:
    begun(ask, few, store)
    told = ask("resume", "op", *store, "--why", "looked at it", "-o", "json")
    assert told.code == 0
    assert told.document["outputs"]["who"].endswith(f"@{socket.gethostname()}")
    assert "looked at it" in ask("history", "op", *store).out


def test_resume_of_what_has_succeeded_changes_nothing(ask: Ask, few: str, store: Store) -> None:
    begun(ask, few, store)
    ask("resume", "op", *store)
    before = ask("history", "op", *store).out
    assert ask("resume", "op", *store).code == 0
    assert ask("history", "op", *store).out == before


def test_a_hold_answered_with_no_fails(ask: Ask, few: str, store: Store) -> None:
    begun(ask, few, store)
    told = ask("resume", "op", *store, "--reject", "it is not", "-o", "json")
    assert told.code == 1
    assert (told.document["error"], told.document["error_message"]) == ("Rejected", "it is not")


def test_resume_of_what_has_failed_says_restart(ask: Ask, few: str, store: Store) -> None:
    begun(ask, few, store)
    ask("resume", "op", *store, "--reject", "no")
    told = ask("resume", "op", *store)
    assert told.code == 2
    assert "runbook restart op" in told.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--outcome", "done"], "does not hold for one"),
        (["--outcome", "don"], "did you mean done?"),
        (["--accept-target", "x"], "there is none"),
        (["--output", "x"], "goes with --outcome done"),
        (["--reject", "x", "--outcome", "done"], "--reject and --outcome are answers to different questions"),
        (["--with", "nothing.yaml"], "there is no file nothing.yaml"),
        (["--with", "few.yaml", "--reject", "x"], "--with enters the step again and answers nothing"),
    ],
)
def test_answers_that_do_not_fit(ask: Ask, few: str, store: Store, words: list[str], said: str) -> None:
    begun(ask, few, store)
    told = ask("resume", "op", *store, *words)
    assert told.code == 2
    assert said in told.err
    assert ask("status", "op", *store, "-o", "json").document["status"] == "HELD"


def test_resume_with_an_edited_runbook_shows_what_changes(ask: Ask, few: str, store: Store, tmp_path: Path) -> None:
    begun(ask, few, store)
    edited = written(tmp_path / "b.yaml", FEW + "  more: yes-it-is\n")
    told = ask("resume", "op", *store, "--with", edited, "-o", "json")
    assert told.code == 5  # the step where it stands is entered again
    assert "+  more: yes-it-is" in told.err
    assert "another text of the runbook" in ask("history", "op", *store).out
    told = ask("resume", "op", *store, "-o", "json")
    assert told.document["outputs"]["more"] == "yes-it-is"


@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        (("runbook: few", "runbook: other"), 2, "is the runbook other"),
        (("id: ask", "id: asks"), 2, "has no step ask, where the operation stands; did you mean asks?"),
        (("wait: 0s", "wate: 0s"), 3, "RB2"),
    ],
)
def test_an_edit_that_is_refused(
    ask: Ask, few: str, store: Store, tmp_path: Path, change: tuple[str, str], code: int, said: str
) -> None:
    begun(ask, few, store)
    text = FEW.replace(*change).replace("outputs:\n  who: ${ask.actor}\n", "")
    told = ask("resume", "op", *store, "--with", written(tmp_path / "b.yaml", text))
    assert told.code == code
    assert said in told.err


# -- restart ----------------------------------------------------------------------------------------------------


def test_restart_goes_back(ask: Ask, few: str, store: Store) -> None:
    begun(ask, few, store)
    ask("resume", "op", *store, "--reject", "no")
    told = ask("restart", "op", "--from", "first", *store)
    assert told.code == 5
    assert "restarted from" in told.err


def test_an_unknown_step_is_told_before_the_status_is_considered(ask: Ask, few: str, store: Store) -> None:
    begun(ask, few, store)
    told = ask("restart", "op", "--from", "frist", *store)
    assert told.code == 2
    assert "did you mean first?" in told.err


def test_restart_needs_what_came_before(ask: Ask, few: str, store: Store) -> None:
    begun(ask, few, store)
    told = ask("restart", "op", "--from", "last", *store)
    assert told.code == 2
    assert "restart from ask" in told.err


# -- status, list, history ------------------------------------------------------------------------------------


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
    lease.acquire(patience=False)
    try:
        document = ask("status", "op", *store, "-o", "json").document
        text = ask("status", "op", *store).out
    finally:
        lease.release()
        opened.close()
    fits("status", document)
    assert document["runner"]["actor"] == "somebody@somewhere"
    assert f"driven by somebody@somewhere (process {os.getpid()})" in text


@pytest.mark.parametrize(
    "words",
    [
        ["status", "op"],
        ["history", "op"],
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
    assert "did you mean HELD?" in told.err


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
    assert events[0]["event"] == "Started"
    assert events[-1]["event"] == "Ended"
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
    assert "record(s) holds" in told.err


def test_history_tells_a_log_that_was_changed(ask: Ask, few: str, store: Store) -> None:
    import sqlite3

    begun(ask, few, store)
    with sqlite3.connect(store[1].removeprefix("sqlite:")) as database:
        names = [row[0] for row in database.execute("select name from sqlite_master where type = 'trigger'")]
        for name in names:
            database.execute(f'drop trigger "{name}"')
        database.execute("update records set digest = ? where seq = 1", ("0" * 64,))
    told = ask("history", "op", *store, "--verify")
    assert told.code == 4
    assert "record" in told.err


def test_following_ends_with_the_operation(ask: Ask, few: str, store: Store) -> None:
    begun(ask, few, store)
    assert "HELD (approval)" in ask("history", "op", *store, "--follow").out


# -- cancel, cleanup --------------------------------------------------------------------------------------------


def test_cancel_ends_it(ask: Ask, few: str, store: Store) -> None:
    begun(ask, few, store)
    told = ask("cancel", "op", *store, "-o", "json")
    assert told.code == 0
    assert told.document["status"] == "CANCELLED"
    again = ask("cancel", "op", *store)
    assert again.code == 2
    assert "has ended" in again.err


def held_with_a_copy(ask: Ask, tmp_path: Path, store: Store) -> str:
    """A restore that holds before anything is deleted, with its copy made: a security group is not there."""
    broken = world(tmp_path, "{}", ("security-group-ids: [sg-0a1b2c3d]", "security-group-ids: [sg-0badbadbad]"))
    told = ask("run", RESTORE, *INPUTS, broken, *store, "--yes", "--operation-id", "op")
    assert told.code == 5, told.err
    return broken


def test_cancel_undo_takes_back_what_was_made(ask: Ask, tmp_path: Path, store: Store) -> None:
    pretend = held_with_a_copy(ask, tmp_path, store)
    told = ask("cancel", "op", "--undo", pretend, *store, "-o", "json")
    assert told.code == 0
    assert [one["state"] for one in told.document["resources"]] == ["gone"]
    assert told.document["cleanup_status"] == "COMPLETED"


def test_cleanup_takes_back_what_a_cancelled_one_left(ask: Ask, tmp_path: Path, store: Store) -> None:
    pretend = held_with_a_copy(ask, tmp_path, store)
    cancelled = ask("cancel", "op", pretend, *store, "-o", "json")
    assert {one["state"] for one in cancelled.document["resources"]} <= {"open", "kept"}
    told = ask("cleanup", "op", pretend, *store, "-o", "json")
    assert told.code == 0
    assert [one["state"] for one in told.document["resources"]] == ["gone"]


def test_cleanup_refuses_what_has_succeeded(ask: Ask, sandbox: tuple[str, ...]) -> None:
    ask("run", RESTORE, *INPUTS, *sandbox, "--yes", "--operation-id", "op")
    told = ask("cleanup", "op", *sandbox)
    assert told.code == 2
    assert "is yours" in told.err


def test_cleanup_refuses_what_has_not_ended(ask: Ask, few: str, store: Store) -> None:
    begun(ask, few, store)
    told = ask("cleanup", "op", *store)
    assert told.code == 2
    assert "runbook cancel op --undo" in told.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["cancel", "op", "--past", "first"], "it goes with --undo"),
        (["cancel", "op", "--undo", "--past", "first"], "is no point of no return of few; it has none"),
        (["cleanup", "op", "--past", "first"], "is no point of no return of few; it has none"),
    ],
)
def test_past_names_a_point_of_no_return(ask: Ask, few: str, store: Store, words: list[str], said: str) -> None:
    begun(ask, few, store)
    told = ask(*words, *store)
    assert told.code == 2
    assert said in told.err


# -- two of them ------------------------------------------------------------------------------------------------


def test_what_another_runner_has_is_left_to_it(ask: Ask, few: str, store: Store) -> None:
    begun(ask, few, store)
    opened = open_store(store[1])
    lease = StoreLease(opened, "op", SystemClock(), this_process("somebody@somewhere"))
    lease.acquire(patience=False)
    try:
        told = ask("resume", "op", *store)
    finally:
        lease.release()
        opened.close()
    assert told.code == 6
    assert "somebody@somewhere" in told.err


def test_one_operation_at_a_time_on_a_target(ask: Ask, tmp_path: Path, store: Store) -> None:
    locked = written(tmp_path / "a.yaml", FEW.replace("steps:", "lock: the-target\nsteps:"))
    assert ask("run", locked, *store, "--operation-id", "one").code == 5
    told = ask("run", locked, *store, "--operation-id", "two")
    assert told.code == 6
    assert "operation one has the lock the-target" in told.err
    ask("cancel", "one", *store)
    assert ask("resume", "two", *store).code == 5


# -- the sandbox and the real world -------------------------------------------------------------------------------


def test_an_operation_of_the_sandbox_is_never_driven_in_the_real_world(ask: Ask, tmp_path: Path, store: Store) -> None:
    held_with_a_copy(ask, tmp_path, store)
    told = ask("resume", "op", *store)
    assert told.code == 2
    assert "add --sandbox" in told.err


def test_nor_the_other_way_round(ask: Ask, few: str, store: Store) -> None:
    begun(ask, few, store)
    told = ask("resume", "op", *store, "--sandbox")
    assert told.code == 2
    assert "leave --sandbox out" in told.err


def test_a_world_that_is_gone_is_told(ask: Ask, tmp_path: Path, store: Store) -> None:
    pretend = held_with_a_copy(ask, tmp_path, store)
    for file in Path(f"{store[1].removeprefix('sqlite:')}.sandbox").iterdir():
        file.unlink()
    told = ask("resume", "op", pretend, *store)
    assert told.code == 4
    assert "the sandbox's world of op is gone" in told.err


def test_without_a_store_the_sandbox_has_one_apart(ask: Ask, few: str, tmp_path: Path) -> None:
    assert ask("run", few, "--operation-id", "real").code == 5
    assert ask("run", few, "--operation-id", "pretended", "--sandbox").code == 5
    assert "pretended" not in ask("list").out
    assert "real" not in ask("list", "--sandbox").out


def test_the_default_store_says_that_nobody_else_can_see_it(ask: Ask, few: str, store: Store) -> None:
    assert "nobody else can see or resume it" in ask("run", few).err
    assert "nobody else" not in ask("run", few, *store).err


def test_a_wait_is_virtual_in_the_sandbox(ask: Ask, tmp_path: Path, sandbox: tuple[str, ...]) -> None:
    told = ask("run", written(tmp_path / "a.yaml", LONG), *sandbox)
    assert told.code == 0
    assert "waits 1h, until 01:06:00Z, then goes on" in told.err


def test_a_call_that_does_not_leave_is_a_wait_too(ask: Ask, tmp_path: Path, store: Store) -> None:
    pretend = world(tmp_path, "{copy-snapshot: [throttle x2]}")
    told = ask("run", RESTORE, *INPUTS, pretend, *store, "--yes")
    assert told.code == 0
    waits = [line for line in told.err.splitlines() if "then sends it again" in line]
    assert len(waits) == 2
    assert "copy-snapshot     create of rds.cluster_snapshot did not leave (Throttling" in waits[0]
    assert re.search(r": waits \d+s, until 00:06:0\dZ, then sends it again$", waits[0])
