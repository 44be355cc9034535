"""What a look's status counts as, with `status`, `classes`, `is`, a failed look, and AWS's late lists considered."""

from __future__ import annotations

from engine.errors import PASSING, Problem
from engine.kernel.decide.view import View
from engine.kernel.operation import Seen
from engine.kernel.queries import is_undo
from engine.kernel.rendering import true
from engine.language.expressions.evaluation import evaluate
from engine.language.model import Body, Call, Check, Ensure, Remove, Row
from engine.values import changed


def passes_by_itself(problem: Problem) -> bool:
    """● A look's error never fails a step: what can pass by itself counts as the status `unknown`."""
    return problem.category in PASSING


def classified(v: View, seen: Seen) -> Seen:
    """Its class with `status`, `classes`, `is` and a failed look taken into account."""
    return by_condition(v, by_status(v, seen))


def by_condition(v: View, seen: Seen) -> Seen:
    """What is there, and not as `is` wants it, is not there yet."""
    body = _looked_at(v)
    condition = body.is_ if isinstance(body, (Ensure, Check)) else None
    if seen.cls == "available" and condition is not None and not true(condition, v.names(seen)):
        return _as(seen, seen.status, "pending")
    return seen


def by_status(v: View, seen: Seen) -> Seen:
    """Before `is` is asked."""
    if seen.problem is not None:
        return seen if not passes_by_itself(seen.problem) else changed(seen, status="unknown", cls="unknown")
    body = _looked_at(v)
    return _by_expression(v, body, seen) if isinstance(body, Check) and body.status is not None else seen


def _looked_at(v: View) -> Body:
    """What the look is of: a call is looked at by its `until`."""
    body = v.step.body
    return body.until.body if isinstance(body, Call) and body.until is not None else body


def _by_expression(v: View, body: Check, seen: Seen) -> Seen:
    """`check: aws.…`: the status is an expression over the reply, the class what the step says."""
    if seen.cls == "missing":
        return seen
    status = evaluate(str(body.status), v.names(seen))
    if status is None or status in ([], "", {}):
        return _as(seen, "missing", "missing")
    word = str(status)
    cls = next((cls for cls, words in body.classes.items() if word in words), "unknown")
    return _as(seen, word, cls)


def _as(seen: Seen, status: str, cls: str) -> Seen:
    return Seen(
        at=seen.at, status=status, cls=cls, id=seen.id, attributes=seen.attributes, tags=seen.tags,
        parts=seen.parts, in_the_way=seen.in_the_way, maker=seen.maker,
    )  # fmt: skip


def grace_is_over(v: View, since: float) -> bool:
    """Has the kind's grace passed since then?"""
    return v.now >= since + (v.monitor.grace or 0.0)


def graced(v: View, seen: Seen) -> str:
    """The class, while AWS's lists may not tell the truth yet."""
    if seen.cls == "missing" and created_lately(v):
        return "pending"
    if seen.cls != "missing" and deleted_lately(v, seen.id):
        return "leaving"
    return seen.cls


def created_lately(v: View) -> bool:
    """● `missing` after a create that was accepted, or is unknown, is not missing before the grace is over."""
    if is_undo(v.frame):
        entry = v.undone
        return entry is not None and entry.state != "gone" and not grace_is_over(v, entry.at)
    return v.frame.begun is not None and not grace_is_over(v, v.frame.begun)


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
    exact = f"={seen.status}" if cls == seen.cls else ""
    by_status = next((row for row in body.states if exact and exact in row.names), None)
    if by_status is not None:
        return by_status
    fallback = Row(path="filled/unknown", names=("unknown",), verb="monitor", filled=True)
    return next((row for row in body.states if cls in row.names), fallback)
