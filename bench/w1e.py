"""W1e: one expression a step, the engine alone. Floor: Jinja2's `compile_expression`, compiled once, called."""

from __future__ import annotations

from functools import partial

from jinja2.sandbox import ImmutableSandboxedEnvironment
from measuring import Row, alternate, show, timed
from works import driven, trivial

STEPS = 1_000
LIMIT = 40.0
EXPRESSION = "cluster | replace('a', 'b')"


def floor() -> float:
    compiled = ImmutableSandboxedEnvironment().compile_expression(EXPRESSION)
    values = {"cluster": "orders"}

    def loop() -> None:
        for _ in range(STEPS):
            compiled(**values)

    return timed(loop) / STEPS * 1e6


def product() -> float:
    runbook = trivial(STEPS, {"name": f"${{{EXPRESSION}}}"})
    return timed(partial(driven, runbook, {"cluster": "orders"})) / STEPS * 1e6


def rows() -> list[Row]:
    least, ours = alternate(floor, product)
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
    show(rows())
