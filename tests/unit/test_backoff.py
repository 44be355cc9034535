"""The one backoff: a thousand delays of each use, and where they begin and end."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import pytest

from actions.network import retry_wait as connection_wait
from engine.backoff import delay
from engine.kernel.schedule import delay_before
from engine.language.model import Backoff
from engine.runtime.driver import THROTTLED, resend_delay
from engine.stores.dynamodb_client import retry_wait as request_wait
from engine.stores.retrying_store import retry_delay

WRITTEN = Backoff(first=4.0, factor=2.0, longest=60.0, jitter="full", attempts=9)
DICE = random.Random(7)


def fractions() -> Iterator[float]:
    return (DICE.random() for _ in range(1_000))


def seeds() -> Iterator[str]:
    return (f"operation-{n}/step" for n in range(1_000))


USES: dict[str, tuple[Callable[[int], list[float | None]], float, float, float]] = {
    # the delays after a failed attempt; the first delay without jitter, the longest, the least share
    "a step's schedule": (lambda n: [delay_before(WRITTEN, n, seed=one) for one in seeds()], 4.0, 60.0, 0.0),
    "a schedule for throttled calls": (
        lambda n: [resend_delay(WRITTEN, n, seed=one, elapsed=0.0) for one in seeds()], 4.0, 60.0, 0.0
    ),
    "the built-in schedule for throttled calls": (
        lambda n: [resend_delay(None, n, seed=one, elapsed=0.0) for one in seeds()], 1.0, 30.0, 0.5
    ),
    "a store that is away": (lambda n: [retry_delay(n, one) for one in fractions()], 1.0, 30.0, 0.5),
    "a request to DynamoDB": (lambda n: [request_wait(n, one) for one in fractions()], 0.1, 1.0, 0.0),
    "a connection": (lambda n: [connection_wait(n, one) for one in fractions()], 0.2, 1.0, 0.0),
}  # fmt: skip


@pytest.mark.parametrize("use", list(USES))
@pytest.mark.parametrize("attempt", [1, 2, 3, 8])
def test_a_thousand_delays(use: str, attempt: int) -> None:
    """Between the floor and the whole delay, over all of that range, and evenly."""
    draw, first, longest, floor = USES[use]
    whole = min(first * 2 ** (attempt - 1), longest)
    drawn = [one for one in draw(attempt) if one is not None]
    assert len(drawn) == 1_000
    shares = [one / whole for one in drawn]
    width = 1 - floor
    assert floor <= min(shares) < floor + 0.05 * width
    assert 1 - 0.05 * width < max(shares) <= 1
    assert sum(shares) / len(shares) == pytest.approx((1 + floor) / 2, abs=0.05 * width)


def test_without_jitter_it_is_the_whole_delay() -> None:
    assert [delay(n, first=2.0, factor=3.0, longest=50.0) for n in (1, 2, 3, 4, 5)] == [2.0, 6.0, 18.0, 50.0, 50.0]


def test_the_floor_is_what_is_waited_in_any_case() -> None:
    assert [delay(1, first=10.0, longest=60.0, fraction=one, floor=0.5) for one in (0.0, 0.5, 1.0)] == [5.0, 7.5, 10.0]


def test_the_ten_thousandth_attempt_has_a_delay_too() -> None:
    assert delay(10_000, first=1e9, factor=1_000.0, longest=60.0) == 60.0


def test_the_built_in_schedule_ends() -> None:
    assert THROTTLED.within is not None
    assert resend_delay(None, 40, seed="s", elapsed=THROTTLED.within) is None
    assert resend_delay(WRITTEN, 9, seed="s", elapsed=0.0) is None
