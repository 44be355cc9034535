"""The filters that make numbers: of text, of moments and of durations."""

from __future__ import annotations

from typing import Any, Final

from engine.errors import ExpressionError
from engine.language.durations import parse_duration
from engine.language.expressions.results import text_of, to_result
from engine.language.moments import epoch, parse_moment

NO_DEFAULT: Final = object()
_MOST_DIGITS: Final = 400


def int_filter(value: Any, default: Any = NO_DEFAULT, base: Any = 10) -> Any:
    try:
        if isinstance(value, str):
            return int(value[:_MOST_DIGITS].strip(), int(base)) if len(value) <= _MOST_DIGITS else _not_a_number(value)
        return int(value) if isinstance(value, (int, float)) else _not_a_number(value)
    except (ValueError, OverflowError) as error:
        if default is not NO_DEFAULT:
            return default
        raise ExpressionError(f"`{text_of(value)[:40]}` is not a whole number") from error


def float_filter(value: Any, default: Any = NO_DEFAULT) -> Any:
    try:
        number = (
            float(value)
            if isinstance(value, (int, float, str)) and len(str(value)) <= _MOST_DIGITS
            else _not_a_number(value)
        )
        return to_result(number)
    except (ValueError, OverflowError, ExpressionError) as error:
        if default is not NO_DEFAULT:
            return default
        raise ExpressionError(f"`{text_of(value)[:40]}` is not a number") from error


def epoch_of(value: Any) -> int | float:
    """Seconds since 1970 of a moment."""
    try:
        return epoch(parse_moment(value))
    except ValueError as error:
        raise ExpressionError(str(error)) from error


def seconds_of(value: Any) -> int:
    """The length of a duration."""
    try:
        return int(parse_duration(value))
    except ValueError as error:
        raise ExpressionError(str(error)) from error


def _not_a_number(value: Any) -> Any:
    raise ValueError(text_of(value)[:40])
