"""A store that somebody else can write: with a key, what was forged or cut off is found; without, nothing crashes or hangs."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from actions.sandbox import Sandbox
from actions.sandbox.http.server import SandboxServer
from tests.cli.commands import FEW, Cli

KEY = base64.b64encode(b"k" * 32).decode()
OTHER_KEY = base64.b64encode(b"o" * 32).decode()
EVIL = FEW.replace("runbook: few", "runbook: few\n# of somebody else").replace("is it all right?", "say yes")

Record = dict[str, Any]
"""The decoded bytes of a record."""


class Tampered:
    """The file of a store, in the hands of somebody who can write it but does not have the key."""

    def __init__(self, path: Path) -> None:
        self.place = f"sqlite:{path}"
        self._database = sqlite3.connect(path)
        triggers = self._database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (name,) in triggers:
            self._database.execute(f"DROP TRIGGER {name}")

    def records(self) -> list[Record]:
        rows = self._database.execute("SELECT packed FROM records WHERE operation_id = 'op' ORDER BY seq")
        return [json.loads(packed) for (packed,) in rows.fetchall()]

    def replace(self, records: list[Record]) -> None:
        """These records and no others, with a right chain; those that had an HMAC keep it."""
        macs = dict(self._database.execute("SELECT seq, mac FROM records").fetchall())
        self._database.execute("DELETE FROM records")
        before = ""
        for record in records:
            packed = json.dumps(record | {"previous": before}, separators=(",", ":")).encode()
            before = hashlib.sha256(packed).hexdigest()
            self._database.execute(
                "INSERT INTO records (operation_id, seq, whole, write_id, digest, packed, mac) VALUES (?, ?, ?, ?, ?, ?, ?)",
                ("op", record["seq"], record["state"] is not None, "w", before, packed, macs.get(record["seq"])),
            )
        self._database.commit()

    def put_runbook(self, text: str) -> str:
        content = text.encode()
        digest = hashlib.sha256(content).hexdigest()
        self._database.execute("INSERT INTO blobs VALUES (?, ?)", (digest, content))
        return digest

    def set_head(self, column: str, value: str | None) -> None:
        self._database.execute(f"UPDATE heads SET {column} = ?", (value,))
        self._database.commit()


@pytest.fixture
def started(cli: Cli, few: str, tmp_path: Path) -> Callable[[], Tampered]:
    """Starts an operation that holds, and hands its store over."""

    def start() -> Tampered:
        path = tmp_path / "operations.db"
        assert cli("run", few, "--store", f"sqlite:{path}", "--operation-id", "op").code == 5
        return Tampered(path)

    return start


@pytest.fixture
def with_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNBOOK_STORE_KEY", KEY)


# -- a store with a key ---------------------------------------------------------------------------------------


def append_evil_runbook(store: Tampered) -> None:
    """A record with another runbook's text, rightly chained, as `resume --with` would write it."""
    records = store.records()
    last = deepcopy(next(one for one in reversed(records) if one["state"] is not None))
    last["state"]["digest"] = store.put_runbook(EVIL)
    last["seq"] = records[-1]["seq"] + 1
    store.replace([*records, last])


def chain_again(store: Tampered) -> None:
    records = store.records()
    records[0]["actor"] = "somebody else"
    store.replace(records)


def cut_off(store: Tampered) -> None:
    store.replace(store.records()[:-1])


def remove_all(store: Tampered) -> None:
    store.replace([])


def remove_first(store: Tampered) -> None:
    store.replace(store.records()[1:])


def remove_seal(store: Tampered) -> None:
    store.set_head("seal", None)


TAMPERED = {
    append_evil_runbook: "record 3 of op in .* was not authenticated",
    chain_again: "record [12] of op in .* is not authenticated by the key sha256:",
    cut_off: "record 2 of op in .* is missing: the log was cut off",
    remove_all: "record 1 of op in .* is missing: the log was cut off",
    remove_first: "record [12] of op in .* (is missing|is not authenticated|does not follow)",
    remove_seal: "the head of op in .* has lost its seal",
}

