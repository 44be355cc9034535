"""The filters of expressions. They have Jinja's names and arguments, but work only on data and on limited sizes.

Where Jinja would return 0 or the name of an object for a wrong value, a filter here fails. None turns a secret into
text. The table `FILTERS`, at the end, has all of them; the arguments of a filter are those of its function.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, Final

from engine.errors import ExpressionError
from engine.language.expressions import syntax_tree as ast
from engine.language.expressions.budget import CHARGES, SMALL, budget_of
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
from engine.language.expressions.text_filters import (
    basename_filter,
    lower_filter,
    replace_filter,
    tojson_filter,
    truncate_filter,
    upper_filter,
)
from engine.language.moments import measure
from engine.values import Resources

TESTS: Final = ("equalto", "in")
"""The comparisons that `selectattr` supports."""
CONCAT: Final = "~"
"""The filter that `a ~ b` is compiled to. It cannot be written as a filter."""
COMPARE: Final = "<=>"
"""The filter that comparisons are compiled to if moments or durations may be among them. It cannot be written either."""
NAMES: Final = "_names"
"""Under this name an expression has all names, for their budget. It cannot write it."""
_ATOMS: Final = frozenset({int, bool, float, type(None)})
DECIDES: Final = "?"
"""The filter around a part of a condition. It cannot be written as a filter."""


class FilterSpec(Resources, kw_only=False):
    """One filter, and its types for the checks.

    `takes` is `text` (or a number or boolean, as text), `moment`, `duration`, `list` (or the keys of a map, or the characters of a text) or
    `any`. `gives` is `text`, `integer` or `number`; or `list`, the same items; `attributes`, one attribute of each item;
    `item`, one of the items; `either`, the value or the default. `secrets`: it accepts a secret and passes it on.
    `work` is what is charged for: `all` of the value and its arguments, its `items`, its items as sort `keys`, or `none`.
    """

    run: Callable[..., Any]
    takes: str
    gives: str
    secrets: bool = False
    work: str = "all"


class EmptyListError(Exception):
    """There is no first or last item, so the result is undefined."""


def filter_functions(undefined: Callable[[str], Any]) -> dict[str, Callable[..., Any]]:
    """The functions by name, for Jinja. `undefined` makes an undefined value from the reason for it."""
    strict = {name: _refuse_undefined(name, spec, undefined) for name, spec in FILTERS.items()}
    internal = {CONCAT: _charged(_concat), DECIDES: _deciding, COMPARE: _charged(compare)}
    return strict | {"default": _default} | internal | {op: calculation(op) for op in OPERATORS}


def _charged(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, which visits all of its operands."""
    from jinja2 import pass_context

    def charged(context: Any, operands: list[Any], *args: Any) -> Any:
        for one in operands:
            kind = type(one)
            if kind not in _ATOMS and (kind is not str or len(one) > SMALL):
                budget_of(context.parent[NAMES]).charge_visit(one)
        return function(operands, *args)

    return pass_context(charged)


def _refuse_undefined(name: str, spec: FilterSpec, undefined: Callable[[str], Any]) -> Callable[..., Any]:
    """The filter, but with an error for an undefined value or argument; `default` alone accepts them.

    Its work is charged before it is done.
    """
    from jinja2 import pass_context

    function, charge = spec.run, CHARGES[spec.work]

    def filtered(context: Any, value: Any, *args: Any, **named: Any) -> Any:
        is_small = True
        for one in (value, *args, *named.values()):
            kind = type(one)
            if kind is str:
                is_small = is_small and len(one) <= SMALL
            elif kind not in _ATOMS:
                is_small = False
                if is_undefined(one):
                    raise ExpressionError(str(one._undefined_message))
        if not is_small:
            charge(budget_of(context.parent[NAMES]), value, args, named)
        try:
            return function(value, *args, **named)
        except EmptyListError:
            return undefined("the list is empty; give a fallback: `| default(…)`")

    return pass_context(filtered)


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


# -- the table -------------------------------------------------------------------------------------------------

FILTERS: Final[Mapping[str, FilterSpec]] = {
    # name: the function, what it takes, what it gives
    "default": FilterSpec(_default, "any", "either", secrets=True),
    "first": FilterSpec(_first, "list", "item", secrets=True, work="items"),
    "last": FilterSpec(_last, "list", "item", secrets=True, work="items"),
    "length": FilterSpec(_length, "any", "integer", secrets=True, work="none"),
    "join": FilterSpec(_join, "list", "text"),
    "lower": FilterSpec(lower_filter, "text", "text"),
    "upper": FilterSpec(upper_filter, "text", "text"),
    "replace": FilterSpec(replace_filter, "text", "text"),
    "sort": FilterSpec(_sort, "list", "list", work="keys"),
    "unique": FilterSpec(_unique, "list", "list", work="keys"),
    "map": FilterSpec(_map, "list", "attributes", secrets=True, work="items"),
    "selectattr": FilterSpec(_selectattr, "list", "list", secrets=True, work="items"),
    "int": FilterSpec(int_filter, "any", "integer"),
    "float": FilterSpec(float_filter, "any", "number"),
    "epoch": FilterSpec(epoch_of, "moment", "number"),
    "seconds": FilterSpec(seconds_of, "duration", "integer"),
    "string": FilterSpec(text_of, "any", "text"),
    "tojson": FilterSpec(tojson_filter, "any", "text"),
    "truncate": FilterSpec(truncate_filter, "text", "text"),
    "basename": FilterSpec(basename_filter, "text", "text"),
}
