"""Invalid input of all kinds gets a message that names the place and what to do, the right exit code, and no traceback."""

from __future__ import annotations

import os
import sqlite3
import stat
from pathlib import Path

import pytest

from tests.cli.commands import FEW, INPUTS, RESTORE, Cli, world, write_file

Store = tuple[str, str]

# -- words of the command line --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["rnu", "few.yaml"], "there is no command `rnu`; did you mean `run`?"),
        (["plan", "few.yaml"], "there is no command `plan`"),
        (["test"], "there is no command `test`"),
        (["rehearse", "few.yaml"], "there is no command `rehearse`"),
        (["store", "int"], "int"),
        (["run"], "Missing argument 'FILE'"),
        (["status"], "Missing argument 'ID'"),
        (["restart", "op"], "Missing option '--from'"),
        (["run", "few.yaml", "extra"], "extra"),
        (["run", "few.yaml", "--stroe", "x"], "there is no option --stroe; did you mean `--store`?"),
        (["run", "few.yaml", "--store"], "--store"),
        (["run", "few.yaml", "-i", "novalue"], "-i novalue does not have the form NAME=VALUE"),
        (["run", "few.yaml", "-i", "=x"], "-i =x does not have the form NAME=VALUE"),
        (["run", "few.yaml", "-i", "a=1", "-i", "a=2"], "a is given twice"),
        (["run", "few.yaml", "-i", "a=1"], "there is no input `a`"),
        (["run", "few.yaml", "--inputs", "nothing.yaml"], "there is no file nothing.yaml"),
        (["run", "few.yaml", "--store", "nonsense"], "is not a store"),
        (["run", "few.yaml", "--store", "some.db"], "did you mean `sqlite:some.db`?"),
        (["run", "few.yaml", "--store", "sqlite:"], "is not complete"),
        (["run", "few.yaml", "--store-timeout", "soon"], "--store-timeout soon: `soon` is not a duration"),
        (["run", "few.yaml", "--sandbox=nothing.yaml"], "nothing.yaml: cannot be read"),
        (["run", "few.yaml", "--sandbox=few.yaml"], "few.yaml is a runbook, and `--sandbox` takes the file of a world"),
        (["explain", "RB999"], "there is no rule RB999"),
        (["explain", "Nonsense"], "there is no rule, error, kind, action or file Nonsense"),
        (["explain", "."], ". is a folder; name a runbook in it"),
        (["explain", "copy-snapshot"], "`runbook explain FILE STEP` explains a step"),
        (["explain", "RB404", "step"], "RB404 is not a file"),
        (["explain", "few.yaml", "frist"], "did you mean `first`?"),
        (["actions", "rds.clutser"], "did you mean `rds.cluster`?"),
        (["graph", "few.yaml", "-o", "png"], "unknown format; expected one of: dot, mermaid"),
        (["validate", "few.yaml", "-o", "githb"], "did you mean `github`?"),
        (["status", "op", "--sandbx"], "did you mean `--sandbox`?"),
        (["store", "init", "--store", "sqlite:x.db"], "needs no init"),
    ],
)
def test_wrong_arguments(cli: Cli, few: str, words: list[str], expected: str) -> None:
    result = cli(*words)
    assert result.code == 2
    assert expected in result.err
    assert result.out == ""


def test_an_argument_that_is_not_utf8(process: Cli) -> None:
    result = process("status", os.fsdecode(b"\xff\xfe"))
    assert result.code == 2
    assert "argument 2 is not UTF-8" in result.err


def test_control_characters_in_an_argument_are_escaped(cli: Cli, store: Store) -> None:
    result = cli("status", "\x1b[2Jop\nnext", *store)
    assert result.code == 2
    assert r"\x1b[2Jop\nnext" in result.err


# -- files ------------------------------------------------------------------------------------------------------

DEEP = "[" * 100_000
MANY = "runbook: a\nsteps:\n" + "  - {id: a, wait: 0s}\n" * 60_000

