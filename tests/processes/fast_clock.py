"""The command on a machine on which whoever sleeps wakes early, and by a clock that has passed all the same.

    python -P fast_clock.py MACHINE run restore.yaml …

So waits of hours are over in seconds, and a lease in one or two, while what takes time by itself (a database, a busy
machine) has all that it needs. MACHINE is a file of JSON, which a test may change meanwhile: `name` ("": this one; else
another, of which nobody here can tell who lives there), `speed`, and `wall` and `boot`, seconds by which its clocks have
jumped. What was slept away is kept in `skipped`, a file that all machines and the world share: they are of one time.
Only the source of time and the identity of the machine are others; the rest is the command as it is.
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

Real = clock.SystemClock


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What a test says of a machine."""

    name: str = ""
    speed: float = 60.0
    wall: float = 0.0
    boot: float = 0.0
    busy_timeout: float = 5.0  # seconds that SQLite waits for another process's commit

    def written(self, file: Path) -> None:
        """In one piece: who reads it sees the old one or the new one."""
        new = file.with_suffix(".new")
        new.write_text(json.dumps(asdict(self)), encoding="utf-8")
        new.replace(file)

    @classmethod
    def read(cls, file: Path) -> Machine:
        return cls(**json.loads(file.read_text(encoding="utf-8")))


class Skipped:
    """Seconds that were slept away, by all together."""

    def __init__(self, file: Path) -> None:
        self._file = os.open(file, os.O_RDWR | os.O_CREAT)

    def read(self) -> float:
        told = os.pread(self._file, 8, 0)
        return float(struct.unpack("d", told)[0]) if told else 0.0

    def add(self, seconds: float) -> None:
        fcntl.flock(self._file, fcntl.LOCK_EX)
        os.pwrite(self._file, struct.pack("d", self.read() + seconds), 0)
        fcntl.flock(self._file, fcntl.LOCK_UN)


class Hurried(Real):
    """A machine's clock; made without a file, it is that of the machine on which the command runs."""

    here: Path

    def __init__(self, file: Path | None = None) -> None:
        self._file = file or self.here
        self._skipped = Skipped(self._file.with_name("skipped"))

    def now(self) -> float:
        return super().now() + self._skipped.read() + Machine.read(self._file).wall

    def boot(self) -> float:
        return super().boot() + self._skipped.read() + Machine.read(self._file).boot

    def sleep(self, seconds: float) -> None:
        short = seconds / Machine.read(self._file).speed
        super().sleep(short)
        self.passes(seconds - short)

    def passes(self, seconds: float) -> None:
        """They are over, on all machines."""
        self._skipped.add(seconds)


def main(file: Path, words: list[str]) -> int:
    """The command's exit code."""
    Hurried.here = file
    clock.SystemClock = Hurried  # type: ignore[misc]
    from engine.stores import lease, sqlite_file

    machine = Machine.read(file)
    sqlite_file.BUSY_TIMEOUT = machine.busy_timeout
    if machine.name:
        lease._boot = lambda: machine.name
    from engine.cli.main import main as command

    return command(words)


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1]), sys.argv[2:]))
