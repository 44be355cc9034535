"""Making a thing go, parts first: one routine for `remove`, `replace` and undo."""

from __future__ import annotations

from typing import Any

from engine.errors import ExpressionError
from engine.kernel.decide import errors
from engine.kernel.decide.classes import deleted_lately
from engine.kernel.decide.effects import intend_delete
from engine.kernel.decide.view import View, thing, watch
from engine.kernel.events import Event, Held, ProofBegun
from engine.kernel.operation import Effect, Seen, Target
from engine.kernel.ownership import whose
from engine.kernel.queries import is_undo, kind_of, records_of
from engine.kernel.rendering import rendered
from engine.language.model import Ensure, KindFacts, Remove, Step


def delete(v: View, seen: Seen) -> Event:
    """Parts first, then itself; each by an intent of its own, all of them one attempt."""
    obstacle = obstacle_of(seen)
    if obstacle is not None:
        return Held(at=v.now, kind="in_the_way", reason=obstacle)
    foreign = [part for part in seen.parts if not _goes_with(v, part)]
    if foreign:
        names = ", ".join(str(next(iter(part.identity.values()), part.id)) for part in foreign)
        return Held(at=v.now, kind="owner", reason=f"{names} in {thing(v, seen)} is not this operation's")
    for part in seen.parts:
        if part.cls == "leaving":
            continue  # AWS's own word: the next may go
        if deleted_lately(v, part.id):
            return watch(v, seen)
        return _send_delete(
            v, seen, Effect(verb="delete", name=part.kind, key="", params=part.identity, target=part.id)
        )
    if seen.parts and not all(part.cls == "leaving" for part in seen.parts):
        return watch(v, seen)
    return _send_delete(v, seen, _whole(v, seen))


def obstacle_of(seen: Seen) -> str | None:
    """● What the kind sees to be in the way of a delete: it holds before the first part goes."""
    return seen.in_the_way


def _goes_with(v: View, part: Any) -> bool:
    """Parts go with a thing that was recorded as meant; otherwise each must be own too."""
    meant = target_of(v)
    if meant is not None and meant.id is not None:
        return True
    return whose(v.operation, part) == "own"


def _whole(v: View, seen: Seen) -> Effect:
    kind = v.kind or KindFacts(name="", identity=())
    name = {key: seen.attributes.get(key, v.frame.identity.get(key)) for key in kind.identity}
    known = {key: value for key, value in name.items() if value is not None}
    removal = removal_params(v) or {}
    return Effect(verb="delete", name=kind.name, key="", params=removal | known, target=seen.id)


def removal_params(v: View) -> dict[str, Any] | None:
    """What a delete would be told besides the name; None where nothing is deleted here."""
    body = v.step.body
    if isinstance(body, Remove):
        if is_undo(v.frame):
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
        kind = kind_of(v.runbook, step)
        body, source = step.body, kind.source if kind is not None else None
        if not isinstance(body, Ensure) or source is None or source not in body.params or _is_done(v, step):
            continue
        try:
            found.append(str(rendered(body.params[source], v.names())))
        except ExpressionError:
            continue  # what it is made from is not there yet
    return found


def _is_done(v: View, step: Step) -> bool:
    records = records_of(v.operation, step)
    return bool(records) and all(record.status in ("DONE", "SKIPPED") for _, record in records)


def _send_delete(v: View, seen: Seen, effect: Effect) -> Event:
    """An attempt sends each delete once; what is still there after its grace needs the next attempt."""
    takes = v.frame.routine == "" or f"{v.frame.attempt}:{effect.target}" in v.frame.sent
    if v.frame.repeat is not None and v.frame.repeat.target == effect.target:
        takes = False
    waiting = errors.next_attempt(v) if takes else None
    if waiting is not None:
        return waiting
    if must_prove(v):
        return ProofBegun(at=v.now)
    return intend_delete(v, seen, effect, takes=takes)


def target_of(v: View) -> Target | None:
    """What the removal means, where that has been recorded."""
    body = v.step.body
    if not isinstance(body, Remove) or (body.owner == "own" and body.target is None) or is_undo(v.frame):
        return None
    return v.operation.targets.get(v.key)


def must_prove(v: View) -> bool:
    """● Before every change, each of `requires` is looked at, then the own resource once more."""
    proved = getattr(v.frame.phase, "proved", False)
    return not proved and bool(v.step.requires or needs_source(v))


def needs_source(v: View) -> bool:
    """● The last copy of the data is never deleted: its source must be there before a copy goes."""
    entry = v.undone
    return entry is not None and entry.source is not None and entry.id is not None and entry.kind != "call"