TEXTS: dict[str, bytes] = {
    "nothing": b"",
    "blanks": b"\n\n  \n",
    "a comment": b"# runbook\n",
    "no map": b"- a\n- b\n",
    "a word": b"runbook\n",
    "a number": b"1\n",
    "no YAML": b"runbook: [\n",
    "a tab": b"runbook:\n\t- a\n",
    "two documents": b"runbook: a\n---\nrunbook: b\n",
    "a key twice": b"runbook: a\nrunbook: b\nsteps: []\n",
    "an anchor": b"runbook: &a b\nsteps: [*a]\n",
    "an alias bomb": b"a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n",
    "a tag": b"runbook: !!python/object/apply:os.system ['true']\n",
    "no UTF-8": b"runbook: \xff\xfe\nsteps: []\n",
    "UTF-16": "runbook: a\nsteps: []\n".encode("utf-16"),
    "a null byte": b"runbook: a\x00b\nsteps: []\n",
    "an escape": b"runbook: a\x1b[2J\nsteps: []\n",
    "deep": DEEP.encode(),
    "deep maps": ("{a: " * 5_000).encode(),
    "long": MANY.encode(),
    "no steps": b"runbook: a\n",
    "empty steps": b"runbook: a\nsteps: []\n",
    "steps are a map": b"runbook: a\nsteps: {a: b}\n",
    "steps are null": b"runbook: a\nsteps:\n",
    "a step of nothing": b"runbook: a\nsteps: [{}]\n",
    "a step of two kinds": b"runbook: a\nsteps: [{id: a, wait: 1s, hold: b}]\n",
    "an id twice": b"runbook: a\nsteps: [{id: a, wait: 1s}, {id: a, wait: 1s}]\n",
    "a reserved word": b"runbook: a\nparallel: []\nsteps: [{id: a, wait: 1s}]\n",
    "a duration without a unit": b"runbook: a\nsteps: [{id: a, wait: 10}]\n",
    "an expression without an end": b'runbook: a\nsteps: [{id: a, hold: "${b"}]\n',
    "an expression that calls": b'runbook: a\nsteps: [{id: a, hold: "${().__class__}"}]\n',
    "an expression that grows": b"runbook: a\nsteps: [{id: a, hold: \"${'a'*10**9}\"}]\n",
    "not a number": b"runbook: a\ntime_limit: .nan\nsteps: [{id: a, wait: 1s}]\n",
    "a pattern that hangs": b"runbook: a\ninputs: {b: {pattern: '(a+)+$('}}\nsteps: [{id: a, wait: 1s}]\n",
    "numbers as keys": b"1: 2\nrunbook: a\nsteps: [{id: a, wait: 1s}]\n",
    "a list as a key": b"? [a]\n: b\nrunbook: a\nsteps: [{id: a, wait: 1s}]\n",
}


@pytest.mark.parametrize("name", TEXTS)
def test_a_file_that_is_not_a_runbook(cli: Cli, name: str, store: Store) -> None:
    Path("bad.yaml").write_bytes(TEXTS[name])
    result = cli("validate", "bad.yaml")
    assert result.code == 1, result
    assert result.out.startswith("bad.yaml:")
    assert " error RB" in result.out
    start_held = cli("run", "bad.yaml", *store)
    assert start_held.code == 3
    assert "nothing was started" in start_held.err
    assert not Path("operations.db").exists()


@pytest.mark.parametrize("command", [["validate"], ["run"], ["graph"], ["explain"]])
def test_files_that_cannot_be_read(cli: Cli, command: list[str]) -> None:
    Path("folder.yaml").mkdir()
    Path("folder.yaml/a.world.yaml").write_text("world: {}\n", encoding="utf-8")
    Path("folder.yaml/few.yaml").write_text("runbook: few\nsteps: []\n", encoding="utf-8")
    cases = {"nothing.yaml": "there is no file nothing.yaml", "a\0b.yaml": "cannot be read"}
    if command != ["validate"]:
        cases["folder.yaml"] = "folder.yaml is a folder; name a file in it, for example few.yaml"
    for name, expected in cases.items():
        result = cli(*command, name)
        assert result.code == 2, name
        assert expected in result.err


