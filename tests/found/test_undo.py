"""Inputs that once failed: what is taken back, what is kept, and what a restart does after it."""

from __future__ import annotations

import pytest

from tests.crash.sandbox_run import SandboxTrial
from tests.laws.scenario_parts import SNAPSHOT
from tests.laws.scenario_run import Trial
from tests.laws.undo_scenarios import ITEMS, SOURCES

UNDO = {scenario.name: scenario for scenario in (*SOURCES, *ITEMS)}


@pytest.mark.parametrize("world", [Trial, SandboxTrial])
@pytest.mark.parametrize(
    ("name", "states"),
    [
        ("undo: the source is there, so the copy is deleted", ["gone"]),
        ("undo: another snapshot has the name of the source, so the copy is kept", ["kept"]),
        ("undo: a look at the source fails once", ["gone"]),
        ("a look at a broken cluster fails once, past the point of no return", ["open", *["gone"] * 4]),
        ("each item of a for_each makes a copy in its do", ["delivered", "delivered"]),
    ],
)
def test_what_becomes_of_what_was_made(name: str, states: list[str], world: type[Trial]) -> None:
    operation = world(UNDO[name]).execute().operation
    assert operation is not None
    assert [entry.state for entry in operation.ledger] == states


def test_each_item_removes_its_own() -> None:
    """A removal in the `do` of a `for_each` records a target for each item."""
    trial = SandboxTrial(UNDO["each item of a for_each removes a snapshot in its do"]).execute()
    assert trial.operation is not None
    assert sorted(trial.operation.targets) == ["away[0]", "away[1]"]
    assert trial.world.named(SNAPSHOT, "one", "us-west-2") is None
    assert trial.world.named(SNAPSHOT, "two", "us-west-2") is None
