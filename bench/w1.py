"""W1: trivial steps, the engine alone, nothing stored. Floor: a Python loop that looks each up and calls it.

The garbage collector is set as every command sets it.
"""

from __future__ import annotations

import gc
from functools import partial

from measuring import Row, alternate, show, timed
from works import driven, trivial, valued

from engine.cli.invocation import GC_THRESHOLDS

LIMIT = 20.0
MANY = 100_000


def floor(steps: int) -> float:
    """Microseconds a step of the least that keeps a result for each."""
    names = [f"s{n}" for n in range(steps)]
    actions = {name: (lambda params: params) for name in names}
    results: dict[str, object] = {}

    def loop() -> None:
        for name in names:
            results[name] = {"status": "DONE", "output": actions[name]({"of": name})}

    return timed(loop) / steps * 1e6


def product(steps: int) -> float:
    runbook = trivial(steps)
    return timed(partial(driven, runbook)) / steps * 1e6


def values(steps: int) -> float:
    """What of it is the making of values, with nothing decided."""
    runbook = trivial(steps)
    return timed(partial(valued, runbook)) / steps * 1e6


def rows() -> list[Row]:
    gc.set_threshold(*GC_THRESHOLDS)
    found = []
    for steps in (1_000, 10_000):
        least, alone, ours = alternate(partial(floor, steps), partial(values, steps), partial(product, steps))
        told = f"its values alone, with nothing decided: {alone:.1f} µs"
        target = f"≤ {LIMIT:.0f} µs a step"
        found.append(row(f"{steps:,} trivial steps", ours, least, target, met=ours <= LIMIT, note=told))
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
    show(rows())
