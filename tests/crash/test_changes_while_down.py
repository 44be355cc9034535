"""Killed, and the world goes on: what is finished, what is gone, whose name is taken, and what a person then cancels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.crash.conftest import Schedules
from tests.crash.sandbox_end_state import end_of, judge, keeps_the_laws, touched
from tests.crash.sandbox_run import RealScene
from tests.crash.test_crashes import points
from tests.laws.end_state import told_of
from tests.laws.scenario_parts import vanishes
from tests.laws.scenario_run import ID, Story, cancel
from tests.laws.test_k9_changes_while_down import KEPT, KEPT_LATE, LATE, WELL, dies, swaps

SOME = 8
"""So many points of each test."""


def test_what_was_finished_while_nobody_ran_for_30_hours_is_finished(schedules: Schedules) -> None:
    undisturbed = RealScene(WELL).tell()
    end = end_of(undisturbed)
    for point in schedules.some(points(undisturbed), SOME):
        judge(RealScene(WELL, [point], away=30 * 3600.0).tell(), end)


COPY = f"{ID}/steps/2/"  # how the key of a copy begins


@pytest.mark.parametrize("meanwhile", [vanishes, swaps])
def test_whatever_somebody_does_nothing_foreign_is_touched(
    meanwhile: Callable[[Any], None], schedules: Schedules
) -> None:
    for point in schedules.some(points(RealScene(WELL).tell()), 2 * SOME):
        scene = RealScene(Story(name="", text=WELL.text, ends=("",)), [point], meanwhile=meanwhile).tell()
        operation = scene.operation
        assert operation is not None
        assert operation.status in ("SUCCEEDED", "HELD"), (point, told_of(scene))
        assert not not_meant(scene, operation.targets["delete-rds"].id), (point, told_of(scene))
        keeps_the_laws(scene, destroyed=COPY if meanwhile is vanishes else "-")


def not_meant(scene: RealScene, meant: str | None) -> list[tuple[str, str]]:
    """Foreign things that were changed, and are neither the cluster that is meant nor were instances of it."""
    may = {
        meant,
        *(thing.id for thing in scene.world.things if thing.kind == "rds.instance" and thing.id in scene.before),
    }
    return [(call, resource) for call, resource in touched(scene) if resource.rpartition("#")[2] not in may]


@pytest.mark.parametrize("story", [WELL, KEPT, LATE, KEPT_LATE], ids=str)
@pytest.mark.parametrize(
    ("undo", "past"), [(False, ()), (True, ()), (True, ("delete-rds",))], ids=["cancel", "undo", "past"]
)
def test_a_cancel_at_every_moment_leaves_nothing_that_the_ledger_does_not_name(
    story: Story, undo: bool, past: tuple[str, ...], schedules: Schedules
) -> None:
    for point in schedules.some(points(RealScene(story).tell()), SOME):
        scene = RealScene(story, [point])
        dies(scene)
        if scene.operation is None or scene.operation.ending is not None:
            continue
        cancel(undo=undo, past=past)(scene)
        operation = scene.operation
        assert operation.ended == "CANCELLED", (point, told_of(scene))
        scene.clock.sleep(600)
        keeps_the_laws(scene)
        assert undo is False or not [entry for entry in operation.ledger if entry.state == "open"]
