"""The decision after a look, in the order of its steps: whose, grace, leaving, ownership, row, verb.

A pure function of the view and of what was seen; it yields the one event that is recorded. Each rule is a
small function of its own, so that a test can put a kernel without it in its place.
"""

from __future__ import annotations

from typing import Any

from engine.errors import PASSING, Problem
from engine.kernel import troubles
from engine.kernel.events import (
    Adopted,
    EntrySettled,
    Event,
    Held,
    ProofBegun,
    ReplaceBegun,
    RowTaken,
    StepDone,
    StepFailed,
    TargetSettled,
    Vanished,
    Watched,
)
from engine.kernel.intents import intend_call, intend_create, intend_delete
from engine.kernel.names import rendered, true
from engine.kernel.operation import Effect, Entry, Operation, Seen, Target
from engine.kernel.steps import is_undo
from engine.kernel.view import View
from engine.kernel.whose import adoptable, may_take, whose
from engine.language.expressions import evaluate
from engine.language.model import Call, Check, Ensure, KindFacts, Remove, Row


def decide(v: View, seen: Seen) -> Event:
    """What to record after this look."""
    body = v.step.body
    seen = classified(v, seen)
    if seen.problem is not None and not passes_by_itself(seen.problem):
        return _look_failed(v, seen.problem)
    if isinstance(body, Call):
        return _until(v, seen)
    return _whose_first(v, seen) or _by_class(v, seen, graced(v, seen))


# -- a look's own error, and what counts as its class -----------------------------------------------


def passes_by_itself(problem: Problem) -> bool:
    """● A look's error never fails a step: what can pass by itself counts as the status `unknown`."""
    return problem.category in PASSING


def _look_failed(v: View, problem: Problem) -> Event:
    if isinstance(v.step.body, Check) and problem.name in v.step.body.missing_on:
        return decide(v, Seen(at=v.now, status="missing", cls="missing"))
    return troubles.rescued(v, problem) or Held(
        at=v.now, kind="failure", reason=f"it cannot be looked at: {problem.message}", error=problem
    )


def classified(v: View, seen: Seen) -> Seen:
    """Its class with `status`, `classes`, `is` and a failed look taken into account."""
    if seen.problem is not None:
        return seen if not passes_by_itself(seen.problem) else _as(seen, "unknown", "unknown")
    body = v.step.body.until.body if isinstance(v.step.body, Call) and v.step.body.until else v.step.body
    if isinstance(body, Check) and body.status is not None:
        seen = _by_expression(v, body, seen)
    condition = body.is_ if isinstance(body, (Ensure, Check)) else None
    if seen.cls == "available" and condition is not None and not true(condition, v.names(seen)):
        return _as(seen, seen.status, "pending")
    return seen


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


# -- 1 whose ------------------------------------------------------------------------------------------


def _whose_first(v: View, seen: Seen) -> Event | None:
    """An id for an entry without one, the target of a removal, an entry that came to nothing."""
    if isinstance(v.step.body, Check):
        return None
    number = adoptable(v.operation, _of_this_thing(v), seen)
    if number is not None and seen.id is not None:
        return Adopted(at=v.now, entry=number, id=seen.id)
    return _target_to_settle(v, seen) or _nothing_came_of(v, seen)


def _of_this_thing(v: View) -> list[tuple[int, Entry]]:
    """The entries for a thing of this kind and name: a copied tag must not name another kind's entry."""
    if is_undo(v.frame):
        return v.own_entries()
    kind = v.kind.name if v.kind is not None else ""
    entries = enumerate(v.operation.ledger)
    return [
        (n, e) for n, e in entries if e.kind == kind and e.identity == v.frame.identity and e.region == v.frame.region
    ]


