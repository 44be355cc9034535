"""RB79x: comments that suppress findings. `engine.checks.adopt.suppressions` reports these, after all other rules."""

from __future__ import annotations

from typing import Final

from engine.checks.rule import Rule

RULES: Final = (
    Rule(
        id="RB791",
        title="Invalid suppression comment",
        why="A suppression names the rule and gives a reason for the next reader; without both it has no effect. RB1xx and RB2xx "
        "(except RB253 and RB254) cannot be suppressed, because a runbook that cannot be read cannot be run.",
    ),
    Rule(
        id="RB792",
        title="Unused suppression comment",
        why="The finding no longer occurs, or never did. The comment would hide the next finding on this line.",
        severity="warning",
    ),
)
