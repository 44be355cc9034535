"""The verb of a row: done, monitor, hold, fail, create, replace, delete.

A resource goes by one routine, parts first: for `remove`, `replace` and undo.
"""

from __future__ import annotations

from typing import Any

from engine.errors import ExpressionError, Problem
from engine.kernel import events as ev
from engine.kernel.decide import errors
from engine.kernel.decide.classes import deleted_lately
from engine.kernel.decide.deletions import deletion_of, held_for_word, names_of_parts, needs_word
from engine.kernel.decide.intents import intend_create, intend_delete
from engine.kernel.decide.requirements import must_prove
from engine.kernel.decide.view import View
from engine.kernel.effect import Seen
from engine.kernel.operation import Operation, Target
from engine.kernel.ownership import owner_of
from engine.kernel.queries import is_done, kind_of
from engine.kernel.rendering import rendered
from engine.language.model import Ensure, KindFacts, Remove, Row


def by_verb(view: View, seen: Seen, row: Row, cls: str) -> ev.Event:
    """What the row says is to be done."""
    match row.verb:
        case "done":
            return _done(view, seen, cls)
        case "monitor":
            return view.watch(seen)
        case "hold" | "fail":
            # In the row's words, else the kind's own, where it has seen what is wrong.
            written = rendered(row.reason, view.names(seen))
            reason = str(written or seen.attributes.get("problem") or f"{view.describe(seen)} is {cls}")
            if row.verb == "fail":
                problem = Problem(name=row.error or "Failed", category="invalid", message=reason)
                return ev.StepFailed(at=view.now, problem=problem)
            error = Problem(name=row.error, category="config", message=reason) if row.error else None
            return ev.Held(at=view.now, kind="row", reason=reason, error=error)
        case "create":
            return intend_create(view)
        case "replace":
            return _begin_replace(view, seen)
        case _:  # `delete`: the verb is text, as the runbook's reader has checked it
            return delete(view, seen)


def _done(view: View, seen: Seen, cls: str) -> ev.Event:
    """The step is done, with what it has made, or has found; an entry's turn is over."""
    if view.entry is not None:
        [(number, entry)] = view.own_entries()
        if cls != "missing":
            return ev.EntrySettled(at=view.now, entry=number, state="open")
        return ev.EntrySettled(at=view.now, entry=number, state="gone" if entry.id is not None else "void")
    if isinstance(view.step.body, Remove):  # its result is what it has removed, as it was seen last
        result = view.frame.performed.output if cls == "missing" else dict(seen.attributes)
        return ev.StepDone(at=view.now, result=result, status=seen.status)
    if cls == "missing":
        return ev.StepDone(at=view.now, result=None, status=seen.status)
    result = dict(seen.attributes) | ({"id": seen.id} if seen.id is not None else {})
    return ev.StepDone(at=view.now, result=result, id=seen.id, status=seen.status)


def _begin_replace(view: View, seen: Seen) -> ev.Event:
    """Its attempt begins before the removal: with none left, nothing is deleted first."""
    if needs_word(view, seen):
        return held_for_word(view, (deletion_of(view, seen),), seen)
    if never_replaced(view.operation, seen.id):
        reason = f"{view.describe(seen)} has been available or delivered, so it is not replaced"
        return ev.Held(at=view.now, kind="row", reason=reason)
    obstacle = _obstacle(view, seen)
    if obstacle is not None:
        return obstacle
    delay = errors.delay_of_next(view)
    if delay is None:
        broken = Problem(name="Broken", category="internal", message=f"{view.describe(seen)} cannot be used")
        return errors.exhausted(view, broken)
    return ev.ProofBegun(at=view.now) if must_prove(view) else ev.ReplaceBegun(at=view.now, delay=delay)


def never_replaced(operation: Operation, id: str | None) -> bool:
    """● Live data that was seen available, and what was delivered, is never replaced."""
    return any(
        entry.id == id and (entry.state == "delivered" or (entry.live and entry.used)) for entry in operation.ledger
    )


