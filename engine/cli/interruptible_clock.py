"""A clock for a person who waits: a sleep that a signal ends, and that is never long. Time is `engine.clock`'s."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from engine.clock import Clock

SLICE: Final = 0.2
"""Seconds of sleep between two looks at whether a signal has come."""


LONGEST: Final = 2.5
"""Seconds after which a sleep ends in any case, so that whoever sleeps in a loop asks whether the end was asked for."""


@dataclass(slots=True)
class Wakeful:
    """The machine's clock. Its sleep may end early: whoever needs all of it sleeps again, as the driver does."""

    inner: Clock
    stop: Callable[[], int]

    def now(self) -> float:
        return self.inner.now()

    def boot(self) -> float:
        return self.inner.boot()

    def sleep(self, seconds: float) -> None:
        left = min(seconds, LONGEST)
        while left > 0 and not self.stop():
            self.inner.sleep(min(SLICE, left))
            left -= SLICE
