"""Every exit code of every command, in one table of scenarios over a simulated AWS."""

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
from tests.cli.commands import Result, write_file
from tests.cli.shared_aws import COPY, FAIL, HEAD, HOLD, LEAVE, Aws

WAIT = "  - {id: stop, wait: 0s}\n"
CHECK = "  - {id: stop, check: rds.cluster_snapshot, with: {name: late}, states: {missing: {fail: not there}}}\n"
BAD = "  - {id: stop, check: rds.cluster_snapshot, with: {name: late}, states: {available: {fail: it is bad}}}\n"
SOON = WAIT.replace("stop", "soon")
UNDO_ALL = ""
"""No `on_failure` list: a failure undoes everything."""
DELETE = "rds.DeleteDBClusterSnapshot"
REFUSED = Fault(kind="error", call=DELETE, code="AccessDenied")

Scenario = Callable[[Aws], Result]


def run(aws: Aws, *steps: str, more: str = UNDO_ALL, id: str = "op") -> Result:
    file = write_file(aws.folder / f"{id}.yaml", HEAD + "".join(steps) + more)
    return aws.run("run", file, "--operation-id", id, "--yes")


def run_command(
    *words: str, steps: tuple[str, ...] = (HOLD,), code: int = 5, more: str = UNDO_ALL,
    fault: Fault | None = None, also: Callable[[Aws], Any] = lambda aws: None,
) -> Scenario:  # fmt: skip
    """Run an operation that ends with `code`, change the world, then run the command."""

    def scenario(aws: Aws) -> Result:
        aws.run_operation("op", *steps, code=code, more=more)
        if fault is not None:
            aws.sandbox.fault(fault)
        also(aws)
        return aws.run(*words)

    return scenario


# -- what happens before the command ---------------------------------------------------------------------------


def add_snapshot(aws: Aws) -> None:
    aws.sandbox.put("rds.cluster_snapshot/late@us-west-2", {"cluster": "orders"})


def corrupt_store(aws: Aws) -> None:
    write_file(aws.folder / "operations.db", "this is no database, and was never one" * 100)


def expired(call: str) -> Fault:
    return Fault(kind="credentials", call=call)


def with_lock_taken(*words: str, cancelled: bool = False) -> Scenario:
    """Another operation has taken the lock meanwhile."""

    def scenario(aws: Aws) -> Result:
        lock = "lock: the-target\n" + LEAVE
        aws.run_operation("op", COPY, HOLD, code=5, more=lock)
        if cancelled:
            assert aws.run("cancel", "op").code == 0
        else:  # as it is after a restart, say, of what has ended
            open_store(aws.store).release_lock("the-target", "op")
        aws.run_operation("other", HOLD, code=5, more=lock)
        return aws.run(*words) if words else run(aws, HOLD, more=lock, id="third")

    return scenario


def with_other_runner(*words: str, cancelled: bool = False) -> Scenario:
    """Another runner drives the operation."""

    def scenario(aws: Aws) -> Result:
        aws.run_operation("op", COPY, HOLD, code=5)
        if cancelled:
            assert aws.run("cancel", "op").code == 0
        lease = StoreLease(open_store(aws.store), "op", SystemClock(), this_process("anna"))
        lease.acquire()
        try:
            return aws.run(*words)
        finally:
            lease.release()

    return scenario


@contextmanager
def send_signal_during_change(aws: Aws, number: int) -> Iterator[None]:
    """Send the signal while a changing call is in progress."""

    def tell(call: Any, when: str) -> None:
        if call.changes and when == "before":
            aws.sandbox.watch_calls(None)
            os.kill(os.getpid(), number)

    aws.sandbox.watch_calls(tell)
    yield


def with_interrupt(scenario: Scenario, number: int, *steps: str, code: int = 5, more: str = LEAVE) -> Scenario:
    def with_signal(aws: Aws) -> Result:
        if steps:
            aws.run_operation("op", *steps, code=code, more=more)
        with send_signal_during_change(aws, number):
            return scenario(aws)

    return with_signal


def with_engine_bug(scenario: Scenario) -> Scenario:
    """A bug in the engine, whatever operation runs."""

    def fails(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError

    def with_bug(aws: Aws) -> Result:
        aws.run_operation("op", HOLD, code=5)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Engine, "_drive", fails)
            return scenario(aws)

    return with_bug


# -- the table --------------------------------------------------------------------------------------------------

RESUME, CANCEL, CLEANUP = ("resume", "op"), ("cancel", "op"), ("cleanup", "op")
RESTART, FORTH = ("restart", "op", "--from", "stop"), ("restart", "op", "--from", "copy")
UNDO, DELETING = (*CANCEL, "--undo"), ("orphans", "--delete", "--yes")
MADE, LEFT = (COPY, HOLD), (COPY, FAIL)


def signal_scenarios(command: str, scenario: Scenario, *steps: str, **more: Any) -> dict[tuple[str, int], Scenario]:
    numbers = {130: signal.SIGINT, 143: signal.SIGTERM}
    return {(command, code): with_interrupt(scenario, number, *steps, **more) for code, number in numbers.items()}


