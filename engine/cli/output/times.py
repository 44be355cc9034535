"""How times, durations and attempts are said to a person. Pure."""

from __future__ import annotations

import datetime as dt

from engine.kernel.frame import Frame
from engine.kernel.schedule import attempts_in
from engine.language.model import Step


def moment(at: float) -> str:
    """`2024-03-20 00:06:00Z`."""
    return dt.datetime.fromtimestamp(int(at), dt.UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def until(at: float, now: float) -> str:
    """`00:12:00Z`, with its day where that is another."""
    told = moment(at)
    return told if told[:10] != moment(now)[:10] else told[11:]


def spoken(seconds: float) -> str:
    """`5m`, `1h 30m`, `2d 4h`: at most two units, rounded to the second."""
    left = max(0, round(seconds))
    parts = []
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count}{unit}")
    return " ".join(parts[:2]) or "0s"


def ticking(seconds: float) -> str:
    """`9:58`, `1:09:58`: as a clock counts."""
    left = max(0, round(seconds))
    hours, minutes, rest = left // 3600, left // 60 % 60, left % 60
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def attempt_of(step: Step, number: int) -> str:
    """`attempt 2 of 4`; "" for a step that is tried once."""
    if step.retry is None or number <= 0:
        return ""
    most = attempts_in(step.retry.schedule)
    return f"attempt {number} of {most}" if most is not None else f"attempt {number}"


def attempt_at(step: Step, frame: Frame) -> str:
    """Of the one in hand; of the next, while its delay is waited."""
    return attempt_of(step, frame.attempts.spent + 1 if frame.attempts.granted else frame.attempts.spent)
