"""`runbook fmt`: files, folders, stdin, `--check`, and what it leaves alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.commands import FEW, RESTORE, Cli, write_file

LOOSE = "steps:\n- wait: 0s   # at once\n  id: first\nrunbook: few\n"
LAID_OUT = "runbook: few\nsteps:\n  - id: first\n    wait: 0s   # at once\n"


def test_a_file_is_reformatted_and_named(cli: Cli, tmp_path: Path) -> None:
    write_file(tmp_path / "a.yaml", LOOSE)
    result = cli("fmt", "a.yaml")
    assert (result.code, result.out) == (0, "a.yaml\n")
    assert "1 of 1 file reformatted" in result.err
    assert (tmp_path / "a.yaml").read_text("utf-8") == LAID_OUT
    assert cli("fmt", "a.yaml").out == ""


def test_check_changes_nothing(cli: Cli, tmp_path: Path) -> None:
    write_file(tmp_path / "a.yaml", LOOSE)
    write_file(tmp_path / "b.yaml", LAID_OUT)
    result = cli("fmt", "--check", "a.yaml", "b.yaml")
    assert (result.code, result.out) == (1, "a.yaml\n")
    assert "1 of 2 files would be reformatted" in result.err
    assert (tmp_path / "a.yaml").read_text("utf-8") == LOOSE
    assert cli("fmt", "--check", "b.yaml").code == 0
    assert cli("fmt", "--check", RESTORE).code == 0


def test_a_folder(cli: Cli, tmp_path: Path) -> None:
    for name in ("runbooks/a.yaml", "runbooks/deep/b.yml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        write_file(tmp_path / name, LOOSE)
    write_file(tmp_path / "runbooks" / "a.test.yaml", LOOSE)
    assert cli("fmt").out == "runbooks/a.yaml\nrunbooks/deep/b.yml\n"
    assert (tmp_path / "runbooks" / "a.test.yaml").read_text("utf-8") == LOOSE


def test_stdin(process: Cli) -> None:
    result = process("fmt", "-", stdin=LOOSE.encode())
    assert (result.code, result.out) == (0, LAID_OUT)
    assert process("fmt", "-", "--check", stdin=LOOSE.encode()).code == 1


def test_an_invalid_file_does_not_stop_the_others(cli: Cli, tmp_path: Path) -> None:
    write_file(tmp_path / "a.yaml", "runbook: a\nrunbook: b\n")
    write_file(tmp_path / "b.yaml", LOOSE)
    result = cli("fmt", "a.yaml", "b.yaml")
    assert (result.code, result.out) == (3, "b.yaml\n")
    assert "a.yaml:2:1: error RB106" in result.err
    assert "    2 | runbook: b" in result.err


def test_a_file_with_findings_is_reformatted(cli: Cli, tmp_path: Path) -> None:
    write_file(tmp_path / "a.yaml", LOOSE.replace("0s", "${nothing}"))
    assert cli("fmt", "a.yaml").out == "a.yaml\n"


def test_unsupported_yaml_is_not_reformatted(cli: Cli, tmp_path: Path) -> None:
    write_file(tmp_path / "a.yaml", "? runbook\n: a\n")
    result = cli("fmt", "a.yaml")
    assert (result.code, result.out) == (0, "")
    assert "a.yaml: not reformatted: line 1" in result.err


def test_the_file_mode_is_kept(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    write_file(file, LOOSE)
    file.chmod(0o640)
    cli("fmt", "a.yaml")
    assert file.stat().st_mode & 0o777 == 0o640
    assert file.read_text("utf-8") == LAID_OUT
    assert sorted(one.name for one in tmp_path.iterdir()) == ["a.yaml"]


@pytest.mark.parametrize("words", [("fmt", "nowhere.yaml"), ("fmt", "."), ("fmt", "--chek")])
def test_wrong_usage(cli: Cli, words: tuple[str, ...]) -> None:
    assert cli(*words).code == 2


def test_quiet(cli: Cli, tmp_path: Path) -> None:
    write_file(tmp_path / "a.yaml", FEW)
    assert cli("fmt", "-q", "a.yaml").err == ""
