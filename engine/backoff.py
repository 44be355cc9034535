"""The only computation of a backoff. Pure: the caller draws the random fraction; the kernel derives it from a hash."""

from __future__ import annotations

from typing import Final

_LARGEST_EXPONENT: Final = 64
"""The exponent stays below this: the delay has reached its maximum long before, and floats would overflow."""


def delay(
    attempt: int, *, first: float, factor: float = 2.0, longest: float, fraction: float = 1.0, floor: float = 0.0
) -> float:
    """Seconds to wait after the failed attempt number `attempt`, of which 1 is the first.

    The delay grows by `factor` with each attempt, from `first` to `longest`. `fraction`, from 0 to 1, is the share of
    it to wait: drawn at random it is full jitter, and 1 means no jitter. `floor` is the least share, for callers that
    must not come back at once: the result is then between `floor` and 1 times the delay.
    """
    whole = min(first * factor ** min(attempt - 1, _LARGEST_EXPONENT), longest)
    return whole * (floor + (1.0 - floor) * fraction)
