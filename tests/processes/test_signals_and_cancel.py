"""A process is stopped in the middle of a call: by one signal, by two, by `cancel` from another machine."""

from __future__ import annotations

import signal
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from engine.stores.factory import open_store
from tests.cli.commands import write_file
from tests.processes.conftest import NewHarness
from tests.processes.harness import Harness, RunningCommand
from tests.processes.intercepting_server import NoReply, Request
from tests.processes.operation_result import changed, not_in_ledger
from tests.processes.runbooks_and_worlds import PAIR, RESUME, SMALL
from tests.processes.test_outages import BOTH, run_words

COPY, DELETE = "rds.CopyDBClusterSnapshot", "rds.DeleteDBClusterSnapshot"
ASKED = PAIR.replace("{id: pause, wait: 2m}", '{id: pause, hold: "go on?"}')


@contextmanager
def in_the_call(harness: Harness, *words: str) -> Iterator[RunningCommand]:
    """Start a runner; its request for the copy is performed when the context ends."""
    arrived, proceed = threading.Event(), threading.Event()

    def intercept(request: Request, when: str) -> None:
        if request.name == COPY and when == "before":
            arrived.set()
            assert proceed.wait(30)

    harness.server.intercept = intercept
    running = harness.start(*run_words(harness), *words)
    assert arrived.wait(30)
    yield running
    proceed.set()
    harness.server.stop_intercepting()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_first_signal_lets_the_call_finish(new_harness: NewHarness, number: int, code: int) -> None:
    """The outcome is recorded and the lease released, so that nothing is unknown at the resume."""
    harness = new_harness(SMALL)
    with in_the_call(harness) as running:
        running.process.send_signal(number)
        running.read_until("stopping after the current call")
    result = running.finish()
    assert result.code == code
    assert "Next: runbook resume op" in result.err
    assert changed(harness).total() == 1
    assert "Succeeded" in harness.events("op")
    assert harness.status("op")["runner"] is None
    assert not not_in_ledger(harness)
    result = harness.run(*RESUME)
    assert result.code == 0
    assert "exited without releasing it" not in result.err
    assert changed(harness) == BOTH


def test_the_second_signal_abandons_the_call(new_harness: NewHarness) -> None:
    """The copy is made all the same; the resume finds it."""
    harness = new_harness(SMALL)
    with in_the_call(harness) as running:
        running.process.send_signal(signal.SIGINT)
        running.read_until("stopping after the current call")
        running.process.send_signal(signal.SIGINT)
        result = running.finish()
    assert result.code == 130
    assert "Next: runbook resume op" in result.err
    assert "Succeeded" not in harness.events("op")
    assert harness.run(*RESUME).code == 0
    assert changed(harness) == BOTH


def check_cancelled(harness: Harness, running: RunningCommand, cancelling: RunningCommand) -> None:
    assert running.finish().code == 1
    assert cancelling.finish().code == 0
    status = harness.status("op")
    assert (status["status"], status["orphaned_resources"]) == ("CANCELLED", [])
    assert [row["name"] for row in harness.sandbox.resources()] == ["ours"]
    assert harness.server.count(COPY) == harness.server.count(DELETE) == 1


def test_a_cancel_is_obeyed_after_the_call(new_harness: NewHarness) -> None:
    harness = new_harness(SMALL, speed=60.0)
    with in_the_call(harness) as running:
        cancelling = harness.start("cancel", "op", "--undo")
        wait_for_cancel_request(harness)
    check_cancelled(harness, running, cancelling)


def test_a_cancel_is_obeyed_from_another_machine(new_harness: NewHarness) -> None:
    """It cannot check whether the runner is alive until it sees the lease renewed."""
    harness = new_harness(SMALL, speed=60.0)
    running = harness.start(*run_words(harness, PAIR.replace("2m", "1h")))
    running.read_until("pause")
    check_cancelled(harness, running, harness.start("cancel", "op", "--undo", machine="elsewhere"))


def wait_for_cancel_request(harness: Harness) -> None:
    """Wait until the request to cancel is in the store."""
    pause = threading.Event()
    for _ in range(1000):
        head = open_store(harness.store_url).head("op")
        if head is not None and head.cancel_asked is not None:
            return
        pause.wait(0.03)
    raise AssertionError


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("words", [("cancel", "op", "--undo"), ("cleanup", "op")])
def test_an_undo_is_killed_and_run_again(new_harness: NewHarness, words: tuple[str, ...], when: str) -> None:
    """Killed at each deletion, then run again until nothing is left."""
    harness = new_harness(SMALL)
    text = write_file(harness.folder / "asked.yaml", ASKED)
    assert harness.run("run", text, "--operation-id", "op", "--yes").code == 5
    if words[0] == "cleanup":
        assert harness.run("cancel", "op").code == 0
    met: Counter[bytes] = Counter()

    def intercept(request: Request, now: str) -> None:
        if request.name == DELETE and now == when and not met[request.identity]:
            met[request.identity] += 1
            harness.last.kill()
            raise NoReply

    harness.server.intercept = intercept
    assert harness.run(*words).code == -signal.SIGKILL
    again = harness.run(*(RESUME if words[0] == "cancel" else words))
    assert again.code == (1 if words[0] == "cancel" else 0), again
    assert [row["name"] for row in harness.sandbox.resources()] == ["ours"]
    assert harness.status("op")["orphaned_resources"] == []
    assert changed(harness)[f"{DELETE} rds.cluster_snapshot/one@us-west-2"] == 1
