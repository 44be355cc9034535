"""What `runbook list` says of an operation that is running: its step, which the head tells without the records."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from engine.clock import Clock
from engine.reports.status import current_step, summary
from engine.runtime.driver import Log
from engine.stores.port import Store

EVERY: Final = 30.0
"""Seconds: as often as the lease is renewed."""


@dataclass(slots=True)
class Listing:
    """Puts the summary where the step is another than it says; quick steps, which nobody sees, cost nothing."""

    store: Store
    log: Log
    clock: Clock
    step: str | None = None  # that it says; None: nobody knows what the runner before has left there
    at: float = field(init=False)  # since boot

    def __post_init__(self) -> None:
        begun_now = self.log.seq <= 1  # else it says how an earlier runner left it: held, or at another step
        self.at = self.clock.boot() if begun_now else -EVERY

    def put_if_due(self) -> None:
        """Of what is committed, by whoever has the lease."""
        operation = self.log.committed
        if operation is None or current_step(operation) == self.step or self.clock.boot() - self.at < EVERY:
            return
        self.store.summarise(operation.id, summary(operation, self.log.runbook))
        self.step, self.at = current_step(operation), self.clock.boot()
