"""What the shell completes. Each test runs `runbook` as the script of `runbook completion` does."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.cli.commands import ROOT, RUNBOOK, Cli, Store, start_held


def completed(*words: str, folder: Path = ROOT) -> list[str]:
    """The completions of the last word, as bash asks for them."""
    asked = {
        "_RUNBOOK_COMPLETE": "complete_bash",
        "COMP_WORDS": "\n".join(("runbook", *words)),
        "COMP_CWORD": str(len(words)),
    }
    result = subprocess.run(
        [RUNBOOK], env=os.environ | asked, cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout.split()


def test_commands_and_options_are_completed() -> None:
    assert completed("res") == ["resume", "restart"]
    assert completed("store", "p") == ["prune"]
    assert completed("status", "--st") == ["--store", "--store-timeout"]


def test_operations_are_completed_newest_first(cli: Cli, few: str, store: Store) -> None:
    for id in ("op-1", "op-2", "other"):
        start_held(cli, few, store, id)
    for command in ("resume", "status", "history", "cancel", "cleanup", "restart"):
        assert sorted(completed(command, *store, "op")) == ["op-1", "op-2"], command


def test_steps_are_completed_of_the_operation_that_was_typed(cli: Cli, few: str, store: Store) -> None:
    start_held(cli, few, store)
    assert completed("restart", *store, "op", "--from", "") == ["first", "ask", "last"]
    assert completed("restart", *store, "op", "--from", "la") == ["last"]
    assert completed("restart", *store, "nobody", "--from", "") == []


def test_names_and_statuses_are_completed(cli: Cli, few: str, store: Store) -> None:
    start_held(cli, few, store)
    assert completed("list", *store, "--runbook", "") == ["few"]
    assert completed("list", "--status", "HELD,S") == ["HELD,STUCK", "HELD,SUCCEEDED"]


def test_runbooks_are_completed(tmp_path: Path) -> None:
    for name in ("a.yaml", "a.test.yaml", "sub/b.yml", "sub/c.txt", ".git/d.yaml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("runbook: a\nsteps:\n  - {id: first, wait: 0s}\n", encoding="utf-8")
    for command in ("run", "validate", "graph", "iam", "explain", "fmt"):
        assert completed(command, "", folder=tmp_path) == ["a.yaml", "sub/b.yml"], command
    assert completed("run", "./s", folder=tmp_path) == ["./sub/b.yml"]
    assert completed("run", f"{tmp_path}/s", folder=tmp_path) == [f"{tmp_path}/sub/b.yml"]
    assert completed("explain", "a.yaml", "", folder=tmp_path) == ["first"]


@pytest.mark.parametrize("place", ["sqlite:/nowhere/x.db", "bad:", "sqlite:/etc/passwd", "dynamodb:nowhere"])
def test_a_store_that_cannot_be_read_completes_nothing(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    assert completed("resume", "--endpoint-url", "http://127.0.0.1:9", "--store", place, "") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_is_one_that_the_shell_reads(cli: Cli, tmp_path: Path, shell: str) -> None:
    script = tmp_path / "script"
    script.write_text(cli("completion", shell).out, encoding="utf-8")
    assert "_RUNBOOK_COMPLETE" in script.read_text(encoding="utf-8")
    if shutil.which(shell):
        subprocess.run([shell, "-n", str(script)], check=True, timeout=60)


def test_bash_completes_with_the_script(tmp_path: Path) -> None:
    line = 'eval "$(runbook completion bash)"; COMP_WORDS=(runbook res); COMP_CWORD=1; _runbook_completion runbook; echo "${COMPREPLY[@]}"'
    path = f"{Path(RUNBOOK).parent}:{os.environ['PATH']}"
    result = subprocess.run(
        ["bash", "-c", line], env=os.environ | {"PATH": path}, cwd=tmp_path, capture_output=True, text=True, timeout=60,
        check=True,
    )  # fmt: skip
    assert result.stdout.split() == ["resume", "restart"]


def test_another_shell_is_refused(cli: Cli) -> None:
    result = cli("completion", "tcsh")
    assert result.code == 2
    assert "no completion for tcsh" in result.err
    assert "expected one of: bash, fish, zsh" in result.err


def test_h_is_help_everywhere(cli: Cli) -> None:
    for words in ([], ["run"], ["store"], ["store", "init"]):
        short, long = cli(*words, "-h"), cli(*words, "--help")
        assert (short.code, short.out) == (0, long.out)
        assert "-h, --help" in short.out
