"""The filters of expressions. They have Jinja's names and arguments, but work only on data and on limited sizes.

Where Jinja would return 0 or the name of an object for a wrong value, a filter here fails. None turns a secret into
text. The table `FILTERS`, at the end, has all of them; the arguments of a filter are those of its function.
"""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from engine.errors import ExpressionError
from engine.language.expressions import syntax_tree as ast
from engine.language.expressions.number_filters import NO_DEFAULT, epoch_of, float_filter, int_filter, seconds_of
from engine.language.expressions.operators import OPERATORS, calculation, compare, contains, equal, order_keys
from engine.language.expressions.results import (
    check_length,
    check_text,
    get_item,
    is_undefined,
    json_of,
    missing_message,
    text_as_condition,
    text_of,
    type_name,
)
from engine.language.moments import measure
from engine.values import Resources

TESTS: Final = ("equalto", "in")
"""The comparisons that `selectattr` supports."""
CONCAT: Final = "~"
"""The filter that `a ~ b` is compiled to. It cannot be written as a filter."""
COMPARE: Final = "<=>"
"""The filter that comparisons are compiled to if moments or durations may be among them. It cannot be written either."""
DECIDES: Final = "?"
"""The filter around a part of a condition. It cannot be written as a filter."""


class FilterSpec(Resources, kw_only=False):
    """One filter, and its types for the checks.

    `takes` is `text` (or a number or boolean, as text), `moment`, `duration`, `list` (or the keys of a map, or the characters of a text) or
    `any`. `gives` is `text`, `integer` or `number`; or `list`, the same items; `attributes`, one attribute of each item;
    `item`, one of the items; `either`, the value or the default. `secrets`: it accepts a secret and passes it on.
    """

    run: Callable[..., Any]
    takes: str
    gives: str
    secrets: bool = False


class EmptyListError(Exception):
    """There is no first or last item, so the result is undefined."""


def filter_functions(undefined: Callable[[str], Any]) -> dict[str, Callable[..., Any]]:
    """The functions by name, for Jinja. `undefined` makes an undefined value from the reason for it."""
    strict = {name: _refuse_undefined(spec.run, undefined) for name, spec in FILTERS.items()}
    internal = {CONCAT: _concat, DECIDES: _deciding, COMPARE: compare}
    return strict | {"default": _default} | internal | {op: calculation(op) for op in OPERATORS}


def _refuse_undefined(function: Callable[..., Any], undefined: Callable[[str], Any]) -> Callable[..., Any]:
    """The function, but with an error for an undefined value or argument; `default` alone accepts them."""

    @functools.wraps(function)
    def filtered(value: Any, *args: Any, **named: Any) -> Any:
        for one in (value, *args, *named.values()):
            if is_undefined(one):
                raise ExpressionError(str(one._undefined_message))
        try:
            return function(value, *args, **named)
        except EmptyListError:
            return undefined("the list is empty; give a fallback: `| default(…)`")

    return filtered


# -- checked before anything is evaluated --------------------------------------------------------------


def filter_problem(node: ast.Filter) -> str:
    """Why this filter fails for every value; "" if it may succeed."""
    named = dict(node.named)
    if node.name == "map" and (node.args or "attribute" not in named):
        return "`map` needs `attribute='…'`"
    if len(named) < len(node.named):
        return f"`{node.name}` is given an argument twice"
    try:
        inspect.signature(FILTERS[node.name].run).bind(node.of, *node.args, **named)
    except TypeError as error:
        return f"`{node.name}`: {error}"
    if node.name == "selectattr" and len(node.args) > 1:
        test = node.args[1]
        if not isinstance(test, ast.Const) or test.value not in TESTS:
            return "`selectattr` compares with `'equalto'` or `'in'`"
    attribute = attribute_of(node)
    if attribute is not None and any(part.startswith("_") for part in attribute.value.split(".")):
        return "names that begin with `_` are not allowed"
    return ""


def attribute_of(node: ast.Filter) -> ast.Const | None:
    """The argument that names an attribute of the items; None if there is none or it is not a text literal."""
    named = node.args[0] if node.name == "selectattr" and node.args else dict(node.named).get("attribute")
    return named if isinstance(named, ast.Const) and isinstance(named.value, str) else None


# -- any value -------------------------------------------------------------------------------------------------


def _default(value: Any, default_value: Any = "", boolean: Any = False) -> Any:
    """Unlike Jinja's, it replaces null too."""
    if is_undefined(value) or value is None or (boolean and not value):
        return default_value
    return value


def _deciding(value: Any) -> Any:
    """The value of a part of a condition; InvalidCondition if it is text. Jinja refuses an undefined one."""
    if isinstance(value, str):
        raise text_as_condition(value)
    return value


def _concat(parts: list[Any]) -> str:
    texts = []
    for part in parts:
        if is_undefined(part):
            raise ExpressionError(str(part._undefined_message))
        texts.append(text_of(part))
    check_length(sum(map(len, texts)))
    return "".join(texts)


# -- lists -----------------------------------------------------------------------------------------------------


def _to_list(value: Any, filter: str) -> list[Any]:
    match value:
        case list() | tuple():
            return list(value)
        case Mapping():
            return list(value)
        case str():
            return list(check_text(value))
        case _:
            raise ExpressionError(f"`{filter}` needs a list, found {type_name(value)}")


def _first(value: Any) -> Any:
    return _item_at(_to_list(value, "first"), 0)


def _last(value: Any) -> Any:
    return _item_at(_to_list(value, "last"), -1)


def _item_at(items: list[Any], index: int) -> Any:
    if not items:
        raise EmptyListError
    return items[index]


