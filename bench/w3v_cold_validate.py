"""W3v: a process that validates the restore with all checks. Floor: argparse, and the C YAML loader on the same file."""

from __future__ import annotations

from functools import partial

from measurement import PYTHON, ROOT, RUNBOOK, Row, medians, print_rows, run_process

LIMIT = 5.0
RESTORE = str(ROOT / "runbooks" / "restore.yaml")
LEAST = """
import argparse, yaml
parser = argparse.ArgumentParser()
parser.add_argument("file")
yaml.load(open(parser.parse_args().file), Loader=yaml.CSafeLoader)
"""


def rows() -> list[Row]:
    least, ours = medians(
        partial(run_process, [PYTHON, "-c", LEAST, RESTORE]),
        partial(run_process, [RUNBOOK, "validate", RESTORE]),
        rounds=9,
    )
    return [
        Row(
            name="W3v",
            work="cold validate of the restore",
            unit="ms",
            product=ours * 1e3,
            floor=least * 1e3,
            floor_is="argparse and the C YAML loader",
            target=f"≤ {LIMIT:.0f} ×",
            met=ours <= least * LIMIT,
        )
    ]


if __name__ == "__main__":
    print_rows(rows())
