"""The results of expressions: data of limited size, and secrets, which never become text."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from engine.errors import ExpressionError, InvalidCondition
from engine.language.expressions.budget import Budget
from engine.language.secret import Secret

MOST_CHARACTERS: Final = 262_144
"""The most characters of a text, and the most values in a result."""

LARGEST_NUMBER: Final = 10**64
_SIMPLE: Final = frozenset({bool, type(None), Secret})
_MOST_NAMES_SHOWN: Final = 12
_MOST_SOURCE_SHOWN: Final = 200


def to_result(value: Any, budget: Budget | None = None) -> Any:
    """A result as a value of a runbook: JSON types and secrets. ExpressionError if it is too large, or of another type.

    A list or map is copied, which is charged to the budget.
    """
    kind = type(value)
    if kind is str:
        return check_text(value)
    if kind in _SIMPLE:
        return value
    left = [MOST_CHARACTERS]
    try:
        return _to_result(value, left)
    finally:
        if budget is not None:
            budget.charge(MOST_CHARACTERS - left[0])


def _to_result(value: Any, left: list[int]) -> Any:
    left[0] -= 1
    if left[0] < 0:
        raise ExpressionError("the result is too large")
    match value:
        case str():
            left[0] -= len(value) // 64
            return check_text(value)
        case None | bool() | Secret():
            return value
        case int() if -LARGEST_NUMBER < value < LARGEST_NUMBER:
            return value
        case float() if math.isfinite(value):
            return value
        case Mapping():
            return {key: _to_result(item, left) for key, item in value.items()}
        case list() | tuple():
            return [_to_result(item, left) for item in value]
        case _ if is_undefined(value):
            raise ExpressionError(str(value._undefined_message))
        case int() | float():
            raise ExpressionError("the number is too large")
        case _:
            raise ExpressionError(f"a {type(value).__name__} cannot be a value of a runbook")


def check_text(text: str) -> str:
    """The text. ExpressionError if it is too long."""
    check_length(len(text))
    return text


def check_length(characters: int) -> None:
    """ExpressionError if this is more than a text may have."""
    if characters > MOST_CHARACTERS:
        raise ExpressionError(f"the text would be longer than {MOST_CHARACTERS} characters")


def text_of(value: Any) -> str:
    """A value as part of a text: "" for null, `true` or `false` for a boolean, JSON for a list or map."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, Secret):
        raise ExpressionError("a secret cannot become text")
    return json_of(value)


def json_of(value: Any, indent: int | None = None) -> str:
    """The value as JSON. ExpressionError if it contains a secret, or is nested too deeply."""
    try:
        return check_text(json.dumps(_to_json(to_result(value)), ensure_ascii=False, allow_nan=False, indent=indent))
    except RecursionError as error:
        raise ExpressionError("nested too deeply for text") from error


def _to_json(value: Any) -> Any:
    match value:
        case Secret():
            raise ExpressionError("a secret cannot become text")
        case Mapping():
            return {str(key): _to_json(item) for key, item in value.items()}
        case list():
            return [_to_json(item) for item in value]
        case _:
            return value


def is_undefined(value: Any) -> bool:
    """Is it Jinja's object for an undefined value?"""
    return hasattr(type(value), "_undefined_message")


def type_name(value: Any) -> str:
    """`a whole number`, `a list`, as messages say it."""
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int():
            return "a whole number"
        case float():
            return "a number"
        case str():
            return "text"
        case Mapping():
            return "a map"
        case list() | tuple():
            return "a list"
        case _:
            return f"a {type(value).__name__.lower()}"


def get_item(owner: Any, name: Any) -> tuple[Any, bool]:
    """An item of a map, list or text, and whether there is one. Attributes of Python objects are never reached."""
    if isinstance(owner, Mapping):
        try:
            return owner[name], True
        except (KeyError, TypeError):
            return None, False
    if isinstance(owner, (list, tuple, str)) and isinstance(name, (int, slice)):
        try:
            return owner[name], True
        except (IndexError, ValueError):
            return None, False
    return None, False


def missing_message(owner: Any, name: Any) -> str:
    """The message for a `name` that `owner` does not contain."""
    if owner is None:
        return f"it is null, so it has no `{name}`; give a fallback: `| default(…)`"
    if isinstance(owner, Mapping):
        known = [str(key) for key in owner]
        more = ", …" if len(known) > _MOST_NAMES_SHOWN else ""
        return f"there is no `{name}` in it; expected one of: {', '.join(known[:_MOST_NAMES_SHOWN])}{more}"
    if isinstance(owner, Sequence) and isinstance(name, int):
        return f"there is no item {name}: the length is {len(owner)}"
    if isinstance(owner, Secret):
        return f"a secret has no attributes here: for one field, declare a setting `secret:NAME#{name}`"
    return f"there is no `{name}` in it"


def text_as_condition(value: str, source: str = "") -> InvalidCondition:
    """The error for text where only true or false can be meant."""
    where = f"`{source}` is text" if source else "a part of the condition is text"
    return InvalidCondition(
        f"{where} (`{value[:40]}`), which is neither true nor false: compare it, as in `… == 'yes'` or `… != none`"
    )


def undefined_message(name: str) -> str:
    """The message for a name without a value."""
    return f"`{name}` is not defined"


def shorten_source(source: str) -> str:
    """An expression for a message, shortened if it is long."""
    return source if len(source) <= _MOST_SOURCE_SHOWN else source[:_MOST_SOURCE_SHOWN] + "…"
