"""The suggested next commands work: a suggested restart is accepted, and finds what its steps require."""

from __future__ import annotations

import re

import pytest

from engine.kernel.decide.notices import standard_text
from engine.reports.status import status_document
from tests.laws.end_state import description
from tests.laws.scenario_parts import (
    CAPACITY,
    CLUSTER,
    COPY_FAILS,
    HOLD,
    RESTORE,
    SNAPSHOT,
    UNANSWERED,
    WITH_PAST,
    before,
    edited,
)
from tests.laws.scenario_run import Scenario, Trial, cancel, cleanup, fault, lifecycles, restart, run
from tests.laws.test_k9_changes_while_down import WELL, points, start_and_kill
from tests.laws.world import World

NAMED = re.compile(r"runbook restart op-001 --from ([a-z-]+)")
TIMES_OUT = fault("call postgres.setup_users", UNANSWERED, times=4)
FULL = fault(f"create {CLUSTER}", CAPACITY, times=4)


def no_network(world: World) -> None:
    world.broken_checks.add("ec2.network")


def suggested_step(trial: Trial) -> str:
    """The step of the restart that all texts suggest."""
    operation, runbook = trial.operation, trial.parse(trial.scenario.text)
    assert operation is not None
    texts = [str(status_document(operation, runbook)["next"]), standard_text(operation, runbook)]
    (step,) = {step for text in texts for step in NAMED.findall(text)}
    return step


def check_restart_succeeds(trial: Trial, step: str) -> None:
    """Restart from the step, and check that it succeeds."""
    trial.stopped = ""
    trial.world.broken_checks.clear()
    restart(step)(trial)
    operation = trial.operation
    assert operation is not None
    assert not trial.stopped, trial.stopped
    assert operation.status == "SUCCEEDED", (step, description(trial))


@pytest.mark.parametrize(
    ("undo", "past"), [(False, ()), (True, ()), (True, ("delete-rds",))], ids=["cancel", "undo", "past"]
)
def test_the_restart_suggested_after_a_cancel_at_every_point(undo: bool, past: tuple[str, ...]) -> None:
    for point in points(WELL):
        trial = Trial(WELL, [point])
        start_and_kill(trial)
        if trial.operation is None or trial.operation.ending is not None:
            continue
        cancel(undo=undo, past=past)(trial)
        check_restart_succeeds(trial, suggested_step(trial))


@pytest.mark.parametrize(
    ("scenario", "step"),
    [
        (Scenario(name="the copy always fails", text=RESTORE, arrange=(lifecycles(SNAPSHOT, *[COPY_FAILS] * 4),)), "copy-snapshot"),
        (Scenario(name="the restore is refused and everything is undone", text=WITH_PAST, arrange=(FULL,)), "copy-snapshot"),
        (Scenario(name="the restore is refused and the operation cancelled", text=RESTORE, arrange=(FULL,),
               acts=(run(), cancel())), "restore-snapshot"),
        (Scenario(name="cancelled with undo at a check, so that the copy is gone", text=RESTORE,
               arrange=(no_network,), acts=(run(), cancel(undo=True))), "copy-snapshot"),
        (Scenario(name="cancelled, then cleaned up", text=RESTORE, arrange=(TIMES_OUT,),
               acts=(run(), cancel(), cleanup(("delete-rds",)))), "copy-snapshot"),
        (Scenario(name="resources past the point of no return are kept", text=RESTORE, arrange=(TIMES_OUT,), acts=(run(), cancel(undo=True))),
         "setup-db-users"),
        (Scenario(name="an archived copy is no longer required", text=edited(("outputs:", f"{HOLD}outputs:")),
               acts=(run(), cancel(undo=True))), "approval"),
        (Scenario(name="the first step fails", text=edited(before("snapshot-check", "  - {id: no, fail: no}\n"))), "no"),
    ],
    ids=str,
)  # fmt: skip
def test_the_latest_step_that_can_succeed_is_suggested(scenario: Scenario, step: str) -> None:
    trial = Trial(
        Scenario(name=scenario.name, text=scenario.text, arrange=scenario.arrange, acts=scenario.acts, ends=())
    ).execute()
    assert suggested_step(trial) == step
    if step not in ("no", "approval"):
        check_restart_succeeds(trial, step)
