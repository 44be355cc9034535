"""What the shell offers when Tab is pressed. A completer answers at once, or not at all.

It gets the arguments typed so far, and returns values with a text about each. Whatever goes wrong, it returns nothing:
the shell then completes files, and the person sees the error when the command runs.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Final

import typer

from engine.errors import RunbookError

MOST: Final = 100
"""Values offered at once: more would not be read."""

Values = list[tuple[str, str]]
Find = Callable[[typer.Context, str], Iterator[tuple[str, str]]]


def completer(find: Find) -> Callable[[typer.Context, str], Values]:
    """The values that begin with what was typed; none after an error. Typer passes `ctx` and `incomplete` by name."""

    @functools.wraps(find)
    def complete(ctx: typer.Context, incomplete: str) -> Values:
        found: Values = []
        with suppress(RunbookError, OSError, UnicodeError):
            for value, about in find(ctx, incomplete):
                if value.startswith(incomplete):
                    found.append((value, about))
                if len(found) == MOST:
                    break
        return found

    return complete
