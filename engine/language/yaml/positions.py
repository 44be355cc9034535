"""Which character of the source each character of a scalar's value comes from, through quotes, escapes and folded lines.

The YAML parser gives the place of a scalar only as a whole. This module reads the scalar again, slowly, and only for
findings that point into it. If its result differs from the parser's value, no place is returned rather than a wrong one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, Literal, assert_never

_ESCAPES: Final = {
    "0": "\0", "a": "\a", "b": "\b", "t": "\t", "\t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r", "e": "\x1b",
    " ": " ", '"': '"', "/": "/", "\\": "\\", "N": "\x85", "_": "\xa0", "L": "\u2028", "P": "\u2029",
}  # fmt: skip
_HEX_ESCAPES: Final = {"x": 2, "u": 4, "U": 8}
_LINE_BREAKS: Final = re.compile(r"[ \t]*\r?\n[ \t]*(?:\r?\n[ \t]*)*")
_HEADER: Final = re.compile(r"[|>]([-+]?)([1-9]?)([-+]?)[^\n]*\n?")

Style = Literal["", "'", '"', "|", ">"]
"""How a scalar is written: plain, in quotes, or as a literal or folded block."""

Char = tuple[str, int]
"""A character of the value, and the index of its source."""

ReadChar = Callable[[str, int], tuple[str, int]]
"""Reads the source at an index: the character of the value ("" for an escaped line break), and how many were read."""


def source_offsets(written: str, style: Style, value: str) -> list[int]:
    """The index in `written` of each character of `value`; empty if that is unknown."""
    match style:
        case "'":
            chars = _quoted_chars(written, _single_quoted)
        case '"':
            chars = _quoted_chars(written, _double_quoted)
        case "|" | ">":
            chars = _block_chars(written, value, folded=style == ">")
        case "":
            chars = _flow_chars(written, 0, len(written), _plain)
        case _:
            assert_never(style)
    if "".join(char for char, _ in chars[: len(value)]) != value:
        return []
    return [at for _, at in chars[: len(value)]]


# -- plain and quoted scalars ---------------------------------------------------


def _quoted_chars(written: str, read_char: ReadChar) -> list[Char]:
    return _flow_chars(written, 1, len(written) - 1, read_char)


def _flow_chars(written: str, at: int, end: int, read_char: ReadChar) -> list[Char]:
    """The characters of a scalar that is not a block; its lines are folded."""
    found: list[Char] = []
    while at < end:
        broken = _LINE_BREAKS.match(written, at, end)
        if broken is not None:
            found += _fold(broken)
            at = broken.end()
        else:
            char, width = read_char(written, at)
            found += [(char, at)] if char else []
            at += width
            if not char and width > 1:  # an escaped line break: the next line's indentation goes too
                at += len(written[at:end]) - len(written[at:end].lstrip(" \t"))
    return found


def _fold(broken: re.Match[str]) -> list[Char]:
    """One line break becomes a space; of several, each but the first stays a newline."""
    lines = broken.group().count("\n")
    return [(" ", broken.start())] if lines == 1 else [("\n", broken.start())] * (lines - 1)


def _plain(written: str, at: int) -> tuple[str, int]:
    return written[at], 1


def _single_quoted(written: str, at: int) -> tuple[str, int]:
    return written[at], 2 if written[at] == "'" else 1


def _double_quoted(written: str, at: int) -> tuple[str, int]:
    if written[at] != "\\":
        return written[at], 1
    code = written[at + 1]
    if code in _HEX_ESCAPES:
        digits = written[at + 2 : at + 2 + _HEX_ESCAPES[code]]
        return chr(int(digits, 16)), 2 + len(digits)
    if code in "\r\n":
        return "", 3 if written.startswith("\r\n", at + 1) else 2
    return _ESCAPES.get(code, code), 2


# -- literal and folded blocks ------------------------------------------------------------------------------


def _block_chars(written: str, value: str, *, folded: bool) -> list[Char]:
    header = _HEADER.match(written)
    if header is None:
        return []
    lines = _lines(written, header.end())
    full = [_indentation(written, start, end) for start, end in lines if written[start:end].strip(" ")]
    if not full:
        return [("\n", start) for start, _ in lines]
    # An indentation indicator counts from the parent's column, which is not known here: try each that is possible.
    candidates = range(1, min(full) + 1) if header.group(2) else (full[0],)
    for indent in candidates:
        chars = _join_lines(written, lines, indent, folded=folded)
        if "".join(char for char, _ in chars[: len(value)]) == value:
            return chars
    return []


def _lines(written: str, at: int) -> list[tuple[int, int]]:
    """The start and end of every line, without its line break."""
    found = []
    while at < len(written):
        end = written.find("\n", at)
        end = len(written) if end < 0 else end
        found.append((at, end - 1 if end > at and written[end - 1] == "\r" else end))
        at = end + 1
    return found


def _indentation(written: str, start: int, end: int) -> int:
    line = written[start:end]
    return len(line) - len(line.lstrip(" "))


def _join_lines(written: str, lines: list[tuple[int, int]], indent: int, *, folded: bool) -> list[Char]:
    """Join the lines. Folded, a single break between two lines is a space, unless one of them is indented more."""
    found: list[Char] = []
    breaks: list[int] = []
    before = ""  # the first character of the line before; "" before the first one
    for start, end in lines:
        content = start + indent
        if content >= end:
            breaks.append(end)
            continue
        first = written[content]
        found += _line_breaks(breaks, before, first) if folded else [("\n", at) for at in breaks]
        found += [(written[at], at) for at in range(content, end)]
        breaks, before = [end], first
    return found + [("\n", at) for at in breaks]


def _line_breaks(breaks: list[int], before: str, first: str) -> list[Char]:
    """The line breaks between two lines of a folded block, which begin with `before` and `first`."""
    if not before or before in " \t" or first in " \t":
        return [("\n", at) for at in breaks]
    return [(" ", breaks[0])] if len(breaks) == 1 else [("\n", at) for at in breaks[1:]]
