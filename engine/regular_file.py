"""Reads a file that somebody else may have put there: it never waits, and never reads more than a limit."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import Final

KINDS: Final = (
    (stat.S_ISDIR, "is a folder"), (stat.S_ISFIFO, "is a pipe"), (stat.S_ISSOCK, "is a socket"),
    (stat.S_ISCHR, "is a device"), (stat.S_ISBLK, "is a device"),
)  # fmt: skip


def irregularity(mode: int) -> str | None:
    """What a file is that is not a regular one, by its mode: `is a pipe`. None for a regular file."""
    if stat.S_ISREG(mode):
        return None
    return next((what for is_such, what in KINDS if is_such(mode)), "is not a regular file")


def read_regular_file(path: Path, limit: int) -> bytes:
    """The first `limit` bytes of a regular file. OSError for anything else, with what it is.

    Files of the kernel, such as /proc/kmsg, say that they have no bytes, and some never end: nothing is read of them.
    Opening a pipe does not wait for its other end.
    """
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as opened:
        found = os.fstat(handle)
        what = irregularity(found.st_mode)
        if what is not None:
            raise OSError(errno.EINVAL, f"it {what}, not a regular file", str(path))
        return opened.read(min(found.st_size, limit))
