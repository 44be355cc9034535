"""Confirmation of deletions: the prompt, `--yes`, and protected names."""

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
from tests.cli.commands import DEMO, INPUTS, RESTORE, RUNBOOK, Cli, Result, world, write_file

Store = tuple[str, str]
PROD = ("orders", "orders-prod")


def on_a_terminal(*words: str, typed: str) -> Result:
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
    return Result(code=process.returncode, out=out, err=shown.decode())


def test_without_a_terminal_or_yes_nothing_starts(cli: Cli, sandbox: tuple[str, ...]) -> None:
    result = cli("run", RESTORE, *INPUTS, *sandbox, "--operation-id", "op")
    assert result.code == 2
    assert "delete-rds will delete rds.cluster orders (id cluster-" in result.err
    assert "account 123456789012, region us-west-2)" in result.err
    assert "add --yes" in result.err
    assert cli("status", "op", *sandbox).code == 2


@pytest.mark.parametrize(("typed", "code"), [("y\n", 0), ("yes\n", 0), ("n\n", 2), ("\n", 2), ("\x04", 2), ("ja\n", 2)])
def test_a_person_at_a_terminal_is_asked(sandbox: tuple[str, ...], typed: str, code: int) -> None:
    result = on_a_terminal("run", RESTORE, *INPUTS, *sandbox, typed=typed)
    assert result.code == code
    assert "Delete it? [y/N]" in result.err
    assert "region us-west-2" in result.err
    assert ("SUCCEEDED" in result.out) == (code == 0)


def test_no_input_never_prompts(sandbox: tuple[str, ...]) -> None:
    result = on_a_terminal("run", RESTORE, *INPUTS, *sandbox, "--no-input", typed="y\n")
    assert result.code == 2
    assert "[y/N]" not in result.err


def test_nothing_to_delete_needs_no_confirmation(cli: Cli, tmp_path: Path, store: Store) -> None:
    gone = world(
        tmp_path,
        "{}",
        (
            "  rds.cluster/orders@us-west-2:\n    status: available",
            "  rds.cluster/orders@us-west-2:\n    status: missing",
        ),
    )
    result = cli("run", RESTORE, *INPUTS, gone, *store)
    assert result.code == 0
    assert "delete-rds: nothing to delete: there is no rds.cluster orders in us-west-2" in result.err


# -- protected names --------------------------------------------------------------------------------------------


def prod(tmp_path: Path) -> tuple[str, ...]:
    """The options for the demo world with a cluster whose name is protected."""
    pretend = world(tmp_path, "{}", ("rds.cluster/orders@", "rds.cluster/orders-prod@"))
    return "run", RESTORE, *INPUTS[:3], "cluster=orders-prod", pretend


def test_a_protected_name_needs_yes_delete(cli: Cli, tmp_path: Path, store: Store) -> None:
    result = cli(*prod(tmp_path), *store, "--yes", "--operation-id", "op")
    assert result.code == 2
    assert "matches the protected pattern *prod*" in result.err
    assert "--yes-delete orders-prod" in result.err
    assert cli("status", "op", *store).code == 2


def test_yes_delete_confirms(cli: Cli, tmp_path: Path, store: Store) -> None:
    assert cli(*prod(tmp_path), *store, "--yes-delete", "orders-prod").code == 0


def test_yes_delete_of_another_name_does_not_confirm(cli: Cli, tmp_path: Path, store: Store) -> None:
    assert cli(*prod(tmp_path), *store, "--yes", "--yes-delete", "orders").code == 2


def test_a_protected_name_that_is_known_late_holds_before_the_delete(cli: Cli, tmp_path: Path, store: Store) -> None:
    """Resources that the operation created are protected by their names too."""
    pretend = world(tmp_path, "{}", ("daily-backup-2024-03-20@", "daily-prod@"))
    words = ("run", RESTORE, "-i", "snapshot=daily-prod", *INPUTS[2:], pretend, *store, "--yes")
    result = cli(*words, "--operation-id", "op", "-o", "json")
    assert result.code == 5
    assert result.document["hold"]["kind"] == "in_the_way"
    assert result.document["hold"]["step"] == "archive-snapshot"
    assert "--yes-delete daily-prod-copy" in result.document["hold"]["reason"]
    assert cli("resume", "op", pretend, *store).code == 5
    assert cli("resume", "op", pretend, *store, "--yes-delete", "daily-prod-copy").code == 0


def test_a_project_sets_protected_patterns(cli: Cli, tmp_path: Path, store: Store) -> None:
    write_file(tmp_path / "runbook.toml", 'protected = ["ord*"]\n')
    result = cli("run", RESTORE, *INPUTS, "--sandbox", *store, "--yes")
    assert result.code == 2
    assert "matches the protected pattern ord*" in result.err


@pytest.mark.parametrize(
    ("name", "pattern"),
    [("orders", ""), ("orders-prod", "*prod*"), ("PROD", "*prod*"), ("reproduce", "*prod*"), ("named-prod", "")],
)
def test_patterns(name: str, pattern: str) -> None:
    assert ProtectionPolicy(protected=("*prod*",), allowed=("named-prod",)).pattern_for(name) == pattern


def test_a_resource_without_a_name_is_checked_by_its_parameters() -> None:
    """A look that reports no name is checked by the name that the step gives."""
    kinds = protect(build_registry(entry_points=False), ProtectionPolicy(protected=("*prod*",))).kinds
    seen = Observation(status="available", cls="available", id="db-1")
    run_cli = kinds["rds.instance"].in_the_way
    assert "*prod*" in str(run_cli(seen, {"name": "orders-prod"}))
    assert run_cli(seen, {"name": "orders"}) is None
    assert "*prod*" in str(run_cli(changed(seen, attributes={"name": "named-prod"}), {"name": "orders"}))


# -- giving up live data --------------------------------------------------------------------------------------------


def test_past_needs_confirmation(cli: Cli, tmp_path: Path, store: Store) -> None:
    pretend = world(tmp_path, "{setup-db-users: [AuthenticationFailed x9]}")
    result = cli("run", RESTORE, *INPUTS, pretend, *store, "--yes", "--operation-id", "op")
    assert result.code == 5, result.err
    refused = cli("cancel", "op", "--undo", "--past", "delete-rds", pretend, *store)
    assert refused.code == 2
    assert "nothing was done: rds.cluster orders (id cluster-" in refused.err
    done = cli("cancel", "op", "--undo", "--past", "delete-rds", pretend, *store, "--yes", "-o", "json")
    assert done.code == 0
    assert {one["state"] for one in done.document["resources"]} == {"gone"}


def test_the_demo_world_has_the_cluster_that_these_tests_rename() -> None:
    assert "rds.cluster/orders@" in DEMO.read_text(encoding="utf-8")
