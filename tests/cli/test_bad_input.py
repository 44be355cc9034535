"""Whatever is handed to a command: a message that names the place and what to do, the right exit code, no traceback."""

from __future__ import annotations

import os
import sqlite3
import stat
from pathlib import Path

import pytest

from tests.cli.commands import FEW, INPUTS, RESTORE, Ask, world, written

Store = tuple[str, str]

# -- words of the command line --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "said"),
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
        (["run", "few.yaml", "-i", "novalue"], "-i novalue: write NAME=VALUE"),
        (["run", "few.yaml", "-i", "=x"], "-i =x: write NAME=VALUE"),
        (["run", "few.yaml", "-i", "a=1", "-i", "a=2"], "a is given twice"),
        (["run", "few.yaml", "-i", "a=1"], "there is no input `a`"),
        (["run", "few.yaml", "--inputs", "nothing.yaml"], "there is no file nothing.yaml"),
        (["run", "few.yaml", "--store", "nonsense"], "is no place for a store"),
        (["run", "few.yaml", "--store", "some.db"], "did you mean `sqlite:some.db`?"),
        (["run", "few.yaml", "--store", "sqlite:"], "is not complete"),
        (["run", "few.yaml", "--store-timeout", "soon"], "--store-timeout soon: `soon` is not a duration"),
        (["run", "few.yaml", "--sandbox=nothing.yaml"], "nothing.yaml: cannot be read"),
        (["run", "few.yaml", "--sandbox=few.yaml"], "a world's file needs the key `world`"),
        (["explain", "RB999"], "there is no rule RB999"),
        (["explain", "Nonsense"], "there is no rule, error, kind, action or file Nonsense"),
        (["explain", "RB404", "step"], "RB404 is not a file"),
        (["explain", "few.yaml", "frist"], "did you mean `first`?"),
        (["actions", "rds.clutser"], "did you mean `rds.cluster`?"),
        (["graph", "few.yaml", "-o", "png"], "unknown format; expected one of: dot, mermaid"),
        (["validate", "few.yaml", "-o", "githb"], "did you mean `github`?"),
        (["status", "op", "--sandbx"], "did you mean `--sandbox`?"),
        (["store", "init", "--store", "sqlite:x.db"], "needs no init"),
    ],
)
def test_words(ask: Ask, few: str, words: list[str], said: str) -> None:
    told = ask(*words)
    assert told.code == 2
    assert said in told.err
    assert told.out == ""


def test_bytes_that_are_no_text(process: Ask) -> None:
    told = process("status", os.fsdecode(b"\xff\xfe"))
    assert told.code == 2
    assert "argument 2 is not UTF-8" in told.err


def test_what_a_word_holds_is_shown_and_not_obeyed(ask: Ask, store: Store) -> None:
    told = ask("status", "\x1b[2Jop\nnext", *store)
    assert told.code == 2
    assert r"\x1b[2Jop\nnext" in told.err


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
def test_a_text_that_is_no_runbook(ask: Ask, name: str, store: Store) -> None:
    Path("bad.yaml").write_bytes(TEXTS[name])
    told = ask("validate", "bad.yaml")
    assert told.code == 1, told
    assert told.out.startswith("bad.yaml:")
    assert " error RB" in told.out
    begun = ask("run", "bad.yaml", *store)
    assert begun.code == 3
    assert "nothing was started" in begun.err
    assert not Path("operations.db").exists()


@pytest.mark.parametrize("command", [["validate"], ["run"], ["graph"], ["explain"]])
def test_files_that_cannot_be_read(ask: Ask, command: list[str]) -> None:
    Path("folder.yaml").mkdir()
    cases = {"nothing.yaml": "there is no file nothing.yaml", "a\0b.yaml": "cannot be read"}
    if command != ["validate"]:
        cases["folder.yaml"] = "is a folder"
    for name, said in cases.items():
        told = ask(*command, name)
        assert told.code == 2, name
        assert said in told.err


def test_a_file_name_that_is_nearly_right(ask: Ask, few: str) -> None:
    assert "did you mean `few.yaml`?" in ask("run", "fwe.yaml").err


def test_a_file_that_may_not_be_read(process: Ask, few: str) -> None:
    Path(few).chmod(0)
    told = process("validate", few)
    if os.geteuid() == 0:  # root may read everything
        assert told.code == 0
    else:
        assert told.code == 2
        assert "Permission denied" in told.err


@pytest.mark.parametrize(
    "text", ["", "- a", "a", "[", "{a: 1", "a: &b c", "\x00", "a: .inf", "a: 1\na: 2", "\N{BYTE ORDER MARK}- a"]
)
def test_a_file_of_inputs_that_is_none(ask: Ask, few: str, store: Store, text: str) -> None:
    inputs = written(Path("inputs.yaml"), text)
    told = ask("run", few, *store, "--inputs", inputs)
    assert told.code == 2
    assert "inputs.yaml" in told.err


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
def test_an_input_of_another_type(ask: Ask, store: Store, type: str, value: str) -> None:
    file = written(Path("a.yaml"), f"runbook: a\ninputs: {{one: {{type: {type}}}}}\nsteps: [{{id: b, wait: 0s}}]\n")
    told = ask("run", file, *store, "-i", f"one={value}")
    assert told.code == 2
    assert "the input `one` is invalid" in told.err


def test_everything_that_is_wrong_with_inputs_is_told_at_once(ask: Ask, store: Store) -> None:
    told = ask("run", RESTORE, *store, "-i", "clutser=orders", "-i", "target_region=nowhere")
    assert told.code == 2
    for said in (
        "did you mean `cluster`?",
        "`snapshot` is required",
        "`cluster` is required",
        "`target_region` is invalid",
    ):
        assert said in told.err


