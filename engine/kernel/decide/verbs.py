"""The verb of a row: done, monitor, hold, fail, create, replace, delete."""

from __future__ import annotations

from typing import Any

from engine.errors import Problem
from engine.kernel.decide import errors
from engine.kernel.decide.effects import intend_create
from engine.kernel.decide.removal import delete, must_prove, obstacle_of
from engine.kernel.decide.view import View, thing, watch
from engine.kernel.events import (
    EntrySettled,
    Event,
    Held,
    ProofBegun,
    ReplaceBegun,
    StepDone,
    StepFailed,
    Vanished,
)
from engine.kernel.operation import Operation, Seen
from engine.kernel.rendering import rendered
from engine.language.model import Remove, Row


def verb(v: View, seen: Seen, row: Row, cls: str) -> Event:
    match row.verb:
        case "done":
            return _done(v, seen, cls)
        case "monitor":
            return watch(v, seen)
        case "hold":
            reason = rendered(row.reason, v.names(seen)) or _why(v, seen, cls)
            problem = Problem(name=row.error, category="config", message=str(reason)) if row.error else None
            return Held(at=v.now, kind="row", reason=str(reason), error=problem)
        case "fail":
            reason = rendered(row.reason, v.names(seen)) or _why(v, seen, cls)
            return StepFailed(
                at=v.now, problem=Problem(name=row.error or "Failed", category="invalid", message=str(reason))
            )
        case "create":
            return _change(v, seen, lambda: intend_create(v))
        case "replace":
            return _replace(v, seen)
        case _:
            return delete(v, seen)


def _why(v: View, seen: Seen, cls: str) -> str:
    """In the kind's own words, where it has seen what is wrong."""
    return str(seen.attributes.get("problem") or f"{thing(v, seen)} is {cls}")


def _done(v: View, seen: Seen, cls: str) -> Event:
    undone = v.undone
    if undone is not None:
        number = v.own_entries()[0][0]
        gone = "gone" if undone.id is not None else "void"
        state: Any = gone if cls == "missing" else "open"
        return EntrySettled(at=v.now, entry=number, state=state)
    if isinstance(v.step.body, Remove):
        result = v.frame.output if cls == "missing" else dict(seen.attributes)
        return StepDone(at=v.now, result=result, status=seen.status)
    if cls == "missing":
        return StepDone(at=v.now, result=None, status=seen.status)
    result = dict(seen.attributes) | ({"id": seen.id} if seen.id is not None else {})
    return StepDone(at=v.now, result=result, id=seen.id, status=seen.status)


def _change(v: View, seen: Seen, intend: Any) -> Event:
    """A create or a delete: the attempt in hand if it is being repeated, else the next; `requires` first."""
    if v.frame.repeat is None and v.frame.routine == "":
        waiting = errors.next_attempt(v)
        if waiting is not None:
            return waiting
    if must_prove(v):
        return ProofBegun(at=v.now)
    event: Event = intend()
    return event


def _replace(v: View, seen: Seen) -> Event:
    if never_replaced(v.operation, seen.id):
        return Held(at=v.now, kind="row", reason=f"{thing(v, seen)} was seen available or delivered: never replaced")
    obstacle = obstacle_of(seen)
    if obstacle is not None:
        return Held(at=v.now, kind="in_the_way", reason=obstacle)
    delay = errors.delay_of_next(v)
    if delay is None:
        return errors.exhausted(v, _seen_broken(v, seen))
    if must_prove(v):
        return ProofBegun(at=v.now)
    return ReplaceBegun(at=v.now, delay=delay)


def _seen_broken(v: View, seen: Seen) -> Problem:
    return Problem(name="Broken", category="internal", message=f"{thing(v, seen)} cannot be used")


def never_replaced(operation: Operation, id: str | None) -> bool:
    """● Live data that was seen available, and what was delivered, is never replaced."""
    return any(
        entry.id == id and (entry.state == "delivered" or (entry.live and entry.used)) for entry in operation.ledger
    )


def replacing(v: View, seen: Seen, cls: str) -> Event:
    """● Once begun, rows are not asked: what is there goes, and then it is made anew."""
    if cls == "missing":
        if v.frame.routine == "deleting":
            return Vanished(at=v.now)
        return _change(v, seen, lambda: intend_create(v))
    if cls in ("pending", "unknown"):
        return watch(v, seen)
    return delete(v, seen)
