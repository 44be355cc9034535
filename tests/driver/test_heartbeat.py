"""What `runbook list` shows of a running operation: its current step, for at most one write per step."""

from __future__ import annotations

from typing import Any

from engine.clock import VirtualClock
from tests.laws.scenario_parts import RESTORE, SNAPSHOT
from tests.laws.scenario_run import ID, Scenario, Trial, lifecycles, resume, run

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
    """Records the head at the end of each sleep."""

    def __init__(self, trial: Trial) -> None:
        super().__init__()
        self.trial = trial
        self.said: list[tuple[float, str]] = []

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        head = self.trial.store.head(ID)
        assert head is not None
        self.said.append((self.now(), str(head.summary["step"])))


def run_and_watch(text: str, *arrange: Any) -> Watching:
    trial = Trial(Scenario(name="", text=text, arrange=arrange, ends=("SUCCEEDED",)))
    trial.clock = trial.world.clock = clock = Watching(trial)
    trial.execute()
    return clock


def test_the_head_has_the_current_step() -> None:
    clock = run_and_watch(WAITS)
    begin = VirtualClock().now()
    said = {round(at - begin): step for at, step in clock.said}
    assert said[60] == "first"
    assert said[600 + 2 + 60] == "last"


def test_steps_too_short_to_be_seen_are_not_written() -> None:
    clock = run_and_watch(WAITS)
    assert {step for _, step in clock.said} >= {"first", "last"}
    assert "quicker" not in {step for _, step in clock.said}


def test_a_resumed_operation_is_listed_as_running_from_its_first_wait() -> None:
    trial = Trial(Scenario(name="", text=HELD, acts=(run(), resume()), ends=("HELD", "SUCCEEDED")))
    trial.clock = trial.world.clock = clock = Watching(trial)
    trial.execute()
    assert [step for _, step in clock.said[:2]] == ["first", "quick"]


def test_a_long_wait_writes_the_head_once() -> None:
    trial = Trial(
        Scenario(name="", text=RESTORE, arrange=(lifecycles(SNAPSHOT, [("copying", 6 * 3600)]),), ends=("SUCCEEDED",))
    )
    put: list[str] = []
    trial.store.summarise = lambda _, summary: put.append(summary["step"])  # type: ignore[method-assign]
    trial.execute()
    assert len(put) < 12
    assert put.count("copy-snapshot") == 1
