"""CONTRIBUTING.md: every command in it exists, and every example that selects tests selects some."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = sorted(set(re.findall(r"`(make [^`]+)`", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))))

pytestmark = pytest.mark.integration


def dry_run(command: str) -> str:
    """What make would run."""
    done = subprocess.run([*shlex.split(command), "--dry-run"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def selected(command: str) -> int:
    """How many tests the command would run."""
    (line,) = (line for line in dry_run(command).splitlines() if "-m pytest" in line)
    done = subprocess.run([*shlex.split(line), "-n", "0", "--collect-only"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-1_000:]
    return sum("::" in line for line in done.stdout.splitlines())


def test_there_are_some() -> None:
    assert len(COMMANDS) > 10


@pytest.mark.parametrize("command", COMMANDS)
def test_make_knows_it(command: str) -> None:
    assert dry_run(command)


@pytest.mark.parametrize("command", [one for one in COMMANDS if "ARGS=" in one])
def test_it_selects_some_tests(command: str) -> None:
    assert 5 < selected(command) < 2_000


def test_there_are_many_unit_tests() -> None:
    assert selected("make unit") > 1_500
