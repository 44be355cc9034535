"""The sandbox in a file, so that the next process finds the world again after a kill, and live processes share it.

The file is a log of JSON lines: each has a call, and everything there is after it if that has changed. A call locks the
file, reads what other processes have appended, and appends its own line with one write before it is answered. A line
that a kill has cut short belongs to a call that was never answered, and is dropped. Nothing is synced to disk: a
sandbox need not survive the machine.
"""

from __future__ import annotations

import fcntl
import os
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from actions.sandbox.calls import ApiCall
from actions.sandbox.faults import Fault
from actions.sandbox.world import World
from engine.errors import EnvironmentProblem
from engine.values import Resources

FORMAT: Final = 3


class SavedState(Resources):
    """Everything there is: the world, what is left of the script, and the faults with their counts."""

    world: World
    script: dict[str, list[tuple[str, int]]]
    faults: list[tuple[Fault, int]]


class SavedLine(Resources):
    """A line of the file: the world's time, the state if it has changed, and the call if there was one."""

    now: float
    format: int = FORMAT
    state: SavedState | None = None
    call: ApiCall | None = None


class WorldFile:
    """The file at `path`; its lines are read once each."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._size = 0  # bytes read or written
        try:
            for folder in reversed([one for one in path.parents if not one.exists()]):
                folder.mkdir(mode=0o700, exist_ok=True)  # `parents=True` would give its mode to the last one alone
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise self._problem("opened", error) from error
        weakref.finalize(self, os.close, self._file)

    @property
    def empty(self) -> bool:
        """Whether nothing has been written yet."""
        return self._size == 0

    @contextmanager
    def locked(self) -> Iterator[list[SavedLine]]:
        """Exclusive use of the file; gives the lines that other processes have appended."""
        fcntl.flock(self._file, fcntl.LOCK_EX)
        try:
            yield self._read()
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def append(self, line: SavedLine) -> None:
        """Append a line with one write; EnvironmentProblem, and nothing of it is in the file, if that fails."""
        text = msgspec.json.encode(line) + b"\n"
        try:
            written = os.pwrite(self._file, text, self._size)
        except OSError as error:
            raise self._problem("written", error) from error
        if written != len(text):
            os.ftruncate(self._file, self._size)
            raise self._problem("written", OSError(0, "the disk is full"))
        self._size += written

    def _read(self) -> list[SavedLine]:
        try:
            size = os.fstat(self._file).st_size
            data = os.pread(self._file, size - self._size, self._size) if size > self._size else b""
        except OSError as error:
            raise self._problem("read", error) from error
        whole = data.rfind(b"\n") + 1
        if whole < len(data):
            os.ftruncate(self._file, self._size + whole)
        try:
            lines = [self._decoded(text) for text in data[:whole].splitlines()]
        except msgspec.MsgspecError as error:
            message = f"{self.path} does not hold a sandbox's world; move it away"
            raise EnvironmentProblem(message) from error
        self._size += whole
        return lines

    def _decoded(self, text: bytes) -> SavedLine:
        if msgspec.json.decode(text, type=_Format).format != FORMAT:
            message = f"{self.path} was written by another version of the sandbox; move it away"
            raise EnvironmentProblem(message)
        return msgspec.json.decode(text, type=SavedLine)

    def _problem(self, what: str, error: OSError) -> EnvironmentProblem:
        return EnvironmentProblem(f"the sandbox's world cannot be {what} in {self.path}: {error.strerror}")


class _Format(Resources):
    format: int
