"""W6: a process that runs and stores 14 steps without AWS; its time and memory. Floor: the C YAML loader and 14 commits."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

from measurement import PYTHON, RUNBOOK, Row, medians, print_rows, run_process
from workloads import as_yaml

STEPS = 14
LIMIT = 400.0
MEMORY = 40.0
LEAST = """
import json, sqlite3, sys, yaml
steps = yaml.load(open(sys.argv[1]), Loader=yaml.CSafeLoader)["steps"]
database = sqlite3.connect(sys.argv[2], isolation_level=None)
database.execute("pragma journal_mode = wal")
database.execute("pragma synchronous = full")
database.execute("create table if not exists log (body text)")
for step in steps:
    database.execute("insert into log values (?)", (json.dumps(step),))
"""


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = folder / "few.yaml"
        file.write_text(as_yaml(STEPS), encoding="utf-8")
        command = [RUNBOOK, "run", str(file), "-q", "--store"]
        turn = iter(range(1_000))
        least, ours = medians(
            lambda: run_process([PYTHON, "-c", LEAST, str(file), str(folder / "floor.db")]),
            lambda: run_process([*command, f"sqlite:{folder}/{next(turn)}.db"]),
            rounds=9,
        )
        ours_mb = peak([*command, f"sqlite:{folder}/memory.db"])
        least_mb = peak([PYTHON, "-c", "import yaml, sqlite3, json"])
    return [
        Row(
            name="W6",
            work="cold stored run of 14 steps",
            unit="ms",
            product=ours * 1e3,
            floor=least * 1e3,
            floor_is="YAML and 14 commits",
            target=f"≤ {LIMIT:.0f} ms",
            met=ours * 1e3 <= LIMIT,
        ),
        Row(
            name="W6",
            work="its memory at most",
            unit="MB",
            product=ours_mb,
            floor=least_mb,
            floor_is="Python with yaml and sqlite3",
            target=f"≤ {MEMORY:.0f} MB",
            met=ours_mb <= MEMORY,
        ),
    ]


def peak(command: list[str]) -> float:
    """The peak memory of the process, in MB."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, process.returncode
    return usage.ru_maxrss / 1024


if __name__ == "__main__":
    print_rows(rows())
