"""What a shape of botocore's models allows, as JSON Schema: enumerated values, bounds and patterns."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

Json = Mapping[str, Any]


def constraints(shape: Json) -> dict[str, Any]:
    """The enumerated values of a scalar, its bounds, and the pattern that the whole value must match.

    AWS matches a pattern on the whole value even without `^` and `$`: in https://github.com/aws/aws-cli/issues/790, quotes
    around a name of `[a-zA-Z0-9_.-]+` are refused.
    """
    constraints: dict[str, Any] = {"enum": shape["enum"]} if shape.get("enum") else {}
    if shape["type"] == "string":
        pattern = _translated_pattern(shape["pattern"]) if shape.get("pattern") else None
        return constraints | bounds(shape, "Length") | ({"wholly": pattern} if pattern is not None else {})
    if shape["type"] in ("integer", "long", "float", "double"):
        return constraints | bounds(shape, "imum")
    return constraints


def bounds(shape: Json, suffix: str) -> dict[str, Any]:
    """`min` and `max` of a shape under JSON Schema's names: `minLength`, `maxItems`, `minimum`."""
    return {f"{end}{suffix}": shape[end] for end in ("min", "max") if shape.get(end) is not None}


_CODE_POINT: Final = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4}))")
_ESCAPE: Final = re.compile(r"\\.", re.DOTALL)
_CLASS: Final = re.compile(r"\[\^?\]?[^\]]*\]")
_NESTED_CLASS: Final = re.compile(r"\[\^?\]?[^\]]*(?:\[|&&)")
"""A union or an intersection of character classes, which Java has and RE2 does not."""


def _translated_pattern(pattern: str) -> str | None:
    """A pattern of a model, which is Java's, in the syntax of `engine.language.patterns`; None if its meaning is unclear."""
    outline = _ESCAPE.sub("_", pattern)
    if _NESTED_CLASS.search(outline):
        return None
    outline = _CLASS.sub("_", outline)
    anchored = outline.startswith("^"), outline.endswith("$")
    if anchored[0] != anchored[1] or set("^$") & set(outline.removeprefix("^").removesuffix("$")):
        return None  # anchored at one end only, or only in an alternative, perhaps on purpose
    return _CODE_POINT.sub(lambda found: _escaped(chr(int(found[1] or found[2], 16))), pattern)


def _escaped(char: str) -> str:
    return f"\\{char}" if char.isascii() and not char.isalnum() and not char.isspace() else char