# -- settings -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("store = 1\n", "`store` must be text"),
        ("stroe = 'x'\n", "unknown setting `stroe`; did you mean `store`?"),
        ("protected = 'x'\n", "`protected` must be a list of patterns"),
        ("store = \n", "is not valid TOML"),
        ("store_timeout = 'soon'\n", "`soon` is not a duration"),
    ],
)
def test_a_project_file_that_is_wrong(ask: Ask, text: str, said: str) -> None:
    written(Path("runbook.toml"), text)
    told = ask("list")
    assert told.code == 2
    assert said in told.err


# -- stores -------------------------------------------------------------------------------------------------------


def test_a_store_that_is_another_file(ask: Ask, few: str) -> None:
    told = ask("run", few, "--store", f"sqlite:{few}", "--operation-id", "op")
    assert told.code == 4
    assert "if nothing was recorded, repeat the command with --operation-id op" in told.err
    assert Path(few).read_text(encoding="utf-8") == FEW


def test_a_store_in_a_folder_that_cannot_be(ask: Ask, few: str) -> None:
    told = ask("run", few, "--store", f"sqlite:{few}/operations.db")
    assert told.code == 4


def test_a_store_that_is_corrupt(ask: Ask, few: str, store: Store) -> None:
    assert ask("run", few, *store, "--operation-id", "op").code == 5
    file = Path(store[1].removeprefix("sqlite:"))
    with sqlite3.connect(file) as database:
        database.execute("pragma wal_checkpoint(truncate)")
    data = bytearray(file.read_bytes())
    data[4096:] = os.urandom(len(data) - 4096)
    file.write_bytes(bytes(data))
    for words in (["status", "op"], ["list"], ["resume", "op"], ["history", "op"]):
        told = ask(*words, *store, "--store-timeout", "1s")
        assert told.code == 4, words


def test_a_store_that_may_only_be_read(process: Ask, few: str, store: Store) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write everything")
    file = Path(store[1].removeprefix("sqlite:"))
    process("run", few, *store, "--operation-id", "op")
    file.chmod(stat.S_IRUSR)
    assert process("resume", "op", *store, "--store-timeout", "1s").code == 4


def test_a_runbook_that_this_version_refuses(ask: Ask, few: str, store: Store) -> None:
    """A stored text that is no runbook any more is told as what it is."""
    ask("run", few, *store, "--operation-id", "op")
    with sqlite3.connect(store[1].removeprefix("sqlite:")) as database:
        tables = {row[0] for row in database.execute("select name from sqlite_master where type = 'table'")}
        assert "blobs" in tables
        for (name,) in database.execute("select name from sqlite_master where type = 'trigger'").fetchall():
            database.execute(f'drop trigger "{name}"')
        database.execute("delete from blobs")
    told = ask("status", "op", *store)
    assert told.code == 4


# -- the environment ----------------------------------------------------------------------------------------------


def test_a_setting_that_is_not_there_begins_nothing(ask: Ask, tmp_path: Path, store: Store) -> None:
    pretend = world(
        tmp_path,
        "{}",
        ("  ssm:/aurora-restore/us-west-2/kms-key: arn", "  ssm:/aurora-restore/us-west-2/kms-key: missing  # arn"),
    )
    told = ask("run", RESTORE, *INPUTS, pretend, *store, "--yes", "--operation-id", "op")
    assert told.code == 4
    assert "/aurora-restore/us-west-2/kms-key" in told.err
    assert ask("status", "op", *store).code == 2


def test_credentials_that_expire_stop_the_runner_and_lose_nothing(ask: Ask, tmp_path: Path, store: Store) -> None:
    pretend = world(tmp_path, "{copy-snapshot: [credentials]}")
    told = ask("run", RESTORE, *INPUTS, pretend, *store, "--yes", "--operation-id", "op")
    assert told.code == 4
    assert "Recorded progress is kept. Next: runbook resume op" in told.err
    assert ask("resume", "op", pretend, *store).code == 0


def test_no_credentials_at_all(process: Ask, tmp_path: Path, store: Store) -> None:
    file = written(
        tmp_path / "a.yaml",
        "runbook: a\nregion: us-west-2\nsteps:\n  - {id: b, check: rds.cluster, with: {name: orders}}\n",
    )
    told = process("run", file, *store, AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="", AWS_PROFILE="nobody")
    assert told.code == 4
    assert "nobody" in told.err or "credentials" in told.err


def test_a_store_behind_a_login_that_is_not_there(ask: Ask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    config = written(tmp_path / "aws", "[default]\nregion = us-west-2\ncredential_process = /nowhere/login\n")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", config)
    told = ask("list", "--store", "dynamodb:books")
    assert told.code == 4
    assert "/nowhere/login" in told.err


def test_an_address_that_is_none(ask: Ask) -> None:
    told = ask("list", "--store", "dynamodb:books", "--endpoint-url", "nonsense")
    assert told.code == 2
    assert "Invalid endpoint: nonsense" in told.err


# -- a bug of ours ------------------------------------------------------------------------------------------------


def test_a_bug_is_told_by_its_place_and_by_no_value(
    ask: Ask, few: str, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("a-known-secret")

    monkeypatch.setattr("engine.cli.commands.status.load_operation", broken)
    told = ask("status", "op", *store)
    assert told.code == 70
    assert "This is a bug in runbook" in told.err
    assert "ZeroDivisionError at" in told.err
    assert "a-known-secret" not in told.err
    assert "command: status --store" in told.err


def test_debug_shows_the_traceback(capsys: pytest.CaptureFixture[str], store: Store) -> None:
    from engine.cli.main import main

    assert main(["status", "op", *store, "--debug"]) == 2
    assert "Traceback" in capsys.readouterr().err
