"""Two operations with one lock, as processes: the second does nothing until the first has ended."""

from __future__ import annotations

import signal
import threading
from collections import Counter

import pytest

from tests.cli.commands import Result, write_file
from tests.processes.conftest import FAST, NewHarness
from tests.processes.harness import Harness, RunningCommand
from tests.processes.intercepting_server import NoReply, Request
from tests.processes.operation_result import changed
from tests.processes.runbooks_and_worlds import PAIR, SMALL

NAMED = PAIR.replace("name: one", 'name: "${name}-1"').replace("name: two", 'name: "${name}-2"')
NAMED = NAMED.replace("2m", "6m").replace("steps:", "inputs: {name: {type: string}}\nsteps:")
FIRST, SECOND = (
    Counter({f"rds.CopyDBClusterSnapshot rds.cluster_snapshot/{id}-{n}@us-west-2": 1 for n in (1, 2)})
    for id in ("first", "second")
)


def run_words(harness: Harness, id: str) -> tuple[str, ...]:
    return "run", write_file(harness.folder / "named.yaml", NAMED), "-i", f"name={id}", "--operation-id", id, "--yes"


def start_and_read_until_pause(harness: Harness) -> RunningCommand:
    """Start the first operation; returns when it has made one copy and waits."""
    first = harness.start(*run_words(harness, "first"))
    first.read_until("pause")
    return first


def check_refused(result: Result, harness: Harness) -> None:
    assert result.code == 6
    options = " ".join(harness.options)
    assert "operation first has the lock us-west-2/orders. Nothing was done" in result.err
    assert f"see `runbook status first {options}`" in result.err
    assert f"when it has ended, `runbook resume second {options}`" in result.err
    assert not set(changed(harness)) & set(SECOND)


def test_the_second_is_refused_while_the_first_runs(new_harness: NewHarness) -> None:
    harness = new_harness(SMALL, store="dynamodb")
    harness.change(speed=60.0)
    first = start_and_read_until_pause(harness)
    check_refused(harness.run(*run_words(harness, "second")), harness)
    status = harness.status("second")
    assert (status["status"], status["runner"], status["resources"]) == ("IN_PROGRESS", None, [])
    check_refused(harness.run("resume", "second"), harness)
    harness.change(speed=FAST)
    assert first.finish().code == 0
    assert harness.run("resume", "second").code == 0
    assert changed(harness) == FIRST + SECOND


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_or_interrupted_operation_keeps_its_lock(new_harness: NewHarness, number: int) -> None:
    harness = new_harness(SMALL)
    harness.change(speed=60.0)
    first = start_and_read_until_pause(harness)
    first.process.send_signal(number)
    assert first.finish().code in (-signal.SIGKILL, 143)
    harness.change(speed=FAST)
    check_refused(harness.run(*run_words(harness, "second")), harness)
    assert harness.run("resume", "first").code == 0
    assert harness.run("resume", "second").code == 0
    assert changed(harness) == FIRST + SECOND


def test_a_process_killed_between_its_end_and_the_release_does_not_keep_the_lock(new_harness: NewHarness) -> None:
    harness = new_harness(SMALL, store="dynamodb")

    def intercept(request: Request, when: str) -> None:
        if request.name == "dynamodb.DeleteItem" and when == "before":
            harness.started[0].kill()
            raise NoReply

    harness.server.intercept = intercept
    assert harness.run(*run_words(harness, "first")).code == -signal.SIGKILL
    harness.server.stop_intercepting()
    assert harness.events("first")[-1] == "Ended"
    assert harness.run(*run_words(harness, "second")).code == 0
    assert changed(harness) == FIRST + SECOND


def test_only_one_of_several_at_once_gets_the_lock(new_harness: NewHarness) -> None:
    harness = new_harness(SMALL)
    over = threading.Event()

    def intercept(request: Request, when: str) -> None:
        if request.name == "rds.CopyDBClusterSnapshot":
            assert over.wait(30)

    harness.server.intercept = intercept
    ids = ["first", "second", "third"]
    runners = [harness.start(*run_words(harness, id)) for id in ids]
    results = {}
    while len(results) < len(ids) - 1:
        for id, runner in zip(ids, runners, strict=True):
            if id not in results and runner.process.poll() is not None:
                results[id] = runner.finish()
        over.wait(0.03)
    over.set()
    (winner,) = set(ids) - set(results)
    assert [one.code for one in results.values()] == [6, 6]
    assert all(f"operation {winner} has the lock" in one.err for one in results.values())
    assert runners[ids.index(winner)].finish().code == 0
