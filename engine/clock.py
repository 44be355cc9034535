"""The only source of time. Seconds since the epoch, UTC, as float."""

from __future__ import annotations

import time
from typing import Final, Protocol

_BOOT: Final[int | None] = getattr(time, "CLOCK_BOOTTIME", None)  # only Linux has one that also runs during suspend


class Clock(Protocol):
    """How the engine reads and passes time."""

    def now(self) -> float:
        """Wall-clock seconds since the epoch."""

    def boot(self) -> float:
        """Seconds since boot, including suspend. For leases: it never goes back."""

    def sleep(self, seconds: float) -> None:
        """Return after that many seconds."""


class SystemClock:
    """The clock of the machine."""

    def now(self) -> float:
        return time.time()

    def boot(self) -> float:
        return time.clock_gettime(_BOOT) if _BOOT is not None else time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(max(0.0, seconds))


class VirtualClock:
    """A clock for tests and the sandbox: time passes only when somebody sleeps."""

    def __init__(self, start: float = 1_710_893_160.0) -> None:  # 2024-03-20 00:06:00, the guide's
        self._now = start

    def now(self) -> float:
        return self._now

    def boot(self) -> float:
        return self._now

    def sleep(self, seconds: float) -> None:
        self._now += max(0.0, seconds)
