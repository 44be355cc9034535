"""Two runners of one operation, in one process and one virtual time: one is stopped while the other works.

Each is a thread, and exactly one of them runs at any moment. It gives control back at the point at which it is to stop,
so a schedule is deterministic, and nothing sleeps.

A stopped runner keeps all that it has in memory, so every point counts here, also looks; equal points at one state count
once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from engine.clock import VirtualClock
from engine.errors import Busy, StoreConflict, UsageError
from engine.kernel import Operation
from engine.runtime.engine import Engine
from tests.crash.sandbox_run import SandboxTrial
from tests.crash.simulated_process import Process
from tests.laws.scenario_run import ID, INPUTS, Killed, Scenario

MACHINES = ("desk", "lap")
TIMEOUT = 30.0
"""Real seconds after which a runner that does not give control back fails the test."""


Command = Callable[["TwoRunners", Engine], Any]
"""A command of a person."""


def run_command(trial: TwoRunners, engine: Engine) -> Any:
    return engine.run(trial.parse(trial.scenario.text), ID, INPUTS)


class Runner:
    """One of the two. `error` is what its command raised; None if the operation ended or holds."""

    def __init__(self, trial: TwoRunners, machine: str, command: Command) -> None:
        self.trial = trial
        self.machine = machine
        self.command = command
        self.done = False
        self.error: BaseException | None = None
        self.points: list[str] = []
        self.stopped_at: list[str] = []
        self._seen: set[tuple[Any, ...]] = set()
        self._left: int | None = None
        self._abandoned = False
        self._go = threading.Semaphore(0)
        self._back = threading.Semaphore(0)
        self._thread = threading.Thread(target=self._body, daemon=True)
        self._thread.start()

    def advance(self, points: int | None = None) -> bool:
        """Let it run for a number of points, or to its end. Returns whether it has ended."""
        if not self.done:
            self._left = points
            self._go.release()
            assert self._back.acquire(timeout=TIMEOUT), f"{self.machine} did not return from {self.points[-1:]}"
        return self.done

    def until(self, where: str) -> Runner:
        """Let it run to the next point of this kind."""
        while not self.advance(1) and self.points[-1] != where:
            pass
        return self

    def abandon(self) -> None:
        """Kill it."""
        self._abandoned = True
        self.advance()
        self._thread.join(TIMEOUT)

    # -- in its own thread ----------------------------------------------------------------------------------

    def _body(self) -> None:
        self._go.acquire()
        try:
            self.trial.here.runner = self
            engine = self.trial.engine_of(self.trial.new_process(self.machine))
            if not self._abandoned:
                self.command(self.trial, engine)
        except BaseException as error:
            self.error = error
        finally:
            self.done = True
            self._back.release()

    def at(self, where: str, state: tuple[Any, ...]) -> None:
        """A point: stop here if it is the chosen one."""
        if (where, *state) in self._seen:
            return
        self._seen.add((where, *state))
        self.points.append(where)
        if self._left is None:
            return
        self._left -= 1
        if self._left == 0:
            self.stopped_at.append(where)
            self._back.release()
            self._go.acquire()
            if self._abandoned:
                raise Killed


class SharedClock(VirtualClock):
    """The time of both; a runner that sleeps can be stopped."""

    def __init__(self, trial: TwoRunners) -> None:
        super().__init__()
        self.trial = trial

    def sleep(self, seconds: float) -> None:
        self.trial.reach("asleep")
        super().sleep(seconds)


class TwoRunners(SandboxTrial):
    """One operation with two runners; both start the same `run` by default."""

    def __init__(self, scenario: Scenario, first: Command = run_command, second: Command = run_command) -> None:
        super().__init__(scenario)
        self.first, self.second = (
            Runner(self, machine, command) for machine, command in zip(MACHINES, (first, second), strict=True)
        )

    def set_up(self) -> None:
        self.clock = SharedClock(self)
        super().set_up()

    def at_point(self, process: Process, where: str) -> None:
        self.reach(where)

    def reach(self, where: str) -> None:
        runner: Runner | None = getattr(self.here, "runner", None) if hasattr(self, "here") else None
        if runner is not None:
            runner.at(where, self.state())

    def start_of(self, number: int) -> str | None:
        return ""  # unknown, because it is on another machine

    def play(self, *stops: int) -> TwoRunners:
        """The first runs for `stops[0]` points, then the second for `stops[1]`, and so on in turn.

        Then each runs to its end, beginning with the one whose turn it is.
        """
        turns = [self.first, self.second]
        for stop in stops:
            turns[0].advance(stop)
            turns.reverse()
        for runner in turns:
            runner.advance()
        self.kills = 0
        return self

    @property
    def finished(self) -> list[Runner]:
        """The runners whose command raised nothing."""
        return [runner for runner in (self.first, self.second) if runner.error is None]

    def final_operation(self) -> Operation:
        """The operation by the log; raises the error of a runner if it is not one of the expected."""
        for runner in (self.first, self.second):
            if runner.error is not None and not isinstance(runner.error, (StoreConflict, Busy, UsageError)):
                raise runner.error
        operation = self.operation
        assert operation is not None
        return operation
