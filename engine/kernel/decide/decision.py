"""The decision after a look, in the order of its steps: whose, grace, leaving, ownership, row, verb.

A pure function of the view and of what was seen; it yields the one event that is recorded. Each rule is a
small function of its own, so that a test can put a kernel without it in its place.
"""

from __future__ import annotations

from typing import Any

from engine.errors import Problem
from engine.kernel.decide import errors
from engine.kernel.decide.classes import (
    by_condition,
    by_status,
    grace_is_over,
    graced,
    is_leaving,
    passes_by_itself,
    row_for,
)
from engine.kernel.decide.effects import intend_call
from engine.kernel.decide.removal import must_prove, target_of
from engine.kernel.decide.verbs import replacing, verb
from engine.kernel.decide.view import View, thing, watch
from engine.kernel.events import (
    Adopted,
    EntrySettled,
    EntryTaken,
    Event,
    Held,
    ProofBegun,
    RowTaken,
    StepDone,
    StepFailed,
    TargetSettled,
)
from engine.kernel.operation import Entry, Seen, Target
from engine.kernel.ownership import adoptable, may_take, whose
from engine.kernel.queries import is_undo
from engine.kernel.rendering import rendered, short_name, true
from engine.language.model import Call, Check, Ensure, Remove, Row
from engine.values import changed


def decide(v: View, seen: Seen) -> Event:
    """What to record after this look."""
    told = by_status(v, seen)
    seen = by_condition(v, told)
    event = _decided(v, seen, told.cls)
    if isinstance(event, (Held, StepFailed)) and not event.status:
        return changed(event, status=seen.status)
    return event


def _decided(v: View, seen: Seen, told: str) -> Event:
    body = v.step.body
    if seen.problem is not None and not passes_by_itself(seen.problem):
        return _look_failed(v, seen.problem)
    if isinstance(body, Call):
        return _until(v, seen, told)
    return _whose_first(v, seen) or _by_class(v, seen, graced(v, seen))


# -- a look's own error, and what counts as its class -----------------------------------------------


def _look_failed(v: View, problem: Problem) -> Event:
    if isinstance(v.step.body, Check) and problem.name in v.step.body.missing_on:
        return decide(v, Seen(at=v.now, status="missing", cls="missing"))
    return errors.rescued(v, problem) or Held(
        at=v.now, kind="failure", reason=f"it cannot be looked at: {problem.message}", error=problem
    )


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
    """An entry without id is void when a look after its grace sees nothing; a tag may open it again.

    What has an id, and is no longer under its name, is looked for by that.
    """
    if seen.cls != "missing" or v.frame.repeat is not None:
        return None
    if is_undo(v.frame):
        return None  # its own decision settles it
    entries = v.own_entries() if isinstance(v.step.body, Ensure) else _of_this_thing(v)
    for number, entry in entries:
        if entry.state in ("open", "kept") and grace_is_over(v, entry.at) and entry.id not in v.operation.deletes:
            if entry.id is not None:
                return EntryTaken(at=v.now, entry=number, how="lost")
            return EntrySettled(at=v.now, entry=number, state="void", why="nothing came of it")
    return None


# -- 3 leaving, 4 ownership, 5 row ----------------------------------------------------------------------


def _by_class(v: View, seen: Seen, cls: str) -> Event:
    if v.frame.path.startswith("settle/"):
        return _settled(v, seen, cls)
    if v.frame.path.startswith("lost/"):
        return _lost(v, seen, cls)
    if is_leaving(cls):
        return watch(v, seen)
    refused = _not_ours_to_take(v, seen, cls)
    if refused is not None:
        return refused
    if v.frame.routine in ("deleting", "creating"):
        return replacing(v, seen, cls)
    row = row_for(v, seen, cls)
    if is_another(row, v):
        return RowTaken(at=v.now, row=row.path, verb=row.verb, status=seen.status)
    return verb(v, seen, row, cls)


def is_another(row: Row, v: View) -> bool:
    """● A row's `do` runs once, until another row is taken; the same row then means its `then`."""
    return row.path != v.frame.row


def _settled(v: View, seen: Seen, cls: str) -> Event:
    """Before the end: is the id known, or has nothing come of it?"""
    number, entry = v.own_entries()[0]
    if entry.id is not None:
        if entry.undo == "keep" and len(v.operation.frames) > 1:  # it was its turn to be taken back
            return EntrySettled(at=v.now, entry=number, state="kept", why="undo: keep")
        return EntrySettled(at=v.now, entry=number, state=_state_left(entry), why=entry.why)
    if not grace_is_over(v, entry.at) or (cls == "unknown" and seen.id is None):
        return watch(v, seen)
    return EntrySettled(at=v.now, entry=number, state="void", why="nothing came of it")


def _lost(v: View, seen: Seen, cls: str) -> Event:
    """What is no longer under its name: is it gone, or does it bear another by now?"""
    number = v.own_entries()[0][0]
    if cls in ("leaving", "unknown"):
        return watch(v, seen)
    if cls == "missing":
        return EntrySettled(at=v.now, entry=number, state="gone", why="it is not there any more")
    return EntrySettled(at=v.now, entry=number, state="stuck", why=f"it bears another name: {thing(v, seen)}")


def _state_left(entry: Entry) -> Any:
    return "open" if entry.state == "void" else entry.state


