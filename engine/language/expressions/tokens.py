"""The tokens of an expression, with their places, and the error for an expression that cannot be parsed."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Final

from engine.errors import ExpressionError
from engine.language.expressions.results import LARGEST_NUMBER
from engine.values import Value


class ExpressionSyntaxError(ExpressionError):
    """An expression that cannot be parsed: why, the range of its source, and what to write instead."""

    def __init__(self, why: str, start: int, end: int, *, help: str = "") -> None:
        super().__init__(f"{why}; {help}" if help else why)
        self.why = why
        self.help = help
        self.start = start
        self.end = max(end, start + 1)


_TOKEN: Final = re.compile(
    r"""
    (?P<space>\s+)
  | (?P<float>(?<!\.)(?:\d+_)*\d+(?:(?:\.(?:\d+_)*\d+)?[eE][+\-]?(?:\d+_)*\d+|\.(?:\d+_)*\d+))
  | (?P<integer>0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|0[xX](?:_?[\da-fA-F])+|[1-9](?:_?\d)*|0(?:_?0)*)
  | (?P<name>[^\W\d]\w*)
  | (?P<string>'[^'\\]*(?:\\.[^'\\]*)*'|"[^"\\]*(?:\\.[^"\\]*)*")
  | (?P<op>//|\*\*|==|!=|>=|<=|[-+/*%~\[\](){}><=.:|,;])
    """,
    re.VERBOSE | re.DOTALL,
)
_NEWLINE: Final = re.compile(r"\r\n?")
_ESCAPE: Final = re.compile(r"\\(?:(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})|([0-7]{1,3})|(.))", re.DOTALL)
_SIMPLE_ESCAPES: Final = {"\\": "\\", "'": "'", '"': '"', "\n": "", "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r",
                  "t": "\t", "v": "\v"}  # fmt: skip
_BASE_PREFIXES: Final = frozenset({"0b", "0o", "0x"})
_MOST_DIGITS: Final = 400
"""Longer literals are refused before Python converts them, which takes quadratic time and raises beyond its own limit."""


class Token(Value, kw_only=False):
    kind: str  # name, string, integer, float, op, end
    text: str
    start: int
    end: int

    def string(self) -> str:
        """The value of a string literal. Escapes are Python's; an unknown one is left as it is."""
        body = self.text[1:-1]
        if "\r" in body:
            body = _NEWLINE.sub("\n", body)
        if "\\" not in body:
            return body
        return _ESCAPE.sub(lambda match: _escaped_character(match, self), body)

    def number(self) -> int | float:
        """The value of a number literal. ExpressionSyntaxError if it is larger than a result may be."""
        digits = self.text.replace("_", "")
        value: int | float = math.inf
        if len(digits) <= _MOST_DIGITS:
            base = 0 if digits[:2].lower() in _BASE_PREFIXES else 10
            value = float(digits) if self.kind == "float" else int(digits, base)
        if value == math.inf or (isinstance(value, int) and value >= LARGEST_NUMBER):
            raise ExpressionSyntaxError("the number is too large", self.start, self.end)
        return value


def tokenize(source: str) -> Iterator[Token]:
    """The tokens of an expression, then one of kind `end`."""
    at = 0
    while at < len(source):
        match = _TOKEN.match(source, at)
        if match is None:
            char = source[at]
            if char in "'\"":
                raise ExpressionSyntaxError(f"the closing {char} is missing", at, len(source))
            raise ExpressionSyntaxError(f"unexpected `{char}`", at, at + 1)
        kind = match.lastgroup or ""
        if kind == "name" and not match.group().isidentifier():  # `a²`: Python could not compile it
            raise ExpressionSyntaxError(f"`{match.group()}` is not a name", at, match.end())
        if kind != "space":
            yield Token(kind, match.group(), at, match.end())
        at = match.end()
    yield Token("end", "", len(source), len(source))


def check_name(token: Token) -> None:
    """ExpressionSyntaxError for a name that begins with `_`, as Python's internal attributes do."""
    if token.text.startswith("_"):
        raise ExpressionSyntaxError("names that begin with `_` are not allowed", token.start, token.end)


def _escaped_character(match: re.Match[str], token: Token) -> str:
    digits = match.group(1) or match.group(2)
    if digits is not None:
        code = int(digits.lstrip("xuU"), 8 if match.group(2) else 16)
        if code > 0x10FFFF:
            raise ExpressionSyntaxError(f"`{match.group()}` is not a character", token.start, token.end)
        return chr(code)
    if match.group(3) in ("x", "u", "U", "N"):
        raise ExpressionSyntaxError(f"the escape `{match.group()}` is incomplete", token.start, token.end)
    return _SIMPLE_ESCAPES.get(match.group(3), f"\\{match.group(3)}")