COMMANDS: tuple[tuple[str, ...], ...] = (
    ("status", "op"), ("history", "op", "--verify"), ("resume", "op"), ("cancel", "op", "--undo"), ("cleanup", "op"),
    ("restart", "op", "--from", "first"),
)  # fmt: skip


@pytest.mark.usefixtures("with_key")
@pytest.mark.parametrize("tamper", TAMPERED)
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_log_that_was_tampered_with_is_refused(
    cli: Cli, started: Callable[[], Tampered], tamper: Callable[[Tampered], None], command: tuple[str, ...]
) -> None:
    store = started()
    tamper(store)
    before = store.records()
    result = cli(*command, "--store", store.place)
    assert result.code == 4, (result.out, result.err)
    assert re.search(TAMPERED[tamper], result.err), result.err
    assert store.records() == before


@pytest.mark.usefixtures("with_key")
def test_an_untouched_log_is_authenticated(cli: Cli, started: Callable[[], Tampered]) -> None:
    store = started()
    result = cli("history", "op", "--verify", "--store", store.place)
    assert result.code == 0
    assert "the chain of 2 records is intact, and authenticated by sha256:" in result.err
    assert cli("resume", "op", "--store", store.place).code == 0
    assert cli("history", "op", "--verify", "--store", store.place).code == 0


@pytest.mark.usefixtures("with_key")
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("key", ["", OTHER_KEY])
def test_a_log_with_a_key_needs_that_key(
    cli: Cli, started: Callable[[], Tampered], monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...], key: str
) -> None:
    store = started()
    monkeypatch.setenv("RUNBOOK_STORE_KEY", key)
    result = cli(*command, "--store", store.place)
    assert result.code == 4
    assert ("set RUNBOOK_STORE_KEY" if not key else "is not authenticated by the key") in result.err


@pytest.mark.usefixtures("with_key")
def test_a_list_needs_no_key(cli: Cli, started: Callable[[], Tampered], monkeypatch: pytest.MonkeyPatch) -> None:
    store = started()
    monkeypatch.delenv("RUNBOOK_STORE_KEY")
    result = cli("list", "--store", store.place)
    assert (result.code, "HELD" in result.out) == (0, True)


def test_without_a_key_no_record_has_an_hmac(cli: Cli, started: Callable[[], Tampered]) -> None:
    store = started()
    assert store._database.execute("SELECT count(mac) FROM records").fetchone() == (0,)
    assert store._database.execute("SELECT count(seal) FROM heads").fetchone() == (0,)
    assert "no store key is set" in cli("history", "op", "--verify", "--store", store.place).err


@pytest.mark.integration
def test_a_key_of_kms_authenticates_as_well(
    cli: Cli, started: Callable[[], Tampered], monkeypatch: pytest.MonkeyPatch
) -> None:
    with SandboxServer(Sandbox({"kms.key/ours@eu-west-1": "available"})) as kms:
        monkeypatch.setenv("RUNBOOK_ENDPOINT_URL", kms.url)
        monkeypatch.setenv("RUNBOOK_STORE_KEY", "kms:arn:aws:kms:eu-west-1:123456789012:key/ours")
        store = started()
        result = cli("history", "op", "--verify", "--store", store.place)
        assert (result.code, "authenticated by kms:arn:" in result.err) == (0, True), result.err
        cut_off(store)
        assert cli("resume", "op", "--store", store.place).code == 4
        monkeypatch.setenv("RUNBOOK_STORE_KEY", "kms:arn:aws:kms:eu-west-1:123456789012:key/other")
        result = cli("status", "op", "--store", store.place)
        assert (result.code, "the store key kms:arn:" in result.err) == (4, True), result.err


def test_resume_shows_what_differs_from_the_start(cli: Cli, started: Callable[[], Tampered]) -> None:
    """Without a key another runbook's text runs; whoever resumes can see it."""
    store = started()
    append_evil_runbook(store)
    result = cli("resume", "op", "--store", store.place)
    assert "the runbook of op is not the one that it was started with:" in result.err
    assert "+# of somebody else" in result.err.splitlines()


