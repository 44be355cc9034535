"""Two runners of one operation, in one process and one virtual time: one is stopped while the other works.

Each is a thread, and exactly one of them runs at any moment: whoever has the baton. It gives it back at the point at
which it is to stop, so a schedule is the same in every run, and nothing sleeps.

A runner that is stopped lives on with all that it has in its memory, so every point counts here, looks too; those of
one kind at one state are one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from engine.clock import VirtualClock
from engine.errors import Busy, StoreConflict, UsageError
from engine.kernel import Operation
from engine.runtime.engine import Engine
from tests.crash.sandbox_run import RealScene
from tests.crash.simulated_process import Process
from tests.laws.scenario_run import ID, INPUTS, Killed, Story

MACHINES = ("desk", "lap")
WAITS = 30.0
"""Seconds, real ones, after which a runner that does not give the baton back is taken for a bug of this suite."""


Command = Callable[["Duel", Engine], Any]
"""What a person types."""


def typed_run(scene: Duel, engine: Engine) -> Any:
    return engine.run(scene.parse(scene.story.text), ID, INPUTS)


class Runner:
    """One of the two. `error` is what it left with; None: it came to an end or a hold."""

    def __init__(self, scene: Duel, machine: str, command: Command) -> None:
        self.scene = scene
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
        """Let it run on for so many points, or to its end. Has it ended?"""
        if not self.done:
            self._left = points
            self._go.release()
            assert self._back.acquire(timeout=WAITS), f"{self.machine} never came back from {self.points[-1:]}"
        return self.done

    def until(self, where: str) -> Runner:
        """Let it run on to the next point of that kind."""
        while not self.advance(1) and self.points[-1] != where:
            pass
        return self

    def abandon(self) -> None:
        """It never wakes again."""
        self._abandoned = True
        self.advance()
        self._thread.join(WAITS)

    # -- in its own thread ----------------------------------------------------------------------------------

    def _body(self) -> None:
        self._go.acquire()
        try:
            self.scene.here.runner = self
            engine = self.scene.engine_of(self.scene.begins(self.machine))
            if not self._abandoned:
                self.command(self.scene, engine)
        except BaseException as error:
            self.error = error
        finally:
            self.done = True
            self._back.release()

    def at(self, where: str, state: tuple[Any, ...]) -> None:
        """A point. Stops here if it is the one."""
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


class DuelClock(VirtualClock):
    """Time that passes for both; who sleeps can be stopped."""

    def __init__(self, scene: Duel) -> None:
        super().__init__()
        self.scene = scene

    def sleep(self, seconds: float) -> None:
        self.scene.passes("asleep")
        super().sleep(seconds)


class Duel(RealScene):
    """One operation with two runners; each types the same `run`, unless something else is said."""

    def __init__(self, story: Story, first: Command = typed_run, second: Command = typed_run) -> None:
        super().__init__(story)
        self.first, self.second = (
            Runner(self, machine, command) for machine, command in zip(MACHINES, (first, second), strict=True)
        )

    def surround(self) -> None:
        self.clock = DuelClock(self)
        super().surround()

    def passing(self, process: Process, where: str) -> None:
        self.passes(where)

    def passes(self, where: str) -> None:
        runner: Runner | None = getattr(self.here, "runner", None) if hasattr(self, "here") else None
        if runner is not None:
            runner.at(where, self.state())

    def judged(self, number: int) -> str | None:
        return ""  # on another machine nobody can tell

    def play(self, *stops: int) -> Duel:
        """The first runs for `stops[0]` points, then the second for `stops[1]`, and so on in turn.

        Then each runs to its end, first the one whose turn it is.
        """
        turns = [self.first, self.second]
        for stop in stops:
            turns[0].advance(stop)
            turns.reverse()
        for runner in turns:
            runner.advance()
        self.deaths = 0
        return self

    @property
    def went_on(self) -> list[Runner]:
        """Those that were not stopped by the other."""
        return [runner for runner in (self.first, self.second) if runner.error is None]

    def settled(self) -> Operation:
        """What is in the log, after both have left; a bug where one left otherwise than it should."""
        for runner in (self.first, self.second):
            if runner.error is not None and not isinstance(runner.error, (StoreConflict, Busy, UsageError)):
                raise runner.error
        operation = self.operation
        assert operation is not None
        return operation
