"""K10: two live runners of one operation, each stopped while the other works, with up to three switches.

One continues; the other stops at its next commit, or at the last check of its lease before a call; the end state is the
same as with one runner.
"""

from __future__ import annotations

import random

import pytest

from engine.errors import Busy, StoreConflict, UsageError
from engine.kernel import Operation
from engine.runtime.engine import Engine
from tests.crash.conftest import Schedules
from tests.crash.sandbox_end_state import (
    SandboxEndState,
    check_end,
    check_laws,
    end_state,
    foreign_changes,
    without_requested,
)
from tests.crash.sandbox_run import SandboxTrial
from tests.crash.two_runners import TwoRunners
from tests.laws.scenario_run import ID, Scenario, run
from tests.laws.scenarios import SCENARIOS

NAMES = (
    "everything succeeds", "the copy fails once", "stale reads after the deletes of the old cluster", "stale reads of a part for 40 s",
    "the reply of the restore is lost", "created resources are not visible at first", "the restore is always refused, undone past the point of no return",
    "until: a later failure undoes it",
)  # fmt: skip
CHOSEN = tuple(next(scenario for scenario in SCENARIOS if scenario.name == name) for name in NAMES)
POINTS = 24
"""The number of points at which the first runner is stopped, in each scenario."""
SWITCHES = 16
"""The number of schedules with three switches, in each scenario."""
SOAKED = 2000


def end_with_one_runner(scenario: Scenario) -> SandboxEndState:
    return end_state(SandboxTrial(scenario).execute())


def points_of_first(scenario: Scenario) -> list[str]:
    """The points of the first runner when there is no second."""
    runners = TwoRunners(scenario)
    while not runners.first.advance(1):
        pass
    runners.second.abandon()
    return runners.first.points


def in_flight(where: str) -> bool:
    """Whether the point is after the last check of the lease."""
    return where.startswith("in flight ") and "Describe" not in where and "Get" not in where


def stopped_in_flight(runners: TwoRunners) -> bool:
    """Whether either runner was stopped while a call was in flight, so that it may be late."""
    return any(in_flight(where) for runner in (runners.first, runners.second) for where in runner.stopped_at)


def stopped_in_a_database_call(runners: TwoRunners) -> bool:
    """Whether either runner was stopped in a database call: it times out when it wakes, which uses up an attempt."""
    return any(" postgres." in where for runner in (runners.first, runners.second) for where in runner.stopped_at)


def check_same_as_one_runner(runners: TwoRunners, end: SandboxEndState) -> None:
    operation = runners.final_operation()
    assert runners.finished, (runners.first.error, runners.second.error)
    check_end(runners, without_requested(end) if stopped_in_a_database_call(runners) else end)
    assert operation.ended or operation.hold is not None


@pytest.mark.parametrize("scenario", CHOSEN, ids=str)
def test_one_runner_is_stopped_until_the_other_has_finished(scenario: Scenario, schedules: Schedules) -> None:
    end, points = end_with_one_runner(scenario), points_of_first(scenario)
    mine = [number for number, where in enumerate(points, 1) if not in_flight(where)]
    stopped = 0
    for point in schedules.some(mine, POINTS):
        runners = TwoRunners(scenario).play(point)
        check_same_as_one_runner(runners, end)
        stopped += isinstance(runners.first.error, StoreConflict)
    assert stopped


