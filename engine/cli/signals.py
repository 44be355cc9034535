"""Ctrl-C and SIGTERM while an operation is driven: the first lets the call in hand finish, the second leaves now.

Leaving now is what a killed process does: everything that is recorded stands (docs/architecture.md, "The driver").
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Final

CODES: Final = {signal.SIGINT: 130, signal.SIGTERM: 143}
CURSOR: Final = "\x1b[?25h"


class LeftByUser(BaseException):
    """A signal ended the command, and everything has been said."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


@dataclass(slots=True, repr=False)  # signal.signal formats its handler, and with it this
class Stop:
    """Has somebody told the runner to stop? Called, it is the exit code of that; 0 for no."""

    say: Callable[[str], None] = field(default=lambda text: None)
    last_words: str = ""
    code: int = 0

    def __call__(self) -> int:
        return self.code

    def heard(self, number: int, frame: FrameType | None) -> None:
        """The handler of both signals."""
        code = CODES[signal.Signals(number)]
        if self.code:
            self._leave(code)
        self.code = code
        self.say("stopping after the call in hand; once more leaves at once")

    def _leave(self, code: int) -> None:
        cursor = CURSOR if sys.stderr is not None and sys.stderr.isatty() else ""
        try:
            os.write(2, f"{cursor}\nleft at once; what is recorded stands. {self.last_words}\n".encode())
        finally:
            os._exit(code)

    @contextmanager
    def installed(self, say: Callable[[str], None] | None = None, last_words: str = "") -> Iterator[None]:
        """While it is in force; the former handlers are put back. `last_words`: said where it leaves at once."""
        self.say, self.last_words = say or self.say, last_words
        before = {number: signal.signal(number, self.heard) for number in CODES}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
