"""W1: trivial steps in the kernel alone, nothing stored. Floor: a Python loop that looks up and calls a function per step.

The garbage collector has the thresholds that every command sets.
"""

from __future__ import annotations

import gc
from functools import partial

from measurement import Row, medians, print_rows, seconds_of
from workloads import make_values, run_kernel, trivial_runbook

from engine.cli.invocation import GC_THRESHOLDS

LIMIT = 20.0
MANY = 100_000


def floor(steps: int) -> float:
    """Microseconds per step of a loop that keeps a result for each step."""
    names = [f"s{n}" for n in range(steps)]
    actions = {name: (lambda params: params) for name in names}
    results: dict[str, object] = {}

    def loop() -> None:
        for name in names:
            results[name] = {"status": "DONE", "output": actions[name]({"of": name})}

    return seconds_of(loop) / steps * 1e6


def product(steps: int) -> float:
    runbook = trivial_runbook(steps)
    return seconds_of(partial(run_kernel, runbook)) / steps * 1e6


def values(steps: int) -> float:
    """Microseconds per step for creating the values of the steps, with nothing decided."""
    runbook = trivial_runbook(steps)
    return seconds_of(partial(make_values, runbook)) / steps * 1e6


def rows() -> list[Row]:
    gc.set_threshold(*GC_THRESHOLDS)
    found = []
    for steps in (1_000, 10_000):
        least, alone, ours = medians(partial(floor, steps), partial(values, steps), partial(product, steps))
        text = f"creating the values alone takes {alone:.1f} µs"
        target = f"≤ {LIMIT:.0f} µs a step"
        found.append(row(f"{steps:,} trivial steps", ours, least, target, met=ours <= LIMIT, note=text))
    most = product(MANY)
    flat = most <= found[0].product * 1.5
    found.append(row(f"{MANY:,} trivial steps", most, found[0].product, "flat (≤ 1.5 × 1,000 steps)", met=flat))
    return found


def row(work: str, ours: float, least: float, target: str, *, met: bool, note: str = "") -> Row:
    floor_is = "a Python loop" if "flat" not in target else "1,000 steps"
    return Row(
        name="W1", work=work, unit="µs/step", product=ours, floor=least, floor_is=floor_is, target=target, met=met,
        note=note,
    )  # fmt: skip


if __name__ == "__main__":
    print_rows(rows())
