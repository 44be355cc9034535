"""Comparisons and arithmetic of expressions, with checks before Python's operator runs.

Text that reads as a moment is compared as a moment, and text that reads as a duration as a length. Arithmetic takes finite
numbers up to 2^53, which JSON and every reader of it hold exactly.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from engine.errors import ExpressionError
from engine.language.expressions.results import is_undefined, type_name
from engine.language.moments import is_duration, is_moment, measure

LARGEST: Final = 2**53

_ORDER: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
_ARITHMETIC: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "//": operator.floordiv,
    "%": operator.mod,
}  # fmt: skip
_HYPHEN: Final = r"[^\W\d]\w*(?:-[^\W\d]\w*)+"


# -- comparisons -----------------------------------------------------------------------------------------------


def compare(operands: list[Any], operators: tuple[str, ...]) -> bool:
    """`a < b`, and chains such as `a < b <= c`. ExpressionError for what cannot be compared."""
    left = _defined(operands[0])
    for op, right in zip(operators, operands[1:], strict=True):
        if not _compared(op, left, _defined(right)):
            return False
        left = right
    return True


def _defined(value: Any) -> Any:
    if is_undefined(value):
        raise ExpressionError(str(value._undefined_message))
    return value


def _compared(op: str, left: Any, right: Any) -> bool:
    match op:
        case "==":
            return equal(left, right)
        case "!=":
            return not equal(left, right)
        case "in":
            return contains(right, left)
        case "not in":
            return not contains(right, left)
        case _:
            return bool(_ORDER[op](*_ordered(left, right)))


def equal(left: Any, right: Any) -> bool:
    """Are they equal, or the same moment, or of the same length?"""
    if left == right:
        return True
    if not isinstance(left, str) or not isinstance(right, str):
        return False
    one = measure(left)
    return one is not None and one == measure(right)


def contains(owner: Any, item: Any) -> bool:
    """Is it an item of the list, a key of the map, or a part of the text?"""
    if isinstance(owner, (list, tuple)) and isinstance(item, str) and measure(item) is not None:
        return any(equal(item, one) for one in owner)
    return item in owner


def _ordered(left: Any, right: Any) -> tuple[Any, Any]:
    """What is compared by `<`: moments, lengths, or the values themselves."""
    if not isinstance(left, str) or not isinstance(right, str):
        return left, right
    one, other = measure(left), measure(right)
    if one is None and other is None:
        return left, right
    if type(one) is type(other):
        return one, other
    what = "a moment with a time zone" if is_moment(left) or is_moment(right) else "a duration"
    odd = right if one is not None else left
    raise ExpressionError(f"`{odd[:80]}` is not {what}, so `{left[:80]}` and `{right[:80]}` cannot be ordered")


def order_keys(keys: list[Any]) -> list[Any]:
    """The keys to sort by: as moments or lengths, if all of them are."""
    measured = [measure(key) if isinstance(key, str) else None for key in keys]
    kinds = {type(one) for one in measured}
    return measured if len(kinds) == 1 and None not in measured else keys


# -- arithmetic ------------------------------------------------------------------------------------------------


def calculation(op: str) -> Callable[[list[Any], str], int | float]:
    """The function for an operator, from its two operands and the text of the operation, which messages quote."""
    apply = _ARITHMETIC[op]

    def calculate(operands: list[Any], written: str) -> int | float:
        left, right = (_number(one, op, written) for one in operands)
        if right == 0 and op in ("/", "//", "%"):
            raise ExpressionError(f"`{written}` divides by zero")
        return _in_range(apply(left, right), written)

    return calculate


def _number(value: Any, op: str, written: str) -> int | float:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _in_range(value, written)
    name = re.search(_HYPHEN, written)
    hint = f"; if `{name.group()}` is one name, write `{name.group().replace('-', '_')}`" if name else ""
    if is_undefined(value):
        raise ExpressionError(f"{value._undefined_message}{hint}")
    raise ExpressionError(f"in `{written}`, `{op}` needs numbers, found {type_name(value)}{remedy(op, value)}{hint}")


def _in_range(value: float, written: str) -> int | float:
    if not math.isfinite(value) or abs(value) > LARGEST:
        raise ExpressionError(f"in `{written}`, a number is beyond 2^53, up to which they are exact")
    return value


def remedy(op: str, value: Any) -> str:
    """What to write instead of arithmetic with this value, if that follows from it."""
    if is_moment(value):
        return ": write `… | epoch` for its seconds"
    if is_duration(value):
        return ": write `… | seconds`"
    if isinstance(value, str):
        return ": join text with `~`" if op == "+" else ": write `… | int` or `… | float`"
    return ": give a fallback, `… | default(0)`" if value is None else ""


OPERATORS: Final = tuple(_ARITHMETIC)
