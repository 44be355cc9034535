"""W1p: a whole process that reads, checks and runs, a further step at 10,000. Floor: the C YAML loader and a loop."""

from __future__ import annotations

import tempfile
from pathlib import Path

from measuring import PYTHON, RUNBOOK, Row, alternate, show, started
from works import as_yaml

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
            whole = started([*command, str(many), *last(command)])
            part = started([*command, str(few), *last(command)])
            return (whole - part) / (STEPS - FEW) * 1e6

        def last(command: tuple[str, ...]) -> list[str]:
            return ["--store", "memory:", "-q"] if command[0] == RUNBOOK else []

        least, ours = alternate(lambda: a_step(PYTHON, "-c", LEAST), lambda: a_step(RUNBOOK, "run"))
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
    show(rows())
