"""Two operations on one target, as processes: the second does nothing, whoever has the lock, until the first has ended."""

from __future__ import annotations

import signal
import threading
from collections import Counter

import pytest

from tests.cli.commands import Result, write_file
from tests.processes.conftest import FAST, Open
from tests.processes.harness import Desk, Running
from tests.processes.intercepting_server import Asked, NoReply
from tests.processes.operation_result import changed
from tests.processes.runbooks_and_worlds import PAIR, SMALL

NAMED = PAIR.replace("name: one", 'name: "${name}-1"').replace("name: two", 'name: "${name}-2"')
NAMED = NAMED.replace("2m", "6m").replace("steps:", "inputs: {name: {type: string}}\nsteps:")
FIRST, SECOND = (
    Counter({f"rds.CopyDBClusterSnapshot rds.cluster_snapshot/{id}-{n}@us-west-2": 1 for n in (1, 2)})
    for id in ("first", "second")
)


def run(desk: Desk, id: str) -> tuple[str, ...]:
    return "run", write_file(desk.folder / "named.yaml", NAMED), "-i", f"name={id}", "--operation-id", id, "--yes"


def waiting(desk: Desk) -> Running:
    """The first operation has made one copy, and waits."""
    first = desk.begin(*run(desk, "first"))
    first.until("pause")
    return first


def is_sent_away(told: Result, desk: Desk) -> None:
    assert told.code == 6
    assert "operation first has the lock us-west-2/orders; nothing was done: `runbook status first`" in told.err
    assert "when that has ended `runbook resume second`" in told.err
    assert not set(changed(desk)) & set(SECOND)


def test_while_the_first_is_driven(opened: Open) -> None:
    desk = opened(SMALL, store="dynamodb")
    desk.change(speed=60.0)
    first = waiting(desk)
    is_sent_away(desk.type(*run(desk, "second")), desk)
    status = desk.status("second")
    assert (status["status"], status["runner"], status["resources"]) == ("IN_PROGRESS", None, [])
    is_sent_away(desk.type("resume", "second"), desk)
    desk.change(speed=FAST)
    assert first.end().code == 0
    assert desk.type("resume", "second").code == 0
    assert changed(desk) == FIRST + SECOND


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_dead_or_interrupted_one_that_has_not_ended_keeps_it(opened: Open, number: int) -> None:
    desk = opened(SMALL)
    desk.change(speed=60.0)
    first = waiting(desk)
    first.process.send_signal(number)
    assert first.end().code in (-signal.SIGKILL, 143)
    desk.change(speed=FAST)
    is_sent_away(desk.type(*run(desk, "second")), desk)
    assert desk.type("resume", "first").code == 0
    assert desk.type("resume", "second").code == 0
    assert changed(desk) == FIRST + SECOND


def test_who_dies_between_its_end_and_giving_it_back_does_not_keep_it(opened: Open) -> None:
    desk = opened(SMALL, store="dynamodb")

    def meet(asked: Asked, when: str) -> None:
        if asked.name == "dynamodb.DeleteItem" and when == "before":
            desk.started[0].kill()
            raise NoReply

    desk.front.meet = meet
    assert desk.type(*run(desk, "first")).code == -signal.SIGKILL
    desk.front.unmet()
    assert desk.events("first")[-1] == "Ended"
    assert desk.type(*run(desk, "second")).code == 0
    assert changed(desk) == FIRST + SECOND


def test_of_many_at_the_same_time_one_has_it(opened: Open) -> None:
    desk = opened(SMALL)
    over = threading.Event()

    def meet(asked: Asked, when: str) -> None:
        if asked.name == "rds.CopyDBClusterSnapshot":
            assert over.wait(30)

    desk.front.meet = meet
    ids = ["first", "second", "third"]
    runners = [desk.begin(*run(desk, id)) for id in ids]
    told = {}
    while len(told) < len(ids) - 1:
        for id, runner in zip(ids, runners, strict=True):
            if id not in told and runner.process.poll() is not None:
                told[id] = runner.end()
        over.wait(0.03)
    over.set()
    (winner,) = set(ids) - set(told)
    assert [one.code for one in told.values()] == [6, 6]
    assert all(f"operation {winner} has the lock" in one.err for one in told.values())
    assert runners[ids.index(winner)].end().code == 0
