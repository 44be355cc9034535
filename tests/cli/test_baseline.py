"""`runbook validate --baseline`: only findings that are not in the baseline are reported."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.commands import FEW, Cli, write_file

WRONG = FEW.replace("wait: 0s", "wiat: 0s", 1)
KNOWN = ("validate", "--baseline", "known.json")


@pytest.fixture
def old(cli: Cli, tmp_path: Path) -> Path:
    """A folder with two findings in two files, both in the baseline."""
    (tmp_path / "runbooks").mkdir()
    for name in ("a.yaml", "b.yaml"):
        write_file(tmp_path / "runbooks" / name, WRONG)
    result = cli(*KNOWN, "--write-baseline")
    assert (result.code, result.out) == (0, "")
    assert "known.json: " in result.err
    return tmp_path


def test_baselined_findings_are_not_reported(cli: Cli, old: Path) -> None:
    assert cli("validate").code == 1
    result = cli(*KNOWN)
    assert (result.code, result.out) == (0, "")
    assert "no errors in 2 files" in result.err


def test_a_finding_on_a_moved_line_is_still_baselined(cli: Cli, old: Path) -> None:
    write_file(old / "runbooks" / "a.yaml", WRONG.replace("steps:", "# more\n\ndescription: longer\nsteps:"))
    assert cli(*KNOWN).code == 0


def test_places_in_messages_are_ignored(cli: Cli, tmp_path: Path) -> None:
    twice = FEW + "lock: a\nlock: b\n"
    write_file(tmp_path / "a.yaml", twice)
    cli(*KNOWN, "--write-baseline", "a.yaml")
    write_file(tmp_path / "a.yaml", twice.replace("steps:", "# more\nsteps:"))
    assert cli(*KNOWN, "a.yaml").code == 0


def test_a_new_finding_is_reported(cli: Cli, old: Path) -> None:
    write_file(old / "runbooks" / "b.yaml", WRONG + "nothing: 1\n")
    result = cli(*KNOWN, "-o", "json")
    assert result.code == 1
    assert [(one["file"], one["rule"]) for one in result.document["findings"]] == [("runbooks/b.yaml", "RB201")]


def test_a_second_finding_of_the_same_kind_is_reported(cli: Cli, old: Path) -> None:
    text = (old / "runbooks" / "a.yaml").read_text("utf-8")
    line = next(line for line in text.splitlines() if "wiat" in line)
    write_file(old / "runbooks" / "a.yaml", text.replace(line, f"{line}\n{line.replace('first', 'another')}"))
    assert cli(*KNOWN).code == 1


def test_a_fixed_finding_is_reported_and_removed(cli: Cli, old: Path) -> None:
    write_file(old / "runbooks" / "a.yaml", FEW)
    assert "1 baselined finding no longer occurs; `--write-baseline` removes it" in cli(*KNOWN).err
    cli(*KNOWN, "--write-baseline")
    assert list(json.loads((old / "known.json").read_text("utf-8"))["findings"]) == ["runbooks/b.yaml"]


def test_findings_of_unchecked_files_stay_in_the_baseline(cli: Cli, old: Path) -> None:
    cli(*KNOWN, "--write-baseline", "runbooks/a.yaml")
    assert cli(*KNOWN).code == 0
    (old / "runbooks" / "b.yaml").unlink()
    cli(*KNOWN, "--write-baseline", "runbooks/a.yaml")
    assert list(json.loads((old / "known.json").read_text("utf-8"))["findings"]) == ["runbooks/a.yaml"]


def test_the_baseline_is_readable(old: Path) -> None:
    lines = (old / "known.json").read_text("utf-8").splitlines()
    assert ' "findings": {' in lines
    assert '  "runbooks/a.yaml": {' in lines
    assert any(line.startswith('   "RB208 ') for line in lines)


@pytest.mark.parametrize("text", ["", "[]", '{"format": 2, "findings": {}}', '{"format": 1, "findings": {"a": 1}}'])
def test_a_file_that_is_not_a_baseline(cli: Cli, tmp_path: Path, text: str) -> None:
    write_file(tmp_path / "a.yaml", FEW)
    write_file(tmp_path / "known.json", text)
    result = cli(*KNOWN, "a.yaml")
    assert result.code == 2
    assert "known.json is not a baseline" in result.err


def test_a_missing_baseline(cli: Cli, tmp_path: Path) -> None:
    write_file(tmp_path / "a.yaml", FEW)
    assert cli(*KNOWN, "a.yaml").code == 2
    assert cli("validate", "--write-baseline", "a.yaml").code == 2
