"""Writing to stdout and stderr: results go to stdout, everything else to stderr. Control characters are escaped.

No line can be taken for a workflow command by GitHub Actions, which obeys them in the log of every process.

Colour is used on a terminal, subject to `NO_COLOR`, `FORCE_COLOR` and `TERM`. Must not know what is written.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any, Final, TextIO

_INVISIBLE: Final = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
"""Control characters, characters that change the direction of text or have no width, and surrogates."""

COLOURS: Final[Mapping[str, str]] = {
    "good": "32", "bad": "1;31", "warn": "33", "quiet": "2", "strong": "1", "busy": "36",
}  # fmt: skip

STATUSES: Final[Mapping[str, str]] = {
    "SUCCEEDED": "good", "DONE": "good", "COMPLETED": "good", "HELD": "warn", "PARTIAL": "warn", "CANCELLED": "warn",
    "FAILED": "bad", "STUCK": "bad", "IN_PROGRESS": "busy", "PENDING": "quiet", "SKIPPED": "quiet",
    "UNDONE": "warn", "SUPERSEDED": "quiet", "NOT_NEEDED": "quiet",
}  # fmt: skip


class OutputClosed(Exception):
    """The reader of stdout has gone (`runbook … | head`)."""


def escape(text: object) -> str:
    r"""The text on one line, with control characters written as escapes: `\n`, `\x1b`, `\u202e`."""
    return _INVISIBLE.sub(lambda match: match[0].encode("unicode_escape").decode("ascii"), str(text))


@cache
def _hidden_in_json() -> re.Pattern[str]:
    """As `_INVISIBLE`, without what JSON escapes in any case. Compiled when it is first needed, for a fast start."""
    return re.compile("[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")


@cache
def _command() -> re.Pattern[str]:
    """What GitHub's runner takes for a command (actions/runner, src/Runner.Common/ActionCommand.cs).

    That is `::` at the start of a line, after blanks or what is invisible, and `##[` anywhere.
    """
    return re.compile(r"(?:^|(?<=[\r\n]))((?:[\s\xad\u200b-\u200f\u2060-\u2069\ufeff]|\x1b\[[0-9;]*m)*):(?=:)|##\[")


def without_commands(text: str) -> str:
    r"""The text in which no line is a workflow command: the first character of one is written as an escape."""
    if "::" not in text and "##[" not in text:
        return text
    return _command().sub(lambda match: "##\\x5b" if match[1] is None else f"{match[1]}\\x3a", text)


def has_commands(text: str) -> bool:
    """Whether a line of the text is a workflow command."""
    return _command().search(text) is not None


def to_json(value: Any, *, indent: int | None = None) -> str:
    """JSON in which invisible characters are escaped, and no line is a workflow command."""
    separators = None if indent is not None else (",", ":")
    text = json.dumps(value, indent=indent, separators=separators, ensure_ascii=False, default=str)
    return _hidden_in_json().sub(lambda match: f"\\u{ord(match[0]):04x}", text).replace("##[", "##\\u005b")


def configure_streams() -> None:
    """Escape characters that the stream's encoding lacks, instead of failing on them."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def out(text: str, end: str = "\n", *, raw: bool = False) -> None:
    """Write a result to stdout. Raises OutputClosed where nobody reads it, OSError where it cannot be written.

    `raw`: what looks like a workflow command stays: the text is one, or cannot contain any.
    """
    try:
        print(text if raw else without_commands(text), end=end, flush=True)
    except BrokenPipeError as error:
        raise OutputClosed from error


def out_json(value: Any) -> None:
    """Write a result to stdout as one JSON document."""
    out(to_json(value, indent=2), raw=True)


def out_document(document: Mapping[str, Any], lines: Iterable[str], *, as_json: bool) -> None:
    """Write a result to stdout: as a JSON document with its `format`, or as the lines of text."""
    if as_json:
        out_json({"format": 1, **document})
    else:
        out("\n".join(lines))


def err(text: str) -> None:
    """Write progress, a hint or an error to stderr. A closed stderr is ignored: it must not stop the command."""
    with suppress(OSError, ValueError):
        print(without_commands(text), file=sys.stderr, flush=True)


# -- terminals ------------------------------------------------------------------------------------------------


def is_terminal(stream: TextIO | None) -> bool:
    """Whether the stream is an open terminal."""
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # closed
        return False


def _has_escape_codes(stream: TextIO | None) -> bool:
    return is_terminal(stream) and os.environ.get("TERM", "") not in ("dumb", "unknown", "")


def has_colour(stream: TextIO | None = None) -> bool:
    """Whether to use colour on the stream; default: stdout."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return bool(os.environ.get("FORCE_COLOR")) or _has_escape_codes(stream if stream is not None else sys.stdout)


def has_live_table() -> bool:
    """Whether stderr is a terminal on which a table can be redrawn."""
    return _has_escape_codes(sys.stderr)


def can_prompt() -> bool:
    """Whether a person can be asked: both stdin and stderr are terminals."""
    return is_terminal(sys.stdin) and is_terminal(sys.stderr)


def confirm(question: str) -> bool:
    """Ask on stderr and read the answer from stdin. Anything but `y` or `yes` is no, and so is the end of input.

    Raises KeyboardInterrupt on Ctrl-C, also while an operation runs: nothing is in flight while a person is asked.
    """
    answer = ""
    try:
        with ctrl_c_raises():
            sys.stderr.write(f"{question} [y/N] ")
            sys.stderr.flush()
            answer = sys.stdin.readline()
    finally:
        if not answer.endswith("\n"):
            err("")  # what follows begins on a line of its own
    return answer.strip().lower() in ("y", "yes")


def ask_secret(prompt: str) -> str:
    """Ask on the terminal for something that is not shown. Raises KeyboardInterrupt on Ctrl-C, as `confirm` does."""
    import getpass

    with ctrl_c_raises():
        return getpass.getpass(prompt)


@contextmanager
def ctrl_c_raises() -> Iterator[None]:
    """Until the block ends, Ctrl-C raises KeyboardInterrupt, whatever it does otherwise: a person is being asked."""
    import signal

    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)


# -- formatting -----------------------------------------------------------------------------------------------


def style(text: str, colour: str, stream: TextIO | None = None) -> str:
    """The text in that colour, if the stream has colour."""
    return f"\x1b[{COLOURS[colour]}m{text}\x1b[0m" if has_colour(stream) else text


def style_status(word: str, stream: TextIO | None = None) -> str:
    """A status in its colour."""
    return style(word, STATUSES[word], stream) if word in STATUSES else escape(word)


def error_prefix() -> str:
    """`error:` for a message on stderr."""
    return style("error:", "bad", sys.stderr)


def align_columns(
    rows: Sequence[Sequence[str]], head: Sequence[str] = (), indent: str = "", status_at: int | None = None
) -> list[str]:
    """The rows as aligned lines; the last column is not padded. The column `status_at` is coloured."""
    escaped = [[escape(cell) for cell in row] for row in ([head, *rows] if head else rows)]
    if not escaped:
        return []
    widths = [max(len(row[at]) for row in escaped) for at in range(len(escaped[0]))]
    lines = []
    for row in escaped:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        if status_at is not None:
            cells[status_at] = style_status(row[status_at]) + " " * (widths[status_at] - len(row[status_at]))
        lines.append((indent + "  ".join(cells)).rstrip())
    return lines


def plural(count: int, noun: str) -> str:
    """`1 file`, `2 files`."""
    return f"{count} {noun}{'' if count == 1 else 's'}"
