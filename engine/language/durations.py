"""Durations as they are written (`30s 5m 3h 2d`), and as messages show them."""

from __future__ import annotations

import re
from typing import Final

_UNITS: Final = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION: Final = re.compile(r"([0-9]{1,9})(s|m|h|d)")


def parse_duration(text: str) -> float:
    """Seconds. ValueError if the text is not a duration; the message says how to write one."""
    match = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        message = f"`{text}` is not a duration: write a number and its unit, such as 30s, 5m, 3h or 2d"
        raise ValueError(message)
    return int(match.group(1)) * _UNITS[match.group(2)]


def format_duration(seconds: float, *, units: int = len(_UNITS)) -> str:
    """`1d2h`, `1m30s`: in whole seconds, without zero units; the largest `units` of them."""
    left, parts = max(0, round(seconds)), []
    for unit, size in reversed(_UNITS.items()):
        count, left = divmod(left, int(size))
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts[:units]) or "0s"