def _length(value: Any) -> int:
    if isinstance(value, (str, list, tuple, Mapping)):
        return len(value)
    raise ExpressionError(f"`length` needs text, a list or a map, found {type_name(value)}")


def _join(value: Any, d: Any = "", attribute: Any = None) -> str:
    between = text_of(d)
    items = _to_list(value, "join")
    texts = [text_of(item if attribute is None else _item_attribute(item, attribute)) for item in items]
    check_length(sum(map(len, texts)) + len(between) * len(texts))
    return between.join(texts)


def _sort(value: Any, reverse: Any = False, case_sensitive: Any = False, attribute: Any = None) -> list[Any]:
    key = _sort_key(case_sensitive, attribute)
    items = _to_list(value, "sort")
    keys = order_keys([key(item) for item in items])
    try:
        return [items[at] for at in sorted(range(len(items)), key=keys.__getitem__, reverse=bool(reverse))]
    except TypeError as error:
        raise ExpressionError("`sort` needs a list whose items can be compared") from error


def _unique(value: Any, case_sensitive: Any = False, attribute: Any = None) -> list[Any]:
    key = _sort_key(case_sensitive, attribute)
    found: dict[Any, Any] = {}
    for item in _to_list(value, "unique"):
        mark = key(item)
        measured = measure(mark) if isinstance(mark, str) else None
        mark = mark if measured is None else ("measured", measured)
        plain = measured is not None or isinstance(mark, (str, int, float, bool, type(None)))
        found.setdefault(mark if plain else json_of(mark), item)
    return list(found.values())


def _sort_key(case_sensitive: Any, attribute: Any) -> Callable[[Any], Any]:
    def key(item: Any) -> Any:
        value = item if attribute is None else _item_attribute(item, attribute)
        folds = isinstance(value, str) and not case_sensitive and measure(value) is None
        return value.lower() if folds else value

    return key


def _item_attribute(item: Any, path: Any, otherwise: Any = NO_DEFAULT) -> Any:
    """An attribute such as `zone` or `placement.zone` of an item. If there is none: `otherwise`, or ExpressionError."""
    for part in str(path).split("."):
        if part.startswith("_"):
            raise ExpressionError("names that begin with `_` are not allowed")
        found, there = get_item(item, int(part) if part.isdecimal() else part)
        if not there:
            if otherwise is NO_DEFAULT:
                raise ExpressionError(missing_message(item, part))
            return otherwise
        item = found
    return item


def _map(value: Any, *, attribute: Any, default: Any = NO_DEFAULT) -> list[Any]:
    return [_item_attribute(item, attribute, default) for item in _to_list(value, "map")]


def _selectattr(value: Any, attribute: Any, test: Any = None, wanted: Any = None, /) -> list[Any]:
    found = []
    among = _to_list(wanted, "selectattr(…, 'in', …)") if test == "in" else []
    for item in _to_list(value, "selectattr"):
        actual = _item_attribute(item, attribute, None)
        match test:
            case None:
                chosen = bool(actual)
            case "equalto":
                chosen = equal(actual, wanted)
            case "in":
                chosen = contains(among, actual)
            case _:
                raise ExpressionError(f"`selectattr` compares with `'equalto'` or `'in'`, not with `{test}`")
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
    check_length(len(text) + times * (len(new) - len(old)))
    return text.replace(old, new, limit)


def _truncate(value: Any, length: Any = 255, killwords: Any = False, end: Any = "...", leeway: Any = 0) -> str:
    """At most `length` characters, `end` included; cut at the end of a word unless `killwords`.

    A text that is up to `leeway` longer is not cut. Jinja's default is 5; here it is 0, because AWS counts exactly.
    """
    text, ending, longest = text_of(value), text_of(end), int(length)
    if longest < len(ending):
        raise ExpressionError(f"`truncate` to {longest} leaves no room for `{ending}`")
    if len(text) <= longest + int(leeway):
        return text
    kept = text[: longest - len(ending)]
    return (kept if killwords else kept.rsplit(" ", 1)[0]) + ending


def _basename(value: Any) -> str:
    """The part after the last `/` or `:`: the name in an ARN or a path."""
    return re.split(r"[/:]", text_of(value))[-1]


def _tojson(value: Any, indent: Any = None) -> str:
    return json_of(value, min(int(indent), 8) if indent is not None else None)


# -- the table -------------------------------------------------------------------------------------------------

FILTERS: Final[Mapping[str, FilterSpec]] = {
    # name: the function, what it takes, what it gives
    "default": FilterSpec(_default, "any", "either", secrets=True),
    "first": FilterSpec(_first, "list", "item", secrets=True),
    "last": FilterSpec(_last, "list", "item", secrets=True),
    "length": FilterSpec(_length, "any", "integer", secrets=True),
    "join": FilterSpec(_join, "list", "text"),
    "lower": FilterSpec(_lower, "text", "text"),
    "upper": FilterSpec(_upper, "text", "text"),
    "replace": FilterSpec(_replace, "text", "text"),
    "sort": FilterSpec(_sort, "list", "list"),
    "unique": FilterSpec(_unique, "list", "list"),
    "map": FilterSpec(_map, "list", "attributes", secrets=True),
    "selectattr": FilterSpec(_selectattr, "list", "list", secrets=True),
    "int": FilterSpec(int_filter, "any", "integer"),
    "float": FilterSpec(float_filter, "any", "number"),
    "epoch": FilterSpec(epoch_of, "moment", "number"),
    "seconds": FilterSpec(seconds_of, "duration", "integer"),
    "string": FilterSpec(text_of, "any", "text"),
    "tojson": FilterSpec(_tojson, "any", "text"),
    "truncate": FilterSpec(_truncate, "text", "text"),
    "basename": FilterSpec(_basename, "text", "text"),
}