@pytest.mark.parametrize("scenario", CHOSEN, ids=str)
def test_three_switches(scenario: Scenario, schedules: Schedules) -> None:
    """The first, the second, the first again, each from where it was stopped; then both to the end."""
    end, points = end_with_one_runner(scenario), points_of_first(scenario)
    rng = random.Random(scenario.name)
    for _ in schedules.some(range(SOAKED), SWITCHES):
        first = rng.randrange(1, len(points) + 1)
        second = rng.randrange(1, rng.choice((12, len(points) - first // 2 + 1)) + 1)
        third = rng.choice((None, 1, 2, 3, 5))
        runners = TwoRunners(scenario).play(first, second, *([] if third is None else [third]))
        if not stopped_in_flight(runners):
            check_same_as_one_runner(runners, end)


@pytest.mark.parametrize("scenario", CHOSEN, ids=str)
def test_a_call_in_flight_while_the_other_works_changes_nothing_foreign(
    scenario: Scenario, schedules: Schedules
) -> None:
    """AWS has no fencing: a call after the last check of the lease may be sent when the other runner has finished.

    This is the one way in which two runners differ from one. A resource that is created late has our tags, so `runbook
    orphans` finds it; a late delete removes the resource that has the name by then, which is not foreign.
    """
    foreign = end_with_one_runner(scenario).foreign
    points = points_of_first(scenario)
    air = [number for number, where in enumerate(points, 1) if in_flight(where)]
    assert air
    for point in schedules.of(air):
        runners = TwoRunners(scenario).play(point)
        runners.final_operation()
        assert foreign_changes(runners) <= foreign
        left = [thing for thing in runners.world.things if thing.there(runners.world.now) and thing.by.startswith(ID)]
        assert all(thing.tags.get("runbook:operation") == ID for thing in left)
        assert {thing.by for thing in left if [one.by for one in left].count(thing.by) > 1} == set()


def test_a_second_runner_is_refused_while_the_first_renews_its_lease(schedules: Schedules) -> None:
    """The second waits for a whole lease and is stopped meanwhile; the first continues and renews it."""
    scenario = CHOSEN[0]
    end = end_with_one_runner(scenario)
    busy = 0
    for second in range(1, 8):
        runners = TwoRunners(scenario).play(60, second, 30)
        schedules.one()
        check_same_as_one_runner(runners, end)
        busy += isinstance(runners.second.error, Busy)
    assert busy


def at(points: list[str], where: str, after: int = 0) -> int:
    """The number of the first such point after another."""
    return next(number for number, one in enumerate(points, 1) if number > after and one == where)


def test_a_late_record_does_not_stop_the_runner_with_the_lease(schedules: Schedules) -> None:
    """The late runner appends before it checks its lease. If that stopped the other runner, none would continue."""
    scenario = CHOSEN[0]
    end, points = end_with_one_runner(scenario), points_of_first(scenario)
    appends = [number for number, where in enumerate(points, 1) if where == "before append"][1:]
    for first in schedules.some(appends, 6):
        runners = TwoRunners(scenario)
        runners.first.advance(first)
        runners.second.until("before append")  # its event TakenUp
        runners.first.advance(1)
        check_same_as_one_runner(runners.play(), end)
        assert isinstance(runners.first.error, StoreConflict)


def test_a_runner_that_finds_another_at_work_loads_its_records(schedules: Schedules) -> None:
    """It is stopped between its first record and its lease, wakes when the other is stopped, and takes over."""
    scenario = CHOSEN[0]
    end, points = end_with_one_runner(scenario), points_of_first(scenario)
    first = at(points, "before take_lease")
    for second in schedules.some(range(20, len(points)), 6):
        runners = TwoRunners(scenario).play(first, second)
        if not stopped_in_flight(runners):
            check_same_as_one_runner(runners, end)
            assert runners.first in runners.finished


# -- two persons who say different things ----------------------------------------------------------------------


def cancel_command(runners: TwoRunners, engine: Engine) -> Operation:
    return engine.cancel(ID, undo=True, past=("delete-rds",))


def resume_command(runners: TwoRunners, engine: Engine) -> Operation:
    return engine.resume(ID, {"why": "looked at"})


def check_cancelled(runners: TwoRunners, end: SandboxEndState) -> None:
    """It was cancelled and nothing is left, or it had ended before."""
    operation = runners.final_operation()
    if isinstance(runners.second.error, UsageError):
        check_same_as_one_runner(runners, end)
        return
    assert operation.ended == "CANCELLED", (operation.status, runners.first.error, runners.second.error)
    assert foreign_changes(runners) <= end.foreign
    runners.clock.sleep(600)
    check_laws(runners)
    assert not [entry for entry in operation.ledger if entry.state == "open"]


def test_one_runner_is_stopped_and_the_other_cancels(schedules: Schedules) -> None:
    scenario = CHOSEN[0]
    end, points = end_with_one_runner(scenario), points_of_first(scenario)
    mine = [
        number for number in range(at(points, "after append"), len(points) + 1) if not in_flight(points[number - 1])
    ]
    for point in schedules.some(mine, POINTS):
        check_cancelled(TwoRunners(scenario, second=cancel_command).play(point), end)


def test_a_live_runner_obeys_a_cancel(schedules: Schedules) -> None:
    """The cancel is requested by a runner that waits for the lease, which the first renews."""
    scenario = CHOSEN[0]
    end, points = end_with_one_runner(scenario), points_of_first(scenario)
    asked = 0
    for point in schedules.some(range(at(points, "after append") + 20, len(points) - 40), 12):
        runners = TwoRunners(scenario, second=cancel_command)
        runners.first.advance(point)
        runners.second.until("asleep")
        runners.first.until("after renew_lease")
        runners.second.until("after ask_cancel")
        check_cancelled(runners.play(), end)
        asked += "after ask_cancel" in runners.second.points and runners.first in runners.finished
    assert asked


def test_two_persons_resume_a_held_operation(schedules: Schedules) -> None:
    scenario = next(scenario for scenario in SCENARIOS if scenario.name == "an approval")
    end = end_with_one_runner(scenario)
    runners = TwoRunners(scenario, resume_command, resume_command)
    run()(runners)
    runners.play()
    points = runners.first.points
    for point in schedules.some(range(1, len(points) + 1), POINTS):
        if in_flight(points[point - 1]):
            continue
        runners = TwoRunners(scenario, resume_command, resume_command)
        run()(runners)
        check_same_as_one_runner(runners.play(point, *([] if point % 2 else [7])), end)
