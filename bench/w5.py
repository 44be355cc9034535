"""W5: SIGKILL after step n of a stored run; from process start to the next new step. Floor: the read of one state.

Of a runbook that is as long as the run was until then; and of one runbook, killed early or late in it: what is to be
flat is what a log costs, and the text of a runbook is read anew whatever was done of it.
"""

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


def text(before: int, after: int) -> str:
    """`before` steps, one that stops the first runner for long enough to be killed, one more, and `after`."""
    steps = [f"  - {{id: s{n}, wait: 0s}}\n" for n in range(before + after)]
    here = "  - {id: long, wait: 2s}\n  - {id: next, wait: 1h}\n"
    return "".join(["runbook: bench\nsteps:\n", *steps[:before], here, *steps[before:]])


def killed(folder: Path, steps: int, after: int) -> list[str]:
    """A stored operation whose runner was killed in its `long` step; the command that resumes it."""
    file, store = folder / f"{steps}.yaml", f"sqlite:{folder}/{steps}.db"
    file.write_text(text(steps, after), encoding="utf-8")
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


def measured(steps: int, after: int) -> tuple[float, float]:
    """Floor and product, in seconds."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        killed(folder, steps, after)
        least, ours = alternate(
            partial(started, [PYTHON, "-c", LEAST, f"{folder}/{steps}.db"]),
            partial(fresh, folder, steps, after),
            rounds=3,
        )
    return least, ours


def fresh(folder: Path, steps: int, after: int) -> float:
    """Each time from a new operation: a resumed one has gone on."""
    for old in folder.glob(f"{steps}.*"):
        old.unlink()
    return until_line(killed(folder, steps, after), "next")


def rows() -> list[Row]:
    found = [row(f"killed after all {steps:,} steps", *measured(steps, 0), LIMIT, "") for steps in STEPS]
    most = max(STEPS)
    of_one = [measured(steps, most - steps) for steps in STEPS]
    flat = min(LIMIT, of_one[0][1] * 1.2)
    found += [
        row(f"killed after step {steps:,} of {most:,}", *one, flat, ", flat (± 20 %)")
        for steps, one in zip(STEPS, of_one, strict=True)
    ]
    return found


def row(work: str, least: float, ours: float, most: float, flat: str) -> Row:
    return Row(
        name="W5", work=f"{work}, to the next new step", unit="s", product=ours, floor=least,
        floor_is="python, SQLite, one read", target=f"≤ {LIMIT} s{flat}", met=ours <= most,
    )  # fmt: skip


if __name__ == "__main__":
    show(rows())
