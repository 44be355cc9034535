"""run, resume and restart: what each does, its exit code, what it says."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest

from engine.stores.port import LogRecord
from engine.stores.sqlite import SqliteStore
from tests.cli.commands import FEW, INPUTS, RESTORE, Ask, Store, begun, fits, world, written

# -- run ------------------------------------------------------------------------------------------------------


RESTORE_TEXT = Path(RESTORE).read_text(encoding="utf-8")
MODIFY = """\
  - id: modify
    call: aws.rds.modify_db_cluster
    with: {DBClusterIdentifier: "${cluster}", EnableIAMDatabaseAuthentication: true, ApplyImmediately: true}
    repeatable: true

"""


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
    assert f"  approve and continue:             runbook resume op {' '.join(store)}" in told.err.splitlines()


def test_a_resume_reads_the_state_once(ask: Ask, few: str, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    begun(ask, few, store)
    given: list[int] = []
    load = SqliteStore.load

    def counted(self: SqliteStore, operation: str, *, after: int = 0) -> list[LogRecord]:
        found = load(self, operation, after=after)
        given.append(len(found))
        return found

    monkeypatch.setattr(SqliteStore, "load", counted)
    assert ask("resume", "op", *store).code == 0
    assert len(given) > 2
    assert given[0] > 0
    assert not any(given[1:])


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
    assert any("copying; checking every 30s until 2024-03-21 00:06Z" in line for line in lines)
    assert any("failed; deleting it, then attempt 2 of 4 after 5m" in line for line in lines)
    assert any("waiting 5m until 00:13Z, then attempt 2 of 4" in line for line in lines)
    assert any("ConnectionTimeout" in line for line in lines)
    assert any("setup-db-users" in line and "waiting 1m until 00:54Z, then attempt 2 of 4" in line for line in lines)


def test_a_wait_for_what_a_step_requires_is_told_with_what_it_is(ask: Ask, tmp_path: Path, store: Store) -> None:
    """The cluster is modified once the instances have been made: the users wait for it, and it is told once."""
    edited = RESTORE_TEXT.replace("  - id: setup-db-users\n", MODIFY + "  - id: setup-db-users\n")
    file = written(tmp_path / "restore.yaml", edited)
    told = ask("run", file, *INPUTS, world(tmp_path), *store, "--yes")
    assert told.code == 0, told.err
    waits = [line for line in told.err.splitlines() if "restore-snapshot" in line and "setup-db-users" in line]
    assert len(waits) == 1, waits
    assert re.search(
        r"setup-db-users    waiting for restore-snapshot, which is modifying; "
        r"checking every 1m until 0\d:\d\d(:\d\d)?Z$",
        waits[0],
    )


def test_a_call_that_does_not_leave_is_a_wait_too(ask: Ask, tmp_path: Path, store: Store) -> None:
    pretend = world(tmp_path, "{copy-snapshot: [throttle x2]}")
    told = ask("run", RESTORE, *INPUTS, pretend, *store, "--yes")
    assert told.code == 0
    waits = [line for line in told.err.splitlines() if "AWS throttled" in line]
    assert len(waits) == 2
    assert re.search(r"copy-snapshot     AWS throttled create rds\.cluster_snapshot; retrying in \d+s$", waits[0])


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
    assert "runbook restart op --from STEP" in told.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--outcome", "done"], "does not hold for one"),
        (["--outcome", "don"], "did you mean `done`?"),
        (["--accept-target", "x"], "there is none"),
        (["--output", "x"], "--output needs --outcome done"),
        (
            ["--reject", "x", "--outcome", "done"],
            "--reject and --outcome cannot be combined: they answer different holds",
        ),
        (["--with", "nothing.yaml"], "there is no file nothing.yaml"),
        (["--with", "few.yaml", "--reject", "x"], "`--reject` cannot be combined with `--with`"),
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
        (("runbook: few", "runbook: other"), 2, "is runbook other"),
        (("id: ask", "id: asks"), 2, "has no step ask, at which operation op stopped; did you mean `asks`?"),
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
    assert "restarted from first by" in told.err
    assert "restarted from first by" in ask("history", "op", *store).out


def test_an_unknown_step_is_told_before_the_status_is_considered(ask: Ask, few: str, store: Store) -> None:
    begun(ask, few, store)
    told = ask("restart", "op", "--from", "frist", *store)
    assert told.code == 2
    assert "did you mean `first`?" in told.err


def test_restart_needs_what_came_before(ask: Ask, few: str, store: Store) -> None:
    begun(ask, few, store)
    told = ask("restart", "op", "--from", "last", *store)
    assert told.code == 2
    assert "restart from ask" in told.err
