"""Keeps the current step of a running operation in its head, so that `runbook list` need not read its records."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from engine.clock import Clock
from engine.reports.status import current_step, summary
from engine.runtime.driver import OperationLog
from engine.stores.port import Store

UPDATE_EVERY: Final = 30.0
"""Seconds, as between two renewals of the lease."""


@dataclass(slots=True)
class Heartbeat:
    """Writes the summary to the head if the step has changed, at most every `UPDATE_EVERY` seconds."""

    store: Store
    log: OperationLog
    clock: Clock
    step: str | None = None  # in the summary as this runner wrote it; None: not written yet
    at: float = field(init=False)  # when it was written, in seconds since boot

    def __post_init__(self) -> None:
        is_new = self.log.seq <= 1  # else the summary is an earlier runner's: write it at the first chance
        self.at = self.clock.boot() if is_new else -UPDATE_EVERY

    def update_if_due(self) -> None:
        """Write the summary of the committed state. Only the runner that holds the lease may call this."""
        operation = self.log.committed
        if operation is None or current_step(operation) == self.step or self.clock.boot() - self.at < UPDATE_EVERY:
            return
        self.store.summarise(operation.id, summary(operation, self.log.runbook))
        self.step, self.at = current_step(operation), self.clock.boot()
