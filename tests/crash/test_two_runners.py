"""K10: two live runners of one operation, each stopped while the other works, with up to three switches.

One goes on; the other stops at its next commit, or at the last look at its lease before a call leaves; and the world
ends as with one.
"""

from __future__ import annotations

import random

import pytest

from engine.errors import Busy, StoreConflict, UsageError
from engine.kernel import Operation
from engine.runtime.engine import Engine
from tests.crash.conftest import Schedules
from tests.crash.sandbox_end_state import RealEnd, end_of, judge, keeps_the_laws, touched, without_keys
from tests.crash.sandbox_run import RealScene
from tests.crash.two_runners import Duel
from tests.laws.scenario_run import ID, Story, run
from tests.laws.scenarios import STORIES

NAMES = (
    "all goes well", "the copy fails once", "the old cluster's deletes are stale", "a part is stale for 40 s",
    "the restore's reply is lost", "everything made is invisible for a while", "the restore is refused for ever, with past",
    "until: a later failure undoes it",
)  # fmt: skip
TOLD = tuple(next(story for story in STORIES if story.name == name) for name in NAMES)
MOST = 24
"""So many points at which the first runner is stopped, in each story."""
SWITCHES = 16
"""So many schedules of three switches, in each story."""
SOAKED = 2000


def alone(story: Story) -> RealEnd:
    return end_of(RealScene(story).tell())


def stops(story: Story) -> list[str]:
    """The points of the first runner, if nobody else comes."""
    duel = Duel(story)
    while not duel.first.advance(1):
        pass
    duel.second.abandon()
    return duel.first.points


def in_the_air(where: str) -> bool:
    """Past the last instant that is ours."""
    return where.startswith("in the air ") and "Describe" not in where and "Get" not in where


def late(duel: Duel) -> bool:
    """Was either stopped in the air, so that a call of its may have left late?"""
    return any(in_the_air(where) for runner in (duel.first, duel.second) for where in runner.stopped_at)


def ran_out(duel: Duel) -> bool:
    """Was either stopped while it talked to the database? Its call's time is over when it wakes, and an attempt with it."""
    return any(" postgres." in where for runner in (duel.first, duel.second) for where in runner.stopped_at)


def ends_as_with_one(duel: Duel, end: RealEnd) -> None:
    operation = duel.settled()
    assert duel.went_on, (duel.first.error, duel.second.error)
    judge(duel, without_keys(end) if ran_out(duel) else end)
    assert operation.ended or operation.hold is not None


@pytest.mark.parametrize("story", TOLD, ids=str)
def test_one_is_stopped_at_every_point_and_wakes_when_the_other_is_done(story: Story, schedules: Schedules) -> None:
    end, points = alone(story), stops(story)
    mine = [number for number, where in enumerate(points, 1) if not in_the_air(where)]
    stopped = 0
    for point in schedules.some(mine, MOST):
        duel = Duel(story).play(point)
        ends_as_with_one(duel, end)
        stopped += isinstance(duel.first.error, StoreConflict)
    assert stopped


