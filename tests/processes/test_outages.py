"""A store that is away while a process runs: it stands still, says so, and goes on; or gives up in time, resumable."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.cli.commands import write_file
from tests.processes.conftest import FAST, Open
from tests.processes.harness import Desk, Running
from tests.processes.intercepting_server import Asked, NoReply
from tests.processes.operation_result import changed
from tests.processes.runbooks_and_worlds import PAIR, RESUME, SMALL

BOTH = Counter({f"rds.CopyDBClusterSnapshot rds.cluster_snapshot/{name}@us-west-2": 1 for name in ("one", "two")})
TEN_MINUTES = 600.0
AWAY, BACK = "the store is unavailable", "is available again"


def run(desk: Desk, text: str = PAIR) -> tuple[str, ...]:
    return "run", write_file(desk.folder / "pair.yaml", text), "--operation-id", "op", "--yes"


def waiting(desk: Desk, *words: str) -> Running:
    """A runner that has made the first copy, and waits."""
    desk.change(speed=60.0)
    first = desk.begin(*run(desk), *words)
    first.until("pause")
    desk.change(speed=FAST)
    return first


def away(desk: Desk, seconds: float) -> Callable[[Asked, str], None]:
    """Requests to the table come to nothing from now on, for so long."""
    until = desk.sandbox.clock.now() + seconds

    def meet(asked: Asked, when: str) -> None:
        if when == "before" and asked.name.startswith("dynamodb.") and desk.sandbox.clock.now() < until:
            raise NoReply

    return meet


@contextmanager
def locked(desk: Desk) -> Iterator[None]:
    """Another process writes in the file, and does not come to an end."""
    other = sqlite3.connect(desk.place.removeprefix("sqlite:"), isolation_level=None, timeout=30)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


def test_a_table_that_is_away_for_ten_minutes(opened: Open) -> None:
    desk = opened(SMALL, store="dynamodb")
    first = waiting(desk)
    began = desk.sandbox.clock.now()
    desk.front.meet = away(desk, TEN_MINUTES)
    told = first.end()
    assert told.code == 0, told.err
    assert AWAY in told.err
    assert "The operation is paused; retrying in" in told.err
    assert BACK in told.err
    during = [call.name for call in desk.sandbox.journal if 0 < call.at - began < TEN_MINUTES]
    assert during == []
    assert changed(desk) == BOTH


def test_a_server_that_is_stopped_and_started(opened: Open) -> None:
    """Everything is away, AWS too, and then there again at the same address."""
    desk = opened(SMALL, store="dynamodb")
    first = waiting(desk)
    with desk.closed():
        first.until(AWAY)
    told = first.end()
    assert told.code == 0, told.err
    assert BACK in told.err
    assert changed(desk) == BOTH


def test_a_file_that_another_process_has_locked(opened: Open) -> None:
    desk = opened(SMALL)
    desk.change(busy_timeout=0.2)
    first = waiting(desk)
    with locked(desk):
        first.until(AWAY)
        assert "is locked by another process" in first.said
        first.until(AWAY)
    told = first.end()
    assert told.code == 0, told.err
    assert BACK in told.err
    assert changed(desk) == BOTH


LIMIT = ("--store-timeout", "2m")


def is_given_up(desk: Desk, first: Running) -> None:
    began = desk.sandbox.clock.now()
    told = first.end()
    assert told.code == 4
    assert "Gave up after" in told.err
    assert "resume op" in told.err
    assert desk.sandbox.clock.now() - began < 1.5 * 120


def goes_on(desk: Desk) -> None:
    told = desk.type(*RESUME)
    assert told.code == 0, told.err
    assert changed(desk) == BOTH


def test_a_table_that_stays_away_is_given_up_in_time(opened: Open) -> None:
    desk = opened(SMALL, store="dynamodb")
    first = waiting(desk, *LIMIT)
    desk.front.meet = away(desk, 1e9)
    is_given_up(desk, first)
    desk.front.unmet()
    goes_on(desk)


def test_a_file_that_stays_locked_is_given_up_in_time(opened: Open) -> None:
    desk = opened(SMALL)
    desk.change(busy_timeout=0.2)
    first = waiting(desk, *LIMIT)
    with locked(desk):
        is_given_up(desk, first)
    goes_on(desk)


def test_a_table_that_is_away_from_the_start_begins_nothing(opened: Open) -> None:
    desk = opened(SMALL, store="dynamodb")
    desk.front.meet = away(desk, 1e9)
    told = desk.type(*run(desk), *LIMIT)
    assert told.code == 4
    assert "Gave up after" in told.err
    assert desk.sandbox.journal == []
    desk.front.unmet()
    assert desk.type(*run(desk)).code == 0


@pytest.mark.parametrize("request_", ["dynamodb.PutItem", "dynamodb.UpdateItem"])
def test_an_outage_at_any_write_uses_nothing_up(opened: Open, request_: str) -> None:
    """Each is lost three times before it is done, and its answer once: the world and the log are as without."""
    desk = opened(SMALL, store="dynamodb")
    lost: Counter[bytes] = Counter()

    def meet(asked: Asked, when: str) -> None:
        if asked.name == request_ and lost[asked.body] < (4 if when == "after" else 3):
            lost[asked.body] += 1
            raise NoReply

    desk.front.meet = meet
    told = desk.type(*run(desk))
    assert told.code == 0, told.err
    assert changed(desk) == BOTH
    assert desk.events("op").count("Succeeded") == 2
    assert all(one["attempt"] <= 1 for one in desk.status("op")["steps"])
