"""A process that runs the command and is killed with SIGKILL in the middle."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.process_output import read_until

RUNBOOK = str(Path(sys.executable).with_name("runbook"))


def run_and_kill(*words: str, after: str) -> str:
    """Run the command and kill it when a line of stderr contains `after`. Returns its stderr so far."""
    running = subprocess.Popen(
        [RUNBOOK, *words], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    with running:
        stderr = read_until(running, after)
        running.kill()
        assert running.stderr is not None
        stderr += running.stderr.read()
    assert running.returncode == -signal.SIGKILL, stderr
    return stderr
