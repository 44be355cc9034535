"""K9: killed at any points, an operation ends as without crashes.

Nothing is created twice, nothing foreign is changed, and the ledger has all that is left.
"""

from __future__ import annotations

from functools import cache
from itertools import combinations, zip_longest
from typing import Any

import pytest

from tests.laws.end_state import check_end, end_state, not_in_ledger, performed_twice
from tests.laws.scenario_run import Scenario, Trial
from tests.laws.scenarios import SCENARIOS, UNREPEATABLE

PAIRS = 20
"""The number of pairs of points for each scenario that is killed twice; `make soak` takes all."""

SHARED = 8
"""Of the points before which another scenario has exactly the same log, one in this number; `make soak` takes all."""


@pytest.mark.slow
@pytest.mark.parametrize("scenario", SCENARIOS, ids=str)
def test_killed_at_every_point(scenario: Scenario, request: pytest.FixtureRequest) -> None:
    undisturbed = Trial(scenario).execute()
    end = end_state(undisturbed)
    check_end(undisturbed, end)
    shared = 0 if request.config.getoption("--soak") else had_by_another(scenario, undisturbed)
    for point in [*range(1, shared + 1, SHARED), *range(shared + 1, undisturbed.killer.count + 1)]:
        trial = Trial(scenario, [point]).execute()
        assert trial.kills == 1, point
        check_end(trial, end)


def had_by_another(scenario: Scenario, undisturbed: Trial) -> int:
    """The number of points before its log differs from that of the first scenario with the same runbook; 0 for that one."""
    first = next(one for one in SCENARIOS if one.text == scenario.text)
    if first is scenario:
        return 0
    for ours, theirs in zip_longest(undisturbed.store.points, points_of(first)):
        if ours is None or ours != theirs:
            return ours[1] if ours is not None else undisturbed.killer.count
    return undisturbed.killer.count


@cache
def points_of(scenario: Scenario) -> list[tuple[Any, int]]:
    return Trial(scenario).execute().store.points


@pytest.mark.slow
@pytest.mark.parametrize("scenario", [scenario for scenario in SCENARIOS if scenario.pairs], ids=str)
def test_killed_twice(scenario: Scenario, request: pytest.FixtureRequest) -> None:
    undisturbed = Trial(scenario).execute()
    end = end_state(undisturbed)
    pairs = list(combinations(range(1, undisturbed.killer.count + 8), 2))
    step = 1 if request.config.getoption("--soak") else max(1, len(pairs) // PAIRS)
    for pair in pairs[::step]:
        check_end(Trial(scenario, pair).execute(), end)


@pytest.mark.parametrize("scenario", UNREPEATABLE, ids=str)
def test_a_call_that_is_not_repeatable_is_never_sent_twice(scenario: Scenario) -> None:
    """The one exception: if it is killed while such a call is in flight, it holds, and a person states the outcome."""
    undisturbed = Trial(scenario).execute()
    for point in range(1, undisturbed.killer.count + 1):
        trial = Trial(scenario, [point])
        for act in scenario.acts:
            operation = trial.operation
            if operation is None or not operation.ended:
                act(trial)
        assert not performed_twice(trial)
        assert not not_in_ledger(trial)
