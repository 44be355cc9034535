"""The values of plain scalars, by the core schema of YAML 1.2.

`no`, `on`, `22:30` and `2024-03-20` are text. There is one difference from the core schema: numbers with a leading
zero, such as `0755`, are text, because they are modes, account ids or codes.
"""

from __future__ import annotations

import re
from typing import Final

_CONSTANTS: Final[dict[str, bool | None]] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_INT: Final = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_OCTAL: Final = re.compile(r"0o[0-7]+")
_HEX: Final = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT: Final = re.compile(r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE: Final = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_NUMBER_STARTS: Final = frozenset("-+.0123456789")
_MOST_DIGITS: Final = 64


def resolve(text: str) -> str | int | float | bool | None:
    """The value of a plain scalar. ValueError for NaN, infinity, and numbers that are too long or too large."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if text[0] not in _NUMBER_STARTS:
        return text
    if _INT.fullmatch(text):
        return int(_check_digits(text))
    if _FLOAT.fullmatch(text):
        return _check_finite(float(_check_digits(text)))
    if text[0] == "0" and (_HEX.fullmatch(text) or _OCTAL.fullmatch(text)):
        return int(_check_digits(text), 0)
    if _NOT_FINITE.fullmatch(text):
        message = "NaN and infinity are not allowed"
        raise ValueError(message)
    return text


def _check_digits(text: str) -> str:
    if len(text) > _MOST_DIGITS:
        message = f"a number may have at most {_MOST_DIGITS} digits"
        raise ValueError(message)
    return text


def _check_finite(number: float) -> float:
    if number in (float("inf"), float("-inf")):
        message = "the number is too large"
        raise ValueError(message)
    return number
