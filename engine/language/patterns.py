r"""Patterns: RE2 regular expressions that a whole value must match, in linear time and bounded memory.

A runbook comes from anybody, and Python's `re` backtracks: some patterns keep it busy for ever. RE2 has no look-around
and no references to groups, so it never does: https://github.com/google/re2/wiki/Syntax. Its classes are ASCII: `\d`
is 0-9. Why RE2, and where its bounds come from: docs/decisions/0034-patterns-by-re2.md.

Errors: PatternError, with the offset in the pattern.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final

MOST_CHARACTERS: Final = 2_000
"""Characters of a pattern. The longest in AWS's own models has 1,195."""

MOST_MEMORY: Final = 4 << 20
"""Bytes that RE2 may use for a compiled pattern; it refuses what does not fit."""

MOST_STEPS: Final = 150_000_000
"""Steps of the matcher that the patterns of one runbook may take: half a second, or much less."""
_STEPS_PER_CHARACTER: Final = 6_000
"""Steps to parse one character of a pattern, at worst (`\\pL` is hundreds of ranges)."""
_STEPS_PER_INSTRUCTION: Final = 60
"""Steps to compile one instruction of a pattern."""
_INSTRUCTIONS_IF_TOO_LARGE: Final = 80_000
"""Instructions that were compiled before RE2 found a pattern too large, more or less."""

# RE2 takes a brace that begins no count literally, and so what was meant as one: `a{,5}`, `a{99999}`.
_STRAY_BRACE: Final = re.compile(
    r"""
      \\[pPx]\{[^}]*\} | \\.                # an escape
    | \[\^?\]?(?:\\.|[^\]\\])*\]            # a class
    | (?P<stray>\{(?!\d{1,4}(?:,\d{0,4})?\}))
    """,
    re.VERBOSE | re.DOTALL,
)

_MESSAGES: Final = {
    "invalid perl operator": "lookaround and groups of this kind are not supported",
    "invalid repetition size": "a repetition is at most 1000, nested ones multiplied, and its maximum is not below its minimum",
    "bad repetition operator": "a repetition is repeated: put the first one in parentheses",
    "no argument for repetition operator": "nothing to repeat",
    "pattern too large - compile failed": "the pattern is too large once its repetitions are expanded: reduce the counts",
}
"""Plainer words for some of RE2's messages."""


class PatternError(ValueError):
    """What is wrong with a pattern, and where."""

    def __init__(self, message: str, offset: int = 0) -> None:
        super().__init__(message)
        self.offset = offset


@dataclass(slots=True)
class Patterns:
    """The patterns of one runbook, each compiled once, and the work that may still be spent on them."""

    left: int = MOST_STEPS
    compiled: dict[str, Any] = field(default_factory=dict)

    def compile(self, pattern: str) -> Any:
        """RE2's object. PatternError where it cannot be compiled, is too large, or the work is used up."""
        if len(pattern) > MOST_CHARACTERS:
            raise PatternError(
                f"the pattern has {len(pattern)} characters; {MOST_CHARACTERS} are allowed", MOST_CHARACTERS
            )
        if pattern in self.compiled:
            return self.compiled[pattern]
        self._spend(
            _STEPS_PER_CHARACTER * len(pattern),
            "the patterns of this runbook are too large in total: reduce their repetition counts",
        )
        size = _INSTRUCTIONS_IF_TOO_LARGE
        try:
            self.compiled[pattern] = compiled = _compile(pattern)
            size = compiled.programsize
        finally:
            self.left -= _STEPS_PER_INSTRUCTION * size
        return compiled

    def matches(self, pattern: str, value: str) -> bool:
        """Does the whole value match? PatternError as of `compile`, or where the value is too long for the work left."""
        compiled = self.compile(pattern)
        data = _encode(value)
        self._spend(len(data) * compiled.programsize, "the value is too long to match against this pattern")
        return compiled.fullmatch(data) is not None

    def _spend(self, steps: int, otherwise: str) -> None:
        if steps > self.left:
            raise PatternError(otherwise)
        self.left -= steps


def _compile(pattern: str) -> Any:
    import re2

    for found in _STRAY_BRACE.finditer(pattern):
        if found["stray"]:
            raise PatternError(
                "not a repetition such as `{3}`, `{3,}` or `{3,5}`; write a literal brace as `\\{`", found.start()
            )
    options = re2.Options()
    options.max_mem, options.never_capture, options.log_errors = MOST_MEMORY, True, False
    try:
        return re2.compile(_encode(pattern), options)
    except re2.error as error:
        raise _pattern_error(pattern, error) from None


def _pattern_error(pattern: str, error: Exception) -> PatternError:
    """From RE2's message, `WHAT: FRAGMENT`; the fragment says where, where it is not the whole pattern."""
    what, colon, fragment = error.args[0].decode(errors="replace").partition(": ")
    message = _MESSAGES.get(what, what) + (f": `{fragment}`" if colon else "")
    return PatternError(message, max(pattern.find(fragment), 0))


def _encode(text: str) -> bytes:
    """Bytes, because RE2's module cannot encode the lone surrogates of an argument that is no UTF-8."""
    return text.encode("utf-8", "surrogatepass")
