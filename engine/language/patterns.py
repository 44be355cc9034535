r"""Patterns of inputs, as trees: a subset of regular expressions that can be matched in linear time.

What cannot be walked in one go (references back, looking around) is refused. Classes are ASCII: `\d` is 0-9.

Errors: PatternError, with the offset in the pattern.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from engine.values import Value

STATES: Final = 2_000
"""The most states that a pattern may have once its counts are written out."""
_DEEPEST: Final = 50

_DIGITS: Final = frozenset("0123456789")
_WORD: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_") | _DIGITS
_SPACE: Final = frozenset(" \t\n\r\f\v")
_CLASSES: Final = {"d": _DIGITS, "w": _WORD, "s": _SPACE}
_CONTROLS: Final = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "v": "\v"}
_SPECIAL: Final = frozenset("()[]{}*+?|^$.\\")


class PatternError(ValueError):
    """What is wrong with a pattern, and where."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


class Chars(Value, kw_only=False):
    """One character of a set, or of none of it; ranges apart, so that a set stays small."""

    singles: frozenset[str]
    ranges: tuple[tuple[str, str], ...] = ()
    negated: bool = False

    def accepts(self, char: str) -> bool:
        inside = char in self.singles or any(low <= char <= high for low, high in self.ranges)
        return inside != self.negated


class Sequence(Value, kw_only=False):
    parts: tuple[Part, ...]


class Choice(Value, kw_only=False):
    ways: tuple[Part, ...]


class Repeat(Value, kw_only=False):
    part: Part
    least: int
    most: int | None


Part = Chars | Sequence | Choice | Repeat


def size(part: Part) -> int:
    """How many states it has, written out."""
    match part:
        case Chars():
            return 1
        case Sequence(parts=parts):
            return sum(map(size, parts))
        case Choice(ways=ways):
            return 1 + sum(map(size, ways))
        case Repeat(part=inner, least=least, most=most):
            return (size(inner) + 1) * max(most if most is not None else least + 1, 1)


# -- reading a pattern -----------------------------------------------------------------------------------------


@lru_cache(maxsize=256)
def parsed(pattern: str) -> Part:
    """The pattern as a tree. PatternError for what is refused."""
    reader = _Reader(pattern)
    part = reader.choice(0)
    if reader.at < len(pattern):
        raise PatternError("a `)` that was never opened", reader.at)
    if size(part) > STATES:
        raise PatternError(f"the pattern is too large: its counts come to more than {STATES}", 0)
    return part


class _Reader:
    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0

    @property
    def char(self) -> str:
        return self.pattern[self.at : self.at + 1]

    def choice(self, depth: int) -> Part:
        if depth > _DEEPEST:
            raise PatternError("nested too deep", self.at)
        ways = [self.sequence(depth)]
        while self.char == "|":
            self.at += 1
            ways.append(self.sequence(depth))
        return ways[0] if len(ways) == 1 else Choice(tuple(ways))

    def sequence(self, depth: int) -> Part:
        parts: list[Part] = []
        while self.char not in ("", "|", ")"):
            if self.char in "^$":
                self._anchor(depth)
            else:
                parts.append(self._repeated(self._atom(depth)))
        return parts[0] if len(parts) == 1 else Sequence(tuple(parts))

    def _anchor(self, depth: int) -> None:
        """The whole value is matched anyway: at the very ends they change nothing, elsewhere they never match."""
        here, self.at = self.at, self.at + 1
        if (self.pattern[here] == "^" and here) or (self.pattern[here] == "$" and self.at < len(self.pattern)):
            raise PatternError("`^` and `$` stand at the ends only: a pattern is of the whole value", here)

    def _atom(self, depth: int) -> Part:
        char, here = self.char, self.at
        self.at += 1
        match char:
            case "(":
                return self._group(here, depth)
            case "[":
                return self._set(here)
            case ".":
                return Chars(frozenset("\n"), negated=True)
            case "\\":
                return self._escape(here)
            case "*" | "+" | "?":
                raise PatternError(f"`{char}` has nothing before it to repeat", here)
            case _:
                return Chars(frozenset(char))

    def _group(self, here: int, depth: int) -> Part:
        if self.char == "?":
            if not self.pattern.startswith("?:", self.at):
                raise PatternError("groups are `(…)` or `(?:…)`: no looking around, no names, no flags", here)
            self.at += 2
        part = self.choice(depth + 1)
        if self.char != ")":
            raise PatternError("a `(` that is never closed", here)
        self.at += 1
        return part

    def _escape(self, here: int) -> Chars:
        char = self.char
        self.at += 1
        if char.lower() in _CLASSES and char:
            return Chars(_CLASSES[char.lower()], negated=char.isupper())
        if char in _CONTROLS:
            return Chars(frozenset(_CONTROLS[char]))
        if char and not char.isalnum():
            return Chars(frozenset(char))
        raise PatternError(f"`\\{char}` is refused: escapes are `\\d \\w \\s \\t \\n` and those of signs", here)

    def _set(self, here: int) -> Chars:
        negated = self.char == "^"
        self.at += negated
        singles: set[str] = set()
        ranges: list[tuple[str, str]] = []
        first = True
        while self.char != "]" or first:
            first = False
            low = self._member(here)
            if self.char == "-" and self.pattern[self.at + 1 : self.at + 2] not in ("]", ""):
                self.at += 1
                high = self._member(here)
                if not isinstance(low, str) or not isinstance(high, str) or low > high:
                    raise PatternError("this range goes from nothing to nothing", here)
                ranges.append((low, high))
            else:
                singles |= {low} if isinstance(low, str) else low
        self.at += 1
        return Chars(frozenset(singles), tuple(ranges), negated)

    def _member(self, here: int) -> str | frozenset[str]:
        char = self.char
        if not char:
            raise PatternError("a `[` that is never closed", here)
        self.at += 1
        if char != "\\":
            return char
        escaped = self._escape(self.at - 1)
        if escaped.negated:
            raise PatternError("`\\D`, `\\W` and `\\S` cannot stand in a set", self.at - 2)
        return next(iter(escaped.singles)) if len(escaped.singles) == 1 else escaped.singles

    def _repeated(self, part: Part) -> Part:
        bounds = self._bounds()
        if bounds is None:
            return part
        if self.char == "?":  # the same whole values match
            self.at += 1
        here = self.at
        if self._bounds() is not None:
            raise PatternError("a repeat of a repeat: put the first in parentheses", here)
        return Repeat(part, *bounds)

    def _bounds(self) -> tuple[int, int | None] | None:
        here = self.at
        simple: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}
        if self.char in simple:
            self.at += 1
            return simple[self.pattern[here]]
        if self.char != "{":
            return None
        end = self.pattern.find("}", here)
        inner = self.pattern[here + 1 : end] if end > 0 else ""
        low, comma, high = inner.partition(",")
        if not low.isdecimal() or not (high.isdecimal() or (comma and not high) or not comma) or len(inner) > 9:
            raise PatternError("a count is `{3}`, `{3,}` or `{3,5}`; a brace itself is `\\{`", here)
        self.at = end + 1
        most = int(high) if high else (None if comma else int(low))
        if most is not None and most < int(low):
            raise PatternError("this count ends before it begins", here)
        return int(low), most
