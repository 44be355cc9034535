"""The one computation of a backoff. Pure: who waits draws the random fraction, and the kernel's is a hash."""

from __future__ import annotations

from typing import Final

_LARGEST_EXPONENT: Final = 64
"""Attempts after which the delay has long reached its longest; a float cannot hold much more."""


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
