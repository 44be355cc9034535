"""`did you mean …?`, as the command line says it."""

from __future__ import annotations

from collections.abc import Iterable

from engine.language.nearest import nearest as nearest_of


def nearest(word: str, known: Iterable[str], *, listed: int = 12) -> str:
    """`; did you mean NAME?`, else `; there are A, B, C` where they are few, else ""."""
    names = list(known)
    near = nearest_of(word, names)
    if near is not None:
        return f"; did you mean {near}?"
    return f"; there are {', '.join(names)}" if names and len(names) <= listed else ""
