"""Runs the command with a fast clock: a process that sleeps wakes early, and its clock has advanced all the same.

    python -P fast_clock.py MACHINE run restore.yaml …

So waits of hours are over in seconds, and a lease in one or two, while real work (a database, a busy machine) has
the time that it needs. MACHINE is a JSON file that a test may change at any time: `name` ("" is this machine; processes of another cannot be
checked from here), `speed`, and `wall` and `boot`, the seconds by which its clocks have jumped. The file `skipped` holds
the time that was skipped; all machines and the sandbox share it. Only the source of time and the identity of the machine
are replaced; everything else is the command as it is.
"""

from __future__ import annotations

import fcntl
import json
import os
import struct
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from engine import clock

RealClock = clock.SystemClock


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """The settings of a machine."""

    name: str = ""
    speed: float = 60.0
    wall: float = 0.0
    boot: float = 0.0
    busy_timeout: float = 5.0  # seconds that SQLite waits for another process's commit

    def write(self, file: Path) -> None:
        """Atomic: a reader sees the old settings or the new ones."""
        new = file.with_suffix(".new")
        new.write_text(json.dumps(asdict(self)), encoding="utf-8")
        new.replace(file)

    @classmethod
    def read(cls, file: Path) -> Machine:
        return cls(**json.loads(file.read_text(encoding="utf-8")))


class SkippedTime:
    """The seconds that all processes together have skipped."""

    def __init__(self, file: Path) -> None:
        self._file = os.open(file, os.O_RDWR | os.O_CREAT)

    def read(self) -> float:
        data = os.pread(self._file, 8, 0)
        return float(struct.unpack("d", data)[0]) if data else 0.0

    def add(self, seconds: float) -> None:
        fcntl.flock(self._file, fcntl.LOCK_EX)
        os.pwrite(self._file, struct.pack("d", self.read() + seconds), 0)
        fcntl.flock(self._file, fcntl.LOCK_UN)


class FastClock(RealClock):
    """A machine's clock; without a file, that of the machine on which the command runs."""

    here: Path

    def __init__(self, file: Path | None = None) -> None:
        self._file = file or self.here
        self._skipped = SkippedTime(self._file.with_name("skipped"))

    def now(self) -> float:
        return super().now() + self._skipped.read() + Machine.read(self._file).wall

    def boot(self) -> float:
        return super().boot() + self._skipped.read() + Machine.read(self._file).boot

    def sleep(self, seconds: float) -> None:
        short = seconds / Machine.read(self._file).speed
        super().sleep(short)
        self.advance(seconds - short)

    def advance(self, seconds: float) -> None:
        """Skip these seconds on all machines."""
        self._skipped.add(seconds)


def main(file: Path, words: list[str]) -> int:
    """The command's exit code."""
    FastClock.here = file
    clock.SystemClock = FastClock  # type: ignore[misc]
    from engine.stores import lease, sqlite_file

    machine = Machine.read(file)
    sqlite_file.BUSY_TIMEOUT = machine.busy_timeout
    if machine.name:
        lease._boot = lambda: machine.name
    from engine.cli.main import main as command

    return command(words)


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1]), sys.argv[2:]))