TABLE: dict[tuple[str, int], Scenario] = {
    ("run", 0): lambda aws: run(aws, COPY),
    ("run", 1): lambda aws: run(aws, COPY, FAIL),
    ("run", 2): lambda aws: aws.run("run", write_file(aws.folder / "a.yaml", HEAD + WAIT), "-i", "nothing=1"),
    ("run", 3): lambda aws: run(aws, COPY.replace("undo: delete", "undo: perhaps")),
    ("run", 4): lambda aws: run(aws, WAIT, more="settings: {gone: 'ssm:/nowhere'}\nnotify: ${settings.gone}\n"),
    ("run", 5): lambda aws: run(aws, HOLD),
    ("run", 6): with_lock_taken(),
    ("run", 7): lambda aws: (aws.sandbox.fault(REFUSED), run(aws, COPY, FAIL))[1],
    ("run", 70): with_engine_bug(lambda aws: run(aws, WAIT, id="another")),
    **signal_scenarios("run", lambda aws: run(aws, COPY)),
    ("resume", 0): run_command(*RESUME),
    ("resume", 1): run_command(*RESUME, "--reject", "no"),
    ("resume", 2): run_command(*RESUME, steps=(FAIL,), code=1),
    ("resume", 3): run_command(*RESUME, "--with", "bad.yaml", also=lambda aws: write_file(aws.folder / "bad.yaml", "runbook: 1")),
    ("resume", 4): run_command(*RESUME, steps=(HOLD, COPY), fault=expired("rds.*")),
    ("resume", 5): run_command(*RESUME, steps=(SOON.replace("wait: 0s", "hold: first"), HOLD)),
    ("resume", 6): with_other_runner(*RESUME),
    ("resume", 7): run_command(*RESUME, "--reject", "no", steps=MADE, fault=REFUSED),
    ("resume", 70): with_engine_bug(lambda aws: aws.run(*RESUME)),
    **signal_scenarios("resume", lambda aws: aws.run(*RESUME), HOLD, COPY),
    ("restart", 0): run_command(*RESTART, steps=(CHECK,), code=1, also=add_snapshot),
    ("restart", 1): run_command(*RESTART, steps=(CHECK,), code=1),
    ("restart", 2): run_command("restart", "op", "--from", "nowhere"),
    ("restart", 4): run_command(*RESTART, steps=(CHECK,), code=1, fault=expired("rds.*")),
    ("restart", 5): run_command(*RESTART),
    ("restart", 6): with_other_runner(*RESTART),
    ("restart", 7): run_command(*RESTART, steps=(COPY, BAD), fault=REFUSED, also=add_snapshot),
    ("restart", 70): with_engine_bug(lambda aws: aws.run(*RESTART)),
    **signal_scenarios("restart", lambda aws: aws.run(*FORTH), COPY, FAIL, code=1, more=UNDO_ALL),
    ("cancel", 0): run_command(*UNDO, steps=MADE),
    ("cancel", 2): run_command(*CANCEL, steps=(FAIL,), code=1),
    ("cancel", 4): run_command(*UNDO, steps=MADE, fault=expired(DELETE)),
    ("cancel", 6): with_lock_taken(*CANCEL),
    ("cancel", 7): run_command(*UNDO, steps=MADE, fault=REFUSED),
    ("cancel", 70): with_engine_bug(lambda aws: aws.run(*CANCEL)),
    **signal_scenarios("cancel", lambda aws: aws.run(*UNDO), *MADE),
    ("cleanup", 0): run_command(*CLEANUP, steps=LEFT, code=1, more=LEAVE),
    ("cleanup", 2): run_command(*CLEANUP),
    ("cleanup", 4): run_command(*CLEANUP, steps=LEFT, code=1, more=LEAVE, fault=expired(DELETE)),
    ("cleanup", 6): with_lock_taken(*CLEANUP, cancelled=True),
    ("cleanup", 7): run_command(*CLEANUP, steps=LEFT, code=1, more=LEAVE, fault=REFUSED),
    **signal_scenarios("cleanup", lambda aws: aws.run(*CLEANUP), *LEFT, code=1),
    ("orphans", 0): run_command(*DELETING, steps=LEFT, code=1, more=LEAVE),
    ("orphans", 1): run_command("orphans", steps=LEFT, code=1, more=LEAVE),
    ("orphans", 2): run_command("orphans", "--delete", steps=LEFT, code=1, more=LEAVE),
    ("orphans", 4): run_command("orphans", steps=LEFT, code=1, more=LEAVE, fault=expired("rds.*")),
    ("orphans", 6): with_other_runner(*DELETING, cancelled=True),
    **signal_scenarios("orphans", lambda aws: aws.run(*DELETING), *LEFT, code=1),
    **{
        (command, code): run_command(*words, *more, also=also)
        for command, words in {"status": ("status", "op"), "history": ("history", "op"), "list": ("list",)}.items()
        for code, more, also in ((0, (), add_snapshot), (2, ("--nonsense",), add_snapshot), (4, (), corrupt_store))
    },
}  # fmt: skip


@pytest.mark.parametrize(("command", "code"), TABLE, ids=str)
def test_exit_code(aws: Aws, command: str, code: int) -> None:
    result = TABLE[command, code](aws)
    assert result.code == code, (result.out, result.err)
    if code in (130, 143):
        assert "stopping after the current call" in result.err
    if code >= 2:
        assert result.err, "nothing says why"


def test_the_table_has_every_exit_code() -> None:
    every = {0, 1, 2, 3, 4, 5, 6, 7, 70, 130, 143}
    for command, never in {"run": set(), "resume": set(), "restart": {3}}.items():
        assert {code for one, code in TABLE if one == command} == every - never
