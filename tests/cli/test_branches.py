"""runbooks/README.md: each branch in it is added as shown, run in the sandbox, and prints the lines shown."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.commands import ROOT, Cli

PAGE = (ROOT / "runbooks" / "README.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INPUTS = ("-i", "snapshot=daily", "-i", "cluster=orders", "--yes")
WORLD = "--sandbox=runbooks/restore.world.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """One section: its title, its edits, and the lines that are printed."""

    title: str
    diffs: tuple[str, ...]
    expected: tuple[str, ...]


def branches() -> list[Branch]:
    sections = PAGE.partition("## Three branches, added")[2].split("\n### ")[1:]
    found = []
    for section in sections:
        blocks = BLOCK.findall(section)
        diffs = tuple(body for kind, body in blocks if kind == "diff")
        expected = tuple(line for kind, body in blocks if kind == "text" for line in body.splitlines())
        found.append(Branch(title=section.partition("\n")[0], diffs=diffs, expected=expected))
    return found


def applied(diff: str, folder: Path) -> None:
    """Apply a diff without line numbers; its context must occur exactly once."""
    head, *lines = diff.splitlines()
    file = folder / head.removeprefix("--- ")
    before = "".join(line[1:] + "\n" for line in lines if line[:1] in (" ", "-"))
    after = "".join(line[1:] + "\n" for line in lines if line[:1] in (" ", "+"))
    text = file.read_text(encoding="utf-8")
    assert text.count(before) == 1, diff
    file.write_text(text.replace(before, after), encoding="utf-8")


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "runbooks", tmp_path / "runbooks")
    return tmp_path


def run(cli: Cli, store: tuple[str, str]) -> str:
    result = cli("run", "runbooks/restore.yaml", WORLD, *INPUTS, *store)
    assert result.code in (0, 1, 5), result.err
    return result.err + result.out


def test_there_are_three() -> None:
    assert len(branches()) == 3
    assert all(branch.expected for branch in branches())


@pytest.mark.parametrize("branch", branches(), ids=lambda branch: branch.title)
def test_it_is_an_edit_of_two_or_three_lines(branch: Branch) -> None:
    mine = [diff for diff in branch.diffs if diff.startswith("--- runbooks/restore.yaml\n")]
    assert len(mine) == 1
    added = [line for line in mine[0].splitlines()[1:] if line.startswith("+")]
    assert 2 <= len(added) <= 3
    assert not [line for line in mine[0].splitlines()[1:] if line.startswith("-")]


def apply_before(branch: Branch, folder: Path) -> None:
    """The edits of the branches above it: the page is one session."""
    for earlier in branches():
        if earlier.title == branch.title:
            return
        for diff in earlier.diffs:
            applied(diff, folder)


@pytest.mark.parametrize("branch", branches(), ids=lambda branch: branch.title)
def test_the_branch_is_taken(branch: Branch, cli: Cli, copied: Path, store: tuple[str, str]) -> None:
    apply_before(branch, copied)
    for diff in branch.diffs:
        applied(diff, copied)
    assert cli("validate", "runbooks").code == 0
    result = run(cli, store)
    for line in branch.expected:
        assert line in result


@pytest.mark.parametrize("branch", branches(), ids=lambda branch: branch.title)
def test_without_the_edit_the_branch_is_not_taken(
    branch: Branch, cli: Cli, copied: Path, store: tuple[str, str]
) -> None:
    apply_before(branch, copied)
    for diff in branch.diffs:
        if "restore.world.yaml" in diff.partition("\n")[0]:
            applied(diff, copied)
    assert branch.expected[0] not in run(cli, store)


def test_resuming_the_hold_makes_the_next_attempt(cli: Cli, copied: Path, store: tuple[str, str]) -> None:
    """The first branch holds after a refusal; the sandbox refuses once."""
    for diff in branches()[0].diffs:
        applied(diff, copied)
    assert cli("run", "runbooks/restore.yaml", WORLD, *INPUTS, *store, "--operation-id", "op").code == 5
    result = cli("resume", "op", WORLD, *store)
    assert result.code == 0
    assert "create rds.cluster_snapshot" in result.err


def test_every_command_of_the_page_works(cli: Cli, copied: Path) -> None:
    for kind, body in BLOCK.findall(PAGE):
        if kind == "sh":
            for line in body.splitlines():
                if "exit code" not in line:
                    assert cli(*line.removeprefix("runbook ").split()).code == 0, line


def test_every_step_is_explained() -> None:
    text = (ROOT / "runbooks" / "restore.yaml").read_text(encoding="utf-8").partition("\nsteps:")[2]
    for step in re.findall(r"^  - id: ([\w-]+)$", text, re.MULTILINE):
        assert f"**{step}**" in PAGE
