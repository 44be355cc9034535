"""W5: a run is killed after step n; from the start of `resume` to the next new step. Floor: reading one state.

Measured with runbooks that end there, and with one long runbook that is killed early or late. The second must take the
same time everywhere: it shows what the log costs, because the whole runbook is read in any case.
"""

from __future__ import annotations

import subprocess
import tempfile
import time
from functools import partial
from pathlib import Path

from measurement import PYTHON, RUNBOOK, Row, medians, print_rows, run_process

STEPS = (100, 1_000, 10_000)
LIMIT = 0.5
LEAST = """
import json, sqlite3, sys
database = sqlite3.connect(sys.argv[1])
for (name,) in database.execute("select name from sqlite_master where type = 'table'").fetchall():
    database.execute(f"select * from {name} order by rowid desc limit 1").fetchone()
"""


def text(before: int, after: int) -> str:
    """A runbook of `before` steps, one that takes long enough for a kill, the next new step, and `after` more."""
    steps = [f"  - {{id: s{n}, wait: 0s}}\n" for n in range(before + after)]
    here = "  - {id: long, wait: 2s}\n  - {id: next, wait: 1h}\n"
    return "".join(["runbook: bench\nsteps:\n", *steps[:before], here, *steps[before:]])


def killed(folder: Path, steps: int, after: int) -> list[str]:
    """Run an operation and kill its runner in the step `long`. Returns the command that resumes it."""
    file, store = folder / f"{steps}.yaml", f"sqlite:{folder}/{steps}.db"
    file.write_text(text(steps, after), encoding="utf-8")
    until_line([RUNBOOK, "run", str(file), "--store", store, "--operation-id", f"of-{steps}"], "long")
    time.sleep(2)  # the wait is over when the operation is resumed
    return [RUNBOOK, "resume", f"of-{steps}", "--store", store]


def until_line(command: list[str], word: str) -> float:
    """Seconds until a line of its output contains `word`; then it is killed."""
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
    raise SystemExit(f"{' '.join(command)} never printed {word}:\n{''.join(said)}")


def measured(steps: int, after: int) -> tuple[float, float]:
    """Floor and product, in seconds."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        killed(folder, steps, after)
        least, ours = medians(
            partial(run_process, [PYTHON, "-c", LEAST, f"{folder}/{steps}.db"]),
            partial(fresh, folder, steps, after),
            rounds=3,
        )
    return least, ours


def fresh(folder: Path, steps: int, after: int) -> float:
    """Seconds to the next new step, with a new operation each time."""
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
    print_rows(rows())
