"""A runner that stands still beyond its lease, and wakes when another has taken over: it writes and sends nothing more.

It is stopped with SIGSTOP where it matters: in a call, in a commit, between its last look at the lease and the sending, in
a wait. Whoever takes over sits at another machine, where nobody can tell that it is only asleep. The world ends as with
one runner.
"""

from __future__ import annotations

import sys
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.commands import Result, write_file
from tests.processes.conftest import FAST, Open
from tests.processes.harness import Desk, Running
from tests.processes.intercepting_server import Asked
from tests.processes.operation_result import changed
from tests.processes.runbooks_and_worlds import PAIR, RESUME, SMALL

COPY = "rds.CopyDBClusterSnapshot"
BOTH = Counter({f"{COPY} rds.cluster_snapshot/{name}@us-west-2": 1 for name in ("one", "two")})
INTENT = 5
"""Which of the table's PutItem it is: the text, the start, the lock, the visit, the intent to make the first copy."""


def run(desk: Desk) -> tuple[str, ...]:
    return "run", write_file(desk.folder / "pair.yaml", PAIR), "--operation-id", "op", "--yes"


class Stopper:
    """Stops the first runner at the nth request of a name; `reached` when it stands."""

    def __init__(self, desk: Desk, name: str, nth: int, when: str) -> None:
        self._desk, self._name, self._nth, self._when = desk, name, nth, when
        self.reached = threading.Event()

    def __call__(self, asked: Asked, when: str) -> None:
        if self.reached.is_set() or when != self._when or asked.name != self._name:
            return
        if self._desk.front.count(self._name) == self._nth:
            self._desk.started[0].stop()
            self.reached.set()


def stopped(desk: Desk, name: str, nth: int, when: str) -> Running:
    """A runner that stands still from there on."""
    stopper = Stopper(desk, name, nth, when)
    desk.front.meet = stopper
    first = desk.begin(*run(desk))
    assert stopper.reached.wait(30)
    desk.front.unmet()
    return first


def taken_over(desk: Desk) -> None:
    """Elsewhere, after a whole lease, another takes over and goes to the end."""
    second = desk.type(*RESUME, machine="elsewhere")
    assert second.code == 0, second.err
    assert "the previous runner exited without releasing it" in second.err


def wakes(desk: Desk, first: Running) -> Result:
    """What it comes to; nothing is written and nothing changed by it."""
    before, sent = desk.history("op"), len(desk.sandbox.journal)
    first.wake()
    told = first.end()
    assert desk.history("op") == before
    assert [call.name for call in desk.sandbox.journal[sent:] if call.changes] == []
    return told


def is_as_with_one(desk: Desk, told: Result) -> None:
    assert told.code == 6
    assert "another runner" in told.err
    assert "`runbook status op`" in told.err
    assert changed(desk) == BOTH
    status = desk.status("op")
    assert (status["status"], status["runner"]) == ("SUCCEEDED", None)


@pytest.mark.parametrize(("store", "nth", "when"), [("sqlite", 1, "before"), ("dynamodb", 2, "after")])
def test_in_a_call(opened: Open, store: str, nth: int, when: str) -> None:
    """Its copy is made, and the answer waits for it."""
    desk = opened(SMALL, store=store)
    first = stopped(desk, COPY, nth, when)
    taken_over(desk)
    is_as_with_one(desk, wakes(desk, first))


def test_between_the_commit_and_the_call(opened: Open) -> None:
    """Its intent is written, and it has not seen that yet: it looks at its lease before it goes on."""
    desk = opened(SMALL, store="dynamodb")
    first = stopped(desk, "dynamodb.PutItem", INTENT, "after")
    taken_over(desk)
    is_as_with_one(desk, wakes(desk, first))
    events = desk.events("op")
    assert events.index("Intended") < events.index("TakenUp")


