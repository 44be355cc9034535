"""Clocks for a person who waits: a sleep that a signal ends. Time itself is `engine.clock`'s."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from engine.clock import Clock

SLICE: Final = 0.2
"""Seconds of sleep between two looks at whether a signal has come."""


@dataclass(slots=True)
class Wakeful:
    """The machine's clock, whose sleep ends early once somebody told the runner to stop."""

    inner: Clock
    stop: Callable[[], int]

    def now(self) -> float:
        return self.inner.now()

    def boot(self) -> float:
        return self.inner.boot()

    def sleep(self, seconds: float) -> None:
        left = seconds
        while left > 0 and not self.stop():
            self.inner.sleep(min(SLICE, left))
            left -= SLICE
