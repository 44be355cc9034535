"""Commands as tests ask them: in this process, or as a process of their own where a process is what is tested."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.cli.main import main
from tests.cli.commands import FEW, RUNBOOK, Answer, Ask, written
from tests.cli.shared_aws import WORLD, Aws, shared


@pytest.fixture(autouse=True)
def _a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is found in, or left in, anybody's folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]) -> Ask:
    """A command in this process."""

    def asked(*words: str) -> Answer:
        capsys.readouterr()
        code = main([str(word) for word in words])
        told = capsys.readouterr()
        assert "Traceback" not in told.err
        return Answer(code=code, out=told.out, err=told.err)

    return asked


@pytest.fixture
def process() -> Ask:
    """A command as a process of its own."""

    def asked(*words: str, stdin: bytes = b"", **environment: str) -> Answer:
        done = subprocess.run(
            [RUNBOOK, *words], env=os.environ | environment, input=stdin, capture_output=True, timeout=60, check=False
        )
        told = Answer(code=done.returncode, out=done.stdout.decode(), err=done.stderr.decode())
        assert "Traceback" not in told.err
        return told

    return asked


@pytest.fixture
def few(tmp_path: Path) -> str:
    """A runbook of three steps without AWS, the second of which asks."""
    return written(tmp_path / "few.yaml", FEW)


@pytest.fixture
def store(tmp_path: Path) -> tuple[str, str]:
    """The option for a store of its own."""
    return "--store", f"sqlite:{tmp_path / 'operations.db'}"


@pytest.fixture
def sandbox(store: tuple[str, str]) -> tuple[str, ...]:
    """The options for the demonstration's world, and a store of its own."""
    return "--sandbox", *store


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, ask: Ask, tmp_path: Path) -> Iterator[Aws]:
    """A pretend AWS that several operations share."""
    with shared(monkeypatch, ask, tmp_path, WORLD) as made:
        yield made
