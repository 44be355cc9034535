"""The linter's exceptions: each says why it is there, and is still needed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.architecture.source import ROOT
from tests.unit.architecture.test_files import PYPROJECT

IGNORED: list[str] = PYPROJECT["tool"]["ruff"]["lint"]["ignore"]


def test_every_ignored_rule_has_its_reason() -> None:
    lines = (ROOT / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    for rule in IGNORED:
        (line,) = (line for line in lines if line.strip().startswith(f'"{rule}",'))
        assert "# " in line, rule


@pytest.mark.integration
def test_every_ignored_rule_would_find_something() -> None:
    command = [str(Path(sys.executable).parent / "ruff"), "check", ".", "--exit-zero", "--output-format=json"]
    done = subprocess.run(
        [*command, f"--select={','.join(IGNORED)}"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    found = {one["code"] for one in json.loads(done.stdout)}
    assert [rule for rule in IGNORED if not any(code.startswith(rule) for code in found)] == []
