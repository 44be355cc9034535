"""What the runtime reports to its caller while it drives an operation, and asks of it."""

from __future__ import annotations

from engine.errors import Problem
from engine.kernel import Operation, Transition
from engine.kernel.effect import Deletion, Effect
from engine.kernel.operation import Target
from engine.values import Value


class PlannedRemoval(Value):
    """A resource that the runbook removes: a person confirms it before the operation starts."""

    step: str
    kind: str  # or the action of a call
    target: Target
    meant: bool = False  # the removal means this id, or that there is none, from now on
    within: tuple[str, ...] = ()  # of a call: names of what it is in
    parts: tuple[str, ...] = ()  # names of what goes with it
    unprotects: bool = False  # a call: it only switches the protection off

    @property
    def deletion(self) -> Deletion:
        """What a person confirms."""
        target = self.target
        return Deletion(
            step=self.step, kind=self.kind, id=target.id or target.name, name=target.name, region=target.region,
            account=target.account, within=self.within, parts=self.parts, unprotects=self.unprotects,
        )  # fmt: skip


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

    def confirms_late(self, operation: Operation, deletions: tuple[Deletion, ...]) -> bool:
        """May these be deleted, which were not known when the operation started? False where nobody can be asked."""
        return False

    def stop_code(self) -> int:
        """The exit code for a signal that was received; 0: continue."""
        return 0
