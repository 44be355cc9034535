"""The table of exit codes: each that a command can have is seen of it, over one pretend AWS."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from actions.sandbox import Fault
from engine.clock import SystemClock
from engine.runtime.engine import Engine
from engine.stores.factory import open_store
from engine.stores.lease import StoreLease, this_process
from tests.cli.commands import Answer, written
from tests.cli.shared_aws import COPY, FAIL, HEAD, HOLD, LEAVE, Aws

WAIT = "  - {id: stop, wait: 0s}\n"
CHECK = "  - {id: stop, check: rds.cluster_snapshot, with: {name: late}, states: {missing: {fail: not there}}}\n"
BAD = "  - {id: stop, check: rds.cluster_snapshot, with: {name: late}, states: {available: {fail: it is bad}}}\n"
SOON = WAIT.replace("stop", "soon")
TAKEN_BACK = ""
"""A failure takes back what was made, where nothing else is said."""
DELETE = "rds.DeleteDBClusterSnapshot"
REFUSED = Fault(kind="error", call=DELETE, code="AccessDenied")

Scenario = Callable[[Aws], Answer]


def run(aws: Aws, *steps: str, more: str = TAKEN_BACK, id: str = "op") -> Answer:
    file = written(aws.folder / f"{id}.yaml", HEAD + "".join(steps) + more)
    return aws.asks("run", file, "--operation-id", id, "--yes")


def typed(
    *words: str, steps: tuple[str, ...] = (HOLD,), code: int = 5, more: str = TAKEN_BACK,
    fault: Fault | None = None, also: Callable[[Aws], Any] = lambda aws: None,
) -> Scenario:  # fmt: skip
    """What is typed about an operation that has come to that code, when something has befallen the world."""

    def scenario(aws: Aws) -> Answer:
        aws.leaves("op", *steps, code=code, more=more)
        if fault is not None:
            aws.sandbox.fault(fault)
        also(aws)
        return aws.asks(*words)

    return scenario


# -- what befalls ---------------------------------------------------------------------------------------------


def is_there(aws: Aws) -> None:
    aws.sandbox.put("rds.cluster_snapshot/late@us-west-2", {"cluster": "orders"})


def is_spoilt(aws: Aws) -> None:
    written(aws.folder / "operations.db", "this is no database, and was never one" * 100)


def expired(call: str) -> Fault:
    return Fault(kind="credentials", call=call)


def locked(*words: str, cancelled: bool = False) -> Scenario:
    """Another operation has got the target meanwhile."""

    def scenario(aws: Aws) -> Answer:
        lock = "lock: the-target\n" + LEAVE
        aws.leaves("op", COPY, HOLD, code=5, more=lock)
        if cancelled:
            assert aws.asks("cancel", "op").code == 0
        else:  # as it is after a restart, say, of what has ended
            open_store(aws.store).release_lock("the-target", "op")
        aws.leaves("other", HOLD, code=5, more=lock)
        return aws.asks(*words) if words else run(aws, HOLD, more=lock, id="third")

    return scenario


def driven(*words: str, cancelled: bool = False) -> Scenario:
    """Another runner has it."""

    def scenario(aws: Aws) -> Answer:
        aws.leaves("op", COPY, HOLD, code=5)
        if cancelled:
            assert aws.asks("cancel", "op").code == 0
        lease = StoreLease(open_store(aws.store), "op", SystemClock(), this_process("anna"))
        lease.acquire()
        try:
            return aws.asks(*words)
        finally:
            lease.release()

    return scenario


@contextmanager
def signalled(aws: Aws, number: int) -> Iterator[None]:
    """While a change is on its way."""

    def tell(call: Any, when: str) -> None:
        if call.changes and when == "before":
            aws.sandbox.watch_calls(None)
            os.kill(os.getpid(), number)

    aws.sandbox.watch_calls(tell)
    yield


def interrupted(scenario: Scenario, number: int, *steps: str, code: int = 5, more: str = LEAVE) -> Scenario:
    def told(aws: Aws) -> Answer:
        if steps:
            aws.leaves("op", *steps, code=code, more=more)
        with signalled(aws, number):
            return scenario(aws)

    return told


def broken(scenario: Scenario) -> Scenario:
    """A bug of ours, wherever an operation is driven."""

    def fails(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError

    def told(aws: Aws) -> Answer:
        aws.leaves("op", HOLD, code=5)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Engine, "_drive", fails)
            return scenario(aws)

    return told


# -- the table --------------------------------------------------------------------------------------------------

RESUME, CANCEL, CLEANUP = ("resume", "op"), ("cancel", "op"), ("cleanup", "op")
RESTART, FORTH = ("restart", "op", "--from", "stop"), ("restart", "op", "--from", "copy")
UNDO, DELETING = (*CANCEL, "--undo"), ("orphans", "--delete", "--yes")
MADE, LEFT = (COPY, HOLD), (COPY, FAIL)


def of_signals(command: str, scenario: Scenario, *steps: str, **more: Any) -> dict[tuple[str, int], Scenario]:
    numbers = {130: signal.SIGINT, 143: signal.SIGTERM}
    return {(command, code): interrupted(scenario, number, *steps, **more) for code, number in numbers.items()}


TABLE: dict[tuple[str, int], Scenario] = {
    ("run", 0): lambda aws: run(aws, COPY),
    ("run", 1): lambda aws: run(aws, COPY, FAIL),
    ("run", 2): lambda aws: aws.asks("run", written(aws.folder / "a.yaml", HEAD + WAIT), "-i", "nothing=1"),
    ("run", 3): lambda aws: run(aws, COPY.replace("undo: delete", "undo: perhaps")),
    ("run", 4): lambda aws: run(aws, WAIT, more="settings: {gone: 'ssm:/nowhere'}\nnotify: ${settings.gone}\n"),
    ("run", 5): lambda aws: run(aws, HOLD),
    ("run", 6): locked(),
    ("run", 7): lambda aws: (aws.sandbox.fault(REFUSED), run(aws, COPY, FAIL))[1],
    ("run", 70): broken(lambda aws: run(aws, WAIT, id="another")),
    **of_signals("run", lambda aws: run(aws, COPY)),
    ("resume", 0): typed(*RESUME),
    ("resume", 1): typed(*RESUME, "--reject", "no"),
    ("resume", 2): typed(*RESUME, steps=(FAIL,), code=1),
    ("resume", 3): typed(*RESUME, "--with", "bad.yaml", also=lambda aws: written(aws.folder / "bad.yaml", "runbook: 1")),
    ("resume", 4): typed(*RESUME, steps=(HOLD, COPY), fault=expired("rds.*")),
    ("resume", 5): typed(*RESUME, steps=(SOON.replace("wait: 0s", "hold: first"), HOLD)),
    ("resume", 6): driven(*RESUME),
    ("resume", 7): typed(*RESUME, "--reject", "no", steps=MADE, fault=REFUSED),
    ("resume", 70): broken(lambda aws: aws.asks(*RESUME)),
    **of_signals("resume", lambda aws: aws.asks(*RESUME), HOLD, COPY),
    ("restart", 0): typed(*RESTART, steps=(CHECK,), code=1, also=is_there),
    ("restart", 1): typed(*RESTART, steps=(CHECK,), code=1),
    ("restart", 2): typed("restart", "op", "--from", "nowhere"),
    ("restart", 4): typed(*RESTART, steps=(CHECK,), code=1, fault=expired("rds.*")),
    ("restart", 5): typed(*RESTART),
    ("restart", 6): driven(*RESTART),
    ("restart", 7): typed(*RESTART, steps=(COPY, BAD), fault=REFUSED, also=is_there),
    ("restart", 70): broken(lambda aws: aws.asks(*RESTART)),
    **of_signals("restart", lambda aws: aws.asks(*FORTH), COPY, FAIL, code=1, more=TAKEN_BACK),
    ("cancel", 0): typed(*UNDO, steps=MADE),
    ("cancel", 2): typed(*CANCEL, steps=(FAIL,), code=1),
    ("cancel", 4): typed(*UNDO, steps=MADE, fault=expired(DELETE)),
    ("cancel", 6): locked(*CANCEL),
    ("cancel", 7): typed(*UNDO, steps=MADE, fault=REFUSED),
    ("cancel", 70): broken(lambda aws: aws.asks(*CANCEL)),
    **of_signals("cancel", lambda aws: aws.asks(*UNDO), *MADE),
    ("cleanup", 0): typed(*CLEANUP, steps=LEFT, code=1, more=LEAVE),
    ("cleanup", 2): typed(*CLEANUP),
    ("cleanup", 4): typed(*CLEANUP, steps=LEFT, code=1, more=LEAVE, fault=expired(DELETE)),
    ("cleanup", 6): locked(*CLEANUP, cancelled=True),
    ("cleanup", 7): typed(*CLEANUP, steps=LEFT, code=1, more=LEAVE, fault=REFUSED),
    **of_signals("cleanup", lambda aws: aws.asks(*CLEANUP), *LEFT, code=1),
    ("orphans", 0): typed(*DELETING, steps=LEFT, code=1, more=LEAVE),
    ("orphans", 1): typed("orphans", steps=LEFT, code=1, more=LEAVE),
    ("orphans", 2): typed("orphans", "--delete", steps=LEFT, code=1, more=LEAVE),
    ("orphans", 4): typed("orphans", steps=LEFT, code=1, more=LEAVE, fault=expired("rds.*")),
    ("orphans", 6): driven(*DELETING, cancelled=True),
    **of_signals("orphans", lambda aws: aws.asks(*DELETING), *LEFT, code=1),
    **{
        (command, code): typed(*words, *more, also=also)
        for command, words in {"status": ("status", "op"), "history": ("history", "op"), "list": ("list",)}.items()
        for code, more, also in ((0, (), is_there), (2, ("--nonsense",), is_there), (4, (), is_spoilt))
    },
}  # fmt: skip


@pytest.mark.parametrize(("command", "code"), TABLE, ids=str)
def test_the_code_of_what_it_came_to(aws: Aws, command: str, code: int) -> None:
    told = TABLE[command, code](aws)
    assert told.code == code, (told.out, told.err)
    if code in (130, 143):
        assert "stopping after the current call" in told.err
    if code >= 2:
        assert told.err, "nothing says why"


def test_every_code_is_seen_of_every_command_that_drives() -> None:
    every = {0, 1, 2, 3, 4, 5, 6, 7, 70, 130, 143}
    for command, never in {"run": set(), "resume": set(), "restart": {3}}.items():
        assert {code for one, code in TABLE if one == command} == every - never
