"""Moments (`2024-03-20T06:00:00Z`) and durations (`24h`): text that reads as one is measured and compared as one.

A value is text wherever it is stored or sent; only its form says what it is (docs/decisions/0047-moments-are-text.md).
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Final

from engine.language.durations import parse_duration

MOMENT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?(?:Z|[-+][0-9]{2}:[0-9]{2})"
)
_LOOKS_LIKE_ONE: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ].*)?|[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?"
_LONGEST: Final = 32
EXAMPLE: Final = "`2024-03-20T06:00:00Z`"

Measure = dt.datetime | float
"""A moment with its time zone, or a length of time in seconds."""


def parse_moment(text: str) -> dt.datetime:
    """The moment, with its time zone. ValueError if the text is none; the message says how to write one."""
    try:
        if isinstance(text, str) and MOMENT.fullmatch(text):
            return dt.datetime.fromisoformat(text)
    except ValueError:
        pass
    shown = str(text)[:80]
    if re.fullmatch(_LOOKS_LIKE_ONE, shown):
        raise ValueError(f"`{shown}` has no time zone, or no date: write a moment such as {EXAMPLE}")
    raise ValueError(f"`{shown}` is not a moment: write a date, a time and a time zone, such as {EXAMPLE}")


def measure(text: str) -> Measure | None:
    """The moment or the length that the text stands for; None if it is neither."""
    if len(text) > _LONGEST or not text[:1].isdecimal():
        return None
    try:
        return parse_duration(text) if text[-1] in "smhd" else parse_moment(text)
    except ValueError:
        return None


def is_moment(text: object) -> bool:
    """Does it read as a moment, with a time zone?"""
    return isinstance(text, str) and isinstance(measure(text), dt.datetime)


def is_duration(text: object) -> bool:
    """Does it read as a duration?"""
    return isinstance(text, str) and isinstance(measure(text), float)


def epoch(moment: dt.datetime) -> int | float:
    """Seconds since 1970-01-01T00:00:00Z; a whole number if the moment has no fraction."""
    seconds = moment.timestamp()
    return seconds if moment.microsecond else int(seconds)
