"""W3: a process that prints the version. Floor: `python -c pass`."""

from __future__ import annotations

from functools import partial

from measurement import PYTHON, RUNBOOK, Row, medians, print_rows, run_process

LIMIT = 6.0


def rows() -> list[Row]:
    least, ours = medians(
        partial(run_process, [PYTHON, "-c", "pass"]), partial(run_process, [RUNBOOK, "--version"]), rounds=9
    )
    return [
        Row(
            name="W3",
            work="cold --version",
            unit="ms",
            product=ours * 1e3,
            floor=least * 1e3,
            floor_is="python -c pass",
            target=f"≤ {LIMIT:.0f} ×",
            met=ours <= least * LIMIT,
        )
    ]


if __name__ == "__main__":
    print_rows(rows())
