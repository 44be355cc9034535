"""W1p: reading, checking and running one step more in a runbook of 10,000, as a process. Floor: the C YAML loader and a loop."""

from __future__ import annotations

import tempfile
from pathlib import Path

from measurement import PYTHON, RUNBOOK, Row, medians, print_rows, run_process
from workloads import as_yaml

STEPS = 10_000
FEW = 100
LIMIT = 250.0
LEAST = """
import sys, yaml
for step in yaml.load(open(sys.argv[1]), Loader=yaml.CSafeLoader)["steps"]:
    step["wait"]
"""


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        many, few = Path(folder, "many.yaml"), Path(folder, "few.yaml")
        many.write_text(as_yaml(STEPS), encoding="utf-8")
        few.write_text(as_yaml(FEW), encoding="utf-8")

        def a_step(*command: str) -> float:
            whole = run_process([*command, str(many), *last(command)])
            part = run_process([*command, str(few), *last(command)])
            return (whole - part) / (STEPS - FEW) * 1e6

        def last(command: tuple[str, ...]) -> list[str]:
            return ["--store", "memory:", "-q"] if command[0] == RUNBOOK else []

        least, ours = medians(lambda: a_step(PYTHON, "-c", LEAST), lambda: a_step(RUNBOOK, "run"))
    return [
        Row(
            name="W1p",
            work="a further step at 10,000, whole process",
            unit="µs",
            product=ours,
            floor=least,
            floor_is="the C YAML loader and a loop",
            target=f"≤ {LIMIT:.0f} µs",
            met=ours <= LIMIT,
        )
    ]


if __name__ == "__main__":
    print_rows(rows())
