"""A runner is suspended beyond its lease and wakes when another has taken over: it writes and sends nothing more.

It is suspended with SIGSTOP where it matters: in a call, in a commit, between its last check of the lease and a request,
in a wait. The runner that takes over is on another machine, which cannot tell that the first is only suspended. The
result is the same as with one runner.
"""

from __future__ import annotations

import sys
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.commands import Result, write_file
from tests.processes.conftest import FAST, NewHarness
from tests.processes.harness import Harness, RunningCommand
from tests.processes.intercepting_server import Request
from tests.processes.operation_result import changed
from tests.processes.runbooks_and_worlds import PAIR, RESUME, SMALL

COPY = "rds.CopyDBClusterSnapshot"
BOTH = Counter({f"{COPY} rds.cluster_snapshot/{name}@us-west-2": 1 for name in ("one", "two")})
INTENT = 7
"""The PutItem with the intent to make the first copy: before it come the text, the id of the store, the start, the lock,
the visit and the look at the source."""
READS = 4
"""Whose credentials they are, the copy, its source, and the source again for the request."""


def run_words(harness: Harness) -> tuple[str, ...]:
    return "run", write_file(harness.folder / "pair.yaml", PAIR), "--operation-id", "op", "--yes"


class Stopper:
    """Suspends the first runner at the nth request with a name; then sets `reached`."""

    def __init__(self, harness: Harness, name: str, nth: int, when: str) -> None:
        self._desk, self._name, self._nth, self._when = harness, name, nth, when
        self.reached = threading.Event()

    def __call__(self, request: Request, when: str) -> None:
        if self.reached.is_set() or when != self._when or request.name != self._name:
            return
        if self._desk.server.count(self._name) == self._nth:
            self._desk.started[0].stop()
            self.reached.set()


def stopped(harness: Harness, name: str, nth: int, when: str) -> RunningCommand:
    """Start a runner; returns when it is suspended at that request."""
    stopper = Stopper(harness, name, nth, when)
    harness.server.intercept = stopper
    first = harness.start(*run_words(harness))
    assert stopper.reached.wait(30)
    harness.server.stop_intercepting()
    return first


def take_over(harness: Harness) -> None:
    """Another machine takes over after a whole lease and finishes."""
    second = harness.run(*RESUME, machine="elsewhere")
    assert second.code == 0, second.err
    assert "the previous runner exited without releasing it" in second.err


def wake_and_finish(harness: Harness, first: RunningCommand) -> Result:
    """Wake the first runner; it must write and change nothing before it ends."""
    before, sent = harness.history("op"), len(harness.sandbox.journal)
    first.wake()
    result = first.finish()
    assert harness.history("op") == before
    assert [call.name for call in harness.sandbox.journal[sent:] if call.changes] == []
    return result


def check_same_as_one_runner(harness: Harness, result: Result) -> None:
    assert result.code == 6
    assert "another runner" in result.err
    assert f"`runbook status op {' '.join(harness.options)}`" in result.err
    assert changed(harness) == BOTH
    status = harness.status("op")
    assert (status["status"], status["runner"]) == ("SUCCEEDED", None)


@pytest.mark.parametrize(("store", "nth", "when"), [("sqlite", 1, "before"), ("dynamodb", 2, "after")])
def test_suspended_in_a_call(new_harness: NewHarness, store: str, nth: int, when: str) -> None:
    """Its copy is made, and the reply waits for it."""
    harness = new_harness(SMALL, store=store)
    first = stopped(harness, COPY, nth, when)
    take_over(harness)
    check_same_as_one_runner(harness, wake_and_finish(harness, first))


def test_suspended_between_a_commit_and_its_call(new_harness: NewHarness) -> None:
    """Its intent is written, but it has no reply yet: it checks its lease before it continues."""
    harness = new_harness(SMALL, store="dynamodb")
    first = stopped(harness, "dynamodb.PutItem", INTENT, "after")
    take_over(harness)
    check_same_as_one_runner(harness, wake_and_finish(harness, first))
    events = harness.events("op")
    assert events.index("Intended") < events.index("TakenUp")


def test_suspended_while_a_commit_is_under_way(new_harness: NewHarness) -> None:
    """Its intent reaches the table after the record of the other runner."""
    harness = new_harness(SMALL, store="dynamodb")
    arrived, proceed = threading.Event(), threading.Event()

    def intercept(request: Request, when: str) -> None:
        if when == "before" and harness.server.count("dynamodb.PutItem") == INTENT and not arrived.is_set():
            harness.started[0].stop()
            arrived.set()
            assert proceed.wait(60)

    harness.server.intercept = intercept
    first = harness.start(*run_words(harness))
    assert arrived.wait(30)
    take_over(harness)
    proceed.set()
    check_same_as_one_runner(harness, wake_and_finish(harness, first))
    events = harness.events("op")
    assert events.index("TakenUp") < events.index("Intended")


