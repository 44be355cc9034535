"""The hooks for pre-commit: which files they take, and when they fail."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
HOOKS: list[dict[str, Any]] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
BY_ID = {hook["id"]: hook for hook in HOOKS}


@pytest.mark.parametrize("hook", HOOKS, ids=BY_ID)
@pytest.mark.parametrize(
    ("path", "taken"),
    [
        ("runbooks/restore.yaml", True),
        ("teams/data/runbooks/nightly/restore.yml", True),
        ("runbooks/restore.test.yaml", False),
        ("runbooks/demo.world.yaml", False),
        ("charts/values.yaml", False),
        ("runbooks/README.md", False),
        ("oldrunbooks/restore.yaml", False),
    ],
)
def test_selected_files(hook: dict[str, Any], path: str, taken: bool) -> None:
    """pre-commit searches for the pattern, it does not match the whole path."""
    assert bool(re.search(hook["files"], path) and not re.search(hook["exclude"], path)) == taken


def run(hook: str, *files: Path) -> subprocess.CompletedProcess[str]:
    """Run the entry with files as arguments, as pre-commit does; the command is in the same folder as this Python."""
    command, *rest = BY_ID[hook]["entry"].split()
    beside = str(Path(sys.executable).parent / command)
    return subprocess.run([beside, *rest, *map(str, files)], capture_output=True, text=True, check=False)


@pytest.mark.integration
def test_validate_fails_on_findings(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    shutil.copy(ROOT / "runbooks" / "restore.yaml", good)
    bad.write_text("runbook: a\nsteps:\n  - {id: a, wiat: 1s}\n")
    assert run("runbook-validate", good).returncode == 0
    done = run("runbook-validate", good, bad)
    assert done.returncode == 1
    assert "RB208" in done.stdout


@pytest.mark.integration
def test_fmt_changes_unformatted_files(tmp_path: Path) -> None:
    """pre-commit fails if a hook changes a file."""
    file = tmp_path / "a.yaml"
    file.write_text("runbook: a\nsteps:\n- wait: 1s\n  id: a\n")
    assert run("runbook-fmt", file).returncode == 0
    assert file.read_text() == "runbook: a\nsteps:\n  - id: a\n    wait: 1s\n"
    assert run("runbook-fmt", file).returncode == 0


OURS: list[dict[str, Any]] = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]


def test_hooks_of_this_repository_download_nothing() -> None:
    assert [repo["repo"] for repo in OURS] == ["local"]
    assert {hook["language"] for hook in OURS[0]["hooks"]} == {"system"}


def test_hooks_of_this_repository_run_what_the_environment_holds() -> None:
    """Or a target of the Makefile."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for hook in OURS[0]["hooks"]:
        command, *rest = hook["entry"].split()
        if command == "make":
            assert f"\n{rest[0]}:" in makefile
        else:
            assert command.startswith(".venv/bin/")
            assert (Path(sys.executable).parent / Path(command).name).is_file()


@pytest.mark.parametrize("hook", HOOKS, ids=BY_ID)
def test_the_hooks_that_we_ship_are_used_here(hook: dict[str, Any]) -> None:
    (ours,) = (one for one in OURS[0]["hooks"] if one["id"] == hook["id"])
    assert ours["entry"] == f".venv/bin/{hook['entry']}"
    assert (ours["types"], ours["exclude"]) == (hook["types"], hook["exclude"])
