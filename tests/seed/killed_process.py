"""A runner of its own process, killed with SIGKILL in the middle of what it does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

RUNBOOK = str(Path(sys.executable).with_name("runbook"))


def killed(*words: str, after: str) -> str:
    """Run the command until it says that; then nothing of it is left. What it had said."""
    running = subprocess.Popen(
        [RUNBOOK, *words], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    said = ""
    with running:
        assert running.stderr is not None
        for line in running.stderr:
            said += line
            if after in line:
                running.kill()
    assert running.returncode == -signal.SIGKILL, said
    return said