def test_a_late_record_arrives_between_the_takeover_and_its_record(new_harness: NewHarness) -> None:
    """Its record arrives when the other has the lease but has written nothing yet: the other continues all the same."""
    harness = new_harness(SMALL, store="dynamodb")
    arrived, proceed, proceeded = threading.Event(), threading.Event(), threading.Event()

    def intercept(request: Request, when: str) -> None:
        if not arrived.is_set():
            if when == "before" and harness.server.count("dynamodb.PutItem") == INTENT:
                harness.started[0].stop()
                arrived.set()
                assert proceed.wait(60)
                proceeded.set()
        elif request.name == "dynamodb.PutItem" and when == "before" and not proceeded.is_set():
            proceed.set()  # this is the other runner's TakenUp
            assert proceeded.wait(60)

    harness.server.intercept = intercept
    first = harness.start(*run_words(harness))
    assert arrived.wait(30)
    second = harness.run(*RESUME, machine="elsewhere")
    assert second.code == 0, second.err
    check_same_as_one_runner(harness, wake_and_finish(harness, first))


CREDENTIALS = """\
import json, os, pathlib, signal, sys
from datetime import datetime, timedelta, timezone
here = pathlib.Path(sys.argv[1])
if here.with_name("stop").exists():
    here.with_name("stop").unlink()
    here.with_name("stands").touch()
    os.kill(os.getppid(), signal.SIGSTOP)
until = datetime.now(timezone.utc) + timedelta(minutes=5)
print(json.dumps({
    "Version": 1, "AccessKeyId": "testing", "SecretAccessKey": "testing", "SessionToken": "testing",
    "Expiration": until.isoformat(),
}))
"""
"""Prints credentials so short-lived that they are fetched at each signing, which is after the last check of the lease."""


@pytest.fixture
def short_lived(tmp_path: Path) -> Callable[[Harness], Path]:
    """Makes a harness's runners sign with such credentials; a file `stop` beside what it returns stops the next signing."""

    def made(harness: Harness) -> Path:
        script = Path(write_file(harness.folder / "credentials.py", CREDENTIALS))
        profile = f"[default]\ncredential_process = {sys.executable} -S {script} {script}\n"
        file = write_file(harness.folder / "config", profile)
        harness.environment |= {"AWS_CONFIG_FILE": file, "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}
        return script

    return made


def test_suspended_between_the_last_check_of_the_lease_and_the_request(
    new_harness: NewHarness, short_lived: Callable[[Harness], Path]
) -> None:
    """The lease is checked once more after signing, just before the request is sent."""
    harness = new_harness(SMALL)
    script = short_lived(harness)

    def intercept(request: Request, when: str) -> None:
        if when == "after" and request.number == READS:  # the source has been read; the copy is signed next
            script.with_name("stop").touch()

    harness.server.intercept = intercept
    first = harness.start(*run_words(harness))
    until(lambda: script.with_name("stands").exists())
    harness.server.stop_intercepting()
    assert harness.server.requests == ["sts.GetCallerIdentity", *["rds.DescribeDBClusterSnapshots"] * (READS - 1)]
    take_over(harness)
    check_same_as_one_runner(harness, wake_and_finish(harness, first))
    assert harness.server.count(COPY) == 2


def until(holds: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(1000):
        if holds():
            return
        pause.wait(0.03)
    raise AssertionError


def test_suspended_in_a_wait(new_harness: NewHarness) -> None:
    harness = new_harness(SMALL, speed=60.0)
    first = harness.start(*run_words(harness))
    first.read_until("pause")
    first.stop()
    harness.change(speed=FAST)
    assert harness.run(*RESUME).code == 6  # on this machine the process is found alive, though it is suspended
    take_over(harness)
    check_same_as_one_runner(harness, wake_and_finish(harness, first))


def test_a_runner_that_wakes_before_a_takeover_continues(new_harness: NewHarness) -> None:
    """Its lease has expired, but nobody has taken it."""
    harness = new_harness(SMALL)
    first = stopped(harness, COPY, 1, "before")
    harness.advance(3600)
    first.wake()
    assert first.finish().code == 0
    assert changed(harness) == BOTH
