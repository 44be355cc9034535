"""What the runtime reports to its caller while it drives an operation, and asks of it."""

from __future__ import annotations

from engine.errors import Problem
from engine.kernel import Operation, Transition
from engine.kernel.effect import Effect
from engine.kernel.operation import Target
from engine.values import Value


class PlannedRemoval(Value):
    """A resource that the runbook removes: a person confirms it before the operation starts."""

    step: str
    kind: str
    target: Target


class Observer:
    """Reports nothing, confirms every removal and never stops the driver. Override what should be different.

    The driver calls the methods in its own thread, between two effects. What they raise stops the driver.
    """

    def committed(self, transition: Transition) -> None:
        """An event was committed."""

    def resending(self, operation: Operation, effect: Effect, problem: Problem, delay: float) -> None:
        """An effect was not sent because of `problem`, and will be sent again in `delay` seconds. There is no event for this."""

    def awaiting(self, operation: Operation) -> None:
        """A step waits for a resource that it requires. Called before each sleep; there is no event for this."""

    def confirms(self, removals: list[PlannedRemoval]) -> bool:
        """May these resources be removed? UsageError if nobody can be asked."""
        return True

    def stop_code(self) -> int:
        """The exit code for a signal that was received; 0: continue."""
        return 0
