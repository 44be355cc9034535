"""Who watches an operation while it is driven, and answers for a person: the only way from the runtime to a user."""

from __future__ import annotations

from engine.errors import Problem
from engine.kernel import Operation
from engine.kernel.effect import Effect
from engine.kernel.operation import Target
from engine.kernel.transition import Transition
from engine.values import Value


class PlannedRemoval(Value):
    """What a person is asked to confirm before anything begins: a resource that the runbook removes."""

    step: str
    kind: str
    target: Target


class Observer:
    """Says nothing, confirms everything, and never stops. Override what is to be different.

    Its methods are called by the thread that drives, between two effects; what they raise ends the driving.
    """

    def committed(self, transition: Transition) -> None:
        """An event was committed."""

    def resending(self, operation: Operation, effect: Effect, problem: Problem, delay: float) -> None:
        """An effect was not sent, for `problem`, and is sent again in `delay` seconds. No event says so."""

    def awaiting(self, operation: Operation) -> None:
        """A step waits for a resource that it requires. Called before each sleep; no event says so."""

    def confirms(self, removals: list[PlannedRemoval]) -> bool:
        """May these be removed? UsageError where nobody can be asked."""
        return True

    def stop_code(self) -> int:
        """The exit code of a signal that has come; 0: go on."""
        return 0
