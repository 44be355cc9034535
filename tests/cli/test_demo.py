"""`make demo`: a restore in which things go wrong, then one that is killed and resumed."""

from __future__ import annotations

import subprocess
import sys

from tests.cli.commands import RESTORE, ROOT, RUNBOOK


def test_the_demo() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / ".ci" / "demo.py"), RUNBOOK, RESTORE], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    first, _, rest = done.stdout.partition("## 2. ")
    assert all(len(line) <= 80 for line in done.stdout.splitlines())
    assert "copying; checking every 30s" in first
    assert "failed; deleting it, then attempt 2 of 4 after 5m" in first
    assert "waiting 5m until 00:13Z, then attempt 2 of 4" in first
    assert "ConnectionTimeout" in first
    assert "waiting 1m until 00:54Z, then attempt 2 of 4" in first
    assert "\ndemo-1  SUCCEEDED  aurora-restore" in first
    killed, _, resumed = rest.partition("## 3. ")
    assert killed.rstrip().endswith("Killed")
    assert "restore-snapshot" in killed.splitlines()[-3]
    assert "taken over by" in resumed
    assert "SUCCEEDED  aurora-restore" in resumed
    assert "runbook-demo-" not in done.stdout  # the folder that it works in
