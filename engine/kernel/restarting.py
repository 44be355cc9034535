"""From which step an operation that has stopped can be restarted, by what its log knows. Pure; nothing is looked at.

`runbook restart` looks at the world besides; what has been taken back is known without a look.
"""

from __future__ import annotations

from engine.kernel.operation import Operation
from engine.kernel.queries import records_of
from engine.language.model import Runbook, Step


def restarts_from(runbook: Runbook, operation: Operation, step: str = "") -> str:
    """The id of the latest step, not after `step` (without it: the one entered last), from which a restart can go well.

    Every step before it has been done, and what it or a later one requires of those is not known to be gone.
    """
    ids = [one.id for one in runbook.steps]
    wanted = (step or operation.last_step).partition("[")[0]
    at = ids.index(wanted) if wanted in ids else 0
    while (earlier := _first_to_be_done(runbook, operation, at)) < at:
        at = earlier
    return ids[at]


def _first_to_be_done(runbook: Runbook, operation: Operation, at: int) -> int:
    """The first step before `at` that must be done again, or for the first time; `at` where there is none."""
    required = {name.replace("-", "_") for step in runbook.steps[at:] for name in step.requires}
    for number, step in enumerate(runbook.steps[:at]):
        if not _is_done(operation, step) or (step.name in required and _is_gone(operation, step)):
            return number
    return at


def _is_done(operation: Operation, step: Step) -> bool:
    record = operation.steps.get(step.id)
    return record is not None and record.status in ("DONE", "SKIPPED")


def _is_gone(operation: Operation, step: Step) -> bool:
    """Has something that it made, and that was its result, been taken back?"""
    gone = {entry.id for entry in operation.ledger if entry.state == "gone"}
    return any(record.id is not None and record.id in gone for _, record in records_of(operation, step))
