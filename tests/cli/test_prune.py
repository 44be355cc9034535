"""`runbook store prune`: operations that ended long ago go, with their records; what still names resources stays."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from actions import build_registry
from engine.clock import SystemClock
from engine.language.parse.document import load
from engine.runtime import prune
from engine.stores.factory import open_store
from engine.stores.lease import StoreLease, this_process
from tests.cli.commands import INPUTS, RESTORE, Cli, Store, assert_valid, start_held, start_held_with_copy, write_file

TOMORROW = ("--ended-before", "9998-01-01")


@pytest.fixture
def ended(cli: Cli, tmp_path: Path, store: Store) -> str:
    file = write_file(tmp_path / "ends.yaml", "runbook: ends\nsteps:\n  - {id: first, wait: 0s}\n")
    assert cli("run", file, *store, "--operation-id", "old").code == 0
    return file


def ids(cli: Cli, store: Store) -> list[str]:
    return [one["operation_id"] for one in cli("list", *store, "-o", "json").document["operations"]]


def test_an_ended_operation_is_deleted_after_a_yes(cli: Cli, ended: str, few: str, store: Store) -> None:
    start_held(cli, few, store, "held")
    refused = cli("store", "prune", *store, *TOMORROW)
    assert refused.code == 2
    assert "not confirmed; nothing was deleted: 1 operation and all their records in" in refused.err
    assert "old (ends, SUCCEEDED," in refused.err
    assert ids(cli, store) == ["held", "old"]
    result = cli("store", "prune", *store, *TOMORROW, "--yes", "-o", "json")
    assert result.code == 0, result.err
    assert_valid("prune", result.document)
    assert result.document == {"format": 1, "store": store[1], "deleted": ["old"], "kept": []}
    assert ids(cli, store) == ["held"]
    assert cli("status", "old", *store).code == 2
    assert cli("run", ended, *store, "--operation-id", "old").code == 0  # its id is free


def test_what_ended_later_stays(cli: Cli, ended: str, store: Store) -> None:
    for when in ("1d", "2020-01-01", "2020-01-01T06:00Z"):
        result = cli("store", "prune", *store, "--ended-before", when, "--yes")
        assert (result.code, result.out.split()[:2]) == (0, ["deleted", "0"])
    assert ids(cli, store) == ["old"]


@pytest.mark.parametrize("when", ["soon", "", "30", "2026-13-01", "-1d"])
def test_a_date_that_is_none_is_refused(cli: Cli, ended: str, store: Store, when: str) -> None:
    result = cli("store", "prune", *store, "--ended-before", when, "--yes")
    assert result.code == 2
    assert f"--ended-before {when}: write how long ago" in result.err
    assert ids(cli, store) == ["old"]


def test_an_operation_that_left_something_stays(cli: Cli, tmp_path: Path, store: Store) -> None:
    broken = start_held_with_copy(cli, tmp_path, store)
    assert cli("cancel", "op", broken, *store).code == 0  # without --undo: the copy stays
    result = cli("store", "prune", *store, *TOMORROW, "--yes", "-o", "json")
    assert_valid("prune", result.document)
    assert result.document["deleted"] == []
    (kept,) = result.document["kept"]
    assert (kept["operation_id"], kept["status"]) == ("op", "CANCELLED")
    assert kept["why"].startswith("rds.cluster_snapshot ")
    assert ids(cli, store) == ["op"]
    assert cli("cleanup", "op", broken, *store).code == 0
    assert cli("store", "prune", *store, *TOMORROW, "--yes", "-o", "json").document["deleted"] == ["op"]


def test_the_world_of_a_sandboxed_operation_goes_along(cli: Cli, store: Store) -> None:
    assert cli("run", RESTORE, *INPUTS, "--sandbox", *store, "--yes", "--operation-id", "op").code == 0
    world = Path(store[1].removeprefix("sqlite:") + ".sandbox") / "op.json"
    assert world.exists()
    assert cli("store", "prune", *store, *TOMORROW, "--yes").code == 0
    assert not world.exists()


def test_a_deletion_that_was_interrupted_is_finished(cli: Cli, ended: str, store: Store) -> None:
    """What DynamoDB can leave: a head that says so, and no first record."""
    opened = open_store(store[1])
    head = opened.head("old")
    assert head is not None
    opened.delete_operation("old")
    opened.summarise("old", {**head.summary, "deleting": True})
    opened.close()
    assert cli("store", "prune", *store, *TOMORROW, "--yes", "-o", "json").document["deleted"] == ["old"]
    assert ids(cli, store) == []


def test_an_operation_that_was_restarted_is_not_deleted(cli: Cli, few: str, store: Store) -> None:
    """Its head can be out of date."""
    start_held(cli, few, store)
    opened = open_store(store[1])
    head = opened.head("op")
    assert head is not None
    opened.summarise("op", {**head.summary, "status": "FAILED", "deleting": True})
    opened.close()
    assert cli("store", "prune", *store, *TOMORROW, "--yes", "-o", "json").document["deleted"] == []
    assert ids(cli, store) == ["op"]


def test_what_two_people_prune_at_once_leaves_no_head(cli: Cli, ended: str, store: Store, tmp_path: Path) -> None:
    opened = open_store(store[1], clients=None, clock=SystemClock())
    parse = partial(load, vocabulary=build_registry(), file="ends.yaml")
    for _ in range(2):  # both have listed it
        prune.delete(opened, "old", parse, StoreLease(opened, "old", SystemClock(), this_process("somebody")))
    assert opened.head("old") is None
    assert ids(cli, store) == []


def test_the_lease_of_an_operation_without_records_is_not_listed(cli: Cli, ended: str, store: Store) -> None:
    """A runner takes it before it writes the first record."""
    opened = open_store(store[1], clients=None, clock=SystemClock())
    StoreLease(opened, "next", SystemClock(), this_process("somebody")).acquire()
    assert ids(cli, store) == ["old"]
