"""What somebody meets in the first hour."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.commands import INPUTS, RESTORE, Cli, Store, start_held_with_copy, world


def test_a_new_try_in_the_sandbox_ends_the_held_one(cli: Cli, tmp_path, store: Store) -> None:
    broken = start_held_with_copy(cli, tmp_path, store)
    result = cli("run", RESTORE, *INPUTS, "--sandbox", *store, "--yes", "--operation-id", "next")
    assert result.code == 0, result.err
    assert "sandbox: ended operation op, which held and had the lock" in result.err
    assert cli("status", "op", broken, *store, "-o", "json").document["status"] == "CANCELLED"


def test_a_real_operation_that_holds_keeps_its_lock(cli: Cli, tmp_path, store: Store) -> None:
    file = tmp_path / "locked.yaml"
    file.write_text("runbook: locked\nlock: one\nsteps:\n  - {id: ask, hold: a person}\n", encoding="utf-8")
    assert cli("run", str(file), *store, "--operation-id", "op").code == 5
    for sandbox in ((), ("--sandbox",)):
        result = cli("run", str(file), *sandbox, *store, "--operation-id", f"next{len(sandbox)}")
        assert result.code == 6
        assert "operation op has the lock one" in result.err
    assert cli("status", "op", *store, "-o", "json").document["status"] == "HELD"


WORLDS = Path(__file__).with_name("inputs") / "worlds"
SCRIPTS = {
    "ty.yaml": "there is no step or call `restore-snapshto`; did you mean `restore-snapshot`?",
    "ty2.yaml": "restore-snapshot: there is no error `InvalidVpcConfig`; expected one of: InvalidVPCConfiguration, ",
    "ty3.yaml": "network-check: there is no status `broken`",
    "ty4.yaml": "there is no step or call `kms-check`",
    "ty5.yaml": "there is no step or call `rds.DescribeDBClusterss`; did you mean `rds.DescribeDBClusters`?",
    "ty6.yaml": "restore-snapshot: there is no status `falied`; did you mean `failed`?",
}


@pytest.mark.parametrize("world", list(SCRIPTS))
def test_a_misspelt_script_is_refused(cli: Cli, store: Store, world: str) -> None:
    sandbox = f"--sandbox={WORLDS / world}"
    result = cli("run", RESTORE, "-i", "snapshot=daily", "-i", "cluster=orders", sandbox, *store, "--yes")
    assert result.code == 2
    assert SCRIPTS[world] in result.err


def test_what_a_script_never_used_is_told(cli: Cli, tmp_path: Path, store: Store) -> None:
    script = "{copy-snapshot: [copying, failed x2], old: [ok x3], network-check: [wrong]}"
    result = cli("run", RESTORE, *INPUTS, world(tmp_path, script), *store, "--yes")
    assert result.code == 0, result.err
    assert "sandbox: the script's entry old: ok x3 was never used" in result.err
    assert "sandbox: the script's entry network-check: wrong was never used" in result.err
    assert "copy-snapshot: failed" not in result.err


def test_a_runbook_in_place_of_a_world(cli: Cli, store: Store) -> None:
    taken = cli("run", "--sandbox", RESTORE, *store)
    assert taken.code == 2
    assert f"`--sandbox {RESTORE}` names the file of a world; write `{RESTORE} --sandbox`" in taken.err
    given = cli("run", RESTORE, *INPUTS, "--sandbox", RESTORE, *store, "--yes")
    assert given.code == 2
    assert "is a runbook, and `--sandbox` takes the file of a world" in given.err
