"""`make demo`: a restore in which things go wrong, then one that is killed and resumed, in the sandbox.

Takes the path of the `runbook` command and that of a runbook. Exits 0 only if both restores succeed and the second
process was really killed.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

INTRODUCTION = """\
Two restores of an Aurora cluster in the sandbox: simulated AWS, virtual time.
Dates and long lines are shortened."""
INPUTS = ["-i", "snapshot=daily-backup-2024-03-20", "-i", "cluster=orders", "--sandbox", "--yes"]
KILL_AT = "restore-snapshot"
"""The step during which the second process is killed."""
SHOWN_FROM = "delete-rds  "
"""The step from which on the output of the second process is shown: before it, both restores are the same."""
DATE = re.compile(r"^\d{4}-\d\d-\d\d (?=\d\d:\d\d:\d\dZ)")


def main(runbook: str, path: str) -> int:
    command = str(Path(runbook).absolute())
    with tempfile.TemporaryDirectory(prefix="runbook-demo-") as folder:
        os.environ["RUNBOOK_STORE"] = f"sqlite:{folder}/demo.db"
        print(INTRODUCTION)
        heading("1. A copy fails, and the database does not answer at first")
        code = run([command, "run", path, *INPUTS, "--operation-id", "demo-1"])
        if code:
            return failed(f"the restore ended with exit code {code}")
        heading("2. In another restore, the process is killed (SIGKILL)")
        for id in ("demo-2", "demo-3", "demo-4"):  # on a busy machine it may end before the signal arrives
            code = run([command, "run", path, *INPUTS, "--operation-id", id], shown_from=SHOWN_FROM, kill_at=KILL_AT)
            if code == -signal.SIGKILL:
                break
        else:
            return failed(f"the process should have been killed, but ended with exit code {code}")
        heading("3. The killed restore is resumed from its last checkpoint")
        code = run([command, "resume", id, "--sandbox"])
        return failed(f"the resumed restore ended with exit code {code}") if code else 0


def run(command: list[str], *, shown_from: str = "", kill_at: str = "") -> int:
    """Run the command and print its output; returns its exit code, -9 if killed.

    Output before the first line with `shown_from` is left out. A line with `kill_at` is the last: the process is killed.
    """
    words = " ".join([Path(command[0]).name, *command[1:]]).replace("-i ", "-i\0")
    lines = textwrap.wrap(words, shutil.get_terminal_size().columns - 6, break_on_hyphens=False)
    print("$ " + " \\\n    ".join(lines).replace("\0", " "), flush=True)
    shown = not shown_from
    if not shown:
        print("…")
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            shown = shown or (DATE.match(line) is not None and shown_from in line)
            if shown:
                print(shortened(line.rstrip()), flush=True)
            if kill_at and DATE.match(line) and kill_at in line:
                process.kill()
                process.wait()
                print("Killed", flush=True)
                break
    return process.returncode


def shortened(line: str) -> str:
    """The line without its date, cut to the width of the terminal."""
    text, columns = DATE.sub("", line), shutil.get_terminal_size().columns
    return text if len(text) <= columns else text[: columns - 1] + "…"


def heading(text: str) -> None:
    print(f"\n## {text}\n", flush=True)


def failed(why: str) -> int:
    print(f"\nThe demonstration failed: {why}.", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
