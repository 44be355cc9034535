"""Killed before and after writes to the store and calls to AWS, resumed, and compared with a trial without crashes.

A test runs a sample of the schedules of its scenario; `make soak` runs all, also those between which only time passes.
"""

from __future__ import annotations

from itertools import combinations

import pytest

from tests.crash.conftest import Schedules
from tests.crash.sandbox_end_state import SandboxEndState, check_end, check_laws, end_state, without_requested
from tests.crash.sandbox_run import SandboxTrial
from tests.crash.sandbox_scenarios import POSSIBLE, SANDBOX_ONLY
from tests.laws.scenario_run import Scenario
from tests.laws.scenarios import UNREPEATABLE

SOME = 10
"""The number of points in each scenario."""
PAIRS = 6
"""The number of pairs of points in each scenario that is killed twice."""
AT_RESUME = 12
"""A resume adds this number of points, at which the second kill may happen."""


def points(trial: SandboxTrial) -> range:
    """All points of a trial without crashes."""
    return range(1, trial.killer.count + 1)


def undisturbed_run(scenario: Scenario) -> tuple[SandboxTrial, SandboxEndState]:
    """A trial without crashes, and the end state that the others must have."""
    undisturbed = SandboxTrial(scenario).execute()
    end = end_state(undisturbed)
    return undisturbed, without_requested(end) if scenario in SANDBOX_ONLY else end


@pytest.mark.parametrize("scenario", [*POSSIBLE, *SANDBOX_ONLY], ids=str)
def test_killed_at_every_point(scenario: Scenario, schedules: Schedules) -> None:
    undisturbed, end = undisturbed_run(scenario)
    check_end(undisturbed, end)
    for point in schedules.some(points(undisturbed), SOME):
        trial = SandboxTrial(scenario, [point]).execute()
        assert trial.kills == 1, point
        check_end(trial, end)


@pytest.mark.parametrize("scenario", [scenario for scenario in (*POSSIBLE, *SANDBOX_ONLY) if scenario.pairs], ids=str)
def test_killed_twice(scenario: Scenario, schedules: Schedules) -> None:
    undisturbed, end = undisturbed_run(scenario)
    pairs = list(combinations(range(1, len(points(undisturbed)) + AT_RESUME), 2))
    for pair in schedules.some(pairs, PAIRS):
        check_end(SandboxTrial(scenario, pair).execute(), end)


@pytest.mark.parametrize("scenario", UNREPEATABLE, ids=str)
def test_a_call_that_is_not_repeatable_is_never_sent_twice(scenario: Scenario, schedules: Schedules) -> None:
    """The one exception: if it is killed while such a call is in flight, it holds, and a person states the outcome."""
    for point in schedules.of(points(SandboxTrial(scenario).execute())):
        trial = SandboxTrial(scenario, [point])
        for act in scenario.acts:
            if trial.operation is None or not trial.operation.ended:
                act(trial)
        check_laws(trial)
