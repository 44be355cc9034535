"""Reading the stderr of a running process up to a line, so that a test fails instead of hanging when the line never comes."""

from __future__ import annotations

import subprocess
from threading import Timer

PATIENCE = 120.0
"""Real seconds after which the process is killed. Nothing that tests wait for takes a tenth of that, even on a busy machine."""


def read_until(process: subprocess.Popen[str], text: str) -> str:
    """Return the stderr up to and including the first line that contains `text`.

    Raises AssertionError with what was read if the process ends before, or had to be killed.
    """
    assert process.stderr is not None
    timer = Timer(PATIENCE, process.kill)
    timer.daemon = True
    timer.start()
    read = ""
    try:
        for line in process.stderr:
            read += line
            if text in line:
                return read
    finally:
        timer.cancel()
    raise AssertionError(f"{text!r} is not on stderr: {read}")