def _target_to_settle(v: View, seen: Seen) -> Event | None:
    body = v.step.body
    if not isinstance(body, Remove) or body.owner == "own" or is_undo(v.frame) or v.key in v.operation.targets:
        return None
    if seen.cls == "unknown" and seen.id is None:
        return None
    name = str(next(iter(v.frame.identity.values()), ""))
    target = Target(id=seen.id, name=name, region=v.frame.region, account=v.frame.account)
    return TargetSettled(at=v.now, step=v.key, target=target)


def _nothing_came_of(v: View, seen: Seen) -> Event | None:
    """An entry without id is void when a look after its grace sees nothing; a tag may open it again."""
    if seen.cls != "missing" or v.frame.repeat is not None:
        return None
    for number, entry in v.own_entries():
        if entry.id is None and entry.state in ("open", "kept") and grace_is_over(v, entry.at):
            if is_undo(v.frame):
                return None  # its own decision settles it
            return EntrySettled(at=v.now, entry=number, state="void", why="nothing came of it")
    return None


# -- 2 grace ------------------------------------------------------------------------------------------


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


# -- 3 leaving, 4 ownership, 5 row ----------------------------------------------------------------------


def _by_class(v: View, seen: Seen, cls: str) -> Event:
    if v.frame.path.startswith("settle/"):
        return _settled(v, seen, cls)
    if is_leaving(cls):
        return _watch(v, seen)
    refused = _not_ours_to_take(v, seen, cls)
    if refused is not None:
        return refused
    if v.frame.routine in ("deleting", "creating"):
        return _replacing(v, seen, cls)
    row = row_for(v, seen, cls)
    if row.path != v.frame.row:
        return RowTaken(at=v.now, row=row.path, verb=row.verb, status=seen.status)
    return _verb(v, seen, row, cls)


def is_leaving(cls: str) -> bool:
    """● What is leaving is watched, whoever owns it."""
    return cls == "leaving"


def _settled(v: View, seen: Seen, cls: str) -> Event:
    """Before the end: is the id known, or has nothing come of it?"""
    number, entry = v.own_entries()[0]
    if entry.id is not None:
        return EntrySettled(at=v.now, entry=number, state=_state_left(entry), why=entry.why)
    if not grace_is_over(v, entry.at) or (cls == "unknown" and seen.id is None):
        return _watch(v, seen)
    return EntrySettled(at=v.now, entry=number, state="void", why="nothing came of it")


def _state_left(entry: Entry) -> Any:
    return "open" if entry.state == "void" else entry.state


def _not_ours_to_take(v: View, seen: Seen, cls: str) -> Event | None:
    body = v.step.body
    if isinstance(body, Check) or cls == "missing" or (cls == "unknown" and seen.id is None):
        return None
    if v.undone is not None and v.undone.id is None:
        return _another_things_name(v, seen)
    owner = body.owner if isinstance(body, (Ensure, Remove)) else "own"
    if _is_created_unseen(v, seen):
        return None
    is_whose = whose(v.operation, seen)
    meant = target_of(v)
    if not is_meant(meant, seen.id) and is_whose != "own":
        return Held(at=v.now, kind="target", reason=_not_the_target(seen, meant), found=seen.id)
    if not may_take(owner, is_whose):
        return Held(at=v.now, kind="owner", reason=_not_owned(v, seen, is_whose, owner), found=seen.id)
    only = body.only if isinstance(body, (Ensure, Remove)) else None
    if only is not None and not true(only, v.names(seen)):
        return Held(at=v.now, kind="owner", reason=f"`only: {only}` is false for {_thing(v, seen)}")
    return None


def _another_things_name(v: View, seen: Seen) -> Event | None:
    """An undo of an entry without id finds somebody else's thing under the name: it is not what was made."""
    number, entry = v.own_entries()[0]
    if not grace_is_over(v, entry.at):
        return _watch(v, seen)
    return EntrySettled(at=v.now, entry=number, state="void", why="nothing came of it; the name is another's")


def _is_created_unseen(v: View, seen: Seen) -> bool:
    """While our create's outcome is settling and the thing shows no id yet, whose it is cannot be told."""
    return seen.id is None and v.frame.begun is not None


