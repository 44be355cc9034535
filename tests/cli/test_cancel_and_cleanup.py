"""cancel and cleanup; two that want the same; the sandbox and the real world."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.clock import SystemClock
from engine.stores.factory import open_store
from engine.stores.lease import StoreLease, this_process
from tests.cli.commands import FEW, INPUTS, LONG, RESTORE, Ask, Store, begun, held_with_a_copy, written

# -- cancel, cleanup --------------------------------------------------------------------------------------------


def test_cancel_ends_it(ask: Ask, few: str, store: Store) -> None:
    begun(ask, few, store)
    told = ask("cancel", "op", *store, "-o", "json")
    assert told.code == 0
    assert told.document["status"] == "CANCELLED"
    again = ask("cancel", "op", *store)
    assert again.code == 2
    assert "has ended" in again.err


def test_cancel_undo_takes_back_what_was_made(ask: Ask, tmp_path: Path, store: Store) -> None:
    pretend = held_with_a_copy(ask, tmp_path, store)
    told = ask("cancel", "op", "--undo", pretend, *store, "-o", "json")
    assert told.code == 0
    assert [one["state"] for one in told.document["resources"]] == ["gone"]
    assert told.document["cleanup_status"] == "COMPLETED"


def test_cleanup_takes_back_what_a_cancelled_one_left(ask: Ask, tmp_path: Path, store: Store) -> None:
    pretend = held_with_a_copy(ask, tmp_path, store)
    cancelled = ask("cancel", "op", pretend, *store, "-o", "json")
    assert {one["state"] for one in cancelled.document["resources"]} <= {"open", "kept"}
    told = ask("cleanup", "op", pretend, *store, "-o", "json")
    assert told.code == 0
    assert [one["state"] for one in told.document["resources"]] == ["gone"]


def test_cleanup_refuses_what_has_succeeded(ask: Ask, sandbox: tuple[str, ...]) -> None:
    ask("run", RESTORE, *INPUTS, *sandbox, "--yes", "--operation-id", "op")
    told = ask("cleanup", "op", *sandbox)
    assert told.code == 2
    assert "is yours" in told.err


def test_cleanup_refuses_what_has_not_ended(ask: Ask, few: str, store: Store) -> None:
    begun(ask, few, store)
    told = ask("cleanup", "op", *store)
    assert told.code == 2
    assert "runbook cancel op --undo" in told.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["cancel", "op", "--past", "first"], "--past needs --undo"),
        (["cancel", "op", "--undo", "--past", "first"], "not a point of no return of few; none are defined"),
        (["cleanup", "op", "--past", "first"], "not a point of no return of few; none are defined"),
    ],
)
def test_past_names_a_point_of_no_return(ask: Ask, few: str, store: Store, words: list[str], said: str) -> None:
    begun(ask, few, store)
    told = ask(*words, *store)
    assert told.code == 2
    assert said in told.err


# -- two of them ------------------------------------------------------------------------------------------------


def test_what_another_runner_has_is_left_to_it(ask: Ask, few: str, store: Store) -> None:
    begun(ask, few, store)
    opened = open_store(store[1])
    lease = StoreLease(opened, "op", SystemClock(), this_process("somebody@somewhere"))
    lease.acquire()
    try:
        told = ask("resume", "op", *store)
    finally:
        lease.release()
        opened.close()
    assert told.code == 6
    assert "somebody@somewhere" in told.err


def test_one_operation_at_a_time_on_a_target(ask: Ask, tmp_path: Path, store: Store) -> None:
    locked = written(tmp_path / "a.yaml", FEW.replace("steps:", "lock: the-target\nsteps:"))
    assert ask("run", locked, *store, "--operation-id", "one").code == 5
    told = ask("run", locked, *store, "--operation-id", "two")
    assert told.code == 6
    assert "operation one has the lock the-target" in told.err
    ask("cancel", "one", *store)
    assert ask("resume", "two", *store).code == 5


def test_what_has_made_nothing_is_given_up_though_another_has_its_target(
    ask: Ask, tmp_path: Path, store: Store
) -> None:
    locked = written(tmp_path / "a.yaml", FEW.replace("steps:", "lock: the-target\nsteps:"))
    assert ask("run", locked, *store, "--operation-id", "one").code == 5
    assert ask("run", locked, *store, "--operation-id", "two").code == 6
    assert ask("cancel", "two", *store, "--undo").code == 0
    assert ask("run", locked, *store, "--operation-id", "three").code == 6  # the first still has it
    assert ask("resume", "one", *store).code == 0


def test_what_has_something_to_do_at_its_end_needs_its_target(ask: Ask, tmp_path: Path, store: Store) -> None:
    text = FEW.replace("steps:", "lock: the-target\non_cancel: [{wait: 0s}]\nsteps:")
    locked = written(tmp_path / "a.yaml", text)
    assert ask("run", locked, *store, "--operation-id", "one").code == 5
    assert ask("run", locked, *store, "--operation-id", "two").code == 6
    told = ask("cancel", "two", *store)
    assert told.code == 6
    assert "operation one has the lock the-target" in told.err


# -- the sandbox and the real world -------------------------------------------------------------------------------


def test_an_operation_of_the_sandbox_is_never_driven_in_the_real_world(ask: Ask, tmp_path: Path, store: Store) -> None:
    held_with_a_copy(ask, tmp_path, store)
    told = ask("resume", "op", *store)
    assert told.code == 2
    assert "add --sandbox" in told.err


def test_nor_the_other_way_round(ask: Ask, few: str, store: Store) -> None:
    begun(ask, few, store)
    told = ask("resume", "op", *store, "--sandbox")
    assert told.code == 2
    assert "remove --sandbox" in told.err


def test_a_world_that_is_gone_is_told(ask: Ask, tmp_path: Path, store: Store) -> None:
    pretend = held_with_a_copy(ask, tmp_path, store)
    for file in Path(f"{store[1].removeprefix('sqlite:')}.sandbox").iterdir():
        file.unlink()
    told = ask("resume", "op", pretend, *store)
    assert told.code == 4
    assert "the file of its sandbox world is missing" in told.err


def test_without_a_store_the_sandbox_has_one_apart(ask: Ask, few: str, tmp_path: Path) -> None:
    assert ask("run", few, "--operation-id", "real").code == 5
    assert ask("run", few, "--operation-id", "pretended", "--sandbox").code == 5
    assert "pretended" not in ask("list").out
    assert "real" not in ask("list", "--sandbox").out


def test_the_default_store_says_that_nobody_else_can_see_it(ask: Ask, few: str, store: Store) -> None:
    assert "only this machine can see or resume it" in ask("run", few).err
    assert "only this machine" not in ask("run", few, *store).err


def test_a_wait_is_virtual_in_the_sandbox(ask: Ask, tmp_path: Path, sandbox: tuple[str, ...]) -> None:
    told = ask("run", written(tmp_path / "a.yaml", LONG), *sandbox)
    assert told.code == 0
    assert "waiting 1h until 01:06Z" in told.err
