"""Results on stdout, all else on stderr; colour, closed pipes, full disks, odd encodings; one JSON document."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from engine import __version__
from tests.cli.commands import FEW, INPUTS, RESTORE, RUNBOOK, Ask, fits, written

Store = tuple[str, str]
ESCAPE = "\x1b"


@pytest.mark.parametrize("words", [["--version"], ["--version", "run"]])
def test_version(process: Ask, words: list[str]) -> None:
    told = process(*words)
    assert (told.code, told.out, told.err) == (0, f"runbook {__version__}\n", "")


def test_version_imports_next_to_nothing() -> None:
    code = "import sys; sys.argv = ['runbook', '--version']\nfrom engine.cli.main import main; main(); print(sorted(sys.modules))"
    python = str(Path(RUNBOOK).with_name("python"))
    told = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "'engine.cli'" in told
    for heavy in ("typer", "typing", "engine.errors", "yaml", "json", "dataclasses"):
        assert f"'{heavy}'" not in told, heavy


@pytest.mark.parametrize("words", [["validate", RESTORE], ["explain", RESTORE, "copy-snapshot"], ["graph", RESTORE]])
def test_what_needs_no_aws_imports_none_of_it(words: list[str]) -> None:
    code = f"import sys; sys.argv = ['runbook', *{words!r}]\nfrom engine.cli.main import main\nassert main() == 0\n"
    code += "print([one for one in ('boto3', 'pydantic', 'rich', 'pg8000', 'jsonschema') if one in sys.modules])"
    python = str(Path(RUNBOOK).with_name("python"))
    told = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told.splitlines()[-1] == "[]"


def test_results_and_progress_go_apart(ask: Ask, few: str, store: Store) -> None:
    told = ask("run", few, *store, "--operation-id", "op")
    assert told.out.startswith("op  HELD  few\n")
    assert "first  done" not in told.out
    assert "first  done" in told.err
    assert "Next, one of:" in told.err


def test_quiet_says_nothing_of_what_goes_well(ask: Ask, tmp_path: Path, store: Store) -> None:
    file = written(tmp_path / "a.yaml", "runbook: a\nsteps:\n  - {id: b, wait: 0s}\n")
    assert ask("run", file, *store, "-q").err == ""


def test_but_what_to_type_at_a_stop(ask: Ask, few: str, store: Store) -> None:
    told = ask("run", few, *store, "-q")
    assert "runbook resume" in told.err
    assert "first" not in told.err


def test_verbose_says_everything(ask: Ask, few: str, store: Store) -> None:
    assert "first  entered" in ask("run", few, *store, "-v").err
    assert "first  entered" not in ask("run", few, *store).err


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
    ask: Ask, few: str, store: Store, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], coloured: bool
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    told = ask("run", few, *store)
    assert (ESCAPE in told.out) == coloured
    assert (ESCAPE in told.err) == coloured


def test_no_boxes_in_pipes(ask: Ask, few: str, store: Store) -> None:
    told = ask("run", few, *store)
    helped = ask("run", "--help")
    for text in (told.out, told.err, helped.out, ask("--help").out, ask("list", *store).out):
        assert not re.search("[\u2500-\u257f]", text)


def test_foreign_text_is_shown_and_not_obeyed(ask: Ask, tmp_path: Path, store: Store) -> None:
    said = r"[red]one\ttwo\e]0;title\a\u202ethree"
    file = written(tmp_path / "a.yaml", FEW.replace("is it all right?", said))
    told = ask("run", file, *store, "--operation-id", "op")
    for text in (told.out, told.err, ask("status", "op", *store).out, ask("history", "op", *store).out):
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
def test_one_document_whatever_happens(ask: Ask, few: str, words: list[str], schema: str, code: int) -> None:
    written(Path("bad.yaml"), FEW.replace("hold:", "hald:"))
    told = ask(*words, "-o", "json")
    assert told.code == code
    fits(schema, told.document)


@pytest.mark.parametrize("form", ["xml", "jsn", "TEXT"])
def test_a_format_that_there_is_not(ask: Ask, store: Store, form: str) -> None:
    told = ask("list", *store, "-o", form)
    assert told.code == 2
    assert f"-o {form}: unknown format" in told.err


# -- streams that are not as they should be ---------------------------------------------------------------------


def left_alone(*words: str, reads: int) -> tuple[int, str]:
    """The command with its stdout read for so many bytes and then closed: its exit code, and its stderr."""
    with subprocess.Popen([RUNBOOK, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(reads)
        process.stdout.close()
        told = process.stderr.read().decode()
    return process.returncode, told


@pytest.mark.parametrize("words", [["--version"], ["--help"], ["schema"], ["graph", RESTORE], ["explain", RESTORE]])
@pytest.mark.parametrize("reads", [0, 1])
def test_a_closed_pipe_is_no_crash(words: list[str], reads: int) -> None:
    assert left_alone(*words, reads=reads) == (0, "")


def test_a_run_whose_output_nobody_reads_goes_to_its_end(ask: Ask, sandbox: tuple[str, ...]) -> None:
    words = ["run", RESTORE, *INPUTS, *sandbox, "--yes", "--operation-id", "op"]
    with subprocess.Popen([RUNBOOK, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        process.stderr.close()
    assert process.returncode == 0
    assert ask("status", "op", *sandbox, "-o", "json").document["status"] == "SUCCEEDED"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_under_stdout_is_told(few: str) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run([RUNBOOK, "graph", few], stdout=full, stderr=subprocess.PIPE, text=True, timeout=30)
    assert done.returncode == 4
    assert "No space left" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_encoding_that_lacks_a_character(process: Ask, tmp_path: Path, store: Store) -> None:
    file = written(tmp_path / "a.yaml", FEW.replace("is it all right?", "schön, 好"))
    told = process("run", file, *store, PYTHONIOENCODING="ascii")
    assert told.code == 5
    assert r"sch\xf6n, \u597d" in told.out


def test_streams_that_are_closed(few: str, store: Store) -> None:
    command = f"exec {RUNBOOK} run {few} {' '.join(store)} <&- >&- 2>&-"
    assert subprocess.run(["/bin/sh", "-c", command], timeout=30).returncode == 5
