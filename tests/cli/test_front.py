"""`from engine import run, resume, status`: the same as the commands, for other programs."""

from __future__ import annotations

from pathlib import Path

import pytest

import engine
from engine import api
from engine.errors import RunbookInvalid, UsageError
from tests.cli.asking import RESTORE, Ask, fits, written


@pytest.fixture
def place(tmp_path: Path) -> str:
    return f"sqlite:{tmp_path / 'operations.db'}"


def test_they_are_the_front_of_the_package() -> None:
    assert engine.run is api.run  # type: ignore[comparison-overlap]
    assert engine.resume is api.resume  # type: ignore[comparison-overlap]
    assert engine.status is api.status  # type: ignore[comparison-overlap]
    with pytest.raises(AttributeError):
        engine.nonsense  # noqa: B018


def test_run_resume_status(few: str, place: str, ask: Ask) -> None:
    held = api.run(few, operation_id="op", store=place)
    fits("status", held)
    assert held["status"] == "HELD"
    assert api.status("op", store=place)["hold"]["kind"] == "approval"
    ended = api.resume("op", why="yes", store=place)
    assert ended["status"] == "SUCCEEDED"
    assert ask("status", "op", "--store", place, "-o", "json").document["status"] == "SUCCEEDED"


def test_a_restore_in_the_sandbox(place: str, capsys: pytest.CaptureFixture[str]) -> None:
    inputs = {"snapshot": "daily-backup-2024-03-20", "cluster": "orders"}
    with pytest.raises(UsageError, match="not confirmed"):
        api.run(RESTORE, inputs, sandbox=True, store=place)
    document = api.run(RESTORE, inputs, sandbox=True, store=place, yes=True)
    assert document["status"] == "SUCCEEDED"
    assert capsys.readouterr().out == ""


def test_what_a_command_says_by_its_exit_code_is_raised(few: str, place: str, tmp_path: Path) -> None:
    with pytest.raises(RunbookInvalid):
        api.run(written(tmp_path / "bad.yaml", "runbook: a\n"), store=place)
    with pytest.raises(UsageError, match="there is no operation op"):
        api.status("op", store=place)
    with pytest.raises(TypeError, match="there is no option stroe"):
        api.status("op", stroe=place)
