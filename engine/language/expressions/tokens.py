"""The tokens of an expression, each with its place; and why an expression cannot be read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from engine.values import Value


class NotAnExpression(Exception):
    """It cannot be read: why, and at which characters of the source."""

    def __init__(self, why: str, start: int, end: int, *, hyphened: str = "", filter: str = "") -> None:
        super().__init__(why)
        self.why = why
        self.hyphened = hyphened  # the name with hyphens that was written, say copy-snapshot
        self.filter = filter  # the filter that there is not
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
_ESCAPE: Final = re.compile(r"\\(?:(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})|([0-7]{1,3})|(.))", re.DOTALL)
_SIMPLE: Final = {"\\": "\\", "'": "'", '"': '"', "\n": "", "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r",
                  "t": "\t", "v": "\v"}  # fmt: skip
_PREFIXES: Final = frozenset({"0b", "0o", "0x"})


class Token(Value, kw_only=False):
    kind: str  # name, string, integer, float, op, end
    text: str
    start: int
    end: int


def tokens(source: str) -> Iterator[Token]:
    """The tokens of an expression, and one of kind `end`."""
    at = 0
    while at < len(source):
        match = _TOKEN.match(source, at)
        if match is None:
            char = source[at]
            why = (
                f"the text that begins with {char} is never closed" if char in "'\"" else f"`{char}` cannot stand here"
            )
            raise NotAnExpression(why, at, len(source) if char in "'\"" else at + 1)
        kind = match.lastgroup or ""
        if kind != "space":
            yield Token(kind, match.group(), at, match.end())
        at = match.end()
    yield Token("end", "", len(source), len(source))


def refuse_underscore(token: Token) -> None:
    if token.text.startswith("_"):
        raise NotAnExpression("names that begin with _ are refused", token.start, token.end)


def unquoted(token: Token) -> str:
    """A literal text's value; escapes are those of Python, and one that is none of them stands for itself."""
    body = token.text[1:-1]
    if "\\" not in body:
        return body
    return _ESCAPE.sub(lambda match: _character(match, token), body)


def _character(match: re.Match[str], token: Token) -> str:
    digits = match.group(1) or match.group(2)
    if digits is not None:
        code = int(digits.lstrip("xuU"), 8 if match.group(2) else 16)
        if code > 0x10FFFF:
            raise NotAnExpression("the text has an escape of no character", token.start, token.end)
        return chr(code)
    if match.group(3) in ("x", "u", "U", "N"):
        raise NotAnExpression("the text has an escape that is cut off", token.start, token.end)
    return _SIMPLE.get(match.group(3), f"\\{match.group(3)}")


def number(token: Token) -> int | float:
    """The value of a literal number."""
    clean = token.text.replace("_", "")
    if token.kind == "float":
        return float(clean)
    try:
        return int(clean, 0 if clean[:2].lower() in _PREFIXES else 10)
    except ValueError as error:  # more digits than Python reads
        raise NotAnExpression("the number is too long", token.start, token.end) from error
