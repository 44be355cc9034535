"""Every story, undisturbed, ends over the real actions as it does in the laws' small world.

So the laws' 400,000 runs, which no real action could pay for, are about the same thing.
"""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterable

import pytest

from tests.crash.conftest import Schedules
from tests.crash.sandbox_end_state import end_of, judge
from tests.crash.sandbox_run import RealScene
from tests.crash.sandbox_scenarios import TOLD
from tests.laws import end_state as laws
from tests.laws.scenario_run import Scene, Story
from tests.laws.scenarios import UNREPEATABLE


def without_ids(keys: Iterable[str]) -> set[str]:
    """Keys of effects; of a delete, without the id of its thing, which is another in every world."""
    return {key.partition("/delete/")[0] + "/delete" if "/delete/" in key else key for key in keys}


@pytest.mark.parametrize("story", [*TOLD, *UNREPEATABLE], ids=str)
def test_a_story_ends_as_in_the_laws_world(story: Story, schedules: Schedules) -> None:
    """And what happens in it happens: no fault misses its call."""
    real, small = RealScene(story).tell(), Scene(story).tell()
    schedules.one()
    judge(real, end_of(real))
    here, there = laws.end_of(real), laws.end_of(small)
    assert (here.status, here.at) == (there.status, there.at)
    assert (here.things, here.made) == (there.things, there.made)
    assert {*here.users} == {*there.users}  # every database has its own here, and there all have the same
    assert here.subjects == there.subjects
    assert without_ids(here.asked) == without_ids(there.asked)
    assert len(here.foreign_deleted) == len(there.foreign_deleted)
    assert happened(real) == happened(small)


def happened(scene: Scene) -> tuple[list[object], list[int]]:
    """Upon how many effects each fault fell, of looks whether it did at all; and the lives that nothing was given."""
    met = [
        len(fault.met) > fault.first if fault.on.startswith("look ") else len(fault.met) for fault in scene.world.faults
    ]
    return met, [len(queue) for queue in scene.world.lives.values()]


def test_nothing_of_a_telling_stays_in_memory() -> None:
    """With a death and a refusal in it: no cycle goes by what the garbage collector does not look at."""
    story = next(one for one in TOLD if one.name == "the copy fails once")
    scene = RealScene(story, [20]).tell()
    assert scene.deaths
    left = weakref.ref(scene.world)
    del scene
    gc.collect()
    assert left() is None