def test_with_a_commit_under_way(opened: Open) -> None:
    """Its intent arrives at the table when another's word is there already."""
    desk = opened(SMALL, store="dynamodb")
    stands, goes_on = threading.Event(), threading.Event()

    def meet(asked: Asked, when: str) -> None:
        if when == "before" and desk.front.count("dynamodb.PutItem") == INTENT and not stands.is_set():
            desk.started[0].stop()
            stands.set()
            assert goes_on.wait(60)

    desk.front.meet = meet
    first = desk.begin(*run(desk))
    assert stands.wait(30)
    taken_over(desk)
    goes_on.set()
    is_as_with_one(desk, wakes(desk, first))
    events = desk.events("op")
    assert events.index("TakenUp") < events.index("Intended")


def test_between_the_takeover_and_its_record(opened: Open) -> None:
    """Its last word arrives when another has the lease, and has written nothing yet: the other goes on all the same."""
    desk = opened(SMALL, store="dynamodb")
    stands, goes_on, went = threading.Event(), threading.Event(), threading.Event()

    def meet(asked: Asked, when: str) -> None:
        if not stands.is_set():
            if when == "before" and desk.front.count("dynamodb.PutItem") == INTENT:
                desk.started[0].stop()
                stands.set()
                assert goes_on.wait(60)
                went.set()
        elif asked.name == "dynamodb.PutItem" and when == "before" and not went.is_set():
            goes_on.set()  # this is the TakenUp of the other
            assert went.wait(60)

    desk.front.meet = meet
    first = desk.begin(*run(desk))
    assert stands.wait(30)
    second = desk.type(*RESUME, machine="elsewhere")
    assert second.code == 0, second.err
    is_as_with_one(desk, wakes(desk, first))


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
"""As short-lived as credentials can be: they are asked for at each signing, which is after the last look at the lease."""


@pytest.fixture
def short_lived(tmp_path: Path) -> Callable[[Desk], Path]:
    """Makes a desk's runners sign with such credentials; a file `stop` beside what it returns stops the next signing."""

    def made(desk: Desk) -> Path:
        script = Path(write_file(desk.folder / "credentials.py", CREDENTIALS))
        profile = f"[default]\ncredential_process = {sys.executable} -S {script} {script}\n"
        file = write_file(desk.folder / "config", profile)
        desk.environment |= {"AWS_CONFIG_FILE": file, "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}
        return script

    return made


def test_between_the_last_look_at_the_lease_and_the_sending(opened: Open, short_lived: Callable[[Desk], Path]) -> None:
    """The last instant that is ours: when all is signed, the lease is looked at once more."""
    desk = opened(SMALL)
    script = short_lived(desk)

    def meet(asked: Asked, when: str) -> None:
        if when == "after" and asked.number == 2:  # what is copied has been looked at; the copy is signed next
            script.with_name("stop").touch()

    desk.front.meet = meet
    first = desk.begin(*run(desk))
    until(lambda: script.with_name("stands").exists())
    desk.front.unmet()
    assert desk.front.asked == ["rds.DescribeDBClusterSnapshots"] * 2
    taken_over(desk)
    is_as_with_one(desk, wakes(desk, first))
    assert desk.front.count(COPY) == 2


def until(holds: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(1000):
        if holds():
            return
        pause.wait(0.03)
    raise AssertionError


def test_in_a_wait(opened: Open) -> None:
    desk = opened(SMALL, speed=60.0)
    first = desk.begin(*run(desk))
    first.until("pause")
    first.stop()
    desk.change(speed=FAST)
    assert desk.type(*RESUME).code == 6  # here it is seen to be alive, though it stands still
    taken_over(desk)
    is_as_with_one(desk, wakes(desk, first))


def test_who_wakes_before_anybody_took_over_goes_on(opened: Open) -> None:
    """Beyond its lease, but nobody wanted it."""
    desk = opened(SMALL)
    first = stopped(desk, COPY, 1, "before")
    desk.passes(3600)
    first.wake()
    assert first.end().code == 0
    assert changed(desk) == BOTH