def target_of(v: View) -> Target | None:
    """What the removal means, where that has been recorded."""
    body = v.step.body
    if not isinstance(body, Remove) or (body.owner == "own" and body.target is None) or is_undo(v.frame):
        return None
    return v.operation.targets.get(v.key)


def is_meant(target: Target | None, id: str | None) -> bool:
    """Is that the one that the removal means? Where nothing is recorded, ownership alone decides."""
    return target is None or target.id == id


def _thing(v: View, seen: Seen) -> str:
    name = next(iter(v.frame.identity.values()), "")
    kind = v.kind.name if v.kind is not None else "resource"
    return f"the {kind} {name} ({seen.id or 'no id'}, {seen.status})"


def _not_the_target(seen: Seen, meant: Target | None) -> str:
    wanted = meant.id if meant is not None else None
    if wanted is None:
        return f"nothing was there when the operation began, and now {seen.id} is: it is not what was meant"
    return f"{seen.id} is not {wanted}, which was meant when the operation began"


def _not_owned(v: View, seen: Seen, is_whose: str, owner: str) -> str:
    thing = _thing(v, seen)
    if is_whose == "nobody's":
        maker = seen.maker.operation if seen.maker is not None else seen.tags.get("runbook:operation", "?")
        known = seen.maker is not None and seen.maker.known
        return f"{thing} belongs to operation {maker}, " + ("which has not ended" if known else "unknown to this store")
    return f"{thing} is {is_whose}, and the step works on `owner: {owner}`"


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


# -- 6 the verb -----------------------------------------------------------------------------------------


def _verb(v: View, seen: Seen, row: Row, cls: str) -> Event:
    match row.verb:
        case "done":
            return _done(v, seen, cls)
        case "monitor":
            return _watch(v, seen)
        case "hold":
            reason = rendered(row.reason, v.names(seen)) or f"{_thing(v, seen)} is {cls}"
            problem = Problem(name=row.error, category="config", message=str(reason)) if row.error else None
            return Held(at=v.now, kind="row", reason=str(reason), error=problem)
        case "fail":
            reason = rendered(row.reason, v.names(seen)) or f"{_thing(v, seen)} is {cls}"
            return StepFailed(
                at=v.now, problem=Problem(name=row.error or "Failed", category="invalid", message=str(reason))
            )
        case "create":
            return _change(v, seen, lambda: intend_create(v))
        case "replace":
            return _replace(v, seen)
        case _:
            return _delete(v, seen)


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


def _watch(v: View, seen: Seen) -> Event:
    """● The deadline is asked here, after the look: what was finished while nobody looked is finished."""
    if v.frame.watching is not None and v.now - v.frame.watching >= (v.monitor.longest or 0.0):
        waited = f"{_thing(v, seen)} after {int(v.now - v.frame.watching)} s of watching"
        return Held(at=v.now, kind="monitor_over", reason=f"slow is not broken: {waited}")
    return Watched(at=v.now, next=v.now + (v.monitor.every or 30.0), status=seen.status)


def _change(v: View, seen: Seen, intend: Any) -> Event:
    """A create or a delete: the attempt in hand if it is being repeated, else the next; `requires` first."""
    if v.frame.repeat is None and v.frame.routine == "":
        waiting = troubles.next_attempt(v)
        if waiting is not None:
            return waiting
    if must_prove(v):
        return ProofBegun(at=v.now)
    event: Event = intend()
    return event


def must_prove(v: View) -> bool:
    """● Before every change, each of `requires` is looked at, then the own resource once more."""
    proved = getattr(v.frame.phase, "proved", False)
    return not proved and bool(v.step.requires or needs_source(v))


def needs_source(v: View) -> bool:
    """● The last copy of the data is never deleted: its source must be there before a copy goes."""
    entry = v.undone
    return entry is not None and entry.source is not None and entry.id is not None and entry.kind != "call"


