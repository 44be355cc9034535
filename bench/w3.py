"""W3: cold `runbook --version`. Floor: `python -c pass`."""

from __future__ import annotations

from functools import partial

from measuring import PYTHON, RUNBOOK, Row, alternate, show, started

LIMIT = 6.0


def rows() -> list[Row]:
    least, ours = alternate(
        partial(started, [PYTHON, "-c", "pass"]), partial(started, [RUNBOOK, "--version"]), rounds=9
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
    show(rows())
