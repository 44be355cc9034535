"""Where expressions stand in text: `${ }` in a value, and an expression as it stands in a condition."""

from __future__ import annotations

import re
from typing import Final

from engine.errors import ExpressionError

_OPENING: Final = re.compile(r"\$?\$\{")
_INSIDE: Final = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|['\"{}]", re.DOTALL)

Part = str | tuple[str, int]
"""Text as it stands, or an expression with the offset of its first character."""


def bare(expression: str) -> tuple[str, int]:
    """An expression as it stands without the `${ }` around it, and the offset where it begins."""
    if "${" in expression:
        start = len(expression) - len(expression.lstrip())
        parts = split(expression.strip())
        if len(parts) == 1 and isinstance(parts[0], tuple):
            return parts[0][0], parts[0][1] + start
    return expression, 0


def split(text: str) -> list[Part]:
    """Literal parts, and expressions with the offset of their first character. `$${` is a literal `${`."""
    parts: list[Part] = []
    literal, at = "", 0
    while (opening := _OPENING.search(text, at)) is not None:
        literal += text[at : opening.start()]
        if len(opening.group()) == 3:
            literal, at = literal + "${", opening.end()
            continue
        end = end_of(text, opening.end())
        if literal:
            parts.append(literal)
        parts.append((text[opening.end() : end], opening.end()))
        literal, at = "", end + 1
    literal += text[at:]
    if literal:
        parts.append(literal)
    return parts


def end_of(text: str, at: int) -> int:
    """Where the `}` stands that closes an expression that begins at `at`: not one in quotes, nor one of a map."""
    depth = 0
    for match in _INSIDE.finditer(text, at):
        char = match.group()
        if char in ("'", '"'):
            break  # quotes that are never closed
        if char == "{":
            depth += 1
        elif char == "}":
            if depth == 0:
                return match.start()
            depth -= 1
    raise ExpressionError(f"`${{` is never closed in `{text[:80]}`")
