"""The filters of expressions: Jinja's by name and arguments, on data alone, bounded, and never given a secret as text.

A filter fails on what it cannot mean, where Jinja's would go on with a zero or an object's name.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from engine.errors import ExpressionError
from engine.language.expressions.results import (
    LARGEST,
    absent,
    attribute,
    bounded,
    is_undefined,
    json_of,
    settled,
    text_of,
)

NAMES: Final = (
    "default", "first", "last", "length", "join", "lower", "upper", "replace", "sort", "unique", "map", "selectattr",
    "int", "float", "string", "tojson", "truncate", "basename",
)  # fmt: skip
TESTS: Final = ("equalto", "in")
"""What `selectattr` may ask."""

_DIGITS: Final = 400
_NOTHING: Final = object()


def table(undefined: Callable[[str], Any]) -> dict[str, Callable[..., Any]]:
    """Every filter by its name. `undefined` makes what stands for a value that is not there, from the reason."""
    strict: dict[str, Callable[..., Any]] = {
        "length": _length, "join": _join, "lower": _lower, "upper": _upper, "replace": _replace, "sort": _sort,
        "unique": _unique, "map": _map, "selectattr": _selectattr, "int": _int, "float": _float, "string": text_of,
        "tojson": _tojson, "truncate": _truncate, "basename": _basename,
        "first": lambda value: _at(_items(value, "first"), 0, undefined),
        "last": lambda value: _at(_items(value, "last"), -1, undefined),
    }  # fmt: skip
    return {name: _strict(function) for name, function in strict.items()} | {
        "default": _default,
        CONCAT: _concat,
    }


CONCAT: Final = "~"
"""What `a ~ b` becomes: no filter that can be written."""


def _strict(function: Callable[..., Any]) -> Callable[..., Any]:
    """What is not there is an error, for every filter but `default`."""

    @functools.wraps(function)
    def filtered(value: Any, *args: Any, **named: Any) -> Any:
        for one in (value, *args, *named.values()):
            if is_undefined(one):
                raise ExpressionError(str(one._undefined_message))
        return function(value, *args, **named)

    return filtered


def _default(value: Any, default_value: Any = "", boolean: Any = False) -> Any:
    """Also in the place of null."""
    if is_undefined(value) or value is None or (boolean and not value):
        return default_value
    return value


def _concat(parts: list[Any]) -> str:
    texts = []
    for part in parts:
        if is_undefined(part):
            raise ExpressionError(str(part._undefined_message))
        texts.append(text_of(part))
    if sum(map(len, texts)) > LARGEST:
        raise ExpressionError(f"the text would be longer than {LARGEST} characters")
    return "".join(texts)


# -- lists -----------------------------------------------------------------------------------------------------


def _items(value: Any, filter: str) -> list[Any]:
    match value:
        case list() | tuple():
            return list(value)
        case Mapping():
            return list(value)
        case str():
            return list(bounded(value))
        case _:
            raise ExpressionError(f"`{filter}` is of a list, and this is {_told(value)}")


def _told(value: Any) -> str:
    return "null" if value is None else f"a {type(value).__name__.lower()}"


def _at(items: list[Any], index: int, undefined: Callable[[str], Any]) -> Any:
    return items[index] if items else undefined("the list is empty; `| default(…)` says what holds then")


def _length(value: Any) -> int:
    if isinstance(value, (str, list, tuple, Mapping)):
        return len(value)
    raise ExpressionError(f"`length` is of text, a list or a map, and this is {_told(value)}")


def _join(value: Any, d: Any = "", attribute: Any = None) -> str:
    between = text_of(d)
    items = _items(value, "join")
    texts = [text_of(item if attribute is None else _attribute(item, attribute)) for item in items]
    if sum(map(len, texts)) + len(between) * len(texts) > LARGEST:
        raise ExpressionError(f"the text would be longer than {LARGEST} characters")
    return between.join(texts)


def _sort(value: Any, reverse: Any = False, case_sensitive: Any = False, attribute: Any = None) -> list[Any]:
    key = _key(case_sensitive, attribute)
    try:
        return sorted(_items(value, "sort"), key=key, reverse=bool(reverse))
    except TypeError as error:
        raise ExpressionError("`sort` is of a list whose items can be compared") from error


def _unique(value: Any, case_sensitive: Any = False, attribute: Any = None) -> list[Any]:
    key = _key(case_sensitive, attribute)
    found: dict[Any, Any] = {}
    for item in _items(value, "unique"):
        mark = key(item)
        found.setdefault(mark if isinstance(mark, (str, int, float, bool, type(None))) else json_of(mark), item)
    return list(found.values())


def _key(case_sensitive: Any, attribute: Any) -> Callable[[Any], Any]:
    def key(item: Any) -> Any:
        value = item if attribute is None else _attribute(item, attribute)
        return value.lower() if isinstance(value, str) and not case_sensitive else value

    return key


def _attribute(item: Any, path: Any, otherwise: Any = _NOTHING) -> Any:
    """`zone`, or `placement.zone`, of an item."""
    for part in str(path).split("."):
        if part.startswith("_"):
            raise ExpressionError("names that begin with _ are refused")
        found, there = attribute(item, int(part) if part.isdecimal() else part)
        if not there:
            if otherwise is _NOTHING:
                raise ExpressionError(absent(item, part))
            return otherwise
        item = found
    return item


def _map(value: Any, *, attribute: Any, default: Any = _NOTHING) -> list[Any]:
    return [_attribute(item, attribute, default) for item in _items(value, "map")]


def _selectattr(value: Any, attribute: Any, test: Any = None, wanted: Any = None) -> list[Any]:
    found = []
    for item in _items(value, "selectattr"):
        here = _attribute(item, attribute, None)
        match test:
            case None:
                chosen = bool(here)
            case "equalto":
                chosen = here == wanted
            case "in":
                chosen = here in _items(wanted, "selectattr(…, 'in', …)")
            case _:
                raise ExpressionError(f"`selectattr` asks `equalto` or `in`, not `{test}`")
        if chosen:
            found.append(item)
    return found


# -- text ------------------------------------------------------------------------------------------------------


def _lower(value: Any) -> str:
    return text_of(value).lower()


def _upper(value: Any) -> str:
    return text_of(value).upper()


def _replace(value: Any, old: Any, new: Any, count: Any = None) -> str:
    text, old, new = text_of(value), text_of(old), text_of(new)
    limit = -1 if count is None else int(count)
    times = text.count(old)
    if limit >= 0:
        times = min(times, limit)
    if len(text) + times * (len(new) - len(old)) > LARGEST:
        raise ExpressionError(f"the text would be longer than {LARGEST} characters")
    return text.replace(old, new, limit)


def _truncate(value: Any, length: Any = 255, killwords: Any = False, end: Any = "...", leeway: Any = 0) -> str:
    """At most `length` characters, `end` included; at a word's end unless `killwords`.

    `leeway` more are let be: none unless it is said, for AWS counts exactly.
    """
    text, ending, longest = text_of(value), text_of(end), int(length)
    if longest < len(ending):
        raise ExpressionError(f"`truncate` to {longest} leaves no room for `{ending}`")
    if len(text) <= longest + int(leeway):
        return text
    kept = text[: longest - len(ending)]
    return (kept if killwords else kept.rsplit(" ", 1)[0]) + ending


def _basename(value: Any) -> str:
    """What stands after the last `/` or `:`: the name in an ARN or a path."""
    return re.split(r"[/:]", text_of(value))[-1]


def _tojson(value: Any, indent: Any = None) -> str:
    return json_of(value, min(int(indent), 8) if indent is not None else None)


# -- numbers ---------------------------------------------------------------------------------------------------


def _int(value: Any, default: Any = _NOTHING, base: Any = 10) -> Any:
    try:
        if isinstance(value, str):
            return int(value[:_DIGITS].strip(), int(base)) if len(value) <= _DIGITS else _fail(value)
        return int(value) if isinstance(value, (int, float)) else _fail(value)
    except (ValueError, OverflowError) as error:
        if default is not _NOTHING:
            return default
        raise ExpressionError(f"`{text_of(value)[:40]}` is no whole number") from error


def _float(value: Any, default: Any = _NOTHING) -> Any:
    try:
        number = float(value) if isinstance(value, (int, float, str)) and len(str(value)) <= _DIGITS else _fail(value)
        return settled(number)
    except (ValueError, OverflowError, ExpressionError) as error:
        if default is not _NOTHING:
            return default
        raise ExpressionError(f"`{text_of(value)[:40]}` is no number") from error


def _fail(value: Any) -> Any:
    raise ValueError(text_of(value)[:40])
