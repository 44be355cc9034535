"""A process that runs the command and is killed with SIGKILL in the middle."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

RUNBOOK = str(Path(sys.executable).with_name("runbook"))


def run_and_kill(*words: str, after: str) -> str:
    """Run the command and kill it when a line of stderr contains `after`. Returns its stderr so far."""
    running = subprocess.Popen(
        [RUNBOOK, *words], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    stderr = ""
    with running:
        assert running.stderr is not None
        for line in running.stderr:
            stderr += line
            if after in line:
                running.kill()
    assert running.returncode == -signal.SIGKILL, stderr
    return stderr
