"""Fixtures that run commands, in this process or in one of their own, and the stores and worlds that they use."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.cli.main import main
from tests.cli.commands import FEW, RUNBOOK, Cli, Result, write_file
from tests.cli.shared_aws import WORLD, Aws, shared


@pytest.fixture(autouse=True)
def _isolated_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run in an empty folder, with empty state and config folders."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Cli:
    """Runs a command in this process."""

    def run_cli(*words: str) -> Result:
        capsys.readouterr()
        code = main([str(word) for word in words])
        result = capsys.readouterr()
        assert "Traceback" not in result.err
        return Result(code=code, out=result.out, err=result.err)

    return run_cli


@pytest.fixture
def process() -> Cli:
    """Runs a command in a process of its own."""

    def run_cli(*words: str, stdin: bytes = b"", **environment: str) -> Result:
        done = subprocess.run(
            [RUNBOOK, *words], env=os.environ | environment, input=stdin, capture_output=True, timeout=60, check=False
        )
        result = Result(code=done.returncode, out=done.stdout.decode(), err=done.stderr.decode())
        assert "Traceback" not in result.err
        return result

    return run_cli


@pytest.fixture
def few(tmp_path: Path) -> str:
    """A runbook with three steps and without AWS, which holds at the second."""
    return write_file(tmp_path / "few.yaml", FEW)


@pytest.fixture
def store(tmp_path: Path) -> tuple[str, str]:
    """The option for an empty store."""
    return "--store", f"sqlite:{tmp_path / 'operations.db'}"


@pytest.fixture
def sandbox(store: tuple[str, str]) -> tuple[str, ...]:
    """The options for the demo world and an empty store."""
    return "--sandbox", *store


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, cli: Cli, tmp_path: Path) -> Iterator[Aws]:
    """A simulated AWS that several operations share."""
    with shared(monkeypatch, cli, tmp_path, WORLD) as made:
        yield made
