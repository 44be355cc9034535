"""K9: killed anywhere, any number of times, the world ends as without crashes.

Nothing is made twice, nothing foreign is touched, nothing is left that the ledger does not name.
"""

from __future__ import annotations

from functools import cache
from itertools import combinations, zip_longest
from typing import Any

import pytest

from tests.laws.end_state import end_of, judge, made_twice, not_in_the_ledger
from tests.laws.scenario_run import Scene, Story
from tests.laws.scenarios import STORIES, UNREPEATABLE

PAIRS = 20
"""So many pairs of points of each story that is killed twice; `make soak` takes all."""

SHARED = 8
"""Of so many points at which another story's log is the same to the letter, one; `make soak` takes all."""


@pytest.mark.slow
@pytest.mark.parametrize("story", STORIES, ids=str)
def test_killed_at_every_point(story: Story, request: pytest.FixtureRequest) -> None:
    undisturbed = Scene(story).tell()
    end = end_of(undisturbed)
    judge(undisturbed, end)
    shared = 0 if request.config.getoption("--soak") else had_by_another(story, undisturbed)
    for point in [*range(1, shared + 1, SHARED), *range(shared + 1, undisturbed.killer.count + 1)]:
        scene = Scene(story, [point]).tell()
        assert scene.deaths == 1, point
        judge(scene, end)


def had_by_another(story: Story, undisturbed: Scene) -> int:
    """The points before its log differs from that of the first story of the same runbook; 0 for that one itself."""
    first = next(one for one in STORIES if one.text == story.text)
    if first is story:
        return 0
    for ours, theirs in zip_longest(undisturbed.store.points, points_of(first)):
        if ours is None or ours != theirs:
            return ours[1] if ours is not None else undisturbed.killer.count
    return undisturbed.killer.count


@cache
def points_of(story: Story) -> list[tuple[Any, int]]:
    return Scene(story).tell().store.points


@pytest.mark.slow
@pytest.mark.parametrize("story", [story for story in STORIES if story.pairs], ids=str)
def test_killed_twice(story: Story, request: pytest.FixtureRequest) -> None:
    undisturbed = Scene(story).tell()
    end = end_of(undisturbed)
    pairs = list(combinations(range(1, undisturbed.killer.count + 8), 2))
    step = 1 if request.config.getoption("--soak") else max(1, len(pairs) // PAIRS)
    for pair in pairs[::step]:
        judge(Scene(story, pair).tell(), end)


@pytest.mark.parametrize("story", UNREPEATABLE, ids=str)
def test_a_call_that_is_not_repeatable_is_never_sent_twice(story: Story) -> None:
    """The one exception: where it dies with such a call in the air, it holds, and a person says what became of it."""
    undisturbed = Scene(story).tell()
    for point in range(1, undisturbed.killer.count + 1):
        scene = Scene(story, [point])
        for act in story.acts:
            operation = scene.operation
            if operation is None or not operation.ended:
                act(scene)
        assert not made_twice(scene)
        assert not not_in_the_ledger(scene)
