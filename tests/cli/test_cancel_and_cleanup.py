"""`runbook cancel` and `cleanup`; leases and locks of other operations; the sandbox and real operations."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.clock import SystemClock
from engine.stores.factory import open_store
from engine.stores.lease import StoreLease, this_process
from tests.cli.commands import FEW, INPUTS, LONG, RESTORE, Cli, Store, start_held, start_held_with_copy, write_file

# -- cancel, cleanup --------------------------------------------------------------------------------------------


def test_cancel_ends_the_operation(cli: Cli, few: str, store: Store) -> None:
    start_held(cli, few, store)
    result = cli("cancel", "op", *store, "-o", "json")
    assert result.code == 0
    assert result.document["status"] == "CANCELLED"
    again = cli("cancel", "op", *store)
    assert again.code == 2
    assert "has ended" in again.err


def test_cancel_undo_deletes_what_was_created(cli: Cli, tmp_path: Path, store: Store) -> None:
    pretend = start_held_with_copy(cli, tmp_path, store)
    result = cli("cancel", "op", "--undo", pretend, *store, "-o", "json")
    assert result.code == 0
    assert [one["state"] for one in result.document["resources"]] == ["gone"]
    assert result.document["cleanup_status"] == "COMPLETED"


def test_cleanup_deletes_what_a_cancelled_operation_left(cli: Cli, tmp_path: Path, store: Store) -> None:
    pretend = start_held_with_copy(cli, tmp_path, store)
    cancelled = cli("cancel", "op", pretend, *store, "-o", "json")
    assert {one["state"] for one in cancelled.document["resources"]} <= {"open", "kept"}
    result = cli("cleanup", "op", pretend, *store, "-o", "json")
    assert result.code == 0
    assert [one["state"] for one in result.document["resources"]] == ["gone"]


def test_cleanup_refuses_a_succeeded_operation(cli: Cli, sandbox: tuple[str, ...]) -> None:
    cli("run", RESTORE, *INPUTS, *sandbox, "--yes", "--operation-id", "op")
    result = cli("cleanup", "op", *sandbox)
    assert result.code == 2
    assert "is yours" in result.err


def test_cleanup_refuses_an_active_operation(cli: Cli, few: str, store: Store) -> None:
    start_held(cli, few, store)
    result = cli("cleanup", "op", *store)
    assert result.code == 2
    assert "runbook cancel op --undo" in result.err


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["cancel", "op", "--past", "first"], "--past needs --undo"),
        (["cancel", "op", "--undo", "--past", "first"], "not a point of no return of few; none are defined"),
        (["cleanup", "op", "--past", "first"], "not a point of no return of few; none are defined"),
    ],
)
def test_past_must_name_a_point_of_no_return(cli: Cli, few: str, store: Store, words: list[str], expected: str) -> None:
    start_held(cli, few, store)
    result = cli(*words, *store)
    assert result.code == 2
    assert expected in result.err


# -- two of them ------------------------------------------------------------------------------------------------


def test_an_operation_with_another_runner_is_busy(cli: Cli, few: str, store: Store) -> None:
    start_held(cli, few, store)
    opened = open_store(store[1])
    lease = StoreLease(opened, "op", SystemClock(), this_process("somebody@somewhere"))
    lease.acquire()
    try:
        result = cli("resume", "op", *store)
    finally:
        lease.release()
        opened.close()
    assert result.code == 6
    assert "somebody@somewhere" in result.err


def test_one_operation_at_a_time_holds_the_lock(cli: Cli, tmp_path: Path, store: Store) -> None:
    locked = write_file(tmp_path / "a.yaml", FEW.replace("steps:", "lock: the-target\nsteps:"))
    assert cli("run", locked, *store, "--operation-id", "one").code == 5
    result = cli("run", locked, *store, "--operation-id", "two")
    assert result.code == 6
    assert "operation one has the lock the-target" in result.err
    cli("cancel", "one", *store)
    assert cli("resume", "two", *store).code == 5


def test_an_operation_that_created_nothing_can_be_cancelled_without_the_lock(
    cli: Cli, tmp_path: Path, store: Store
) -> None:
    locked = write_file(tmp_path / "a.yaml", FEW.replace("steps:", "lock: the-target\nsteps:"))
    assert cli("run", locked, *store, "--operation-id", "one").code == 5
    assert cli("run", locked, *store, "--operation-id", "two").code == 6
    assert cli("cancel", "two", *store, "--undo").code == 0
    assert cli("run", locked, *store, "--operation-id", "three").code == 6  # the first still has it
    assert cli("resume", "one", *store).code == 0


def test_an_operation_with_an_on_cancel_list_needs_the_lock(cli: Cli, tmp_path: Path, store: Store) -> None:
    text = FEW.replace("steps:", "lock: the-target\non_cancel: [{wait: 0s}]\nsteps:")
    locked = write_file(tmp_path / "a.yaml", text)
    assert cli("run", locked, *store, "--operation-id", "one").code == 5
    assert cli("run", locked, *store, "--operation-id", "two").code == 6
    result = cli("cancel", "two", *store)
    assert result.code == 6
    assert "operation one has the lock the-target" in result.err


# -- the sandbox and the real world -------------------------------------------------------------------------------


def test_a_sandbox_operation_needs_the_sandbox_option(cli: Cli, tmp_path: Path, store: Store) -> None:
    start_held_with_copy(cli, tmp_path, store)
    result = cli("resume", "op", *store)
    assert result.code == 2
    assert "add --sandbox" in result.err


def test_a_real_operation_refuses_the_sandbox_option(cli: Cli, few: str, store: Store) -> None:
    start_held(cli, few, store)
    result = cli("resume", "op", *store, "--sandbox")
    assert result.code == 2
    assert "remove --sandbox" in result.err


def test_a_missing_sandbox_world(cli: Cli, tmp_path: Path, store: Store) -> None:
    pretend = start_held_with_copy(cli, tmp_path, store)
    for file in Path(f"{store[1].removeprefix('sqlite:')}.sandbox").iterdir():
        file.unlink()
    result = cli("resume", "op", pretend, *store)
    assert result.code == 4
    assert "the file of its sandbox world is missing" in result.err


def test_the_sandbox_has_a_default_store_of_its_own(cli: Cli, few: str, tmp_path: Path) -> None:
    assert cli("run", few, "--operation-id", "real").code == 5
    assert cli("run", few, "--operation-id", "pretended", "--sandbox").code == 5
    assert "pretended" not in cli("list").out
    assert "real" not in cli("list", "--sandbox").out


def test_the_default_store_is_announced_as_local(cli: Cli, few: str, store: Store) -> None:
    assert "only this machine can see or resume it" in cli("run", few).err
    assert "only this machine" not in cli("run", few, *store).err


def test_sandbox_waits_take_virtual_time(cli: Cli, tmp_path: Path, sandbox: tuple[str, ...]) -> None:
    result = cli("run", write_file(tmp_path / "a.yaml", LONG), *sandbox)
    assert result.code == 0
    assert "waiting 1h until 01:06Z" in result.err