def continue_replace(view: View, seen: Seen, cls: str) -> ev.Event:
    """● Once a `replace` has begun, rows are not asked: what is there goes, and then it is created again."""
    if cls == "missing":
        return ev.Vanished(at=view.now) if view.frame.removal.routine == "deleting" else intend_create(view)
    return view.watch(seen) if cls in ("pending", "unknown") else delete(view, seen)


# -- a resource goes --------------------------------------------------------------------------------------------


def delete(view: View, seen: Seen) -> ev.Event:
    """Parts first, then itself; each by an intent of its own, all of them one attempt."""
    if needs_word(view, seen):
        return held_for_word(view, (deletion_of(view, seen),), seen)
    obstacle = _obstacle(view, seen)
    if obstacle is not None:
        return obstacle
    # Parts go with a resource that was recorded as meant; otherwise each must be own too.
    meant = target_of(view)
    if meant is None or meant.id is None:
        foreign = [part for part in seen.parts if owner_of(view.operation, part) != "own"]
        if foreign:
            reason = f"{', '.join(names_of_parts(foreign))} in {view.describe(seen)} does not belong to this operation"
            return ev.Held(at=view.now, kind="owner", reason=reason)
    # A part that AWS itself calls leaving is passed over: the next may go. One that counts as leaving by grace alone may
    # still be there, so it is waited for.
    part = next((part for part in seen.parts if part.cls != "leaving"), None)
    if part is not None:
        if deleted_lately(view, part.id):
            return view.watch(seen)
        return intend_delete(view, seen, part.kind, part.identity, part.id)
    kind = view.kind or KindFacts(name="", identity=())
    name = {key: seen.attributes.get(key, view.frame.address.identity.get(key)) for key in kind.identity}
    params = (removal_params(view) or {}) | {key: value for key, value in name.items() if value is not None}
    return intend_delete(view, seen, kind.name, params, seen.id)


def _obstacle(view: View, seen: Seen) -> ev.Event | None:
    """A hold for what is in the way, or a wait for it to end."""
    obstacle = obstacle_of(seen)
    if obstacle is None:
        return None
    if ends_by_itself(seen):
        return view.watch(seen)
    return ev.Held(at=view.now, kind="in_the_way", reason=obstacle)


def ends_by_itself(seen: Seen) -> bool:
    """● Such as a snapshot that is being made: it is waited for, and nobody is called."""
    return seen.passes


def obstacle_of(seen: Seen) -> str | None:
    """● What the kind sees to be in the way of a delete: it holds before the first part goes."""
    return seen.in_the_way


def removal_params(view: View) -> dict[str, Any] | None:
    """The parameters of a delete besides the identity; None where the step deletes nothing."""
    body = view.step.body
    if isinstance(body, Remove):
        if view.entry is not None:
            return {}
        identity = view.kind.identity if view.kind is not None else ()
        return {key: value for key, value in rendered(body.params, view.names()).items() if key not in identity}
    if isinstance(body, Ensure) and any(row.verb == "replace" for row in body.states):
        return {}
    return None


def needed_later(view: View) -> list[str]:
    """● What steps that are not done are made from: it must not go, nor what would take it along."""
    found = []
    for step in view.runbook.steps:
        kind, body = kind_of(view.runbook, step), step.body
        source = kind.source if kind is not None else None
        if not isinstance(body, Ensure) or source is None or source not in body.params or is_done(view.operation, step):
            continue
        try:
            found.append(str(rendered(body.params[source], view.names())))
        except ExpressionError:
            continue  # what it is made from is not there yet
    return found


def target_of(view: View) -> Target | None:
    """What the removal means, where that has been recorded."""
    body = view.step.body
    if not isinstance(body, Remove) or (body.owner == "own" and body.target is None) or view.entry is not None:
        return None
    return view.operation.targets.get(view.key)
