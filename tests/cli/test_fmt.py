"""runbook fmt: files, folders, the standard input; what `--check` says; what is not touched."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.commands import FEW, RESTORE, Ask, written

LOOSE = "steps:\n- wait: 0s   # at once\n  id: first\nrunbook: few\n"
LAID_OUT = "runbook: few\nsteps:\n  - id: first\n    wait: 0s   # at once\n"


def test_a_file_is_laid_out_and_named(ask: Ask, tmp_path: Path) -> None:
    written(tmp_path / "a.yaml", LOOSE)
    told = ask("fmt", "a.yaml")
    assert (told.code, told.out) == (0, "a.yaml\n")
    assert "1 of 1 file reformatted" in told.err
    assert (tmp_path / "a.yaml").read_text("utf-8") == LAID_OUT
    assert ask("fmt", "a.yaml").out == ""


def test_check_changes_nothing(ask: Ask, tmp_path: Path) -> None:
    written(tmp_path / "a.yaml", LOOSE)
    written(tmp_path / "b.yaml", LAID_OUT)
    told = ask("fmt", "--check", "a.yaml", "b.yaml")
    assert (told.code, told.out) == (1, "a.yaml\n")
    assert "1 of 2 files would be reformatted" in told.err
    assert (tmp_path / "a.yaml").read_text("utf-8") == LOOSE
    assert ask("fmt", "--check", "b.yaml").code == 0
    assert ask("fmt", "--check", RESTORE).code == 0


def test_the_runbooks_of_a_folder(ask: Ask, tmp_path: Path) -> None:
    for name in ("runbooks/a.yaml", "runbooks/deep/b.yml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        written(tmp_path / name, LOOSE)
    written(tmp_path / "runbooks" / "a.test.yaml", LOOSE)
    assert ask("fmt").out == "runbooks/a.yaml\nrunbooks/deep/b.yml\n"
    assert (tmp_path / "runbooks" / "a.test.yaml").read_text("utf-8") == LOOSE


def test_the_standard_input(process: Ask) -> None:
    told = process("fmt", "-", stdin=LOOSE.encode())
    assert (told.code, told.out) == (0, LAID_OUT)
    assert process("fmt", "-", "--check", stdin=LOOSE.encode()).code == 1


def test_what_cannot_be_read_is_told_and_the_others_are_laid_out(ask: Ask, tmp_path: Path) -> None:
    written(tmp_path / "a.yaml", "runbook: a\nrunbook: b\n")
    written(tmp_path / "b.yaml", LOOSE)
    told = ask("fmt", "a.yaml", "b.yaml")
    assert (told.code, told.out) == (3, "b.yaml\n")
    assert "a.yaml:2:1: error RB106" in told.err
    assert "    2 | runbook: b" in told.err


def test_a_file_that_only_validate_refuses_is_laid_out(ask: Ask, tmp_path: Path) -> None:
    written(tmp_path / "a.yaml", LOOSE.replace("0s", "${nothing}"))
    assert ask("fmt", "a.yaml").out == "a.yaml\n"


def test_what_is_not_understood_is_told(ask: Ask, tmp_path: Path) -> None:
    written(tmp_path / "a.yaml", "? runbook\n: a\n")
    told = ask("fmt", "a.yaml")
    assert (told.code, told.out) == (0, "")
    assert "a.yaml: not reformatted: line 1" in told.err


def test_a_file_keeps_its_mode_and_a_link_stays_one(ask: Ask, tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    written(file, LOOSE)
    file.chmod(0o640)
    (tmp_path / "link.yaml").symlink_to(file)
    ask("fmt", "link.yaml")
    assert file.stat().st_mode & 0o777 == 0o640
    assert (tmp_path / "link.yaml").is_symlink()
    assert file.read_text("utf-8") == LAID_OUT
    assert sorted(one.name for one in tmp_path.iterdir()) == ["a.yaml", "link.yaml"]


@pytest.mark.parametrize("words", [("fmt", "nowhere.yaml"), ("fmt", "."), ("fmt", "--chek")])
def test_wrong_usage(ask: Ask, words: tuple[str, ...]) -> None:
    assert ask(*words).code == 2


def test_quiet(ask: Ask, tmp_path: Path) -> None:
    written(tmp_path / "a.yaml", FEW)
    assert ask("fmt", "-q", "a.yaml").err == ""
