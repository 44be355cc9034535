r"""Patterns: RE2 regular expressions that a whole value must match, in linear time and limited memory.

Anybody may write a runbook, and Python's `re` backtracks: for some patterns it would practically never finish. RE2 has no
lookaround and no backreferences, so it never backtracks (https://github.com/google/re2/wiki/Syntax). Its character
classes are ASCII: `\d` is 0-9. Why RE2, and how the limits were chosen: docs/decisions/0034-patterns-by-re2.md.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final

MOST_CHARACTERS: Final = 2_000
"""Characters of a pattern. The longest one in AWS's models has 1,195."""

MOST_MEMORY: Final = 4 << 20
"""Bytes that RE2 may use for a compiled pattern. It refuses a larger one."""

MOST_STEPS: Final = 150_000_000
"""Steps that the patterns of one runbook may take together: at most half a second."""
_STEPS_PER_CHARACTER: Final = 6_000
"""Steps to parse one character of a pattern, in the worst case (`\\pL` is hundreds of ranges)."""
_STEPS_PER_INSTRUCTION: Final = 60
"""Steps to compile one instruction of a pattern."""
_INSTRUCTIONS_IF_TOO_LARGE: Final = 80_000
"""About how many instructions RE2 has compiled when it finds that a pattern is too large."""

# RE2 takes a brace as a literal if it does not begin a repetition: `a{,5}` and `a{99999}` would not mean what they seem to.
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
"""Clearer wording for some of RE2's messages."""


class PatternError(ValueError):
    """What is wrong with a pattern; `offset` is the place in it."""

    def __init__(self, message: str, offset: int = 0) -> None:
        super().__init__(message)
        self.offset = offset


@dataclass(slots=True)
class Patterns:
    """The patterns of one runbook, each compiled once, and the steps that they may still take."""

    left: int = MOST_STEPS
    compiled: dict[str, Any] = field(default_factory=dict)

    def compile(self, pattern: str) -> Any:
        """The pattern as RE2's object. PatternError if it cannot be compiled, is too large, or no steps are left."""
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
        """Does the whole value match? PatternError as for `compile`, or if the value is too long for the steps that are left."""
        compiled = self.compile(pattern)
        data = _encode(value)
        self._spend(len(data) * compiled.programsize, "the value is too long to match against this pattern")
        return compiled.fullmatch(data) is not None

    def _spend(self, steps: int, if_too_many: str) -> None:
        if steps > self.left:
            raise PatternError(if_too_many)
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
    """From RE2's message `WHAT: FRAGMENT`. The fragment is a part of the pattern, which gives the offset."""
    what, colon, fragment = error.args[0].decode(errors="replace").partition(": ")
    message = _MESSAGES.get(what, what) + (f": `{fragment}`" if colon else "")
    return PatternError(message, max(pattern.find(fragment), 0))


def _encode(text: str) -> bytes:
    """UTF-8. RE2's own conversion fails for lone surrogates, which stand for bytes of an argument that are not UTF-8."""
    return text.encode("utf-8", "surrogatepass")
