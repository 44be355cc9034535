"""What comes out of an expression: data, bounded, and secrets never as text."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from engine.errors import ExpressionError
from engine.language.secret import Secret

LARGEST: Final = 262_144
"""The most characters that a text may have, and the most values that a result may hold."""

GREATEST: Final = 10**64
_SIMPLE: Final = frozenset({bool, type(None), Secret})
_SHOWN: Final = 12
_LONGEST_SHOWN: Final = 200


def settled(value: Any) -> Any:
    """The result as a runbook's value: JSON's types and secrets, of bounded size. ExpressionError else."""
    kind = type(value)
    if kind is str:
        return bounded(value)
    if kind in _SIMPLE:
        return value
    return _settled(value, [LARGEST])


def _settled(value: Any, left: list[int]) -> Any:
    left[0] -= 1
    if left[0] < 0:
        raise ExpressionError("the result is too large")
    match value:
        case str():
            left[0] -= len(value) // 64
            return bounded(value)
        case None | bool() | Secret():
            return value
        case int() if -GREATEST < value < GREATEST:
            return value
        case float() if math.isfinite(value):
            return value
        case Mapping():
            return {key: _settled(item, left) for key, item in value.items()}
        case list() | tuple():
            return [_settled(item, left) for item in value]
        case _ if is_undefined(value):
            raise ExpressionError(str(value._undefined_message))
        case int() | float():
            raise ExpressionError("the number is too large")
        case _:
            raise ExpressionError(f"a {type(value).__name__} is no value of a runbook")


def bounded(text: str) -> str:
    """The text, if it is no longer than it may be."""
    if len(text) > LARGEST:
        raise ExpressionError(f"the text would be longer than {LARGEST} characters")
    return text


def text_of(value: Any) -> str:
    """A value inside of a text: null is nothing, booleans as YAML has them, lists and maps as JSON."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, Secret):
        raise ExpressionError("a secret cannot be put into text")
    return json_of(value)


def json_of(value: Any, indent: int | None = None) -> str:
    """As JSON; a secret in it is refused."""
    try:
        return bounded(json.dumps(_plain(settled(value)), ensure_ascii=False, allow_nan=False, indent=indent))
    except RecursionError as error:
        raise ExpressionError("nested too deep for text") from error


def _plain(value: Any) -> Any:
    match value:
        case Secret():
            raise ExpressionError("a secret cannot be put into text")
        case Mapping():
            return {str(key): _plain(item) for key, item in value.items()}
        case list():
            return [_plain(item) for item in value]
        case _:
            return value


def is_undefined(value: Any) -> bool:
    """Is it what Jinja has for a name that is not there?"""
    return hasattr(type(value), "_undefined_message")


def attribute(owner: Any, name: Any) -> tuple[Any, bool]:
    """An item of a map or a list, and whether there is one. Attributes of Python objects are never reached."""
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


def absent(owner: Any, name: Any) -> str:
    """Why `owner` has no `name`, in words of a message."""
    if owner is None:
        return f"it is null, and so has no `{name}`; `| default(…)` says what holds then"
    if isinstance(owner, Mapping):
        known = [str(key) for key in owner]
        more = ", …" if len(known) > _SHOWN else ""
        return f"there is no `{name}` in it; there are: {', '.join(known[:_SHOWN])}{more}"
    if isinstance(owner, Sequence) and isinstance(name, int):
        return f"there is no item {name}: it has {len(owner)}"
    if isinstance(owner, Secret):
        return f"a secret cannot be looked into: `secret:NAME#{name}` is one field of it"
    return f"there is no `{name}` in it"


def unknown(name: str) -> str:
    """Nothing has that name."""
    return f"`{name}` is not defined"


def shown(source: str) -> str:
    """An expression in a message: its beginning, where it is long."""
    return source if len(source) <= _LONGEST_SHOWN else source[:_LONGEST_SHOWN] + "…"
