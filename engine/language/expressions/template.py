"""Finds the expressions in a text: `${ }` in a value, and the whole text of a condition."""

from __future__ import annotations

import re
from typing import Final

from engine.errors import ExpressionError

_OPENING: Final = re.compile(r"\$?\$\{")
_QUOTE_OR_BRACE: Final = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|['\"{}]", re.DOTALL)

Part = str | tuple[str, int]
"""Literal text, or an expression without spaces around it and the offset of its first character."""


def strip_braces(expression: str) -> tuple[str, int]:
    """A condition without spaces, and without `${ }` if that is around the whole, and the offset where it begins."""
    source, start = _strip(expression, 0, len(expression))
    if source.startswith("${") and expression_end(source, 2) == len(source) - 1:
        return _strip(expression, start + 2, start + len(source) - 1)
    return source, start


def split_template(text: str) -> list[Part]:
    """The parts of a text. `$${` is a literal `${`. ExpressionError if a `${` is not closed."""
    parts: list[Part] = []
    literal, at = "", 0
    while (opening := _OPENING.search(text, at)) is not None:
        literal += text[at : opening.start()]
        if len(opening.group()) == 3:
            literal, at = literal + "${", opening.end()
            continue
        end = expression_end(text, opening.end())
        if end is None:
            raise ExpressionError(f"`${{` is not closed in `{text[:80]}`")
        if literal:
            parts.append(literal)
        parts.append(_strip(text, opening.end(), end))
        literal, at = "", end + 1
    literal += text[at:]
    if literal:
        parts.append(literal)
    return parts


def _strip(text: str, start: int, end: int) -> tuple[str, int]:
    source = text[start:end].lstrip()
    return source.rstrip(), end - len(source)


def expression_end(text: str, at: int) -> int | None:
    """The offset of the `}` that closes the expression at `at`, or None. Braces of maps and in quotes do not count."""
    depth = 0
    for match in _QUOTE_OR_BRACE.finditer(text, at):
        char = match.group()
        if char in ("'", '"'):
            break  # a quote without its end
        if char == "{":
            depth += 1
        elif char == "}":
            if depth == 0:
                return match.start()
            depth -= 1
    return None
