"""Retry arithmetic: which delay comes before the next attempt, if there is one. Pure; jitter is a hash."""

from __future__ import annotations

import hashlib

from engine.backoff import delay
from engine.language.model import Backoff, Delays, Schedule


def delay_before(
    schedule: Schedule | None, spent: int, *, seed: str, since_failure: float = 0.0, floor: float = 0.0
) -> float | None:
    """Seconds to wait before the attempt after `spent` ones; None when no attempt is left.

    `since_failure`: seconds since the schedule's first failure, for `within`. `floor`: the least share of a delay that
    jitter leaves.
    """
    if spent == 0:
        return 0.0
    match schedule:
        case None:
            return None
        case Delays(delays=delays):
            return delays[spent - 1] if spent <= len(delays) else None
        case Backoff():
            if schedule.attempts is not None and spent >= schedule.attempts:
                return None
            fraction = 1.0
            if schedule.jitter == "full":  # a number from 0 to 1 that only the seed determines
                digest = hashlib.sha256(f"{seed}/{spent}".encode()).digest()
                fraction = int.from_bytes(digest[:8], "big") / 2**64
            first, factor, longest = schedule.first, schedule.factor, schedule.longest
            seconds = delay(spent, first=first, factor=factor, longest=longest, fraction=fraction, floor=floor)
            in_time = schedule.within is None or since_failure + seconds <= schedule.within
            return seconds if in_time else None
