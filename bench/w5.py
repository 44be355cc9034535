"""W5: SIGKILL after step n of a stored run; from process start to the next new step. Floor: the read of one state."""

from __future__ import annotations

import subprocess
import tempfile
import time
from functools import partial
from pathlib import Path

from measuring import PYTHON, RUNBOOK, Row, alternate, show, started

STEPS = (100, 1_000, 10_000)
LIMIT = 0.5
LEAST = """
import json, sqlite3, sys
database = sqlite3.connect(sys.argv[1])
for (name,) in database.execute("select name from sqlite_master where type = 'table'").fetchall():
    database.execute(f"select * from {name} order by rowid desc limit 1").fetchone()
"""


def text(before: int) -> str:
    """`before` steps, one that stops the first runner for long enough to be killed, and one more."""
    steps = "".join(f"  - {{id: s{n}, wait: 0s}}\n" for n in range(before))
    return f"runbook: bench\nsteps:\n{steps}  - {{id: long, wait: 2s}}\n  - {{id: next, wait: 1h}}\n"


def killed(folder: Path, steps: int) -> list[str]:
    """A stored operation whose runner was killed in its `long` step; the command that resumes it."""
    file, store = folder / f"{steps}.yaml", f"sqlite:{folder}/{steps}.db"
    file.write_text(text(steps), encoding="utf-8")
    until_line([RUNBOOK, "run", str(file), "--store", store, "--operation-id", f"of-{steps}"], "long")
    time.sleep(2)  # its wait is over by the time that it is resumed
    return [RUNBOOK, "resume", f"of-{steps}", "--store", store]


def until_line(command: list[str], word: str) -> float:
    """Seconds until it speaks of `word`; then it is killed."""
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        said = []
        for line in process.stdout:
            said.append(line)
            if word in line:
                took = time.perf_counter() - began
                process.kill()
                return took
    raise SystemExit(f"{' '.join(command)} never spoke of {word}:\n{''.join(said)}")


def resumed(folder: Path, steps: int) -> float:
    return until_line(killed(folder, steps), "next")


def rows() -> list[Row]:
    found = []
    for steps in STEPS:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            killed(folder, steps)
            least, ours = alternate(
                partial(started, [PYTHON, "-c", LEAST, f"{folder}/{steps}.db"]),
                lambda folder=folder, steps=steps: _fresh(folder, steps),
                rounds=3,
            )
        found.append((steps, least, ours))
    few = found[0][2]
    return [
        Row(
            name="W5",
            work=f"killed after step {steps:,}, to the next new step",
            unit="s",
            product=ours,
            floor=least,
            floor_is="python, SQLite, one read",
            target=f"≤ {LIMIT} s, flat (± 20 %)",
            met=ours <= LIMIT and ours <= few * 1.2,
        )
        for steps, least, ours in found
    ]


def _fresh(folder: Path, steps: int) -> float:
    """Each time from a new operation: a resumed one has gone on."""
    for old in folder.glob(f"{steps}.*"):
        old.unlink()
    return resumed(folder, steps)


if __name__ == "__main__":
    show(rows())
