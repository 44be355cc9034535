"""Clocks that jump while a process runs: a laptop that slept, a wall clock that is set back or forward.

Times of events never go back, every wait ends, and a cancel is obeyed.
"""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest

from tests.cli.commands import write_file
from tests.processes.conftest import FAST, NewHarness
from tests.processes.harness import Harness, RunningCommand
from tests.processes.operation_result import changed
from tests.processes.runbooks_and_worlds import PAIR, RESUME, SMALL

BOTH = Counter({f"rds.CopyDBClusterSnapshot rds.cluster_snapshot/{name}@us-west-2": 1 for name in ("one", "two")})
HOUR, DAY = 3600.0, 86400.0


def run_words(harness: Harness) -> tuple[str, ...]:
    return "run", write_file(harness.folder / "pair.yaml", PAIR.replace("2m", "6m")), "--operation-id", "op", "--yes"


@pytest.fixture
def harness(new_harness: NewHarness) -> Harness:
    return new_harness(SMALL, speed=60.0)


def start_and_read_until_pause(harness: Harness) -> RunningCommand:
    first = harness.start(*run_words(harness))
    first.read_until("pause")
    return first


def check_ends_well(harness: Harness, first: RunningCommand) -> None:
    harness.change(speed=FAST)
    result = first.finish()
    assert result.code == 0, result.err
    assert changed(harness) == BOTH
    assert all(one.at <= other.at for one, other in pairwise(harness.history("op")))


def test_a_laptop_sleeps_through_the_wait(harness: Harness) -> None:
    """Both clocks have jumped. Nobody has taken the lease, so it is renewed, and the wait is over."""
    first = start_and_read_until_pause(harness)
    began = harness.sandbox.clock.now()
    harness.change(boot=3 * HOUR, wall=3 * HOUR)
    first.read_until("create rds.cluster_snapshot two")
    assert harness.sandbox.clock.now() - began < 300
    check_ends_well(harness, first)


def test_a_laptop_sleeps_while_another_runner_takes_over(harness: Harness) -> None:
    """Its lease has expired; it notices before it does anything."""
    first = start_and_read_until_pause(harness)
    first.stop()
    harness.change(boot=3 * HOUR, wall=3 * HOUR, speed=FAST)
    assert harness.run(*RESUME, machine="elsewhere").code == 0
    before = harness.history("op")
    first.wake()
    result = first.finish()
    assert result.code == 6
    assert "another runner took over operation op" in result.err
    assert harness.history("op") == before
    assert changed(harness) == BOTH


@pytest.mark.parametrize("back", [-HOUR, -DAY])
def test_a_wall_clock_set_back_does_not_lengthen_a_wait(harness: Harness, back: float) -> None:
    """The wait ends after six minutes by the time since boot."""
    first = start_and_read_until_pause(harness)
    began = harness.sandbox.clock.now()
    harness.change(wall=back, speed=FAST)
    first.read_until("create rds.cluster_snapshot two")
    assert 300 < harness.sandbox.clock.now() - began < 500
    check_ends_well(harness, first)


def test_a_wall_clock_jumps_forward_and_back(harness: Harness) -> None:
    first = start_and_read_until_pause(harness)
    harness.change(wall=HOUR)
    first.read_until("create rds.cluster_snapshot two")
    harness.change(wall=-2 * HOUR)
    check_ends_well(harness, first)


def test_a_wall_clock_jumps_past_a_deadline(harness: Harness) -> None:
    """By its clock the copy has taken days, so it holds; `resume` starts the deadline again."""
    first = harness.start(*run_words(harness))
    first.read_until("copying; checking")
    harness.change(wall=3 * DAY)
    assert first.finish().code == 5
    assert harness.status("op")["hold"]["kind"] == "monitor_over"
    harness.change(wall=0.0, speed=FAST)
    assert harness.run(*RESUME).code == 0
    assert changed(harness) == BOTH


def test_a_cancel_is_obeyed_after_the_wall_clock_is_set_back(harness: Harness) -> None:
    first = start_and_read_until_pause(harness)
    harness.change(wall=-2 * HOUR)
    result = harness.run("cancel", "op")
    assert result.code == 0, result.err
    assert first.finish().code == 1
    assert harness.status("op")["status"] == "CANCELLED"