def test_a_misspelt_file_name_gets_a_suggestion(cli: Cli, few: str) -> None:
    assert "did you mean `few.yaml`?" in cli("run", "fwe.yaml").err


def test_a_file_without_read_permission(process: Cli, few: str) -> None:
    Path(few).chmod(0)
    result = process("validate", few)
    if os.geteuid() == 0:  # root may read everything
        assert result.code == 0
    else:
        assert result.code == 2
        assert "Permission denied" in result.err


@pytest.mark.parametrize(
    "text", ["", "- a", "a", "[", "{a: 1", "a: &b c", "\x00", "a: .inf", "a: 1\na: 2", "\N{BYTE ORDER MARK}- a"]
)
def test_an_invalid_inputs_file(cli: Cli, few: str, store: Store, text: str) -> None:
    inputs = write_file(Path("inputs.yaml"), text)
    result = cli("run", few, *store, "--inputs", inputs)
    assert result.code == 2
    assert "inputs.yaml" in result.err


@pytest.mark.parametrize(
    ("type", "value"),
    [
        ("integer", "one"),
        ("integer", "1.5"),
        ("number", "nan"),
        ("boolean", "yes"),
        ("map", "[a]"),
        ("region", "here"),
        ("duration", "10"),
        ("timestamp", "today"),
        ("arn", "x"),
        ("account_id", "123"),
    ],
)
def test_an_input_of_the_wrong_type(cli: Cli, store: Store, type: str, value: str) -> None:
    file = write_file(Path("a.yaml"), f"runbook: a\ninputs: {{one: {{type: {type}}}}}\nsteps: [{{id: b, wait: 0s}}]\n")
    result = cli("run", file, *store, "-i", f"one={value}")
    assert result.code == 2
    assert "the input `one` is invalid" in result.err


def test_all_mistakes_in_inputs_are_reported_together(cli: Cli, store: Store) -> None:
    result = cli("run", RESTORE, *store, "-i", "clutser=orders", "-i", "target_region=nowhere")
    assert result.code == 2
    for expected in (
        "did you mean `cluster`?",
        "`snapshot` is required",
        "`cluster` is required",
        "`target_region` is invalid",
    ):
        assert expected in result.err


# -- settings -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("store = 1\n", "`store` must be text"),
        ("stroe = 'x'\n", "unknown setting `stroe`; did you mean `store`?"),
        ("protected = 'x'\n", "`protected` must be a list of patterns"),
        ("store = \n", "is not valid TOML"),
        ("store_timeout = 'soon'\n", "`soon` is not a duration"),
    ],
)
def test_an_invalid_project_file(cli: Cli, text: str, expected: str) -> None:
    write_file(Path("runbook.toml"), text)
    result = cli("list")
    assert result.code == 2
    assert expected in result.err


# -- stores -------------------------------------------------------------------------------------------------------


def test_a_store_that_is_not_a_database(cli: Cli, few: str) -> None:
    result = cli("run", few, "--store", f"sqlite:{few}", "--operation-id", "op")
    assert result.code == 4
    assert "if nothing was recorded, repeat the command with --operation-id op" in result.err
    assert Path(few).read_text(encoding="utf-8") == FEW


def test_a_store_below_a_file(cli: Cli, few: str) -> None:
    result = cli("run", few, "--store", f"sqlite:{few}/operations.db")
    assert result.code == 4


def test_a_corrupt_store(cli: Cli, few: str, store: Store) -> None:
    assert cli("run", few, *store, "--operation-id", "op").code == 5
    file = Path(store[1].removeprefix("sqlite:"))
    with sqlite3.connect(file) as database:
        database.execute("pragma wal_checkpoint(truncate)")
    data = bytearray(file.read_bytes())
    data[4096:] = os.urandom(len(data) - 4096)
    file.write_bytes(bytes(data))
    for words in (["status", "op"], ["list"], ["resume", "op"], ["history", "op"]):
        result = cli(*words, *store, "--store-timeout", "1s")
        assert result.code == 4, words


