"""What `runbook list` says of an operation that runs: where it is now, and at the price of a write a step."""

from __future__ import annotations

from typing import Any

from engine.clock import VirtualClock
from tests.laws.scenario_parts import RESTORE, SNAPSHOT
from tests.laws.scenario_run import ID, Scene, Story, lives, resume, run

WAITS = """
runbook: waits
region: us-west-2
inputs: {snapshot: {type: string}, cluster: {type: string}, source_region: {type: string}, target_region: {type: string}}
steps:
  - {id: first, wait: 10m}
  - {id: quick, wait: 1s}
  - {id: quicker, wait: 1s}
  - {id: last, wait: 10m}
"""


HELD = WAITS.replace("{id: first, wait: 10m}", "{id: first, hold: is it all right}")


class Watching(VirtualClock):
    """Notes what the head says at the end of each of its sleeps."""

    def __init__(self, scene: Scene) -> None:
        super().__init__()
        self.scene = scene
        self.said: list[tuple[float, str]] = []

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        head = self.scene.store.head(ID)
        assert head is not None
        self.said.append((self.now(), str(head.summary["step"])))


def told(text: str, *arrange: Any) -> Watching:
    scene = Scene(Story(name="", text=text, arrange=arrange, ends=("SUCCEEDED",)))
    scene.clock = scene.world.clock = clock = Watching(scene)
    scene.tell()
    return clock


def test_it_says_the_step_that_is_walked() -> None:
    clock = told(WAITS)
    begin = VirtualClock().now()
    said = {round(at - begin): step for at, step in clock.said}
    assert said[60] == "first"
    assert said[600 + 2 + 60] == "last"


def test_steps_that_nobody_sees_are_not_written() -> None:
    clock = told(WAITS)
    assert {step for _, step in clock.said} >= {"first", "last"}
    assert "quicker" not in {step for _, step in clock.said}


def test_what_was_held_is_listed_as_running_from_its_first_wait_on() -> None:
    scene = Scene(Story(name="", text=HELD, acts=(run(), resume()), ends=("HELD", "SUCCEEDED")))
    scene.clock = scene.world.clock = clock = Watching(scene)
    scene.tell()
    assert [step for _, step in clock.said[:2]] == ["first", "quick"]


def test_a_long_wait_writes_it_once() -> None:
    scene = Scene(
        Story(name="", text=RESTORE, arrange=(lives(SNAPSHOT, [("copying", 6 * 3600)]),), ends=("SUCCEEDED",))
    )
    put: list[str] = []
    scene.store.summarise = lambda _, summary: put.append(summary["step"])  # type: ignore[method-assign]
    scene.tell()
    assert len(put) < 12
    assert put.count("copy-snapshot") == 1
