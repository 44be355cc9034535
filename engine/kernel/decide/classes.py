"""The class of what a look saw, with `status`, `classes`, `is`, a failed look, and AWS's late lists taken into account."""

from __future__ import annotations

from engine.errors import PASSING, Problem
from engine.kernel.decide.view import View
from engine.kernel.effect import Seen
from engine.kernel.rendering import true
from engine.language.expressions.evaluation import evaluate
from engine.language.model import Body, Call, Check, Ensure, Remove, Row
from engine.values import changed


def passes_by_itself(problem: Problem) -> bool:
    """● A look's error never fails a step: one that can pass by itself counts as the status `unknown`."""
    return problem.category in PASSING


def classified(v: View, seen: Seen) -> Seen:
    """Its class with all of that but grace."""
    return by_condition(v, by_status(v, seen))


def by_status(v: View, seen: Seen) -> Seen:
    """Before `is` is asked: what a failed look counts as; of `check: aws.…`, the class that the step gives a status."""
    if seen.problem is not None:
        return changed(seen, status="unknown", cls="unknown") if passes_by_itself(seen.problem) else seen
    body = _looked_at(v)
    if not isinstance(body, Check) or body.status is None or seen.cls == "missing":
        return seen
    status = evaluate(str(body.status), v.names(seen))
    if status is None or status in ([], "", {}):
        return changed(seen, status="missing", cls="missing")
    word = str(status)
    return changed(
        seen, status=word, cls=next((cls for cls, words in body.classes.items() if word in words), "unknown")
    )


def by_condition(v: View, seen: Seen) -> Seen:
    """What is there, and not as `is` wants it, is not there yet."""
    body = _looked_at(v)
    condition = body.is_ if isinstance(body, (Ensure, Check)) else None
    if seen.cls == "available" and condition is not None and not true(condition, v.names(seen)):
        return changed(seen, cls="pending")
    return seen


def _looked_at(v: View) -> Body:
    """A call is looked at by its `until`."""
    body = v.step.body
    return body.until.body if isinstance(body, Call) and body.until is not None else body


def grace_is_over(v: View, since: float) -> bool:
    """Has the kind's grace passed since then?"""
    return v.now >= since + (v.monitor.grace or 0.0)


def graced(v: View, seen: Seen) -> str:
    """The class, while AWS's lists may lag behind what we did."""
    if seen.cls == "missing" and created_lately(v):
        return "pending"
    if seen.cls != "missing" and deleted_lately(v, seen.id):
        return "leaving"
    return seen.cls


def created_lately(v: View) -> bool:
    """● `missing` after a create that was accepted, or is unknown, is not missing before the grace is over."""
    if (entry := v.undone) is not None:
        return entry.state != "gone" and not grace_is_over(v, entry.at)
    since = v.frame.performed.since
    return since is not None and not grace_is_over(v, since)


def deleted_lately(v: View, id: str | None) -> bool:
    """● Whatever is there after a delete of that id, accepted or unknown, is leaving: no second delete is sent."""
    since = v.operation.deletes.get(id or "")
    return since is not None and not grace_is_over(v, since)


def is_leaving(cls: str) -> bool:
    """● What is leaving is watched, whoever owns it."""
    return cls == "leaving"


def row_for(v: View, seen: Seen, cls: str) -> Row:
    """● The exact status, else the class; what neither names is never success and never deleted."""
    body = v.step.body
    assert isinstance(body, (Ensure, Remove, Check))
    exact = f"={seen.status}" if cls == seen.cls else ""  # in grace, the status itself is not to be believed
    by_name = next((row for row in body.states if exact and exact in row.names), None)
    if by_name is not None:
        return by_name
    fallback = Row(path="filled/unknown", names=("unknown",), verb="monitor", filled=True)
    return next((row for row in body.states if cls in row.names), fallback)
