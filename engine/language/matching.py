"""Matching a pattern on a whole value, in time that is linear in the value's length.

Python's `re` tries one way after the other, and some patterns keep it busy for ever. Here all ways are walked at once,
as sets of states, so a pattern that somebody hands us cannot hang anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from engine.language.patterns import Chars, Choice, Part, PatternError, Repeat, Sequence, parsed

WORK: Final = 4_000_000
"""States times characters: the most that one match may walk."""


def matches(pattern: str, value: str) -> bool:
    """Does the whole value match? PatternError where it is too long for this pattern."""
    machine = _machine(pattern)
    if work(pattern, value) > WORK:
        raise PatternError("the value is too long for its pattern", 0)
    states = machine.start
    for char in value:
        states = machine.step(states, char)
        if not states:
            return False
    return machine.end in states


def work(pattern: str, value: str) -> int:
    """States times characters: what it takes at most. PatternError where the pattern cannot be read."""
    return len(value) * len(_machine(pattern).accepts)


class _Machine:
    """Numbered states: each accepts characters and goes on to one, or goes on to several without any."""

    def __init__(self, part: Part) -> None:
        self.accepts: list[Chars | None] = []
        self.follows: list[list[int]] = []
        first, last = self._state(), self._state()
        self.end = last
        self._between(part, first, last)
        self._known: dict[tuple[frozenset[int], str], frozenset[int]] = {}
        self.start = self._closed([first])

    def _state(self) -> int:
        self.accepts.append(None)
        self.follows.append([])
        return len(self.accepts) - 1

    def _between(self, part: Part, first: int, last: int) -> None:
        match part:
            case Chars():
                self.accepts.append(part)
                self.follows.append([last])
                self.follows[first].append(len(self.accepts) - 1)
            case Sequence(parts=parts):
                self._chain(parts, first, last)
            case Choice(ways=ways):
                for way in ways:
                    self._between(way, first, last)
            case Repeat(part=inner, least=least, most=most):
                self._repeat(inner, least, most, first, last)

    def _chain(self, parts: tuple[Part, ...], first: int, last: int) -> None:
        for part in parts:
            after = self._state()
            self._between(part, first, after)
            first = after
        self.follows[first].append(last)

    def _repeat(self, part: Part, least: int, most: int | None, first: int, last: int) -> None:
        for _ in range(least):
            after = self._state()
            self._between(part, first, after)
            first = after
        if most is None:
            loop = self._state()
            self.follows[first].append(loop)
            again = self._state()
            self._between(part, loop, again)
            self.follows[again].append(loop)
            first = loop
        for _ in range((most or least) - least if most is not None else 0):
            self.follows[first].append(last)
            after = self._state()
            self._between(part, first, after)
            first = after
        self.follows[first].append(last)

    def step(self, states: frozenset[int], char: str) -> frozenset[int]:
        known = self._known.get((states, char))
        if known is None:
            known = self._closed(list(self._next(states, char)))
            if len(self._known) < 10_000:
                self._known[states, char] = known
        return known

    def _next(self, states: frozenset[int], char: str) -> Iterator[int]:
        for state in states:
            chars = self.accepts[state]
            if chars is not None and chars.accepts(char):
                yield from self.follows[state]

    def _closed(self, due: list[int]) -> frozenset[int]:
        """With all that is reached without a character."""
        found: set[int] = set()
        while due:
            state = due.pop()
            if state not in found:
                found.add(state)
                if self.accepts[state] is None:
                    due += self.follows[state]
        return frozenset(found)


@lru_cache(maxsize=64)
def _machine(pattern: str) -> _Machine:
    return _Machine(parsed(pattern))
