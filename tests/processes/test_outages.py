"""A store that does not answer while a process runs: it pauses, says so, and continues; or gives up and can be resumed."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.cli.commands import write_file
from tests.processes.conftest import FAST, NewHarness
from tests.processes.harness import Harness, RunningCommand
from tests.processes.intercepting_server import NoReply, Request
from tests.processes.operation_result import changed
from tests.processes.runbooks_and_worlds import PAIR, RESUME, SMALL

BOTH = Counter({f"rds.CopyDBClusterSnapshot rds.cluster_snapshot/{name}@us-west-2": 1 for name in ("one", "two")})
TEN_MINUTES = 600.0
AWAY, BACK = "the store is unavailable", "is available again"


def run_words(harness: Harness, text: str = PAIR) -> tuple[str, ...]:
    return "run", write_file(harness.folder / "pair.yaml", text), "--operation-id", "op", "--yes"


def start_and_read_until_pause(harness: Harness, *words: str) -> RunningCommand:
    """Start a runner; returns when it has made the first copy and waits."""
    harness.change(speed=60.0)
    first = harness.start(*run_words(harness), *words)
    first.read_until("pause")
    harness.change(speed=FAST)
    return first


def away(harness: Harness, seconds: float) -> Callable[[Request, str], None]:
    """Requests to the table get no reply for this long."""
    until = harness.sandbox.clock.now() + seconds

    def intercept(request: Request, when: str) -> None:
        if when == "before" and request.name.startswith("dynamodb.") and harness.sandbox.clock.now() < until:
            raise NoReply

    return intercept


@contextmanager
def locked(harness: Harness) -> Iterator[None]:
    """Another connection holds a write transaction on the file."""
    other = sqlite3.connect(harness.store_url.removeprefix("sqlite:"), isolation_level=None, timeout=30)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


def test_a_table_without_an_answer_for_ten_minutes(new_harness: NewHarness) -> None:
    harness = new_harness(SMALL, store="dynamodb")
    first = start_and_read_until_pause(harness)
    began = harness.sandbox.clock.now()
    harness.server.intercept = away(harness, TEN_MINUTES)
    result = first.finish()
    assert result.code == 0, result.err
    assert AWAY in result.err
    assert "The operation is paused; retrying in" in result.err
    assert BACK in result.err
    during = [call.name for call in harness.sandbox.journal if 0 < call.at - began < TEN_MINUTES]
    assert during == []
    assert changed(harness) == BOTH


def test_a_server_is_stopped_and_started(new_harness: NewHarness) -> None:
    """AWS and the table do not answer, and are back later at the same address."""
    harness = new_harness(SMALL, store="dynamodb")
    first = start_and_read_until_pause(harness)
    with harness.server_down():
        first.read_until(AWAY)
    result = first.finish()
    assert result.code == 0, result.err
    assert BACK in result.err
    assert changed(harness) == BOTH


def test_a_file_that_is_locked_for_a_while(new_harness: NewHarness) -> None:
    harness = new_harness(SMALL)
    harness.change(busy_timeout=0.2)
    first = start_and_read_until_pause(harness)
    with locked(harness):
        first.read_until(AWAY)
        assert "is locked by another process" in first.stderr
        first.read_until(AWAY)
    result = first.finish()
    assert result.code == 0, result.err
    assert BACK in result.err
    assert changed(harness) == BOTH


LIMIT = ("--store-timeout", "2m")


def check_gives_up(harness: Harness, first: RunningCommand) -> None:
    began = harness.sandbox.clock.now()
    result = first.finish()
    assert result.code == 4
    assert "Gave up after" in result.err
    assert "resume op" in result.err
    assert harness.sandbox.clock.now() - began < 1.5 * 120


def check_resume_succeeds(harness: Harness) -> None:
    result = harness.run(*RESUME)
    assert result.code == 0, result.err
    assert changed(harness) == BOTH


def test_a_table_that_stays_down_times_out(new_harness: NewHarness) -> None:
    harness = new_harness(SMALL, store="dynamodb")
    first = start_and_read_until_pause(harness, *LIMIT)
    harness.server.intercept = away(harness, 1e9)
    check_gives_up(harness, first)
    harness.server.stop_intercepting()
    check_resume_succeeds(harness)


def test_a_file_that_stays_locked_times_out(new_harness: NewHarness) -> None:
    harness = new_harness(SMALL)
    harness.change(busy_timeout=0.2)
    first = start_and_read_until_pause(harness, *LIMIT)
    with locked(harness):
        check_gives_up(harness, first)
    check_resume_succeeds(harness)


def test_a_table_that_is_down_from_the_start(new_harness: NewHarness) -> None:
    harness = new_harness(SMALL, store="dynamodb")
    harness.server.intercept = away(harness, 1e9)
    result = harness.run(*run_words(harness), *LIMIT)
    assert result.code == 4
    assert "Gave up after" in result.err
    assert harness.sandbox.journal == []
    harness.server.stop_intercepting()
    assert harness.run(*run_words(harness)).code == 0


@pytest.mark.parametrize("request_", ["dynamodb.PutItem", "dynamodb.UpdateItem"])
def test_an_outage_at_every_write_uses_up_no_attempt(new_harness: NewHarness, request_: str) -> None:
    """Each write is lost three times and its reply once: the result is the same as without."""
    harness = new_harness(SMALL, store="dynamodb")
    lost: Counter[bytes] = Counter()

    def intercept(request: Request, when: str) -> None:
        if request.name == request_ and lost[request.body] < (4 if when == "after" else 3):
            lost[request.body] += 1
            raise NoReply

    harness.server.intercept = intercept
    result = harness.run(*run_words(harness))
    assert result.code == 0, result.err
    assert changed(harness) == BOTH
    assert harness.events("op").count("Succeeded") == 2
    assert all(one["attempt"] <= 1 for one in harness.status("op")["steps"])
