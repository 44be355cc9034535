"""Ctrl-C and SIGTERM while an operation runs: the first lets the current call finish, the second exits at once.

Exiting at once is the same as being killed: everything recorded is kept, and `runbook resume` continues from there (docs/architecture.md,
"The driver").
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Final

from engine.clock import Clock

EXIT_CODES: Final = {signal.SIGINT: 130, signal.SIGTERM: 143}
STOPPING: Final = "stopping after the current call; repeat the signal (Ctrl-C) to exit at once"
SHOW_CURSOR: Final = "\x1b[?25h"

SLICE: Final = 0.2
"""Seconds slept between two checks for a signal."""

LONGEST_SLEEP: Final = 2.5
"""Seconds after which a sleep ends in any case, so that a loop of sleeps also notices other requests to stop."""


@dataclass(slots=True)
class StopSignal:
    """Whether a signal asked the process to stop. Calling it gives the exit code of that signal, 0 for none."""

    code: int = 0

    def __call__(self) -> int:
        return self.code

    @contextmanager
    def installed(self, notify: Callable[[str], None], hint: str = "") -> Iterator[None]:
        """Handle signals until the block ends. `notify` shows a line; `hint` is shown when a second signal exits."""

        def handle(number: int, frame: FrameType | None) -> None:
            code = EXIT_CODES[signal.Signals(number)]
            if self.code:
                _exit_now(code, hint)
            self.code = code
            try:
                notify(STOPPING)
            except (
                RuntimeError
            ):  # the signal came while this thread wrote to stderr: Python refuses a write within a write
                os.write(2, f"\n{STOPPING}\n".encode())

        previous = {number: signal.signal(number, handle) for number in EXIT_CODES}
        try:
            yield
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)


def _exit_now(code: int, hint: str) -> None:
    """Exit without cleaning up, for whatever the process is doing may never finish."""
    cursor = SHOW_CURSOR if sys.stderr is not None and sys.stderr.isatty() else ""
    try:
        os.write(2, f"{cursor}\nexited at once; recorded progress is kept. {hint}\n".encode())
    finally:
        os._exit(code)


@dataclass(slots=True)
class InterruptibleClock:
    """The machine's clock, whose sleep a signal ends early. Callers that need the whole time sleep in a loop."""

    inner: Clock
    stop: Callable[[], int]

    def now(self) -> float:
        return self.inner.now()

    def boot(self) -> float:
        return self.inner.boot()

    def sleep(self, seconds: float) -> None:
        left = min(seconds, LONGEST_SLEEP)
        while left > 0 and not self.stop():
            self.inner.sleep(min(SLICE, left))
            left -= SLICE
