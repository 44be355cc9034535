"""`import runbook`: run, resume and status from Python."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import runbook
from engine import __version__, api
from engine.errors import RunbookInvalid, UsageError
from tests.cli.commands import RESTORE, Cli, assert_valid, write_file


@pytest.fixture
def place(tmp_path: Path) -> str:
    return f"sqlite:{tmp_path / 'operations.db'}"


def test_the_public_module_exports_the_api() -> None:
    assert runbook.run is api.run
    assert runbook.resume is api.resume
    assert runbook.status is api.status
    assert runbook.__version__ == __version__
    assert set(dir(runbook)) == {"__version__", "resume", "run", "status"}
    with pytest.raises(AttributeError):
        runbook.nonsense  # noqa: B018


def test_importing_the_public_module_loads_nothing_else() -> None:
    code = "import runbook, sys; print([name for name in sys.modules if name.startswith(('engine.', 'actions'))])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_public_module_runs_the_command_line() -> None:
    done = subprocess.run([sys.executable, "-m", "runbook", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"runbook {__version__}\n"


def test_run_resume_status(few: str, place: str, cli: Cli) -> None:
    held = api.run(few, operation_id="op", store=place)
    assert_valid("status", held)
    assert held["status"] == "HELD"
    assert api.status("op", store=place)["hold"]["kind"] == "approval"
    ended = api.resume("op", why="yes", store=place)
    assert ended["status"] == "SUCCEEDED"
    assert cli("status", "op", "--store", place, "-o", "json").document["status"] == "SUCCEEDED"


def test_a_restore_in_the_sandbox(place: str, capsys: pytest.CaptureFixture[str]) -> None:
    inputs = {"snapshot": "daily-backup-2024-03-20", "cluster": "orders"}
    with pytest.raises(UsageError, match="not confirmed"):
        api.run(RESTORE, inputs, sandbox=True, store=place)
    document = api.run(RESTORE, inputs, sandbox=True, store=place, yes=True)
    assert document["status"] == "SUCCEEDED"
    assert capsys.readouterr().out == ""


def test_errors_are_raised_as_exceptions(few: str, place: str, tmp_path: Path) -> None:
    with pytest.raises(RunbookInvalid):
        api.run(write_file(tmp_path / "bad.yaml", "runbook: a\n"), store=place)
    with pytest.raises(UsageError, match="there is no operation op"):
        api.status("op", store=place)
    with pytest.raises(TypeError, match="there is no option stroe"):
        api.status("op", stroe=place)
