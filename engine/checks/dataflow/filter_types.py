"""The filters of expressions: what each takes and what comes out of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from engine.checks.dataflow.types import ANYTHING, INTEGER, NUMBER, TEXT, Type, describe_type, union, without_null
from engine.language.expressions import nodes as ast
from engine.language.expressions.filters import TESTS

ARGUMENTS: Final[Mapping[str, tuple[int, int, tuple[str, ...]]]] = {
    # name: fewest and most arguments, and the names that they may be given by
    "default": (0, 2, ("default_value", "boolean")),
    "first": (0, 0, ()),
    "last": (0, 0, ()),
    "length": (0, 0, ()),
    "join": (0, 2, ("d", "attribute")),
    "lower": (0, 0, ()),
    "upper": (0, 0, ()),
    "replace": (2, 3, ("old", "new", "count")),
    "sort": (0, 3, ("reverse", "case_sensitive", "attribute")),
    "unique": (0, 2, ("case_sensitive", "attribute")),
    "map": (0, 0, ("attribute", "default")),
    "selectattr": (1, 3, ()),
    "int": (0, 2, ("default", "base")),
    "float": (0, 1, ("default",)),
    "string": (0, 0, ()),
    "tojson": (0, 1, ("indent",)),
    "truncate": (0, 4, ("length", "killwords", "end", "leeway")),
    "basename": (0, 0, ()),
}
KEEPS_SECRETS: Final = frozenset({"default", "first", "last", "length", "map", "selectattr"})
_LISTS: Final = frozenset({"first", "last", "join", "sort", "unique", "map", "selectattr"})
_MAKES_TEXT: Final = frozenset({"join", "lower", "upper", "replace", "string", "tojson", "truncate", "basename"})
_TEXT_ONLY: Final = frozenset({"lower", "upper", "replace", "truncate", "basename"})


def wrong_use(node: ast.Filter, of: Type) -> Iterator[str]:
    """Why this use would fail when it is evaluated."""
    fewest, most, names = ARGUMENTS[node.name]
    count = len(node.args) + len(node.named)
    if len(node.args) > most or count < fewest or count > max(most, len(names)):
        wanted = str(fewest) if fewest == most else f"{fewest} to {most}"
        yield f"`{node.name}` takes {wanted} arguments, and there are {count}"
    for name, _ in node.named:
        if name not in names:
            yield f"`{node.name}` has no argument called `{name}`"
    if node.name == "map" and not any(name == "attribute" for name, _ in node.named):
        yield "`map` takes `attribute='…'`"
    if node.name == "selectattr" and len(node.args) > 1:
        yield from _wrong_selection(node.args[1])
    if "secret" in of.names:
        return  # that is told as such
    if node.name in _LISTS and of.known and not of.may_be("array", "object", "string"):
        yield f"`{node.name}` wants a list, and this is {describe_type(of)}"
    if node.name in _TEXT_ONLY and of.known and not of.may_be("string", "integer", "number", "boolean"):
        yield f"`{node.name}` wants text, and this is {describe_type(of)}"


def _wrong_selection(test: ast.Node) -> Iterator[str]:
    if isinstance(test, ast.Const) and test.value not in TESTS:
        yield f"`selectattr` has no test `{test.value}`: `equalto` or `in`"


def attribute_named(node: ast.Filter) -> tuple[str, tuple[int, int]] | None:
    """The attribute of the items that `map` and `selectattr` name, and where."""
    if node.name == "selectattr":
        named = node.args[0] if node.args else None
    else:
        named = next((value for name, value in node.named if name == "attribute"), None)
    if isinstance(named, ast.Const) and isinstance(named.value, str):
        return named.value, (named.start, named.end)
    return None


def result(name: str, of: Type, args: list[Type], named: Mapping[str, Type]) -> Type:
    """What comes out."""
    if name in _MAKES_TEXT:
        return TEXT
    match name:
        case "default":
            other = args[0] if args else named.get("default_value", TEXT)
            return union((without_null(of), other))
        case "first" | "last":
            return of.items or ANYTHING if of.is_only("array") else ANYTHING
        case "length" | "int":
            return INTEGER
        case "float":
            return NUMBER
        case "sort" | "unique" | "selectattr":
            return Type(frozenset({"array"}), items=of.items)
        case "map":
            return Type(frozenset({"array"}))
        case _:
            return ANYTHING
