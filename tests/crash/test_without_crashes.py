"""Every scenario ends over the real actions as it does in the small world of the laws.

So what the laws check in many thousands of trials also holds for the real actions, which are too slow for that.
"""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterable

import pytest

from tests.crash.conftest import Schedules
from tests.crash.sandbox_end_state import check_end, end_state
from tests.crash.sandbox_run import SandboxTrial
from tests.crash.sandbox_scenarios import POSSIBLE
from tests.laws import end_state as laws
from tests.laws.scenario_run import Scenario, Trial
from tests.laws.scenarios import UNREPEATABLE


def without_ids(keys: Iterable[str]) -> set[str]:
    """Keys of effects, without the ids of deleted resources, which differ between worlds."""
    return {key.partition("/delete/")[0] + "/delete" if "/delete/" in key else key for key in keys}


@pytest.mark.parametrize("scenario", [*POSSIBLE, *UNREPEATABLE], ids=str)
def test_a_scenario_ends_as_in_the_laws_world(scenario: Scenario, schedules: Schedules) -> None:
    """Also, every fault hits the same calls in both."""
    real, small = SandboxTrial(scenario).execute(), Trial(scenario).execute()
    schedules.one()
    check_end(real, end_state(real))
    here, there = laws.end_state(real), laws.end_state(small)
    assert (here.status, here.at) == (there.status, there.at)
    assert (here.things, here.made) == (there.things, there.made)
    assert {*here.users} == {*there.users}  # users are per database here, and global in the laws' world
    assert here.subjects == there.subjects
    assert without_ids(here.asked) == without_ids(there.asked)
    assert len(here.foreign_deleted) == len(there.foreign_deleted)
    assert faults_hit(real) == faults_hit(small)


def faults_hit(trial: Trial) -> tuple[list[object], list[int]]:
    """The number of effects that each fault hit (of looks, whether any), and the lifecycles that were not used."""
    met = [
        len(fault.met) > fault.first if fault.on.startswith("look ") else len(fault.met) for fault in trial.world.faults
    ]
    return met, [len(queue) for queue in trial.world.lifecycles.values()]


def test_a_trial_leaves_nothing_in_memory() -> None:
    """In a trial with a kill and an error: no reference cycle is hidden from the garbage collector."""
    scenario = next(one for one in POSSIBLE if one.name == "the copy fails once")
    trial = SandboxTrial(scenario, [20]).execute()
    assert trial.kills
    left = weakref.ref(trial.world)
    del trial
    gc.collect()
    assert left() is None
