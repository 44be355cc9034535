"""Replacements of rules about `resume`: kernels without them."""

from __future__ import annotations

from typing import Any

from engine.kernel.apply.lifecycle import begin_again
from engine.kernel.apply.stack import in_phase
from engine.kernel.frame import Refreshing
from engine.kernel.operation import Operation
from engine.language.model import Runbook


def rescue_again(runbook: Runbook, operation: Operation, frame: Any) -> Operation:
    """A step held by a rescue takes that rescue's refresh and `then` again, instead of an attempt."""
    if isinstance(frame.phase, Refreshing):
        return in_phase(operation, Refreshing(rescue=frame.phase.rescue))
    return begin_again(runbook, operation, frame)
