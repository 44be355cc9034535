"""The class of what a look saw, with `status`, `classes`, `is`, a failed look, and AWS's late lists taken into account."""

from __future__ import annotations

from engine.errors import PASSING, InvalidCondition, Problem
from engine.kernel.decide.view import View
from engine.kernel.effect import Seen
from engine.kernel.queries import looked_at
from engine.language.expressions.evaluation import evaluate, is_true
from engine.language.expressions.results import type_name
from engine.language.model import Check, Ensure, Remove, Row
from engine.values import changed


def passes_by_itself(problem: Problem) -> bool:
    """● A look's error never fails a step: one that can pass by itself counts as the status `unknown`."""
    return problem.category in PASSING


def classify(view: View, seen: Seen) -> tuple[Seen, str]:
    """The look with its class as the step sees it; and the class before its `is` was asked."""
    if seen.problem is not None:
        seen = changed(seen, status="unknown", cls="unknown") if passes_by_itself(seen.problem) else seen
        return seen, seen.cls
    body = looked_at(view.step)
    if isinstance(body, Check) and body.status is not None and seen.cls != "missing":
        # `check: aws.…`: the status is an expression over the reply, and the step gives it a class.
        status = evaluate(str(body.status), view.names(seen))
        if status is None or status in ([], "", {}):
            seen = changed(seen, status="missing", cls="missing")
        elif isinstance(status, str):
            cls = next((cls for cls, words in body.classes.items() if status in words), "unknown")
            seen = changed(seen, status=status, cls=cls)
        else:
            what = type_name(status)
            raise InvalidCondition(
                f"`status: {body.status}` is {what}, and a status is text: add `| string` if that is meant"
            )
    condition = body.is_ if isinstance(body, (Ensure, Check)) else None
    if seen.cls == "available" and condition is not None and not is_true(condition, view.names(seen)):
        return changed(seen, cls="pending"), "available"  # it is there, and not yet as `is` wants it
    return seen, seen.cls


def grace_is_over(view: View, since: float) -> bool:
    """Has the kind's grace passed since then?"""
    return view.now >= since + (view.monitor.grace or 0.0)


def created_lately(view: View) -> bool:
    """● `missing` after a create that was accepted, or is unknown, is not missing before the grace is over."""
    if (entry := view.entry) is not None:
        return entry.state != "gone" and not grace_is_over(view, entry.at)
    since = view.frame.performed.since
    return since is not None and not grace_is_over(view, since)


def deleted_lately(view: View, id: str | None) -> bool:
    """● Whatever is there after a delete of that id, accepted or unknown, is leaving: no second delete is sent."""
    since = view.operation.deletes.get(id or "")
    return since is not None and not grace_is_over(view, since)


def is_leaving(cls: str) -> bool:
    """● What is leaving is watched, whoever owns it."""
    return cls == "leaving"


def row_for(view: View, seen: Seen, cls: str) -> Row:
    """● The exact status, else the class; what neither names is never success and never deleted."""
    body = view.step.body
    assert isinstance(body, (Ensure, Remove, Check))
    exact = f"={seen.status}" if cls == seen.cls else ""  # in grace, the status itself is not to be believed
    by_name = next((row for row in body.states if exact and exact in row.names), None)
    if by_name is not None:
        return by_name
    fallback = Row(path="filled/unknown", names=("unknown",), verb="monitor", is_default=True)
    return next((row for row in body.states if cls in row.names), fallback)
