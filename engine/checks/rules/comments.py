"""RB79x: comments that suppress findings. `engine.checks.adopt.suppressions` finds them, after all other rules."""

from __future__ import annotations

from typing import Final

from engine.checks.rule import Rule

WRONG: Final = Rule(
    id="RB791",
    title="A comment that should suppress a finding, and does not",
    why="A finding that is left alone says why, to the next one who reads it. Without a rule and a reason the comment does "
    "nothing; and what cannot be read (RB1xx, RB2xx) cannot be suppressed, for it cannot be run.",
)
UNUSED: Final = Rule(
    id="RB792",
    title="A comment that suppresses nothing",
    why="The finding is gone, or was never there. Such a comment would hide the next one in its place.",
    severity="warning",
)
RULES: Final = (WRONG, UNUSED)
