"""Results on stdout and everything else on stderr; colour, closed pipes, full disks, encodings, and JSON."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from engine import __version__
from tests.cli.commands import FEW, INPUTS, RESTORE, RUNBOOK, Cli, assert_valid, write_file

Store = tuple[str, str]
ESCAPE = "\x1b"


@pytest.mark.parametrize("words", [["--version"], ["--version", "run"]])
def test_version(process: Cli, words: list[str]) -> None:
    result = process(*words)
    assert (result.code, result.out, result.err) == (0, f"runbook {__version__}\n", "")


def test_version_imports_almost_nothing() -> None:
    code = "import sys; sys.argv = ['runbook', '--version']\nfrom engine.cli.main import main; main(); print(sorted(sys.modules))"
    python = str(Path(RUNBOOK).with_name("python"))
    result = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "'engine.cli'" in result
    for heavy in ("typer", "typing", "engine.errors", "yaml", "json", "dataclasses"):
        assert f"'{heavy}'" not in result, heavy


@pytest.mark.parametrize("words", [["validate", RESTORE], ["explain", RESTORE, "copy-snapshot"], ["graph", RESTORE]])
def test_commands_without_aws_do_not_import_it(words: list[str]) -> None:
    code = f"import sys; sys.argv = ['runbook', *{words!r}]\nfrom engine.cli.main import main\nassert main() == 0\n"
    code += "print([one for one in ('boto3', 'pydantic', 'rich', 'pg8000', 'jsonschema') if one in sys.modules])"
    python = str(Path(RUNBOOK).with_name("python"))
    result = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout
    assert result.splitlines()[-1] == "[]"


def test_results_go_to_stdout_and_progress_to_stderr(cli: Cli, few: str, store: Store) -> None:
    result = cli("run", few, *store, "--operation-id", "op")
    assert result.out.startswith("op  HELD  few\n")
    assert "first  done" not in result.out
    assert "first  done" in result.err
    assert "Next, one of:" in result.err


def test_quiet_shows_nothing_on_success(cli: Cli, tmp_path: Path, store: Store) -> None:
    file = write_file(tmp_path / "a.yaml", "runbook: a\nsteps:\n  - {id: b, wait: 0s}\n")
    assert cli("run", file, *store, "-q").err == ""


def test_quiet_shows_the_next_commands_at_a_hold(cli: Cli, few: str, store: Store) -> None:
    result = cli("run", few, *store, "-q")
    assert "runbook resume" in result.err
    assert "first" not in result.err


def test_verbose_shows_every_event(cli: Cli, few: str, store: Store) -> None:
    assert "first  entered" in cli("run", few, *store, "-v").err
    assert "first  entered" not in cli("run", few, *store).err


@pytest.mark.parametrize(
    ("environment", "coloured"),
    [
        ({"NO_COLOR": "", "FORCE_COLOR": "1", "TERM": "xterm"}, True),
        ({"NO_COLOR": "", "FORCE_COLOR": "", "TERM": "xterm"}, False),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1", "TERM": "xterm"}, False),
        ({"NO_COLOR": "", "FORCE_COLOR": "1", "TERM": "dumb"}, False),
    ],
)
def test_colour_in_a_pipe(
    cli: Cli, few: str, store: Store, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], coloured: bool
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    result = cli("run", few, *store)
    assert (ESCAPE in result.out) == coloured
    assert (ESCAPE in result.err) == coloured


def test_no_box_characters_in_pipes(cli: Cli, few: str, store: Store) -> None:
    result = cli("run", few, *store)
    helped = cli("run", "--help")
    for text in (result.out, result.err, helped.out, cli("--help").out, cli("list", *store).out):
        assert not re.search("[\u2500-\u257f]", text)


def test_control_characters_are_escaped(cli: Cli, tmp_path: Path, store: Store) -> None:
    expected = r"[red]one\ttwo\e]0;title\a\u202ethree"
    file = write_file(tmp_path / "a.yaml", FEW.replace("is it all right?", expected))
    result = cli("run", file, *store, "--operation-id", "op")
    for text in (result.out, result.err, cli("status", "op", *store).out, cli("history", "op", *store).out):
        assert r"[red]one\ttwo\x1b]0;title\x07\u202ethree" in text
        assert ESCAPE not in text


# -- -o json ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "schema", "code"),
    [
        (["status", "nothing"], "error", 2),
        (["run", "nothing.yaml"], "error", 2),
        (["run", "few.yaml", "--no-such"], "error", 2),
        (["validate", "few.yaml"], "findings", 0),
        (["validate", "bad.yaml"], "findings", 1),
        (["run", "bad.yaml"], "findings", 3),
        (["run", "few.yaml"], "status", 5),
        (["list"], "operations", 0),
        (["list", "--store", "sqlite:few.yaml"], "error", 4),
    ],
)
def test_json_output_is_one_document(cli: Cli, few: str, words: list[str], schema: str, code: int) -> None:
    write_file(Path("bad.yaml"), FEW.replace("hold:", "hald:"))
    result = cli(*words, "-o", "json")
    assert result.code == code
    assert_valid(schema, result.document)


@pytest.mark.parametrize("form", ["xml", "jsn", "TEXT"])
def test_an_unknown_format(cli: Cli, store: Store, form: str) -> None:
    result = cli("list", *store, "-o", form)
    assert result.code == 2
    assert f"-o {form}: unknown format" in result.err


# -- streams that are not as they should be ---------------------------------------------------------------------


def left_alone(*words: str, reads: int) -> tuple[int, str]:
    """Run the command, read some bytes of its stdout and close it. Returns the exit code and stderr."""
    with subprocess.Popen([RUNBOOK, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(reads)
        process.stdout.close()
        result = process.stderr.read().decode()
    return process.returncode, result


@pytest.mark.parametrize("words", [["--version"], ["--help"], ["schema"], ["graph", RESTORE], ["explain", RESTORE]])
@pytest.mark.parametrize("reads", [0, 1])
def test_a_closed_pipe_is_not_an_error(words: list[str], reads: int) -> None:
    assert left_alone(*words, reads=reads) == (0, "")


def test_a_run_with_closed_streams_continues_to_its_end(cli: Cli, sandbox: tuple[str, ...]) -> None:
    words = ["run", RESTORE, *INPUTS, *sandbox, "--yes", "--operation-id", "op"]
    with subprocess.Popen([RUNBOOK, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        process.stderr.close()
    assert process.returncode == 0
    assert cli("status", "op", *sandbox, "-o", "json").document["status"] == "SUCCEEDED"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_reported(few: str) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run([RUNBOOK, "graph", few], stdout=full, stderr=subprocess.PIPE, text=True, timeout=30)
    assert done.returncode == 4
    assert "No space left" in done.stderr
    assert "Traceback" not in done.stderr


def test_characters_outside_the_encoding_are_escaped(process: Cli, tmp_path: Path, store: Store) -> None:
    file = write_file(tmp_path / "a.yaml", FEW.replace("is it all right?", "schön, 好"))
    result = process("run", file, *store, PYTHONIOENCODING="ascii")
    assert result.code == 5
    assert r"sch\xf6n, \u597d" in result.out


def test_closed_streams_do_not_stop_a_run(few: str, store: Store) -> None:
    command = f"exec {RUNBOOK} run {few} {' '.join(store)} <&- >&- 2>&-"
    assert subprocess.run(["/bin/sh", "-c", command], timeout=30).returncode == 5
