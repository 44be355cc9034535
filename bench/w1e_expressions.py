"""W1e: steps with one expression each, in the kernel alone. Floor: calls of an expression that Jinja2 compiled once."""

from __future__ import annotations

from functools import partial

from jinja2.sandbox import ImmutableSandboxedEnvironment
from measurement import Row, medians, print_rows, seconds_of
from workloads import run_kernel, trivial_runbook

STEPS = 1_000
LIMIT = 40.0
EXPRESSION = "cluster | replace('a', 'b')"


def floor() -> float:
    compiled = ImmutableSandboxedEnvironment().compile_expression(EXPRESSION)
    values = {"cluster": "orders"}

    def loop() -> None:
        for _ in range(STEPS):
            compiled(**values)

    return seconds_of(loop) / STEPS * 1e6


def product() -> float:
    runbook = trivial_runbook(STEPS, {"name": f"${{{EXPRESSION}}}"})
    return seconds_of(partial(run_kernel, runbook, {"cluster": "orders"})) / STEPS * 1e6


def rows() -> list[Row]:
    least, ours = medians(floor, product)
    return [
        Row(
            name="W1e",
            work="1,000 steps with an expression",
            unit="µs/step",
            product=ours,
            floor=least,
            floor_is="Jinja2 alone",
            target=f"≤ {LIMIT:.0f} µs a step",
            met=ours <= LIMIT,
        )
    ]


if __name__ == "__main__":
    print_rows(rows())