def _not_ours_to_take(v: View, seen: Seen, cls: str) -> Event | None:
    body = v.step.body
    if isinstance(body, Check) or seen.cls == "missing" or (cls == "unknown" and seen.id is None):
        return None  # nothing is there that could be anybody's, whatever it counts as
    if v.undone is not None and v.undone.id is None:
        return _another_things_name(v, seen)
    owner = body.owner if isinstance(body, (Ensure, Remove)) else "own"
    if _is_created_unseen(v, seen):
        return None
    is_whose = whose(v.operation, seen)
    meant = target_of(v)
    if not is_meant(meant, seen.id):
        return Held(at=v.now, kind="target", reason=_not_the_target(seen, meant), found=seen.id)
    if not may_take(owner, is_whose):
        return Held(at=v.now, kind="owner", reason=_not_owned(v, seen, is_whose, owner), found=seen.id)
    elsewhere = another_whole(v, seen)
    if elsewhere is not None:
        return Held(at=v.now, kind="owner", reason=f"{thing(v, seen)} {elsewhere}", found=seen.id)
    only = body.only if isinstance(body, (Ensure, Remove)) else None
    if not is_within(v, only, seen):
        return Held(at=v.now, kind="owner", reason=f"`only: {only}` is false for {thing(v, seen)}")
    return None


def _another_things_name(v: View, seen: Seen) -> Event | None:
    """An undo of an entry without id finds somebody else's thing under the name: it is not what was made."""
    number, entry = v.own_entries()[0]
    if not grace_is_over(v, entry.at):
        return watch(v, seen)
    return EntrySettled(at=v.now, entry=number, state="void", why="nothing came of it; the name is another's")


def _is_created_unseen(v: View, seen: Seen) -> bool:
    """While our create's outcome is settling and the thing shows no id yet, whose it is cannot be told."""
    return seen.id is None and v.frame.begun is not None


def is_meant(target: Target | None, id: str | None) -> bool:
    """Is that the one that the removal means? Where nothing is recorded, ownership alone decides."""
    return target is None or target.id == id


def another_whole(v: View, seen: Seen) -> str | None:
    """● A part of another whole than the step's, whoever made it, is not what the step makes: its name is taken.

    The whole is no part of what tells a thing from others, so that a cluster that is renamed takes its instances along.
    """
    kind, body = v.kind, v.step.body
    if kind is None or kind.part_of is None or not isinstance(body, Ensure) or kind.part_of not in seen.attributes:
        return None
    asked, there = rendered(body.params.get(kind.part_of), v.names(seen)), seen.attributes[kind.part_of]
    if asked is None or short_name(asked) == short_name(there or "") or (not there and seen.cls == "pending"):
        return None
    return (
        f"is in the {kind.part_of} {there or '(none)'}, and {v.key} means the one in {asked}: the name is taken by what is "
        "not this step's to take or to remove. Rename or remove that, then resume"
    )


def is_within(v: View, only: Any, seen: Seen) -> bool:
    """Is it what `only` narrows the step to?"""
    return only is None or true(only, v.names(seen))


def _not_the_target(seen: Seen, meant: Target | None) -> str:
    wanted = meant.id if meant is not None else None
    if wanted is None:
        return f"nothing was there when the operation began, and now {seen.id} is: it is not what was meant"
    return f"{seen.id} is not {wanted}, which was meant when the operation began"


def _not_owned(v: View, seen: Seen, is_whose: str, owner: str) -> str:
    it = thing(v, seen)
    if is_whose == "nobody's":
        maker = seen.maker.operation if seen.maker is not None else seen.tags.get("runbook:operation", "?")
        known = seen.maker is not None and seen.maker.known
        return f"{it} belongs to operation {maker}, " + ("which has not ended" if known else "unknown to this store")
    return f"{it} is {is_whose}, and the step works on `owner: {owner}`"


# -- a call that is seen by its `until` -------------------------------------------------------------------


def _until(v: View, seen: Seen, told: str) -> Event:
    """Done, to be watched, or to be sent; `told` is the class before `is` was asked."""
    body = v.step.body
    assert isinstance(body, Call)
    frame = v.frame
    asked = not body.repeatable or frame.begun is not None
    if asked and seen.cls == "available":
        return _was_never_sent(v) or StepDone(at=v.now, result=frame.output, status=seen.status)
    if asked and (told_nothing(seen) or (frame.unknown and is_under_way(told))):
        return watch(v, seen)
    if frame.begun is not None and (not frame.unknown or not grace_is_over(v, frame.begun)):
        return watch(v, seen)
    if frame.repeat is None:
        waiting = errors.next_attempt(v)
        if waiting is not None:
            return waiting
    if must_prove(v):
        return ProofBegun(at=v.now)
    return intend_call(v)


def told_nothing(seen: Seen) -> bool:
    """● A look that did not come back is no proof that a call was not done: it is looked again, and nothing is sent."""
    return seen.problem is not None


def is_under_way(told: str) -> bool:
    """● Where the outcome is unknown, what shows that something goes on, or a status that nobody knows, is watched."""
    return told in ("pending", "leaving", "unknown")


def _was_never_sent(v: View) -> Event | None:
    """Somebody else has done what is still due here: it is never undone. Unless a runner that died may have sent it."""
    if v.frame.repeat is None or v.frame.begun is not None or v.frame.perhaps_done:
        return None
    for number, entry in v.own_entries():
        if entry.id == v.frame.repeat.key and entry.state == "open":
            return EntrySettled(at=v.now, entry=number, state="void", why="it was never sent")
    return None
