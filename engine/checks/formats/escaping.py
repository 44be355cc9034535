"""Text from files on its way to a terminal: control characters are written as escapes."""

from __future__ import annotations

import unicodedata
from typing import Final

_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode categories of characters that are invisible or change the direction of text."""


def escape(text: str) -> str:
    """The text with every control character written as an escape."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(escape_character(char) for char in text)


def escape_character(char: str) -> str:
    """The character, or its escape."""
    if char.isprintable() and unicodedata.category(char) not in _HIDDEN:
        return char
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def without_json_commands(text: str) -> str:
    """JSON in which nothing is a workflow command of GitHub Actions: no line of JSON begins with `::`."""
    return text.replace("##[", "##\\u005b")


def display_width(text: str) -> int:
    """The columns of a terminal that an escaped text takes."""
    if text.isascii():
        return len(text)
    return sum(_character_width(char) for char in text)


def _character_width(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1
