"""The verb of a row: done, monitor, hold, fail, create, replace, delete."""

from __future__ import annotations

from engine.errors import Problem
from engine.kernel import events as ev
from engine.kernel.decide import errors
from engine.kernel.decide.intents import intend_create
from engine.kernel.decide.removal import delete, must_prove, obstacle_of
from engine.kernel.decide.view import View
from engine.kernel.effect import Seen
from engine.kernel.operation import Operation
from engine.kernel.rendering import rendered
from engine.language.model import Remove, Row


def verb(v: View, seen: Seen, row: Row, cls: str) -> ev.Event:
    """What the row says is to be done."""
    match row.verb:
        case "done":
            return _done(v, seen, cls)
        case "monitor":
            return v.watch(seen)
        case "hold" | "fail":
            # In the row's words, else the kind's own, where it has seen what is wrong.
            written = rendered(row.reason, v.names(seen))
            reason = str(written or seen.attributes.get("problem") or f"{v.describe(seen)} is {cls}")
            if row.verb == "fail":
                problem = Problem(name=row.error or "Failed", category="invalid", message=reason)
                return ev.StepFailed(at=v.now, problem=problem)
            error = Problem(name=row.error, category="config", message=reason) if row.error else None
            return ev.Held(at=v.now, kind="row", reason=reason, error=error)
        case "create":
            return _create(v)
        case "replace":
            return _replace(v, seen)
        case _:  # `delete`: the verb is text, as the runbook's reader has checked it
            return delete(v, seen)


def _done(v: View, seen: Seen, cls: str) -> ev.Event:
    """The step is done, with what it has made, or has found; an entry's turn is over."""
    undone = v.undone
    if undone is not None:
        if cls != "missing":
            return ev.EntrySettled(at=v.now, entry=v.own_entries()[0][0], state="open")
        gone = v.own_entries()[0][0]
        return ev.EntrySettled(at=v.now, entry=gone, state="gone" if undone.id is not None else "void")
    if isinstance(v.step.body, Remove):  # its result is what it has removed, as it was seen last
        result = v.frame.performed.output if cls == "missing" else dict(seen.attributes)
        return ev.StepDone(at=v.now, result=result, status=seen.status)
    if cls == "missing":
        return ev.StepDone(at=v.now, result=None, status=seen.status)
    result = dict(seen.attributes) | ({"id": seen.id} if seen.id is not None else {})
    return ev.StepDone(at=v.now, result=result, id=seen.id, status=seen.status)


def _create(v: View) -> ev.Event:
    """The attempt in hand if it is being repeated, or belongs to a `replace`; else the next. `requires` first."""
    if v.frame.performed.repeat is None and v.frame.removal.routine == "":
        waiting = errors.next_attempt(v)
        if waiting is not None:
            return waiting
    return ev.ProofBegun(at=v.now) if must_prove(v) else intend_create(v)


def _replace(v: View, seen: Seen) -> ev.Event:
    """Its attempt begins before the removal: with none left, nothing is deleted first."""
    if never_replaced(v.operation, seen.id):
        return ev.Held(
            at=v.now, kind="row", reason=f"{v.describe(seen)} has been available or delivered, so it is not replaced"
        )
    obstacle = obstacle_of(seen)
    if obstacle is not None:
        return ev.Held(at=v.now, kind="in_the_way", reason=obstacle)
    delay = errors.delay_of_next(v)
    if delay is None:
        broken = Problem(name="Broken", category="internal", message=f"{v.describe(seen)} cannot be used")
        return errors.exhausted(v, broken)
    return ev.ProofBegun(at=v.now) if must_prove(v) else ev.ReplaceBegun(at=v.now, delay=delay)


def never_replaced(operation: Operation, id: str | None) -> bool:
    """● Live data that was seen available, and what was delivered, is never replaced."""
    return any(
        entry.id == id and (entry.state == "delivered" or (entry.live and entry.used)) for entry in operation.ledger
    )


def replacing(v: View, seen: Seen, cls: str) -> ev.Event:
    """● Once a `replace` has begun, rows are not asked: what is there goes, and then it is created again."""
    if cls == "missing":
        return ev.Vanished(at=v.now) if v.frame.removal.routine == "deleting" else _create(v)
    return v.watch(seen) if cls in ("pending", "unknown") else delete(v, seen)
