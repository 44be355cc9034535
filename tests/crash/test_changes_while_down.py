"""Killed, with changes before the resume: resources finish, disappear or are replaced; and a cancel at every point."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.crash.conftest import Schedules
from tests.crash.sandbox_end_state import check_end, check_laws, end_state, foreign_changes
from tests.crash.sandbox_run import SandboxTrial
from tests.crash.test_crashes import points
from tests.laws.end_state import description
from tests.laws.scenario_parts import delete_copy
from tests.laws.scenario_run import ID, Scenario, cancel
from tests.laws.test_k9_changes_while_down import KEPT, KEPT_LATE, LATE, WELL, replace_or_take_name, start_and_kill

SOME = 8
"""The number of points in each test."""


def test_resumed_30_hours_after_the_kill(schedules: Schedules) -> None:
    undisturbed = SandboxTrial(WELL).execute()
    end = end_state(undisturbed)
    for point in schedules.some(points(undisturbed), SOME):
        check_end(SandboxTrial(WELL, [point], downtime=30 * 3600.0).execute(), end)


COPY = f"{ID}/steps/2/"  # the prefix of the keys of the copy


@pytest.mark.parametrize("while_down", [delete_copy, replace_or_take_name])
def test_no_foreign_resource_is_changed_whatever_others_do(
    while_down: Callable[[Any], None], schedules: Schedules
) -> None:
    for point in schedules.some(points(SandboxTrial(WELL).execute()), 2 * SOME):
        trial = SandboxTrial(Scenario(name="", text=WELL.text, ends=("",)), [point], while_down=while_down).execute()
        operation = trial.operation
        assert operation is not None
        assert operation.status in ("SUCCEEDED", "HELD"), (point, description(trial))
        assert not wrong_targets(trial, operation.targets["delete-rds"].id), (point, description(trial))
        check_laws(trial, destroyed=COPY if while_down is delete_copy else "-")


def wrong_targets(trial: SandboxTrial, meant: str | None) -> list[tuple[str, str]]:
    """Foreign resources that were changed, apart from the target and its instances."""
    may = {
        meant,
        *(thing.id for thing in trial.world.things if thing.kind == "rds.instance" and thing.id in trial.before),
    }
    return [(call, resource) for call, resource in foreign_changes(trial) if resource.rpartition("#")[2] not in may]


@pytest.mark.parametrize("scenario", [WELL, KEPT, LATE, KEPT_LATE], ids=str)
@pytest.mark.parametrize(
    ("undo", "past"), [(False, ()), (True, ()), (True, ("delete-rds",))], ids=["cancel", "undo", "past"]
)
def test_after_a_cancel_at_every_point_the_ledger_has_all_that_is_left(
    scenario: Scenario, undo: bool, past: tuple[str, ...], schedules: Schedules
) -> None:
    for point in schedules.some(points(SandboxTrial(scenario).execute()), SOME):
        trial = SandboxTrial(scenario, [point])
        start_and_kill(trial)
        if trial.operation is None or trial.operation.ending is not None:
            continue
        cancel(undo=undo, past=past)(trial)
        operation = trial.operation
        assert operation.ended == "CANCELLED", (point, description(trial))
        trial.clock.sleep(600)
        check_laws(trial)
        assert undo is False or not [entry for entry in operation.ledger if entry.state == "open"]
