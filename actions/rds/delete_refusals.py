"""What a refused delete means, decided by looking again: error texts vary, statuses do not (docs/aws.md, "Deleting a cluster").

`InvalidDBClusterStateFault` and similar codes say both "it is being deleted already", which is no error, and "not now".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from actions.aws.error_codes import BEING_DELETED
from engine.errors import EffectFailed, EffectNotSent
from engine.registry import Observation
from engine.values import changed

UNDELETABLE: Final = "CannotBeDeleted"


def explained(error: EffectFailed, look: Callable[[], Observation]) -> EffectFailed:
    """The error with what the resource's status says about it; unchanged if the resource cannot be looked at."""
    problem = error.problem
    if problem.category != "conflict" or BEING_DELETED in problem.also:
        return error
    try:
        seen = look()
    except (EffectFailed, EffectNotSent):
        return error
    match seen.cls:
        case "missing":
            return EffectFailed(changed(problem, category="not_found"))
        case "leaving":
            return EffectFailed(changed(problem, also=(*problem.also, BEING_DELETED)))
        case "broken":
            message = (
                f"{problem.message}; its status is {seen.status}, in which AWS may not delete it at all; if this does not "
                "change, delete it by hand or with AWS Support, or continue under another name"
            )
            return EffectFailed(changed(problem, message=message, also=(*problem.also, UNDELETABLE)))
        case _:
            return error
