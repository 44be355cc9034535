"""Connects an engine to the user: what a command shows, passes on and asks while an operation runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine.cli.output.progress import Progress
from engine.cli.runner.signals import StopSignal
from engine.errors import Problem
from engine.kernel import Operation, Transition
from engine.kernel.effect import Deletion, Effect
from engine.runtime.observer import Observer, PlannedRemoval


@dataclass(slots=True, kw_only=True)
class CommandObserver(Observer):
    """Connects an engine to the user: shows progress, passes signals on, and asks before something is removed.

    `enter_step` is called with the step of each event: the script of a sandbox has faults by step, and only it needs this.
    """

    progress: Progress
    stop: StopSignal
    confirm: Callable[[list[PlannedRemoval]], bool]
    confirm_late: Callable[[Operation, tuple[Deletion, ...]], bool]
    enter_step: Callable[[str], None] | None

    def committed(self, transition: Transition) -> None:
        self.progress.committed(transition)
        if self.enter_step is not None:
            self.enter_step(transition.after.last_step)

    def resending(self, operation: Operation, effect: Effect, problem: Problem, delay: float) -> None:
        self.progress.resending(operation, effect, problem, delay)

    def awaiting(self, operation: Operation) -> None:
        self.progress.awaiting(operation)

    def confirms(self, removals: list[PlannedRemoval]) -> bool:
        return self.confirm(removals)

    def confirms_late(self, operation: Operation, deletions: tuple[Deletion, ...]) -> bool:
        return self.confirm_late(operation, deletions)

    def stop_code(self) -> int:
        return self.stop()
