"""`runbook run`, `resume` and `restart`."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest

from engine.stores.port import LogRecord
from engine.stores.sqlite import SqliteStore
from tests.cli.commands import FEW, INPUTS, RESTORE, Cli, Store, assert_valid, start_held, world, write_file

# -- run ------------------------------------------------------------------------------------------------------


RESTORE_TEXT = Path(RESTORE).read_text(encoding="utf-8")
MODIFY = """\
  - id: modify
    call: aws.rds.modify_db_cluster
    with: {DBClusterIdentifier: "${cluster}", EnableIAMDatabaseAuthentication: true, ApplyImmediately: true}
    repeatable: true

"""


def test_a_run_succeeds(cli: Cli, tmp_path: Path, store: Store) -> None:
    result = cli("run", write_file(tmp_path / "a.yaml", "runbook: a\nsteps:\n  - {id: b, wait: 0s}\n"), *store)
    assert result.code == 0
    assert "SUCCEEDED" in result.out
    assert "b  done" in result.err
    assert "Next: runbook history" in result.err


def test_a_run_that_holds(cli: Cli, few: str, store: Store) -> None:
    result = cli("run", few, *store, "--operation-id", "op")
    assert result.code == 5
    assert "held at ask (approval)" in result.out
    assert f"  approve and continue:             runbook resume op {' '.join(store)}" in result.err.splitlines()


def test_a_resume_reads_the_state_once(cli: Cli, few: str, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    start_held(cli, few, store)
    given: list[int] = []
    load = SqliteStore.load

    def counted(self: SqliteStore, operation: str, *, after: int = 0) -> list[LogRecord]:
        found = load(self, operation, after=after)
        given.append(len(found))
        return found

    monkeypatch.setattr(SqliteStore, "load", counted)
    assert cli("resume", "op", *store).code == 0
    assert len(given) > 2
    assert given[0] > 0
    assert not any(given[1:])


def test_a_run_that_fails(cli: Cli, tmp_path: Path, store: Store) -> None:
    file = write_file(tmp_path / "a.yaml", "runbook: a\nsteps:\n  - {id: b, fail: no good, error: Sour}\n")
    result = cli("run", file, *store, "-o", "json")
    assert result.code == 1
    assert (result.document["status"], result.document["error"]) == ("FAILED", "Sour")


def test_repeating_a_run_changes_nothing(cli: Cli, few: str, store: Store) -> None:
    start_held(cli, few, store)
    again = cli("run", few, *store, "--operation-id", "op", "-o", "json")
    assert again.code == 5
    cli("resume", "op", *store)
    ended = cli("run", few, *store, "--operation-id", "op", "-o", "json")
    assert (ended.code, ended.document["status"]) == (0, "SUCCEEDED")


def test_another_runbook_with_the_same_id_is_refused(cli: Cli, few: str, store: Store, tmp_path: Path) -> None:
    start_held(cli, few, store)
    result = cli("run", write_file(tmp_path / "b.yaml", FEW + "  # other\n"), *store, "--operation-id", "op")
    assert result.code == 2
    assert "another runbook or other inputs" in result.err


def test_each_operation_gets_its_own_id(cli: Cli, few: str, store: Store) -> None:
    ids = {cli("run", few, *store, "-o", "json").document["operation_id"] for _ in range(2)}
    assert len(ids) == 2
    assert all(id.startswith("few-") for id in ids)


@pytest.mark.parametrize("id", ["..", "-x", "a/b", "a b", "x" * 65, "é", ".hidden", ""])
def test_invalid_operation_ids(cli: Cli, few: str, store: Store, id: str) -> None:
    result = cli("run", few, *store, f"--operation-id={id}")
    assert result.code == (5 if not id else 2)


def test_inputs_from_a_file_and_from_options(cli: Cli, tmp_path: Path, store: Store) -> None:
    text = "runbook: a\ninputs:\n  one: {type: integer}\n  two: {}\nsteps:\n  - {id: b, wait: 0s}\n"
    text += "outputs: {sum: '${one}/${two}'}\n"
    file = write_file(tmp_path / "a.yaml", text)
    inputs = write_file(tmp_path / "inputs.yaml", "{one: 1, two: from-file}")
    result = cli("run", file, *store, "--inputs", inputs, "-i", "two=a=b", "-o", "json")
    assert result.document["outputs"] == {"sum": "1/a=b"}


def test_the_restore_runs_in_the_sandbox(cli: Cli, sandbox: tuple[str, ...]) -> None:
    result = cli("run", RESTORE, *INPUTS, *sandbox, "--yes", "--operation-id", "op", "-o", "json")
    assert result.code == 0
    assert result.document["outputs"]["endpoint"].startswith("orders.cluster-")
    assert_valid("status", result.document)


def test_progress_says_what_is_waited_for_and_until_when(cli: Cli, sandbox: tuple[str, ...]) -> None:
    lines = cli("run", RESTORE, *INPUTS, *sandbox, "--yes").err.splitlines()
    assert any("copying; checking every 30s until 2024-03-21 00:06Z" in line for line in lines)
    assert any("failed; deleting it, then attempt 2 of 4 after 5m" in line for line in lines)
    assert any("waiting 5m until 00:13Z, then attempt 2 of 4" in line for line in lines)
    assert any("ConnectionTimeout" in line for line in lines)
    assert any("setup-db-users" in line and "waiting 1m until 00:54Z, then attempt 2 of 4" in line for line in lines)


def test_the_wait_for_a_requirement_is_shown_once(cli: Cli, tmp_path: Path, store: Store) -> None:
    """The cluster is modified after the instances were created, and setup-db-users waits for it."""
    edited = RESTORE_TEXT.replace("  - id: setup-db-users\n", MODIFY + "  - id: setup-db-users\n")
    file = write_file(tmp_path / "restore.yaml", edited)
    result = cli("run", file, *INPUTS, world(tmp_path), *store, "--yes")
    assert result.code == 0, result.err
    waits = [line for line in result.err.splitlines() if "restore-snapshot" in line and "setup-db-users" in line]
    assert len(waits) == 1, waits
    assert re.search(
        r"setup-db-users    waiting for restore-snapshot, which is modifying; "
        r"checking every 1m until 0\d:\d\d(:\d\d)?Z$",
        waits[0],
    )


def test_a_throttled_call_is_shown(cli: Cli, tmp_path: Path, store: Store) -> None:
    pretend = world(tmp_path, "{copy-snapshot: [throttle x2]}")
    result = cli("run", RESTORE, *INPUTS, pretend, *store, "--yes")
    assert result.code == 0
    waits = [line for line in result.err.splitlines() if "AWS throttled" in line]
    assert len(waits) == 2
    assert re.search(r"copy-snapshot     AWS throttled create rds\.cluster_snapshot; retrying in \d+s$", waits[0])


# -- resume -----------------------------------------------------------------------------------------------------


def test_resume_continues(cli: Cli, few: str, store: Store) -> None:
    start_held(cli, few, store)
    result = cli("resume", "op", *store, "--why", "looked at it", "-o", "json")
    assert result.code == 0
    assert result.document["outputs"]["who"].endswith(f"@{socket.gethostname()}")
    assert "looked at it" in cli("history", "op", *store).out


def test_resuming_a_succeeded_operation_changes_nothing(cli: Cli, few: str, store: Store) -> None:
    start_held(cli, few, store)
    cli("resume", "op", *store)
    before = cli("history", "op", *store).out
    assert cli("resume", "op", *store).code == 0
    assert cli("history", "op", *store).out == before


def test_a_rejected_hold_fails(cli: Cli, few: str, store: Store) -> None:
    start_held(cli, few, store)
    result = cli("resume", "op", *store, "--reject", "it is not", "-o", "json")
    assert result.code == 1
    assert (result.document["error"], result.document["error_message"]) == ("Rejected", "it is not")
    history = cli("history", "op", *store).out
    assert re.search(r"rejected by \S+: it is not$", history, re.MULTILINE)
    assert "resumed by" not in history


def test_a_hold_for_a_missing_resource_names_its_region(cli: Cli, tmp_path: Path, store: Store) -> None:
    steps = "steps:\n  - {id: old, check: rds.cluster, with: {name: absent}}\n"
    file = write_file(tmp_path / "absent.yaml", f"runbook: absent\nregion: us-west-2\n{steps}")
    result = cli("run", file, *store, "--sandbox", "--operation-id", "op")
    assert result.code == 5
    assert "rds.cluster absent in us-west-2 is missing" in result.out


def test_resuming_a_failed_operation_suggests_restart(cli: Cli, few: str, store: Store) -> None:
    start_held(cli, few, store)
    cli("resume", "op", *store, "--reject", "no")
    result = cli("resume", "op", *store)
    assert result.code == 2
    assert "runbook restart op --from STEP" in result.err


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--outcome", "done"], "for a call with an unknown outcome"),
        (["--outcome", "don"], "did you mean `done`?"),
        (["--accept-target", "x"], "about what is to be deleted"),
        (["--output", "x"], "--output needs --outcome done"),
        (
            ["--reject", "x", "--outcome", "done"],
            "--reject and --outcome cannot be combined: they answer different holds",
        ),
        (["--with", "nothing.yaml"], "there is no file nothing.yaml"),
        (["--with", "few.yaml", "--reject", "x"], "`--reject` cannot be combined with `--with`"),
    ],
)
def test_wrong_answers(cli: Cli, few: str, store: Store, words: list[str], expected: str) -> None:
    start_held(cli, few, store)
    result = cli("resume", "op", *store, *words)
    assert result.code == 2
    assert expected in result.err
    assert cli("status", "op", *store, "-o", "json").document["status"] == "HELD"


def test_resume_with_an_edited_runbook_shows_the_changes(cli: Cli, few: str, store: Store, tmp_path: Path) -> None:
    start_held(cli, few, store)
    edited = write_file(tmp_path / "b.yaml", FEW + "  more: yes-it-is\n")
    result = cli("resume", "op", *store, "--with", edited, "-o", "json")
    assert result.code == 5  # the step where it stands is entered again
    assert "+  more: yes-it-is" in result.err
    assert "runbook replaced by" in cli("history", "op", *store).out
    result = cli("resume", "op", *store, "-o", "json")
    assert result.document["outputs"]["more"] == "yes-it-is"


@pytest.mark.parametrize(
    ("change", "code", "expected"),
    [
        (("runbook: few", "runbook: other"), 2, "is runbook other"),
        (("id: ask", "id: asks"), 2, "has no step ask, at which operation op stopped; did you mean `asks`?"),
        (("wait: 0s", "wate: 0s"), 3, "RB2"),
    ],
)
def test_a_refused_edit(
    cli: Cli, few: str, store: Store, tmp_path: Path, change: tuple[str, str], code: int, expected: str
) -> None:
    start_held(cli, few, store)
    text = FEW.replace(*change).replace("outputs:\n  who: ${ask.actor}\n", "")
    result = cli("resume", "op", *store, "--with", write_file(tmp_path / "b.yaml", text))
    assert result.code == code
    assert expected in result.err


# -- restart ----------------------------------------------------------------------------------------------------


def test_restart_goes_back(cli: Cli, few: str, store: Store) -> None:
    start_held(cli, few, store)
    cli("resume", "op", *store, "--reject", "no")
    result = cli("restart", "op", "--from", "first", *store)
    assert result.code == 5
    assert "restarted from first by" in result.err
    assert "restarted from first by" in cli("history", "op", *store).out


def test_restart_from_an_unknown_step(cli: Cli, few: str, store: Store) -> None:
    start_held(cli, few, store)
    result = cli("restart", "op", "--from", "frist", *store)
    assert result.code == 2
    assert "did you mean `first`?" in result.err


def test_restart_checks_the_prerequisites(cli: Cli, few: str, store: Store) -> None:
    start_held(cli, few, store)
    result = cli("restart", "op", "--from", "last", *store)
    assert result.code == 2
    assert "restart from ask" in result.err
