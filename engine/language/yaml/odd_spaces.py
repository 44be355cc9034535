"""Characters that look like a plain space, or like nothing, where YAML needs a plain space: they come with pasted text."""

from __future__ import annotations

import re
from typing import Final

_CHARACTERS: Final = "\u00a0\u00ad\u1680\u180e\u2000-\u200f\u202f\u205f\u2060\u3000"
_WITHOUT_WIDTH: Final = "\u00ad\u180e\u200b\u200c\u200d\u200e\u200f\u2060"
_ANY: Final = re.compile(f"[{_CHARACTERS}]")
_AT_AN_END: Final = re.compile(rf"\A[{_CHARACTERS}]|[{_CHARACTERS}](?=\s*\Z)")
_LINE_START: Final = re.compile(r"[ \t]*(?:-[ \t]+)*")
_AFTER_KEY: Final = re.compile(rf"[\w.-]+:[{_CHARACTERS}]")
_IN_STRUCTURE: Final = re.compile(rf"(?:^[ \t]*(?:-[ \t]+)*-?|[:?,\[{{])([{_CHARACTERS}])", re.MULTILINE)
"""In the indentation of a line, or right after a character of YAML's own, which needs a plain space there."""


def has_odd_space(text: str) -> bool:
    """Is there such a character anywhere?"""
    return not text.isascii() and _ANY.search(text) is not None


def find_in_key(text: str, start: int, end: int) -> int | None:
    """The offset of such a character in a key without quotes, at `text[start:end]`."""
    found = _ANY.search(text, start, end)
    return found.start() if found is not None else None


def find_in_value(text: str, start: int, end: int) -> int | None:
    """The offset of such a character with which a value without quotes begins or ends, or that stands where a key ends."""
    found = _AT_AN_END.search(text[start:end])
    if found is None and _LINE_START.fullmatch(text, text.rfind("\n", 0, start) + 1, start):
        found = _AFTER_KEY.match(text[start:end])
    return start + found.end() - 1 if found is not None else None


def find_in_structure(text: str, start: int, end: int) -> int | None:
    """The offset of such a character in the structure of a document, between the two offsets."""
    found = _IN_STRUCTURE.search(text, start, end)
    return found.start(1) if found is not None else None


def describe(char: str) -> tuple[str, str]:
    """What the character is, and what to do: `a no-break space (U+00A0) stands here`, and the mend."""
    import unicodedata

    name = unicodedata.name(char, "character").lower()
    article = "an" if name[0] in "aeio" else "a"
    mend = "remove it" if char in _WITHOUT_WIDTH else "replace it by a plain space"
    return f"{article} {name} (U+{ord(char):04X}) stands here", f"{mend}; if it belongs to a text, quote the text"
