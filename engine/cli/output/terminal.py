"""What is written, and where: results on stdout, all else on stderr; foreign text is shown, never obeyed.

Colour where a terminal reads it, by `NO_COLOR`, `FORCE_COLOR` and `TERM`. Knows nothing of what it writes.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final, TextIO

_UNSEEN: Final = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
"""Control characters, what turns the direction of text, what has no width, and halves of characters."""

COLOURS: Final[Mapping[str, str]] = {
    "good": "32", "bad": "1;31", "warn": "33", "quiet": "2", "strong": "1", "busy": "36",
}  # fmt: skip

STATUSES: Final[Mapping[str, str]] = {
    "SUCCEEDED": "good", "DONE": "good", "COMPLETED": "good", "HELD": "warn", "PARTIAL": "warn", "CANCELLED": "warn",
    "FAILED": "bad", "STUCK": "bad", "IN_PROGRESS": "busy", "PENDING": "quiet", "SKIPPED": "quiet",
    "SUPERSEDED": "quiet", "NOT_NEEDED": "quiet",
}  # fmt: skip


def clean(text: object) -> str:
    r"""One line that a terminal only shows: `\n`, `\x1b`, `\u202e` in the place of what would act."""
    return _UNSEEN.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), str(text))


def prepare() -> None:
    """No character stops the output, whatever the encoding of the surroundings."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


class NobodyReads(Exception):
    """Whoever read stdout has gone: what was asked for is done all the same."""


def out(text: str, end: str = "\n") -> None:
    """A result. Raises NobodyReads, OSError where it cannot be written."""
    try:
        print(text, end=end, flush=True)
    except BrokenPipeError as error:
        raise NobodyReads from error


def document(value: Any) -> None:
    """A result as one JSON document."""
    out(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def err(text: str) -> None:
    """Progress, a hint, an error. Where stderr is gone, it is said to nobody: that stops nothing."""
    try:
        print(text, file=sys.stderr, flush=True)
    except (OSError, ValueError):
        return


def coloured(stream: TextIO | None = None) -> bool:
    """May there be colour on it?"""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return bool(os.environ.get("FORCE_COLOR")) or _draws(stream if stream is not None else sys.stdout)


def live() -> bool:
    """Can a table on stderr be drawn again and again?"""
    return _draws(sys.stderr)


def _draws(stream: TextIO | None) -> bool:
    return is_terminal(stream) and os.environ.get("TERM", "") not in ("dumb", "unknown", "")


def is_terminal(stream: TextIO | None) -> bool:
    """Is it a terminal? A closed one is not."""
    try:
        return stream is not None and stream.isatty()
    except ValueError:
        return False


def width() -> int:
    """Columns: of the terminal, of `COLUMNS`, else enough for any line."""
    return shutil.get_terminal_size(fallback=(160, 24)).columns


def dyed(text: str, colour: str, stream: TextIO | None = None) -> str:
    """The text in that colour, where there may be colour."""
    return f"\x1b[{COLOURS[colour]}m{text}\x1b[0m" if coloured(stream) else text


def status(word: str, stream: TextIO | None = None) -> str:
    """A status in its colour."""
    return dyed(word, STATUSES[word], stream) if word in STATUSES else clean(word)


def columns(rows: Sequence[Sequence[str]], head: Sequence[str] = (), indent: str = "") -> list[str]:
    """Rows as aligned lines, without a box; the last column is not padded."""
    lines = [[clean(cell) for cell in row] for row in ([head, *rows] if head else rows)]
    if not lines:
        return []
    widths = [max(len(row[at]) for row in lines) for at in range(len(lines[0]))]
    told = []
    for row in lines:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        told.append((indent + "  ".join(cells)).rstrip())
    return told
