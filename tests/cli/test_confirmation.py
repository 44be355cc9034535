"""Nothing is deleted without a person's word: what is asked, who can answer, and what a protected name needs."""

from __future__ import annotations

import os
import pty
import subprocess
from pathlib import Path

import pytest

from actions import build_registry
from engine.registry import Observation
from engine.runtime.protection import ProtectionPolicy, protect
from engine.values import changed
from tests.cli.commands import DEMO, INPUTS, RESTORE, RUNBOOK, Answer, Ask, world, written

Store = tuple[str, str]
PROD = ("orders", "orders-prod")


def on_a_terminal(*words: str, typed: str) -> Answer:
    """The command with a terminal as its standard input and error, and what a person types."""
    above, below = pty.openpty()
    os.write(above, typed.encode())
    with subprocess.Popen([RUNBOOK, *words], stdin=below, stdout=subprocess.PIPE, stderr=below) as process:
        os.close(below)
        assert process.stdout is not None
        shown = bytearray()
        while True:
            try:
                some = os.read(above, 4096)
            except OSError:  # the other end is closed
                break
            if not some:
                break
            shown += some
        out = process.stdout.read().decode()
    os.close(above)
    return Answer(code=process.returncode, out=out, err=shown.decode())


def test_without_a_terminal_and_without_yes_nothing_begins(ask: Ask, sandbox: tuple[str, ...]) -> None:
    told = ask("run", RESTORE, *INPUTS, *sandbox, "--operation-id", "op")
    assert told.code == 2
    assert "delete-rds will delete rds.cluster orders (id cluster-" in told.err
    assert "account 123456789012, region us-west-2)" in told.err
    assert "add --yes" in told.err
    assert ask("status", "op", *sandbox).code == 2


@pytest.mark.parametrize(("typed", "code"), [("y\n", 0), ("yes\n", 0), ("n\n", 2), ("\n", 2), ("\x04", 2), ("ja\n", 2)])
def test_a_person_on_a_terminal_is_asked(sandbox: tuple[str, ...], typed: str, code: int) -> None:
    told = on_a_terminal("run", RESTORE, *INPUTS, *sandbox, typed=typed)
    assert told.code == code
    assert "Delete it? [y/N]" in told.err
    assert "region us-west-2" in told.err
    assert ("SUCCEEDED" in told.out) == (code == 0)


def test_no_input_never_asks(sandbox: tuple[str, ...]) -> None:
    told = on_a_terminal("run", RESTORE, *INPUTS, *sandbox, "--no-input", typed="y\n")
    assert told.code == 2
    assert "[y/N]" not in told.err


def test_where_nothing_is_there_nothing_is_asked(ask: Ask, tmp_path: Path, store: Store) -> None:
    gone = world(
        tmp_path,
        "{}",
        (
            "  rds.cluster/orders@us-west-2:\n    status: available",
            "  rds.cluster/orders@us-west-2:\n    status: missing",
        ),
    )
    told = ask("run", RESTORE, *INPUTS, gone, *store)
    assert told.code == 0
    assert "delete-rds: nothing to delete: there is no rds.cluster orders in us-west-2" in told.err


# -- protected names --------------------------------------------------------------------------------------------


def prod(tmp_path: Path) -> tuple[str, ...]:
    """The demonstration with a cluster whose name is protected."""
    pretend = world(tmp_path, "{}", ("rds.cluster/orders@", "rds.cluster/orders-prod@"))
    return "run", RESTORE, *INPUTS[:3], "cluster=orders-prod", pretend


def test_a_protected_name_needs_its_name(ask: Ask, tmp_path: Path, store: Store) -> None:
    told = ask(*prod(tmp_path), *store, "--yes", "--operation-id", "op")
    assert told.code == 2
    assert "matches the protected pattern *prod*" in told.err
    assert "--yes-delete orders-prod" in told.err
    assert ask("status", "op", *store).code == 2


def test_its_name_is_confirmation_enough(ask: Ask, tmp_path: Path, store: Store) -> None:
    assert ask(*prod(tmp_path), *store, "--yes-delete", "orders-prod").code == 0


def test_another_name_is_not(ask: Ask, tmp_path: Path, store: Store) -> None:
    assert ask(*prod(tmp_path), *store, "--yes", "--yes-delete", "orders").code == 2


def test_a_name_that_is_known_only_later_holds_before_anything_goes(ask: Ask, tmp_path: Path, store: Store) -> None:
    """What the operation itself made is protected by its name as well."""
    pretend = world(tmp_path, "{}", ("daily-backup-2024-03-20@", "daily-prod@"))
    words = ("run", RESTORE, "-i", "snapshot=daily-prod", *INPUTS[2:], pretend, *store, "--yes")
    told = ask(*words, "--operation-id", "op", "-o", "json")
    assert told.code == 5
    assert told.document["hold"]["kind"] == "in_the_way"
    assert told.document["hold"]["step"] == "archive-snapshot"
    assert "--yes-delete daily-prod-copy" in told.document["hold"]["reason"]
    assert ask("resume", "op", pretend, *store).code == 5
    assert ask("resume", "op", pretend, *store, "--yes-delete", "daily-prod-copy").code == 0


def test_the_project_says_what_is_protected(ask: Ask, tmp_path: Path, store: Store) -> None:
    written(tmp_path / "runbook.toml", 'protected = ["ord*"]\n')
    told = ask("run", RESTORE, *INPUTS, "--sandbox", *store, "--yes")
    assert told.code == 2
    assert "matches the protected pattern ord*" in told.err


@pytest.mark.parametrize(
    ("name", "pattern"),
    [("orders", ""), ("orders-prod", "*prod*"), ("PROD", "*prod*"), ("reproduce", "*prod*"), ("named-prod", "")],
)
def test_patterns(name: str, pattern: str) -> None:
    assert ProtectionPolicy(protected=("*prod*",), allowed=("named-prod",)).pattern_for(name) == pattern


def test_the_name_is_that_of_the_look_in_question() -> None:
    """A thing whose look says no name is protected by the name it was looked for by, whatever was looked at between."""
    kinds = protect(build_registry(entry_points=False), ProtectionPolicy(protected=("*prod*",))).kinds
    seen = Observation(status="available", cls="available", id="db-1")
    asked = kinds["rds.instance"].in_the_way
    assert "*prod*" in str(asked(seen, {"name": "orders-prod"}))
    assert asked(seen, {"name": "orders"}) is None
    assert "*prod*" in str(asked(changed(seen, attributes={"name": "named-prod"}), {"name": "orders"}))


# -- giving up live data --------------------------------------------------------------------------------------------


def test_past_the_point_of_no_return_live_data_needs_a_word(ask: Ask, tmp_path: Path, store: Store) -> None:
    pretend = world(tmp_path, "{setup-db-users: [AuthenticationFailed x9]}")
    told = ask("run", RESTORE, *INPUTS, pretend, *store, "--yes", "--operation-id", "op")
    assert told.code == 5, told.err
    refused = ask("cancel", "op", "--undo", "--past", "delete-rds", pretend, *store)
    assert refused.code == 2
    assert "nothing was done: rds.cluster orders (id cluster-" in refused.err
    done = ask("cancel", "op", "--undo", "--past", "delete-rds", pretend, *store, "--yes", "-o", "json")
    assert done.code == 0
    assert {one["state"] for one in done.document["resources"]} == {"gone"}


def test_the_demonstration_has_the_world_that_these_tests_change() -> None:
    assert "rds.cluster/orders@" in DEMO.read_text(encoding="utf-8")
