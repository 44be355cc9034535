"""Two runners on one operation, as processes: one goes on, and the other is sent away, waits, or takes over."""

from __future__ import annotations

import signal
import threading
from collections import Counter

import pytest

from engine.kernel.events import TakenUp
from tests.cli.commands import write_file
from tests.processes.conftest import FAST, Open
from tests.processes.harness import Desk, Running
from tests.processes.intercepting_server import Asked
from tests.processes.operation_result import changed
from tests.processes.runbooks_and_worlds import PAIR, RESUME, SMALL

SPEED = 60.0
"""A lease is over in a second and a half."""
LEASE = 90.0

ONE = "rds.CopyDBClusterSnapshot rds.cluster_snapshot/one@us-west-2"
TWO = "rds.CopyDBClusterSnapshot rds.cluster_snapshot/two@us-west-2"


both = pytest.mark.parametrize("store", ["sqlite", "dynamodb"])


@pytest.fixture
def store() -> str:
    return "sqlite"


@pytest.fixture
def desk(opened: Open, store: str) -> Desk:
    return opened(SMALL, store=store, speed=SPEED)


def run(desk: Desk, text: str = PAIR) -> tuple[str, ...]:
    return "run", write_file(desk.folder / "pair.yaml", text), "--operation-id", "op", "--yes"


def waiting(desk: Desk, machine: str = "", text: str = PAIR.replace("2m", "1h")) -> Running:
    """A runner that has made the first copy, and waits."""
    running = desk.begin(*run(desk, text), machine=machine)
    running.until("pause")
    return running


def taken_up(desk: Desk) -> float:
    """When it was taken up last."""
    return [event.at for event in desk.history("op") if isinstance(event, TakenUp)][-1]


@pytest.mark.parametrize("words", [("resume", "op"), ()])
def test_a_second_runner_is_sent_away_at_once(desk: Desk, words: tuple[str, ...]) -> None:
    first = waiting(desk)
    before, asked = desk.sandbox.clock.now(), desk.front.count("rds.CopyDBClusterSnapshot")
    second = desk.type(*words or run(desk, PAIR.replace("2m", "1h")))
    assert second.code == 6
    assert f"(process {first.process.pid})" in second.err
    assert "nothing was done" in second.err
    assert desk.front.count("rds.CopyDBClusterSnapshot") == asked == 1
    assert "TakenUp" not in desk.events("op")
    first.process.send_signal(signal.SIGINT)
    assert first.end().code == 130
    assert desk.sandbox.clock.now() - before < 3600


@both
def test_of_runs_at_the_same_time_one_goes_on(desk: Desk) -> None:
    """The one that has it waits for its copy until the others have come to an end."""
    over = threading.Event()

    def meet(asked: Asked, when: str) -> None:
        if asked.name == "rds.CopyDBClusterSnapshot":
            assert over.wait(30)

    desk.front.meet = meet
    runners = [desk.begin(*run(desk)) for _ in range(3)]
    left = wait_for_all_but_one(runners)
    over.set()
    told = [runner.end() for runner in runners]
    assert sorted(one.code for one in told) == [0, 6, 6]
    assert told[runners.index(left)].code == 0
    assert changed(desk) == Counter({ONE: 1, TWO: 1})


def wait_for_all_but_one(runners: list[Running]) -> Running:
    pause = threading.Event()
    for _ in range(1000):
        alive = [runner for runner in runners if runner.process.poll() is None]
        if len(alive) == 1:
            return alive[0]
        pause.wait(0.03)
    raise AssertionError([runner.process.poll() for runner in runners])


@pytest.mark.parametrize("words", [("resume", "op"), ()])
def test_who_is_provably_dead_is_succeeded_at_once(desk: Desk, words: tuple[str, ...]) -> None:
    desk.change(speed=FAST)
    waiting(desk, text=PAIR).kill()
    killed = desk.sandbox.clock.now()
    told = desk.type(*words or run(desk))
    assert told.code == 0
    assert "the previous runner exited without releasing it" in told.err
    assert taken_up(desk) - killed < LEASE / 2
    assert changed(desk) == Counter({ONE: 1, TWO: 1})


@both
def test_another_machines_runner_is_succeeded_after_a_whole_lease(desk: Desk) -> None:
    waiting(desk, "elsewhere", PAIR).kill()
    killed = desk.sandbox.clock.now()
    told = desk.type(*RESUME)
    assert told.code == 0
    assert LEASE <= taken_up(desk) - killed < 2 * LEASE
    assert changed(desk) == Counter({ONE: 1, TWO: 1})


@both
def test_another_machines_runner_that_is_seen_to_renew_keeps_it(desk: Desk) -> None:
    first = waiting(desk, "elsewhere")
    second = desk.type(*RESUME)
    assert second.code == 6
    assert "this machine cannot tell whether it still runs; taking over in" in second.err
    assert "TakenUp" not in desk.events("op")
    first.process.send_signal(signal.SIGTERM)
    assert first.end().code == 143


def test_another_machines_runner_that_gives_it_back_is_followed(desk: Desk) -> None:
    first = waiting(desk, "elsewhere", PAIR)
    first.stop()
    second = desk.begin(*RESUME)
    first.process.send_signal(signal.SIGTERM)
    first.wake()
    assert first.end().code == 143
    assert second.end().code in (0, 6)  # 6: it saw the last renewal
    assert desk.type(*RESUME).code == 0
    assert changed(desk) == Counter({ONE: 1, TWO: 1})


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_wait_for_a_lease(desk: Desk, number: int, code: int) -> None:
    waiting(desk, "elsewhere").kill()
    desk.change(speed=1.0)
    second = desk.begin(*RESUME)
    second.until("taking over in")
    second.process.send_signal(number)
    told = second.end()
    assert told.code == code
    assert "Next: runbook resume op" in told.err
    assert "TakenUp" not in desk.events("op")
