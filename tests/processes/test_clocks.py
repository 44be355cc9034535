"""Clocks that jump while a process runs: a laptop that slept, a wall clock that somebody sets back, and on.

Times of events never go back, no wait is for ever, and what was asked for is heard.
"""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest

from tests.cli.commands import write_file
from tests.processes.conftest import FAST, Open
from tests.processes.harness import Desk, Running
from tests.processes.operation_result import changed
from tests.processes.runbooks_and_worlds import PAIR, RESUME, SMALL

BOTH = Counter({f"rds.CopyDBClusterSnapshot rds.cluster_snapshot/{name}@us-west-2": 1 for name in ("one", "two")})
HOUR, DAY = 3600.0, 86400.0


def run(desk: Desk) -> tuple[str, ...]:
    return "run", write_file(desk.folder / "pair.yaml", PAIR.replace("2m", "6m")), "--operation-id", "op", "--yes"


@pytest.fixture
def desk(opened: Open) -> Desk:
    return opened(SMALL, speed=60.0)


def waiting(desk: Desk) -> Running:
    first = desk.begin(*run(desk))
    first.until("pause")
    return first


def ends_well(desk: Desk, first: Running) -> None:
    desk.change(speed=FAST)
    told = first.end()
    assert told.code == 0, told.err
    assert changed(desk) == BOTH
    assert all(one.at <= other.at for one, other in pairwise(desk.history("op")))


def test_a_laptop_that_slept_over_the_wait(desk: Desk) -> None:
    """Both clocks have jumped; nobody has taken the lease, so it is renewed, and the wait is over."""
    first = waiting(desk)
    began = desk.sandbox.clock.now()
    desk.change(boot=3 * HOUR, wall=3 * HOUR)
    first.until("create rds.cluster_snapshot two")
    assert desk.sandbox.clock.now() - began < 300
    ends_well(desk, first)


def test_a_laptop_that_slept_while_another_took_over(desk: Desk) -> None:
    """Its lease is over; it sees that before it does anything."""
    first = waiting(desk)
    first.stop()
    desk.change(boot=3 * HOUR, wall=3 * HOUR, speed=FAST)
    assert desk.type(*RESUME, machine="elsewhere").code == 0
    before = desk.history("op")
    first.wake()
    told = first.end()
    assert told.code == 6
    assert "another runner has the operation" in told.err
    assert desk.history("op") == before
    assert changed(desk) == BOTH


@pytest.mark.parametrize("back", [-HOUR, -DAY])
def test_a_wall_clock_that_is_set_back_in_a_wait(desk: Desk, back: float) -> None:
    """The wait is over when its six minutes have passed, as the time since boot tells it."""
    first = waiting(desk)
    began = desk.sandbox.clock.now()
    desk.change(wall=back, speed=FAST)
    first.until("create rds.cluster_snapshot two")
    assert 300 < desk.sandbox.clock.now() - began < 500
    ends_well(desk, first)


def test_a_wall_clock_that_jumps_on_and_back(desk: Desk) -> None:
    first = waiting(desk)
    desk.change(wall=HOUR)
    first.until("create rds.cluster_snapshot two")
    desk.change(wall=-2 * HOUR)
    ends_well(desk, first)


def test_a_wall_clock_that_jumps_beyond_a_deadline_loses_nothing(desk: Desk) -> None:
    """It cannot know better than that the copy has taken days: a person is asked, and `resume` watches afresh."""
    first = desk.begin(*run(desk))
    first.until("copying; checking")
    desk.change(wall=3 * DAY)
    assert first.end().code == 5
    assert desk.status("op")["hold"]["kind"] == "monitor_over"
    desk.change(wall=0.0, speed=FAST)
    assert desk.type(*RESUME).code == 0
    assert changed(desk) == BOTH


def test_a_cancel_is_heard_whatever_the_wall_clock_does(desk: Desk) -> None:
    first = waiting(desk)
    desk.change(wall=-2 * HOUR)
    told = desk.type("cancel", "op")
    assert told.code == 0, told.err
    assert first.end().code == 1
    assert desk.status("op")["status"] == "CANCELLED"
