"""Killed before and after every write to the store and every call to AWS, resumed, and compared with the undisturbed end.

A test tells some of the schedules of its story, evenly, from another one on in each story; `make soak` tells all, and
those between which only time has passed.
"""

from __future__ import annotations

from itertools import combinations

import pytest

from tests.crash.conftest import Schedules
from tests.crash.sandbox_end_state import RealEnd, end_of, judge, keeps_the_laws, without_keys
from tests.crash.sandbox_run import RealScene
from tests.crash.sandbox_scenarios import REAL, TOLD
from tests.laws.scenario_run import Story
from tests.laws.scenarios import UNREPEATABLE

SOME = 10
"""So many points of each story."""
PAIRS = 6
"""So many pairs of points of each story that is killed twice."""
AT_RESUME = 12
"""So many more points come with a resume: a second death may fall on those, too."""


def points(scene: RealScene) -> range:
    """All of the points of an undisturbed telling."""
    return range(1, scene.killer.count + 1)


def told(story: Story) -> tuple[RealScene, RealEnd]:
    """Undisturbed, and how it is to end."""
    undisturbed = RealScene(story).tell()
    end = end_of(undisturbed)
    return undisturbed, without_keys(end) if story in REAL else end


@pytest.mark.parametrize("story", [*TOLD, *REAL], ids=str)
def test_killed_at_every_point(story: Story, schedules: Schedules) -> None:
    undisturbed, end = told(story)
    judge(undisturbed, end)
    for point in schedules.some(points(undisturbed), SOME):
        scene = RealScene(story, [point]).tell()
        assert scene.deaths == 1, point
        judge(scene, end)


@pytest.mark.parametrize("story", [story for story in (*TOLD, *REAL) if story.pairs], ids=str)
def test_killed_twice(story: Story, schedules: Schedules) -> None:
    undisturbed, end = told(story)
    pairs = list(combinations(range(1, len(points(undisturbed)) + AT_RESUME), 2))
    for pair in schedules.some(pairs, PAIRS):
        judge(RealScene(story, pair).tell(), end)


@pytest.mark.parametrize("story", UNREPEATABLE, ids=str)
def test_a_call_that_is_not_repeatable_is_never_sent_twice(story: Story, schedules: Schedules) -> None:
    """The one exception: where it dies with such a call in the air, it holds, and a person says what became of it."""
    for point in schedules.of(points(RealScene(story).tell())):
        scene = RealScene(story, [point])
        for act in story.acts:
            if scene.operation is None or not scene.operation.ended:
                act(scene)
        keeps_the_laws(scene)