def test_a_read_only_store(process: Cli, few: str, store: Store) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write everything")
    file = Path(store[1].removeprefix("sqlite:"))
    process("run", few, *store, "--operation-id", "op")
    file.chmod(stat.S_IRUSR)
    assert process("resume", "op", *store, "--store-timeout", "1s").code == 4


def test_a_stored_runbook_that_is_missing(cli: Cli, few: str, store: Store) -> None:
    cli("run", few, *store, "--operation-id", "op")
    with sqlite3.connect(store[1].removeprefix("sqlite:")) as database:
        tables = {row[0] for row in database.execute("select name from sqlite_master where type = 'table'")}
        assert "blobs" in tables
        for (name,) in database.execute("select name from sqlite_master where type = 'trigger'").fetchall():
            database.execute(f'drop trigger "{name}"')
        database.execute("delete from blobs")
    result = cli("status", "op", *store)
    assert result.code == 4


# -- the environment ----------------------------------------------------------------------------------------------


def test_a_missing_setting_starts_nothing(cli: Cli, tmp_path: Path, store: Store) -> None:
    pretend = world(
        tmp_path,
        "{}",
        ("  ssm:/aurora-restore/us-west-2/kms-key: arn", "  ssm:/aurora-restore/us-west-2/kms-key: missing  # arn"),
    )
    result = cli("run", RESTORE, *INPUTS, pretend, *store, "--yes", "--operation-id", "op")
    assert result.code == 4
    assert "/aurora-restore/us-west-2/kms-key" in result.err
    assert cli("status", "op", *store).code == 2


def test_expired_credentials_stop_the_run_without_losing_progress(cli: Cli, tmp_path: Path, store: Store) -> None:
    pretend = world(tmp_path, "{copy-snapshot: [credentials]}")
    result = cli("run", RESTORE, *INPUTS, pretend, *store, "--yes", "--operation-id", "op")
    assert result.code == 4
    assert "Recorded progress is kept. Next: runbook resume op" in result.err
    assert cli("resume", "op", pretend, *store).code == 0


def test_no_credentials(process: Cli, tmp_path: Path, store: Store) -> None:
    file = write_file(
        tmp_path / "a.yaml",
        "runbook: a\nregion: us-west-2\nsteps:\n  - {id: b, check: rds.cluster, with: {name: orders}}\n",
    )
    result = process("run", file, *store, AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="", AWS_PROFILE="nobody")
    assert result.code == 4
    assert "nobody" in result.err or "credentials" in result.err


def test_a_failing_credential_process(cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    config = write_file(tmp_path / "aws", "[default]\nregion = us-west-2\ncredential_process = /nowhere/login\n")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", config)
    result = cli("list", "--store", "dynamodb:books")
    assert result.code == 4
    assert "/nowhere/login" in result.err


def test_an_invalid_endpoint_url(cli: Cli) -> None:
    result = cli("list", "--store", "dynamodb:books", "--endpoint-url", "nonsense")
    assert result.code == 2
    assert "Invalid endpoint: nonsense" in result.err


# -- a bug of ours ------------------------------------------------------------------------------------------------


def test_a_bug_report_has_places_and_no_values(
    cli: Cli, few: str, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("a-known-secret")

    monkeypatch.setattr("engine.cli.context.load_cached", broken)
    result = cli("status", "op", *store)
    assert result.code == 70
    assert "This is a bug in runbook" in result.err
    assert "ZeroDivisionError at" in result.err
    assert "a-known-secret" not in result.err
    assert "command: status --store" in result.err


def test_debug_shows_the_traceback(capsys: pytest.CaptureFixture[str], store: Store) -> None:
    from engine.cli.main import main

    assert main(["status", "op", *store, "--debug"]) == 2
    assert "Traceback" in capsys.readouterr().err