def _replace(v: View, seen: Seen) -> Event:
    if never_replaced(v.operation, seen.id):
        return Held(at=v.now, kind="row", reason=f"{_thing(v, seen)} was seen available or delivered: never replaced")
    if seen.in_the_way is not None:
        return Held(at=v.now, kind="in_the_way", reason=seen.in_the_way)
    delay = troubles.delay_of_next(v)
    if delay is None:
        return troubles.exhausted(v, _seen_broken(v, seen))
    if must_prove(v):
        return ProofBegun(at=v.now)
    return ReplaceBegun(at=v.now, delay=delay)


def _seen_broken(v: View, seen: Seen) -> Problem:
    return Problem(name="Broken", category="internal", message=f"{_thing(v, seen)} cannot be used")


def never_replaced(operation: Operation, id: str | None) -> bool:
    """● Live data that was seen available, and what was delivered, is never replaced."""
    return any(
        entry.id == id and (entry.state == "delivered" or (entry.live and entry.used)) for entry in operation.ledger
    )


def _replacing(v: View, seen: Seen, cls: str) -> Event:
    """● Once begun, rows are not asked: what is there goes, and then it is made anew."""
    if cls == "missing":
        if v.frame.routine == "deleting":
            return Vanished(at=v.now)
        return _change(v, seen, lambda: intend_create(v))
    if cls in ("pending", "unknown"):
        return _watch(v, seen)
    return _delete(v, seen)


def _delete(v: View, seen: Seen) -> Event:
    """Parts first, then itself; each by an intent of its own, all of them one attempt."""
    if seen.in_the_way is not None:
        return Held(at=v.now, kind="in_the_way", reason=seen.in_the_way)
    foreign = [part for part in seen.parts if not _goes_with(v, part)]
    if foreign:
        names = ", ".join(str(next(iter(part.identity.values()), part.id)) for part in foreign)
        return Held(at=v.now, kind="owner", reason=f"{names} in {_thing(v, seen)} is not this operation's")
    for part in seen.parts:
        if part.cls == "leaving":
            continue  # AWS's own word: the next may go
        if deleted_lately(v, part.id):
            return _watch(v, seen)
        return _send_delete(
            v, seen, Effect(verb="delete", name=part.kind, key="", params=part.identity, target=part.id)
        )
    if seen.parts and not all(part.cls == "leaving" for part in seen.parts):
        return _watch(v, seen)
    return _send_delete(v, seen, _whole(v, seen))


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
        identity = v.kind.identity if v.kind is not None else ()
        return {key: value for key, value in rendered(dict(body.params), v.names()).items() if key not in identity}
    if isinstance(body, Ensure) and any(row.verb == "replace" for row in body.states):
        return {}
    return None


def _send_delete(v: View, seen: Seen, effect: Effect) -> Event:
    """An attempt sends each delete once; what is still there after its grace needs the next attempt."""
    takes = v.frame.routine == "" or f"{v.frame.attempt}:{effect.target}" in v.frame.sent
    if v.frame.repeat is not None and v.frame.repeat.target == effect.target:
        takes = False
    waiting = troubles.next_attempt(v) if takes else None
    if waiting is not None:
        return waiting
    if must_prove(v):
        return ProofBegun(at=v.now)
    return intend_delete(v, seen, effect, takes=takes)


# -- a call that is seen by its `until` -------------------------------------------------------------------


def _until(v: View, seen: Seen) -> Event:
    body = v.step.body
    assert isinstance(body, Call)
    frame = v.frame
    asked = not body.repeatable or frame.begun is not None
    if asked and seen.cls == "available":
        return StepDone(at=v.now, result=frame.output, status=seen.status)
    if frame.begun is not None and (not frame.unknown or not grace_is_over(v, frame.begun)):
        return _watch(v, seen)
    if frame.repeat is None:
        waiting = troubles.next_attempt(v)
        if waiting is not None:
            return waiting
    if must_prove(v):
        return ProofBegun(at=v.now)
    return intend_call(v)
