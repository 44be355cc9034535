"""Making a resource go, parts first: one routine for `remove`, `replace` and undo."""

from __future__ import annotations

from typing import Any

from engine.errors import ExpressionError
from engine.kernel import events as ev
from engine.kernel.decide import errors
from engine.kernel.decide.classes import deleted_lately
from engine.kernel.decide.intents import intend_delete
from engine.kernel.decide.view import View
from engine.kernel.effect import Effect, Seen
from engine.kernel.frame import Looking
from engine.kernel.operation import Target
from engine.kernel.ownership import owner_of
from engine.kernel.queries import is_done, kind_of
from engine.kernel.rendering import rendered
from engine.language.model import Ensure, KindFacts, Remove


def delete(v: View, seen: Seen) -> ev.Event:
    """Parts first, then itself; each by an intent of its own, all of them one attempt."""
    obstacle = obstacle_of(seen)
    if obstacle is not None:
        return ev.Held(at=v.now, kind="in_the_way", reason=obstacle)
    # Parts go with a resource that was recorded as meant; otherwise each must be own too.
    meant = target_of(v)
    if meant is None or meant.id is None:
        foreign = [part for part in seen.parts if owner_of(v.operation, part) != "own"]
        if foreign:
            names = ", ".join(str(next(iter(part.identity.values()), part.id)) for part in foreign)
            return ev.Held(
                at=v.now, kind="owner", reason=f"{names} in {v.describe(seen)} does not belong to this operation"
            )
    # A part that AWS itself calls leaving is passed over: the next may go. One that counts as leaving by grace alone may
    # still be there, so it is waited for.
    part = next((part for part in seen.parts if part.cls != "leaving"), None)
    if part is not None and deleted_lately(v, part.id):
        return v.watch(seen)
    if part is not None:
        effect = Effect(verb="delete", name=part.kind, key="", params=part.identity, target=part.id)
    else:
        kind = v.kind or KindFacts(name="", identity=())
        name = {key: seen.attributes.get(key, v.frame.address.identity.get(key)) for key in kind.identity}
        params = (removal_params(v) or {}) | {key: value for key, value in name.items() if value is not None}
        effect = Effect(verb="delete", name=kind.name, key="", params=params, target=seen.id)
    # An attempt sends each delete once; what is still there after its grace needs the next attempt.
    removal, repeat = v.frame.removal, v.frame.performed.repeat
    takes = removal.routine == "" or f"{v.frame.attempts.number}:{effect.target}" in removal.sent
    if repeat is not None and repeat.target == effect.target:
        takes = False
    waiting = errors.next_attempt(v) if takes else None
    if waiting is not None:
        return waiting
    return ev.ProofBegun(at=v.now) if must_prove(v) else intend_delete(v, seen, effect, takes=takes)


def obstacle_of(seen: Seen) -> str | None:
    """● What the kind sees to be in the way of a delete: it holds before the first part goes."""
    return seen.in_the_way


def removal_params(v: View) -> dict[str, Any] | None:
    """The parameters of a delete besides the identity; None where the step deletes nothing."""
    body = v.step.body
    if isinstance(body, Remove):
        if v.undone is not None:
            return {}
        identity = v.kind.identity if v.kind is not None else ()
        return {key: value for key, value in rendered(body.params, v.names()).items() if key not in identity}
    if isinstance(body, Ensure) and any(row.verb == "replace" for row in body.states):
        return {}
    return None


def needed_later(v: View) -> list[str]:
    """● What steps that are not done are made from: it must not go, nor what would take it along."""
    found = []
    for step in v.runbook.steps:
        kind, body = kind_of(v.runbook, step), step.body
        source = kind.source if kind is not None else None
        if not isinstance(body, Ensure) or source is None or source not in body.params or is_done(v.operation, step):
            continue
        try:
            found.append(str(rendered(body.params[source], v.names())))
        except ExpressionError:
            continue  # what it is made from is not there yet
    return found


def target_of(v: View) -> Target | None:
    """What the removal means, where that has been recorded."""
    body = v.step.body
    if not isinstance(body, Remove) or (body.owner == "own" and body.target is None) or v.undone is not None:
        return None
    return v.operation.targets.get(v.key)


def must_prove(v: View) -> bool:
    """● Before every change, each of `requires` is looked at, then the own resource once more."""
    phase = v.frame.phase
    proved = isinstance(phase, Looking) and phase.proved
    return not proved and bool(v.step.requires or needs_source(v))


def needs_source(v: View) -> bool:
    """● The last copy of the data is never deleted: its source must be there before a copy goes."""
    entry = v.undone
    return entry is not None and entry.source is not None and entry.id is not None and entry.kind != "call"