@pytest.mark.parametrize("story", TOLD, ids=str)
def test_three_switches(story: Story, schedules: Schedules) -> None:
    """The first, the second, the first again: each from where it was stopped; whoever is left goes on."""
    end, points = alone(story), stops(story)
    rng = random.Random(story.name)
    for _ in schedules.some(range(SOAKED), SWITCHES):
        first = rng.randrange(1, len(points) + 1)
        second = rng.randrange(1, rng.choice((12, len(points) - first // 2 + 1)) + 1)
        third = rng.choice((None, 1, 2, 3, 5))
        duel = Duel(story).play(first, second, *([] if third is None else [third]))
        if not late(duel):
            ends_as_with_one(duel, end)


@pytest.mark.parametrize("story", TOLD, ids=str)
def test_what_was_in_the_air_while_the_other_worked_touches_nothing_foreign(story: Story, schedules: Schedules) -> None:
    """AWS cannot be fenced: a call that was past the last look at the lease, and leaves only when the other is done.

    This is the one way in which two runners differ from one. What then is made bears our tags, and `runbook orphans`
    finds it; what is deleted is what its name means by then, which is nobody else's.
    """
    foreign = alone(story).foreign
    points = stops(story)
    air = [number for number, where in enumerate(points, 1) if in_the_air(where)]
    assert air
    for point in schedules.of(air):
        duel = Duel(story).play(point)
        duel.settled()
        assert touched(duel) <= foreign
        left = [thing for thing in duel.world.things if thing.there(duel.world.now) and thing.by.startswith(ID)]
        assert all(thing.tags.get("runbook:operation") == ID for thing in left)
        assert {thing.by for thing in left if [one.by for one in left].count(thing.by) > 1} == set()


def test_whoever_comes_while_the_other_lives_is_sent_away(schedules: Schedules) -> None:
    """The second waits for a whole lease, and is stopped in it; the first goes on, and renews it."""
    story = TOLD[0]
    end = alone(story)
    busy = 0
    for second in range(1, 8):
        duel = Duel(story).play(60, second, 30)
        schedules.one()
        ends_as_with_one(duel, end)
        busy += isinstance(duel.second.error, Busy)
    assert busy


def at(points: list[str], where: str, after: int = 0) -> int:
    """The number of the first point of that kind behind another one."""
    return next(number for number, one in enumerate(points, 1) if number > after and one == where)


def test_a_late_runners_last_word_does_not_stop_the_one_who_has_the_lease(schedules: Schedules) -> None:
    """It appends before it looks at its lease, which stops it; were the other to stop at that, nobody would go on."""
    story = TOLD[0]
    end, points = alone(story), stops(story)
    appends = [number for number, where in enumerate(points, 1) if where == "before append"][1:]
    for first in schedules.some(appends, 6):
        duel = Duel(story)
        duel.first.advance(first)
        duel.second.until("before append")  # its TakenUp
        duel.first.advance(1)
        ends_as_with_one(duel.play(), end)
        assert isinstance(duel.first.error, StoreConflict)


def test_whoever_begins_and_finds_another_at_work_loads_what_it_has_done(schedules: Schedules) -> None:
    """Stopped between its first record and its lease, and woken when the other is stopped, it takes that one over."""
    story = TOLD[0]
    end, points = alone(story), stops(story)
    first = at(points, "before take_lease")
    for second in schedules.some(range(20, len(points)), 6):
        duel = Duel(story).play(first, second)
        if not late(duel):
            ends_as_with_one(duel, end)
            assert duel.first in duel.went_on


# -- two persons who say different things ----------------------------------------------------------------------


def cancels(duel: Duel, engine: Engine) -> Operation:
    return engine.cancel(ID, undo=True, past=("delete-rds",))


def resumes(duel: Duel, engine: Engine) -> Operation:
    return engine.resume(ID, {"why": "looked at"})


def is_taken_back(duel: Duel, end: RealEnd) -> None:
    """Cancelled, and nothing is left; or it had ended before."""
    operation = duel.settled()
    if isinstance(duel.second.error, UsageError):
        ends_as_with_one(duel, end)
        return
    assert operation.ended == "CANCELLED", (operation.status, duel.first.error, duel.second.error)
    assert touched(duel) <= end.foreign
    duel.clock.sleep(600)
    keeps_the_laws(duel)
    assert not [entry for entry in operation.ledger if entry.state == "open"]


def test_one_is_stopped_and_the_other_cancels(schedules: Schedules) -> None:
    story = TOLD[0]
    end, points = alone(story), stops(story)
    mine = [
        number for number in range(at(points, "after append"), len(points) + 1) if not in_the_air(points[number - 1])
    ]
    for point in schedules.some(mine, MOST):
        is_taken_back(Duel(story, second=cancels).play(point), end)


def test_a_live_runner_hears_that_it_is_to_cancel(schedules: Schedules) -> None:
    """Asked by somebody who waits for a lease in vain, because the runner renews it."""
    story = TOLD[0]
    end, points = alone(story), stops(story)
    asked = 0
    for point in schedules.some(range(at(points, "after append") + 20, len(points) - 40), 12):
        duel = Duel(story, second=cancels)
        duel.first.advance(point)
        duel.second.until("asleep")
        duel.first.until("after renew_lease")
        duel.second.until("after ask_cancel")
        is_taken_back(duel.play(), end)
        asked += "after ask_cancel" in duel.second.points and duel.first in duel.went_on
    assert asked


def test_two_persons_resume_what_is_held(schedules: Schedules) -> None:
    story = next(story for story in STORIES if story.name == "an approval")
    end = alone(story)
    duel = Duel(story, resumes, resumes)
    run()(duel)
    duel.play()
    points = duel.first.points
    for point in schedules.some(range(1, len(points) + 1), MOST):
        if in_the_air(points[point - 1]):
            continue
        duel = Duel(story, resumes, resumes)
        run()(duel)
        ends_as_with_one(duel.play(point, *([] if point % 2 else [7])), end)
