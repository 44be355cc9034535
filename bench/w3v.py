"""W3v: cold `runbook validate` of the restore, everything checked. Floor: argparse and the C YAML loader on it."""

from __future__ import annotations

from functools import partial

from measuring import PYTHON, ROOT, RUNBOOK, Row, alternate, show, started

LIMIT = 5.0
RESTORE = str(ROOT / "runbooks" / "restore.yaml")
LEAST = """
import argparse, yaml
parser = argparse.ArgumentParser()
parser.add_argument("file")
yaml.load(open(parser.parse_args().file), Loader=yaml.CSafeLoader)
"""


def rows() -> list[Row]:
    least, ours = alternate(
        partial(started, [PYTHON, "-c", LEAST, RESTORE]), partial(started, [RUNBOOK, "validate", RESTORE]), rounds=9
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
    show(rows())
