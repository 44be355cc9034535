"""Two runners of one operation, as processes: one continues; the other is refused, waits or takes over."""

from __future__ import annotations

import signal
import threading
from collections import Counter

import pytest

from engine.kernel.events import TakenUp
from tests.cli.commands import write_file
from tests.processes.conftest import FAST, NewHarness
from tests.processes.harness import Harness, RunningCommand
from tests.processes.intercepting_server import Request
from tests.processes.operation_result import changed
from tests.processes.runbooks_and_worlds import PAIR, RESUME, SMALL

SPEED = 60.0
"""A lease lasts a second and a half of real time."""
LEASE = 90.0

ONE = "rds.CopyDBClusterSnapshot rds.cluster_snapshot/one@us-west-2"
TWO = "rds.CopyDBClusterSnapshot rds.cluster_snapshot/two@us-west-2"


both = pytest.mark.parametrize("store", ["sqlite", "dynamodb"])


@pytest.fixture
def store() -> str:
    return "sqlite"


@pytest.fixture
def harness(new_harness: NewHarness, store: str) -> Harness:
    return new_harness(SMALL, store=store, speed=SPEED)


def run_words(harness: Harness, text: str = PAIR) -> tuple[str, ...]:
    return "run", write_file(harness.folder / "pair.yaml", text), "--operation-id", "op", "--yes"


def start_and_read_until_pause(
    harness: Harness, machine: str = "", text: str = PAIR.replace("2m", "1h")
) -> RunningCommand:
    """Start a runner; returns when it has made the first copy and waits."""
    running = harness.start(*run_words(harness, text), machine=machine)
    running.read_until("pause")
    return running


def time_of_takeover(harness: Harness) -> float:
    """The time of the last takeover."""
    return [event.at for event in harness.history("op") if isinstance(event, TakenUp)][-1]


@pytest.mark.parametrize("words", [("resume", "op"), ()])
def test_a_second_runner_is_refused_at_once(harness: Harness, words: tuple[str, ...]) -> None:
    first = start_and_read_until_pause(harness)
    before, copies = harness.sandbox.clock.now(), harness.server.count("rds.CopyDBClusterSnapshot")
    second = harness.run(*words or run_words(harness, PAIR.replace("2m", "1h")))
    assert second.code == 6
    assert f"(process {first.process.pid})" in second.err
    assert "Nothing was done" in second.err
    assert harness.server.count("rds.CopyDBClusterSnapshot") == copies == 1
    assert "TakenUp" not in harness.events("op")
    first.process.send_signal(signal.SIGINT)
    assert first.finish().code == 130
    assert harness.sandbox.clock.now() - before < 3600


@both
def test_only_one_of_several_runs_at_once_continues(harness: Harness) -> None:
    """The copy is held back until the other runs have ended."""
    over = threading.Event()

    def intercept(request: Request, when: str) -> None:
        if request.name == "rds.CopyDBClusterSnapshot":
            assert over.wait(30)

    harness.server.intercept = intercept
    runners = [harness.start(*run_words(harness)) for _ in range(3)]
    left = wait_for_all_but_one(runners)
    over.set()
    results = [runner.finish() for runner in runners]
    assert sorted(one.code for one in results) == [0, 6, 6]
    assert results[runners.index(left)].code == 0
    assert changed(harness) == Counter({ONE: 1, TWO: 1})


def wait_for_all_but_one(runners: list[RunningCommand]) -> RunningCommand:
    pause = threading.Event()
    for _ in range(1000):
        alive = [runner for runner in runners if runner.process.poll() is None]
        if len(alive) == 1:
            return alive[0]
        pause.wait(0.03)
    raise AssertionError([runner.process.poll() for runner in runners])


@pytest.mark.parametrize("words", [("resume", "op"), ()])
def test_a_killed_runner_is_taken_over_at_once(harness: Harness, words: tuple[str, ...]) -> None:
    harness.change(speed=FAST)
    start_and_read_until_pause(harness, text=PAIR).kill()
    killed = harness.sandbox.clock.now()
    result = harness.run(*words or run_words(harness))
    assert result.code == 0
    assert "the previous runner exited without releasing it" in result.err
    assert time_of_takeover(harness) - killed < LEASE / 2
    assert changed(harness) == Counter({ONE: 1, TWO: 1})


@both
def test_a_killed_runner_on_another_machine_is_taken_over_after_its_lease(harness: Harness) -> None:
    start_and_read_until_pause(harness, "elsewhere", PAIR).kill()
    killed = harness.sandbox.clock.now()
    result = harness.run(*RESUME)
    assert result.code == 0
    assert LEASE <= time_of_takeover(harness) - killed < 2 * LEASE
    assert changed(harness) == Counter({ONE: 1, TWO: 1})


@both
def test_a_runner_on_another_machine_that_renews_its_lease_keeps_it(harness: Harness) -> None:
    first = start_and_read_until_pause(harness, "elsewhere")
    second = harness.run(*RESUME)
    assert second.code == 6
    assert "this machine cannot tell whether it still runs; taking over in" in second.err
    assert "TakenUp" not in harness.events("op")
    first.process.send_signal(signal.SIGTERM)
    assert first.finish().code == 143


def test_a_runner_on_another_machine_that_releases_its_lease_is_followed(harness: Harness) -> None:
    first = start_and_read_until_pause(harness, "elsewhere", PAIR)
    first.stop()
    second = harness.start(*RESUME)
    first.process.send_signal(signal.SIGTERM)
    first.wake()
    assert first.finish().code == 143
    assert second.finish().code in (0, 6)  # 6: it saw the last renewal
    assert harness.run(*RESUME).code == 0
    assert changed(harness) == Counter({ONE: 1, TWO: 1})


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_wait_for_a_lease(harness: Harness, number: int, code: int) -> None:
    start_and_read_until_pause(harness, "elsewhere").kill()
    harness.change(speed=1.0)
    second = harness.start(*RESUME)
    second.read_until("taking over in")
    second.process.send_signal(number)
    result = second.finish()
    assert result.code == code
    assert "Next: runbook resume op" in result.err
    assert "TakenUp" not in harness.events("op")
