"""K9 with changes while no process runs: resources finish, disappear, or are replaced; and a cancel at every point."""

from __future__ import annotations

import pytest

from tests.laws.end_state import check_end, description, end_state, not_in_ledger, performed_twice
from tests.laws.scenario_parts import (
    CLUSTER,
    INSTANCE,
    INVISIBLE,
    RESTORE,
    SNAPSHOT,
    delete_copy,
    edited,
    replace_old_cluster,
)
from tests.laws.scenario_run import Scenario, Trial, cancel, run
from tests.laws.world import Thing, World

WELL = Scenario(name="everything succeeds", text=RESTORE)
KEPT = Scenario(
    name="the copy is kept at undo",
    text=edited(("    retry: slow\n    undo: delete\n\n  - id: network-check", "    retry: slow\n    undo: keep\n\n  - id: network-check")),
)  # fmt: skip
LATE = Scenario(name="created resources are not visible at first", text=RESTORE, arrange=INVISIBLE)
KEPT_LATE = Scenario(name="the copy is kept at undo and not visible at first", text=KEPT.text, arrange=INVISIBLE)


def points(scenario: Scenario) -> range:
    return range(1, Trial(scenario).execute().killer.count + 1)


def test_resumed_30_hours_after_the_kill() -> None:
    end = end_state(Trial(WELL).execute())
    for point in points(WELL):
        check_end(Trial(WELL, [point], downtime=30 * 3600.0).execute(), end)


def replace_or_take_name(world: World) -> None:
    """Replace the old cluster by another; if it is gone already, create one with its name."""
    there = world.named(CLUSTER, "orders", "us-west-2")
    if there is None:
        world.put(CLUSTER, "orders", "us-west-2")
    elif there.by == "somebody":
        replace_old_cluster(world)


@pytest.mark.parametrize("while_down", [delete_copy, replace_or_take_name])
def test_no_foreign_resource_is_changed_whatever_others_do(while_down: object) -> None:
    unreached = 0
    for point in points(WELL):
        trial = Trial(WELL, [point], while_down=while_down)  # type: ignore[arg-type]
        trial.scenario = Scenario(name="", text=RESTORE, ends=("",))
        trial.execute()
        operation = trial.operation
        assert operation is not None
        assert operation.status in ("SUCCEEDED", "HELD"), (point, description(trial))
        unreached += operation.status == "HELD"
        meant = operation.targets["delete-rds"].id
        assert not [one for one in foreign_changes(trial) if one.id != meant], (point, description(trial))
        assert not not_in_ledger(trial), point
        there = {thing.id for thing in trial.world.things if thing.there(trial.world.now)}
        assert all(entry.id in there for entry in operation.ledger if entry.state == "delivered"), point
    assert unreached


def foreign_changes(trial: Trial) -> list[Thing]:
    """Clusters that this operation has deleted and did not create."""
    deleted = {act.id for act in trial.world.journal if act.verb == "delete" and act.kind == CLUSTER}
    return [thing for thing in trial.world.things if thing.id in deleted and not thing.by.startswith("op-001/")]


@pytest.mark.parametrize("scenario", [WELL, KEPT, LATE, KEPT_LATE], ids=str)
@pytest.mark.parametrize(
    ("undo", "past"), [(False, ()), (True, ()), (True, ("delete-rds",))], ids=["cancel", "undo", "past"]
)
def test_after_a_cancel_at_every_point_the_ledger_has_all_that_is_left(
    scenario: Scenario, undo: bool, past: tuple[str, ...]
) -> None:
    for point in points(scenario):
        trial = Trial(scenario, [point])
        start_and_kill(trial)
        if trial.operation is None or trial.operation.ending is not None:
            continue
        cancel(undo=undo, past=past)(trial)
        operation = trial.operation
        assert operation.ended == "CANCELLED", (point, description(trial))
        trial.clock.sleep(600)
        assert not not_in_ledger(trial), (point, description(trial))
        assert not performed_twice(trial)
        assert undo is False or not [entry for entry in operation.ledger if entry.state == "open"]
        copies = [act for act in trial.world.journal if act.kind == SNAPSHOT and act.verb == "delete"]
        archived = operation.steps.get("archive-snapshot") is not None
        assert archived or not copies or scenario not in (KEPT, KEPT_LATE), (point, "what is to be kept was deleted")
        if undo and past and scenario is not KEPT and scenario is not KEPT_LATE:
            assert not ours(trial), point


def ours(trial: Trial) -> list[str]:
    now = trial.world.now
    return [t.name for t in trial.world.things if t.by.startswith("op-001/") and t.there(now) and t.kind != INSTANCE]


def start_and_kill(trial: Trial) -> None:
    """Run until the process is killed; nothing resumes it."""
    trial.resume_until_halt = lambda: None  # type: ignore[method-assign]
    run()(trial)
    del trial.resume_until_halt
