"""W3w: 1,000 restores validated in one process. Floor: the C YAML loader on them. Also: time is linear up to 10,000 steps."""

from __future__ import annotations

from functools import partial

import yaml
from measurement import ROOT, Row, medians, print_rows, seconds_of
from workloads import as_yaml

from actions import build_registry
from engine.checks import validate

MANY = 1_000
LIMIT = 8.0
TEXTS = [
    (ROOT / "runbooks" / "restore.yaml").read_text(encoding="utf-8").replace("aurora-restore", f"restore-{n}")
    for n in range(MANY)
]


def floor() -> float:
    return seconds_of(lambda: [yaml.load(text, Loader=yaml.CSafeLoader) for text in TEXTS]) / MANY


def product() -> float:
    registry = build_registry()
    return seconds_of(lambda: [validate(text, registry, "restore.yaml") for text in TEXTS]) / MANY


def long(steps: int) -> float:
    """Seconds per step of one runbook with this number of steps."""
    text, registry = as_yaml(steps), build_registry()
    return seconds_of(lambda: validate(text, registry, "long.yaml")) / steps


def rows() -> list[Row]:
    least, ours = medians(floor, product)
    few, many = medians(partial(long, 1_000), partial(long, 10_000), rounds=3)
    return [
        Row(
            name="W3w",
            work="1,000 restores checked",
            unit="ms",
            product=ours * 1e3,
            floor=least * 1e3,
            floor_is="their C YAML parse",
            target=f"≤ {LIMIT:.0f} ×",
            met=ours <= least * LIMIT,
        ),
        Row(
            name="W3w",
            work="a step more at 10,000 steps",
            unit="µs",
            product=many * 1e6,
            floor=few * 1e6,
            floor_is="at 1,000",
            target="linear (≤ 1.3 ×)",
            met=many <= few * 1.3,
        ),
    ]


if __name__ == "__main__":
    print_rows(rows())
