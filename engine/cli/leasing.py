"""How long the lease of an operation must be: longer than the longest call of its runbook (engine.md, section 3)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from engine.language.model import Call, Runbook, Step
from engine.registry import CALL

READ: Final = 30.0
"""What a look, a create or a delete may take, where the step does not say (`actions.aws`)."""

SPARE: Final = 10.0
"""Connecting, and what a call needs to see that its time is over."""


def lease_seconds(runbooks: Iterable[Runbook], least: float) -> float:
    """A third of it may have passed when a call leaves: what is left is longer than the call."""
    calls = [_longest(step) + SPARE for runbook in runbooks for step in runbook.index.values()]
    return max(least, 1.5 * max(calls, default=0.0))


def _longest(step: Step) -> float:
    if step.timeout is not None:
        return step.timeout
    return CALL if isinstance(step.body, Call) else READ
