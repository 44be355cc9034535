"""`make demo`: a restore in which things go wrong, then one that is killed and resumed.

Takes the path of the `runbook` command and that of a runbook. Exits 0 only if both restores succeed and the second
process was really killed.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
from pathlib import Path

INPUTS = ["-i", "snapshot=daily-backup-2024-03-20", "-i", "cluster=orders", "--yes"]
KILL_AT = "restore-snapshot"
"""The step during which the second process is killed."""


def main(runbook: str, path: str) -> int:
    command = str(Path(runbook).absolute())
    with tempfile.TemporaryDirectory(prefix="runbook-demo-") as folder:
        common = ["--sandbox", "--store", f"sqlite:{folder}/demo.db"]
        heading("A restore: the first copy fails, and the first connection to the database times out")
        code = run([command, "run", path, *INPUTS, *common, "--operation-id", "demo-1"], folder)
        if code:
            return failed(f"the restore ended with exit code {code}")
        heading(f"A second restore: its process is killed (SIGKILL) during {KILL_AT}")
        killed = [command, "run", path, *INPUTS, *common]
        for id in ("demo-2", "demo-3", "demo-4"):  # on a busy machine it may end before the signal arrives
            code = run([*killed, "--operation-id", id], folder, kill_at=KILL_AT)
            if code == -signal.SIGKILL:
                break
        else:
            return failed(f"the process should have been killed, but ended with exit code {code}")
        heading("The killed restore resumes from its last checkpoint")
        code = run([command, "resume", id, *common], folder)
        return failed(f"the resumed restore ended with exit code {code}") if code else 0


def run(command: list[str], folder: str, kill_at: str = "") -> int:
    """Run the command and print its output; kill it once that names the step `kill_at`. Returns its exit code, -9 if killed."""
    words = [part.replace(folder, "…") for part in [Path(command[0]).name, *command[1:]]]
    print("$ " + " ".join(words), flush=True)
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            print("  " + line.replace(folder, "…"), end="", flush=True)
            if kill_at and kill_at in line:
                process.kill()
                process.wait()
                print("  Killed", flush=True)
                break
    return process.returncode


def heading(text: str) -> None:
    print(f"\n## {text}\n", flush=True)


def failed(why: str) -> int:
    print(f"\nThe demonstration failed: {why}.", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
