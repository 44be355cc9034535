"""The decision after a look.

(essay)
"""

from __future__ import annotations

from typing import Any

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
from engine.kernel.decide.intents import intend_call
from engine.kernel.decide.removal import must_prove, target_of
from engine.kernel.decide.verbs import replacing, verb
from engine.kernel.decide.view import View
from engine.kernel.effect import Seen
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
from engine.kernel.frame import EntryTurn
from engine.kernel.operation import Entry, Target
from engine.kernel.ownership import adoptable, may_take, whose
from engine.kernel.rendering import rendered, short_name, true
from engine.language.model import Call, Check, Ensure, Remove, Row
from engine.values import changed


def decide(v: View, seen: Seen) -> Event:
    """What to record after this look."""
    before_is = by_status(v, seen)
    seen = by_condition(v, before_is)
    event = _decided(v, seen, before_is.cls)
    if isinstance(event, (Held, StepFailed)) and not event.status:
        return changed(event, status=seen.status)  # a person is told what was seen
    return event


def _decided(v: View, seen: Seen, cls_before_is: str) -> Event:
    body, problem = v.step.body, seen.problem
    if problem is not None and not passes_by_itself(problem):
        if isinstance(body, Check) and problem.name in body.missing_on:
            return decide(v, Seen(at=v.now, status="missing", cls="missing"))
        reason = f"it cannot be looked at: {problem.message}"
        return errors.rescued(v, problem) or Held(at=v.now, kind="failure", reason=reason, error=problem)
    if isinstance(body, Call):
        return _until(v, seen, cls_before_is)
    if not isinstance(body, Check):
        settled = _settle_first(v, seen)
        if settled is not None:
            return settled
    return _by_class(v, seen, graced(v, seen))


# -- 1 the ledger and the target --------------------------------------------------------------------------------


def _settle_first(v: View, seen: Seen) -> Event | None:
    """What is known now, and is recorded before anything is done: an id, a target, that nothing came of an entry."""
    own_turn = v.undone is not None
    entries = v.own_entries() if own_turn else _entries_of_this_name(v)
    number = adoptable(v.operation, entries, seen)
    if number is not None and seen.id is not None:
        return Adopted(at=v.now, entry=number, id=seen.id)
    if own_turn:
        return None  # its own decision settles it
    body, address = v.step.body, v.frame.address
    nothing_known = seen.cls == "unknown" and seen.id is None
    if isinstance(body, Remove) and body.owner != "own" and v.key not in v.operation.targets and not nothing_known:
        name = str(next(iter(address.identity.values()), ""))
        target = Target(id=seen.id, name=name, region=address.region, account=address.account)
        return TargetSettled(at=v.now, step=v.key, target=target)
    if seen.cls != "missing" or v.frame.performed.repeat is not None:
        return None
    for number, entry in v.own_entries() if isinstance(body, Ensure) else entries:
        if entry.state in ("open", "kept") and grace_is_over(v, entry.at) and entry.id not in v.operation.deletes:
            if entry.id is not None:  # it is no longer under its name: look for it by its id
                return EntryTaken(at=v.now, entry=number, how="lost")
            return EntrySettled(at=v.now, entry=number, state="void", why="nothing came of it")
    return None


def _entries_of_this_name(v: View) -> list[tuple[int, Entry]]:
    """The entries for a resource of this kind and name: a copied tag must not name another kind's entry."""
    kind, address = v.kind.name if v.kind is not None else "", v.frame.address
    return [
        (number, entry)
        for number, entry in enumerate(v.operation.ledger)
        if (entry.kind, entry.identity, entry.region) == (kind, address.identity, address.region)
    ]


# -- 3 leaving, 4 ownership, 5 row -----------------------------------------------------------------------------


def _by_class(v: View, seen: Seen, cls: str) -> Event:
    position = v.frame.position
    if isinstance(position, EntryTurn) and position.how in ("settle", "lost"):
        return _settled(v, seen, cls) if position.how == "settle" else _found(v, seen, cls, position.entry)
    if is_leaving(cls):
        return v.watch(seen)
    refused = _not_ours_to_take(v, seen, cls)
    if refused is not None:
        return refused
    if v.frame.removal.routine in ("deleting", "creating"):
        return replacing(v, seen, cls)
    row = row_for(v, seen, cls)
    if is_another(row, v):
        return RowTaken(at=v.now, row=row.path, verb=row.verb, status=seen.status)
    return verb(v, seen, row, cls)


def is_another(row: Row, v: View) -> bool:
    """● A row's `do` runs once, until another row is taken; the same row then means its `then`."""
    return row.path != v.frame.observed.row


def _settled(v: View, seen: Seen, cls: str) -> Event:
    """Before the end: is the id known, or has nothing come of it?"""
    number, entry = v.own_entries()[0]
    if entry.id is not None:
        if entry.undo == "keep" and len(v.operation.frames) > 1:  # it was its turn to be taken back
            return EntrySettled(at=v.now, entry=number, state="kept", why="undo: keep")
        state: Any = "open" if entry.state == "void" else entry.state
        return EntrySettled(at=v.now, entry=number, state=state, why=entry.why)
    if not grace_is_over(v, entry.at) or (cls == "unknown" and seen.id is None):
        return v.watch(seen)
    return EntrySettled(at=v.now, entry=number, state="void", why="nothing came of it")


