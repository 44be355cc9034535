"""validate --baseline: an old repository begins with what it has, and is told what is new."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.commands import FEW, Ask, written

WRONG = FEW.replace("wait: 0s", "wiat: 0s", 1)
KNOWN = ("validate", "--baseline", "known.json")


@pytest.fixture
def old(ask: Ask, tmp_path: Path) -> Path:
    """A repository with two findings in two files, both known."""
    (tmp_path / "runbooks").mkdir()
    for name in ("a.yaml", "b.yaml"):
        written(tmp_path / "runbooks" / name, WRONG)
    told = ask(*KNOWN, "--write-baseline")
    assert (told.code, told.out) == (0, "")
    assert "known.json: " in told.err
    return tmp_path


def test_what_is_known_is_not_told_again(ask: Ask, old: Path) -> None:
    assert ask("validate").code == 1
    told = ask(*KNOWN)
    assert (told.code, told.out) == (0, "")
    assert "no errors in 2 files" in told.err


def test_moved_lines_are_still_known(ask: Ask, old: Path) -> None:
    written(old / "runbooks" / "a.yaml", WRONG.replace("steps:", "# more\n\ndescription: longer\nsteps:"))
    assert ask(*KNOWN).code == 0


def test_places_in_messages_do_not_count(ask: Ask, tmp_path: Path) -> None:
    twice = FEW + "lock: a\nlock: b\n"
    written(tmp_path / "a.yaml", twice)
    ask(*KNOWN, "--write-baseline", "a.yaml")
    written(tmp_path / "a.yaml", twice.replace("steps:", "# more\nsteps:"))
    assert ask(*KNOWN, "a.yaml").code == 0


def test_what_is_new_is_told(ask: Ask, old: Path) -> None:
    written(old / "runbooks" / "b.yaml", WRONG + "nothing: 1\n")
    told = ask(*KNOWN, "-o", "json")
    assert told.code == 1
    assert [(one["file"], one["rule"]) for one in told.document["findings"]] == [("runbooks/b.yaml", "RB201")]


def test_as_often_as_it_is_known(ask: Ask, old: Path) -> None:
    text = (old / "runbooks" / "a.yaml").read_text("utf-8")
    line = next(line for line in text.splitlines() if "wiat" in line)
    written(old / "runbooks" / "a.yaml", text.replace(line, f"{line}\n{line.replace('first', 'another')}"))
    assert ask(*KNOWN).code == 1


def test_what_has_gone_is_told_and_taken_out(ask: Ask, old: Path) -> None:
    written(old / "runbooks" / "a.yaml", FEW)
    assert "1 baselined finding no longer occurs; `--write-baseline` removes it" in ask(*KNOWN).err
    ask(*KNOWN, "--write-baseline")
    assert list(json.loads((old / "known.json").read_text("utf-8"))["findings"]) == ["runbooks/b.yaml"]


def test_of_files_that_were_not_checked_what_is_known_stays(ask: Ask, old: Path) -> None:
    ask(*KNOWN, "--write-baseline", "runbooks/a.yaml")
    assert ask(*KNOWN).code == 0
    (old / "runbooks" / "b.yaml").unlink()
    ask(*KNOWN, "--write-baseline", "runbooks/a.yaml")
    assert list(json.loads((old / "known.json").read_text("utf-8"))["findings"]) == ["runbooks/a.yaml"]


def test_the_file_reads_well(old: Path) -> None:
    lines = (old / "known.json").read_text("utf-8").splitlines()
    assert ' "findings": {' in lines
    assert '  "runbooks/a.yaml": {' in lines
    assert any(line.startswith('   "RB208 this step does not say what it does') for line in lines)


@pytest.mark.parametrize("text", ["", "[]", '{"format": 2, "findings": {}}', '{"format": 1, "findings": {"a": 1}}'])
def test_what_is_no_baseline(ask: Ask, tmp_path: Path, text: str) -> None:
    written(tmp_path / "a.yaml", FEW)
    written(tmp_path / "known.json", text)
    told = ask(*KNOWN, "a.yaml")
    assert told.code == 2
    assert "known.json is not a baseline" in told.err


def test_one_that_is_not_there(ask: Ask, tmp_path: Path) -> None:
    written(tmp_path / "a.yaml", FEW)
    assert ask(*KNOWN, "a.yaml").code == 2
    assert ask("validate", "--write-baseline", "a.yaml").code == 2
