"""What AWS's no to a delete means, seen by one more look: its texts vary, its statuses do not.

InvalidDBClusterStateFault and its like say both "it is going already", which is no error, and "not now".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from actions.aws.error_names import BEING_DELETED
from engine.errors import EffectFailed, EffectNotSent
from engine.registry import Observation
from engine.values import changed

UNDELETABLE: Final = "CannotBeDeleted"


def explained(error: EffectFailed, look: Callable[[], Observation]) -> EffectFailed:
    """The error with what the thing's own status says of it; as it was where that cannot be seen."""
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
                f"{problem.message}; it is {seen.status}, and AWS may never let go of it: if that is so, delete it by "
                "hand or with AWS's support, or go on under another name"
            )
            return EffectFailed(changed(problem, message=message, also=(*problem.also, UNDELETABLE)))
        case _:
            return error
