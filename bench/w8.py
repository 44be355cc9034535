"""W8: cold `runbook test` of the restore's whole test file, hours in virtual time. Floor: Python with boto3."""

from __future__ import annotations

from functools import partial

from measuring import PYTHON, RUNBOOK, Row, alternate, show, started

LIMIT = 2.0


def rows() -> list[Row]:
    least, ours = alternate(
        partial(started, [PYTHON, "-c", "import boto3"]),
        partial(started, [RUNBOOK, "test", "runbooks/restore.test.yaml"]),
    )
    return [
        Row(
            name="W8",
            work="cold test of the restore's test file",
            unit="s",
            product=ours,
            floor=least,
            floor_is="import boto3",
            target=f"≤ {LIMIT:.0f} s",
            met=ours <= LIMIT,
        )
    ]


if __name__ == "__main__":
    show(rows())
