"""Somebody stops a process in the middle of a call: by a signal, by two, by `cancel` from another machine."""

from __future__ import annotations

import signal
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from engine.stores.factory import open_store
from tests.cli.commands import write_file
from tests.processes.conftest import Open
from tests.processes.harness import Desk, Running
from tests.processes.intercepting_server import Asked, NoReply
from tests.processes.operation_result import changed, unnamed
from tests.processes.runbooks_and_worlds import PAIR, RESUME, SMALL
from tests.processes.test_outages import BOTH, run

COPY, DELETE = "rds.CopyDBClusterSnapshot", "rds.DeleteDBClusterSnapshot"
ASKED = PAIR.replace("{id: pause, wait: 2m}", '{id: pause, hold: "go on?"}')


@contextmanager
def in_the_call(desk: Desk, *words: str) -> Iterator[Running]:
    """A runner whose copy has arrived, and is made when the context ends."""
    stands, goes_on = threading.Event(), threading.Event()

    def meet(asked: Asked, when: str) -> None:
        if asked.name == COPY and when == "before":
            stands.set()
            assert goes_on.wait(30)

    desk.front.meet = meet
    running = desk.begin(*run(desk), *words)
    assert stands.wait(30)
    yield running
    goes_on.set()
    desk.front.unmet()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_first_signal_lets_the_call_finish(opened: Open, number: int, code: int) -> None:
    """Its outcome is recorded and the lease given back; nothing is unknown to whoever resumes."""
    desk = opened(SMALL)
    with in_the_call(desk) as running:
        running.process.send_signal(number)
        running.until("stopping after the current call")
    told = running.end()
    assert told.code == code
    assert "Next: runbook resume op" in told.err
    assert changed(desk).total() == 1
    assert "Succeeded" in desk.events("op")
    assert desk.status("op")["runner"] is None
    assert not unnamed(desk)
    told = desk.type(*RESUME)
    assert told.code == 0
    assert "exited without releasing it" not in told.err
    assert changed(desk) == BOTH


def test_the_second_leaves_the_call_behind(opened: Open) -> None:
    """The copy is made all the same: it is looked for, and found."""
    desk = opened(SMALL)
    with in_the_call(desk) as running:
        running.process.send_signal(signal.SIGINT)
        running.until("stopping after the current call")
        running.process.send_signal(signal.SIGINT)
        told = running.end()
    assert told.code == 130
    assert "Next: runbook resume op" in told.err
    assert "Succeeded" not in desk.events("op")
    assert desk.type(*RESUME).code == 0
    assert changed(desk) == BOTH


def is_taken_back(desk: Desk, running: Running, cancelling: Running) -> None:
    assert running.end().code == 1
    assert cancelling.end().code == 0
    status = desk.status("op")
    assert (status["status"], status["orphaned_resources"]) == ("CANCELLED", [])
    assert [row["name"] for row in desk.sandbox.resources()] == ["ours"]
    assert desk.front.count(COPY) == desk.front.count(DELETE) == 1


def test_a_cancel_is_obeyed_after_the_call(opened: Open) -> None:
    desk = opened(SMALL, speed=60.0)
    with in_the_call(desk) as running:
        cancelling = desk.begin("cancel", "op", "--undo")
        until_asked(desk)
    is_taken_back(desk, running, cancelling)


def test_a_cancel_is_obeyed_from_another_machine(opened: Open) -> None:
    """Where it is not known who lives, until the lease is seen to be renewed."""
    desk = opened(SMALL, speed=60.0)
    running = desk.begin(*run(desk, PAIR.replace("2m", "1h")))
    running.until("pause")
    is_taken_back(desk, running, desk.begin("cancel", "op", "--undo", machine="elsewhere"))


def until_asked(desk: Desk) -> None:
    """The end has been asked for, where the runner looks for it."""
    pause = threading.Event()
    for _ in range(1000):
        head = open_store(desk.place).head("op")
        if head is not None and head.cancel_asked is not None:
            return
        pause.wait(0.03)
    raise AssertionError


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("words", [("cancel", "op", "--undo"), ("cleanup", "op")])
def test_taking_back_is_killed_and_typed_again(opened: Open, words: tuple[str, ...], when: str) -> None:
    """At each deletion: then the same again, until nothing is left."""
    desk = opened(SMALL)
    text = write_file(desk.folder / "asked.yaml", ASKED)
    assert desk.type("run", text, "--operation-id", "op", "--yes").code == 5
    if words[0] == "cleanup":
        assert desk.type("cancel", "op").code == 0
    met: Counter[bytes] = Counter()

    def meet(asked: Asked, now: str) -> None:
        if asked.name == DELETE and now == when and not met[asked.what]:
            met[asked.what] += 1
            desk.last.kill()
            raise NoReply

    desk.front.meet = meet
    assert desk.type(*words).code == -signal.SIGKILL
    again = desk.type(*(RESUME if words[0] == "cancel" else words))
    assert again.code == (1 if words[0] == "cancel" else 0), again
    assert [row["name"] for row in desk.sandbox.resources()] == ["ours"]
    assert desk.status("op")["orphaned_resources"] == []
    assert changed(desk)[f"{DELETE} rds.cluster_snapshot/one@us-west-2"] == 1