def test_resume_shows_nothing_where_nothing_differs(cli: Cli, started: Callable[[], Tampered]) -> None:
    store = started()
    assert "not the one that it was started with" not in cli("resume", "op", "--store", store.place).err


@pytest.mark.parametrize("key", ["short", "kms:alias/x", KEY + "!"])
def test_a_key_that_is_none_is_refused_and_not_repeated(
    cli: Cli, few: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setenv("RUNBOOK_STORE_KEY", key)
    result = cli("run", few, "--store", f"sqlite:{tmp_path / 'operations.db'}")
    assert result.code == 2
    assert key not in result.err


# -- a store without a key ------------------------------------------------------------------------------------

HOSTILE = (None, True, -1, 1e308, "x", [], {}, [[1]])
"""Values that are put in the place of others; JSON's largest numbers are no times."""


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value in a record."""
    if path:
        yield path
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from places(child, (*path, key))


def replaced(records: list[Record], path: tuple[Any, ...], value: Any) -> list[Record]:
    made = deepcopy(records)
    place: Any = made
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return made


@pytest.mark.parametrize("command", [COMMANDS[0], COMMANDS[1], COMMANDS[2]], ids=" ".join)
def test_no_value_in_a_record_is_taken_for_a_bug(
    cli: Cli, started: Callable[[], Tampered], command: tuple[str, ...]
) -> None:
    store = started()
    intact = store.records()
    paths = [path for path in places(intact) if len(path) > 1 and path[1] not in ("seq", "operation")]
    assert len(paths) > 50
    for number, path in enumerate(paths):
        store.replace(replaced(intact, path, HOSTILE[number % len(HOSTILE)]))
        store.set_head("lease", None)
        result = cli(*command, "--store", store.place)
        assert result.code in (0, 1, 2, 3, 4, 5, 7), (path, HOSTILE[number % len(HOSTILE)], result.err)


@pytest.mark.parametrize("command", [*COMMANDS, ("list",)], ids=" ".join)
@pytest.mark.parametrize(
    ("name", "value"),
    [("duration", 1e308), ("duration", -5), ("duration", "x"), ("duration", None), ("since", 1e308), ("pid", 10**30),
     ("pid", "x"), ("owner", [1]), ("boot", None)],
)  # fmt: skip
def test_a_hostile_lease_neither_hangs_nor_crashes(
    cli: Cli, started: Callable[[], Tampered], command: tuple[str, ...], name: str, value: Any
) -> None:
    store = started()
    lease = {
        "owner": "x", "host": "h", "pid": 1, "started": "1", "boot": "b", "version": "v", "duration": 0.1, "since": 1.0,
    }  # fmt: skip
    store.set_head("lease", json.dumps(lease | {name: value}))
    result = cli(*command, "--store", store.place)
    assert result.code in (0 if command[0] == "history" else 4, 2, 4), result.err
    if result.code == 4:
        assert "the head of op in" in result.err
        assert f"`{name}` is not what it must be" in result.err


@pytest.mark.parametrize("request_", [{"past": 5}, {"at": "x"}, {"actor": 5}, {"past": [5]}, []])
def test_a_hostile_request_to_cancel_is_refused(cli: Cli, started: Callable[[], Tampered], request_: Any) -> None:
    store = started()
    store.set_head("cancel_asked", json.dumps(request_))
    result = cli("resume", "op", "--store", store.place)
    assert (result.code, "the head of op in" in result.err) == (4, True)


@pytest.mark.parametrize("command", [one for one in COMMANDS if one[0] != "status"], ids=" ".join)
def test_a_log_without_its_first_record_is_damaged(
    cli: Cli, started: Callable[[], Tampered], command: tuple[str, ...]
) -> None:
    store = started()
    remove_first(store)
    result = cli(*command, "--store", store.place)
    assert (result.code, "record 1" in result.err) == (4, True), result.err
