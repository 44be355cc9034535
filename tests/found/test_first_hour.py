"""What somebody meets in the first hour."""

from __future__ import annotations

from tests.cli.commands import INPUTS, RESTORE, Cli, Store, start_held_with_copy


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
