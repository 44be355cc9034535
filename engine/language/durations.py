"""Durations with a unit: `30s 5m 3h 2d`."""

from __future__ import annotations

import re
from typing import Final

_UNITS: Final = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_FORM: Final = re.compile(r"([0-9]{1,9})(s|m|h|d)")


def duration(text: str) -> float:
    """Seconds; ValueError for what is no duration, with the form that one has."""
    match = _FORM.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        message = f"`{text}` is not a duration: write a number and its unit, such as 30s, 5m, 3h or 2d"
        raise ValueError(message)
    return int(match.group(1)) * _UNITS[match.group(2)]