def _found(v: View, seen: Seen, cls: str, number: int) -> Event:
    """What is no longer under its name, looked for by its id: is it gone, or does it bear another name by now?"""
    if cls in ("leaving", "unknown"):
        return v.watch(seen)
    if cls == "missing":
        return EntrySettled(at=v.now, entry=number, state="gone", why="it is not there any more")
    return EntrySettled(at=v.now, entry=number, state="stuck", why=f"it bears another name: {v.thing(seen)}")


def _not_ours_to_take(v: View, seen: Seen, cls: str) -> Event | None:
    """A hold, if what is there is not what the step may work on; None if it is, or if nothing is there."""
    body, undone = v.step.body, v.undone
    if isinstance(body, Check) or seen.cls == "missing" or (cls == "unknown" and seen.id is None):
        return None  # nothing is there that could be anybody's, whatever it counts as
    if undone is not None and undone.id is None:
        # The name is somebody else's: our own would bear our tags. Our list may lag, so grace passes first.
        if not grace_is_over(v, undone.at):
            return v.watch(seen)
        why = "nothing came of it; the name is another's"
        return EntrySettled(at=v.now, entry=v.own_entries()[0][0], state="void", why=why)
    if seen.id is None and v.frame.performed.since is not None:
        return None  # our create is becoming visible, without an id yet: whose it is cannot be told
    owner, only = (body.owner, body.only) if isinstance(body, (Ensure, Remove)) else ("own", None)
    is_whose, meant = whose(v.operation, seen), target_of(v)
    if not is_meant(meant, seen.id):
        return Held(at=v.now, kind="target", reason=_not_the_target(seen, meant), found=seen.id)
    if not may_take(owner, is_whose):
        return Held(at=v.now, kind="owner", reason=_not_owned(v, seen, is_whose, owner), found=seen.id)
    elsewhere = another_whole(v, seen)
    if elsewhere is not None:
        return Held(at=v.now, kind="owner", reason=f"{v.thing(seen)} {elsewhere}", found=seen.id)
    if not is_within(v, only, seen):
        return Held(at=v.now, kind="owner", reason=f"`only: {only}` is false for {v.thing(seen)}")
    return None


def is_meant(target: Target | None, id: str | None) -> bool:
    """● Is that the one that the removal means? Where nothing is recorded, ownership alone decides."""
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


def is_within(v: View, only: str | None, seen: Seen) -> bool:
    """● Is it what `only` narrows the step to?"""
    return only is None or true(only, v.names(seen))


def _not_the_target(seen: Seen, meant: Target | None) -> str:
    wanted = meant.id if meant is not None else None
    if wanted is None:
        return f"nothing was there when the operation began, and now {seen.id} is: it is not what was meant"
    return f"{seen.id} is not {wanted}, which was meant when the operation began"


def _not_owned(v: View, seen: Seen, is_whose: str, owner: str) -> str:
    if is_whose != "nobody's":
        return f"{v.thing(seen)} is {is_whose}, and the step works on `owner: {owner}`"
    maker = seen.maker.operation if seen.maker is not None else seen.tags.get("runbook:operation", "?")
    known = seen.maker is not None and seen.maker.known
    why = "which has not ended" if known else "unknown to this store"
    return f"{v.thing(seen)} belongs to operation {maker}, {why}"


# -- a call that is looked at by its `until` --------------------------------------------------------------------


def _until(v: View, seen: Seen, cls_before_is: str) -> Event:
    """Done, to be watched, or to be sent."""
    body, performed = v.step.body, v.frame.performed
    assert isinstance(body, Call)
    # A repeatable call is sent once whatever `until` says; any other is not sent where `until` holds already.
    asked = not body.repeatable or performed.since is not None
    if asked and seen.cls == "available":
        return _was_never_sent(v) or StepDone(at=v.now, result=performed.output, status=seen.status)
    if asked and (told_nothing(seen) or (performed.unknown and is_under_way(cls_before_is))):
        return v.watch(seen)
    if performed.since is not None and (not performed.unknown or not grace_is_over(v, performed.since)):
        return v.watch(seen)  # accepted, or in grace: its effect may show later
    waiting = errors.next_attempt(v) if performed.repeat is None else None
    if waiting is not None:
        return waiting
    return ProofBegun(at=v.now) if must_prove(v) else intend_call(v)


def told_nothing(seen: Seen) -> bool:
    """● A look that did not come back is no proof that a call was not done: look again, and send nothing."""
    return seen.problem is not None


def is_under_way(cls: str) -> bool:
    """● Where the outcome is unknown, what shows that something goes on, or a status that nobody knows, is watched."""
    return cls in ("pending", "leaving", "unknown")


def _was_never_sent(v: View) -> Event | None:
    """Somebody else has done what is still due here: it is never undone. Unless a runner that died may have sent it."""
    performed = v.frame.performed
    if performed.repeat is None or performed.since is not None or performed.perhaps_done:
        return None
    for number, entry in v.own_entries():
        if entry.id == performed.repeat.key and entry.state == "open":
            return EntrySettled(at=v.now, entry=number, state="void", why="it was never sent")
    return None
