"""The type of a filter's result, and the types of input that a filter cannot take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from engine.checks.dataflow.types import ANYTHING, INTEGER, NUMBER, TEXT, Type, describe_type, union, without_null
from engine.language.expressions.filters import FILTERS
from engine.language.moments import is_duration, parse_moment

_ALWAYS: Final = {"text": TEXT, "integer": INTEGER, "number": NUMBER, "attributes": Type(frozenset({"array"}))}


def wrong_input(name: str, of: Type) -> str:
    """Why the filter would fail on a value of this type; "" if it may succeed. RB306 reports secrets."""
    if not of.known or "secret" in of.names:
        return ""
    match FILTERS[name].takes:
        case "list" if not of.may_be("array", "object", "string"):
            return f"`{name}` needs a list, found {describe_type(of)}"
        case "text" if not of.may_be("string", "integer", "number", "boolean"):
            return f"`{name}` needs text, found {describe_type(of)}"
        case "moment" if not of.may_be("string") or of.format == "duration":
            return f"`{name}` needs a timestamp, found {describe_type(of)}"
        case "duration" if not of.may_be("string") or of.format == "timestamp":
            return f"`{name}` needs a duration, found {describe_type(of)}"
        case "duration" if of.literals and not any(map(is_duration, of.literals)):
            return f"`{of.literals[0]}` is not a duration such as 30s, 5m, 3h or 2d"
        case _:
            return ""


def wrong_moment(name: str, of: Type) -> str:
    """Why the literal that the filter gets is no moment; "" if it is one, or no literal."""
    if FILTERS[name].takes != "moment" or not of.literals or not isinstance(of.literals[0], str):
        return ""
    try:
        parse_moment(of.literals[0])
    except ValueError as error:
        return str(error)
    return ""


def result(name: str, of: Type, args: list[Type], named: Mapping[str, Type]) -> Type:
    """The type of the filter's result."""
    match FILTERS[name].gives:
        case "either":
            return union((without_null(of), args[0] if args else named.get("default_value", TEXT)))
        case "item":
            return of.items or ANYTHING if of.is_only("array") else ANYTHING
        case "list":
            return Type(frozenset({"array"}), items=of.items)
        case other:
            return _ALWAYS[other]
