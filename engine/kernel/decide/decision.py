"""The decision after a look: from what was seen to the one event that is recorded.

The order matters, and is the same for every step that looks:

1. A look that failed. An error that can pass by itself counts as the status `unknown`, which is watched; any other goes to
   the rescues, else the operation holds.
2. The ledger and the target. What is known now is recorded before anything is done about it: the id of something whose create
   lost its reply, the id that a removal means, an entry that nothing came of.
3. Grace. AWS's lists lag: for a while, what was just created counts as pending although it is missing, and what was just
   deleted counts as leaving although it is there.
4. Leaving. It is watched, whoever owns it.
5. Ownership. What is not the step's to take holds.
6. The row, by the exact status, else by the class. Another row than before is recorded first (`RowTaken`), for its `do` may
   have to run; the same row means its verb.
7. The verb. `monitor` checks its deadline here, after the look. What deletes something foreign needs a person's word
   (`deletions`). What changes something needs an attempt, then proves `requires`, then records an intent.

One event at a time: where two things follow from a look, the first is recorded, and `pending` asks again with the same look
in hand. Take `ensure rds.cluster_snapshot` with the name `daily-copy`, whose table says `missing: create`,
`broken: replace`, `available: done`:

    look: missing       no entry, no grace; the row `missing` is another than before    -> RowTaken(missing)
    (the same look)     the same row: its verb is create, an attempt is left            -> Intended(create), with an entry
    Succeeded           from here on grace counts
    look: missing       in grace, so it counts as pending; the row `pending`            -> RowTaken, then Watched
    look: creating      its tags are those of our entry, which has no id yet            -> Adopted(id)
    (the same look)     own by id; the row `pending` as before                          -> Watched(next)
    look: failed        the row `broken`                                                -> RowTaken, then ReplaceBegun
    (the same look)     a `replace` that has begun asks no row: what is there goes      -> Intended(delete)
    look: missing       what it deletes is gone                                         -> Vanished, then Waiting
    look: missing       the create belongs to the attempt that has begun                -> Intended(create)
    look: available     the row `available`                                             -> RowTaken, then StepDone

Each rule marked ● is a function of its own: a test replaces it, and some scenario must then end badly.
"""

from __future__ import annotations

from engine.errors import InvalidCondition
from engine.kernel import events as ev
from engine.kernel.decide import errors
from engine.kernel.decide.classes import (
    classify,
    created_lately,
    deleted_lately,
    grace_is_over,
    is_leaving,
    passes_by_itself,
    row_for,
)
from engine.kernel.decide.deletions import deletion_of
from engine.kernel.decide.intents import intend_call
from engine.kernel.decide.requirements import must_prove
from engine.kernel.decide.until import before_deleting, looks_at_deleted, waits_until_gone
from engine.kernel.decide.verbs import by_verb, continue_replace, target_of
from engine.kernel.decide.view import View
from engine.kernel.effect import Maker, Seen
from engine.kernel.frame import EntryTurn
from engine.kernel.operation import Entry, Target
from engine.kernel.ownership import OPERATION, adoptable, may_take, owner_of
from engine.kernel.queries import looked_at
from engine.kernel.rendering import rendered, short_name
from engine.language.expressions.evaluation import is_true
from engine.language.model import Call, Check, Ensure, Remove, Row
from engine.values import changed


def decide(view: View, seen: Seen) -> ev.Event:
    """What to record after this look. An `is`, `only` or `status` that decides nothing is handled like a failed look."""
    status, problem, body = seen.status, seen.problem, view.step.body
    if problem is not None and not passes_by_itself(problem):
        check = looked_at(view.step)
        if not isinstance(check, Check) or not any(map(problem.answers_to, check.missing_on)):
            reason = f"its status cannot be read: {problem.message}"
            held = ev.Held(at=view.now, kind="failure", reason=reason, error=problem, status=status)
            return errors.rescued(view, problem) or held
        seen = Seen(at=view.now, status="missing", cls="missing")
    try:
        seen, cls_before_is = classify(view, seen)
        if isinstance(body, Call):
            event = _decide_call(view, seen, body, cls_before_is)
        else:
            known = _record_known(view, seen) if not isinstance(body, Check) else None
            event = known or _by_class(view, seen)
    except InvalidCondition as error:
        held = ev.Held(at=view.now, kind="failure", reason=error.problem.message, error=error.problem, status=status)
        return errors.rescued(view, error.problem) or held
    if isinstance(event, (ev.Held, ev.StepFailed)) and not event.status:
        return changed(event, status=seen.status)  # a person reads what was seen
    return event


# -- the ledger and the target ---------------------------------------------------------------------------------


def _record_known(view: View, seen: Seen) -> ev.Event | None:
    """An id for an entry without one, the target of a removal, an entry that nothing came of."""
    kind, address = view.kind.name if view.kind is not None else "", view.frame.address
    # A tag may be copied: only an entry for a resource of this kind and name can take the id.
    named = [
        (number, entry)
        for number, entry in enumerate(view.operation.ledger)
        if (entry.kind, entry.identity, entry.region) == (kind, address.identity, address.region)
    ]
    own_turn = view.entry is not None
    number = adoptable(view.operation, view.own_entries() if own_turn else named, seen)
    if number is not None and seen.id is not None:
        return ev.Adopted(at=view.now, entry=number, id=seen.id)
    if own_turn:
        return None  # its own decision settles it
    body = view.step.body
    nothing_known = seen.cls == "unknown" and seen.id is None
    needs_target = isinstance(body, Remove) and body.owner != "own" and view.key not in view.operation.targets
    if needs_target and not nothing_known:
        name = str(next(iter(address.identity.values()), ""))
        target = Target(id=seen.id, name=name, region=address.region, account=address.account)
        return ev.TargetSettled(at=view.now, step=view.key, target=target)
    if seen.cls != "missing" or view.frame.performed.repeat is not None:
        return None
    for number, entry in made_here(view, named) if isinstance(body, Ensure) else named:
        if entry.state in ("open", "kept") and grace_is_over(view, entry.at) and entry.id not in view.operation.deletes:
            if entry.id is not None:  # it is no longer under its name: look for it by its id
                return ev.EntryTaken(at=view.now, entry=number, how="lost")
            return ev.EntrySettled(at=view.now, entry=number, state="void", why="nothing was created")
    return None


def made_here(view: View, named: list[tuple[int, Entry]]) -> list[tuple[int, Entry]]:
    """● The entries of the step for a resource of this name: in an earlier visit it may have made one of another name."""
    own = {number for number, _ in view.own_entries()}
    return [(number, entry) for number, entry in named if number in own]


# -- class, ownership, row -------------------------------------------------------------------------------------


def _by_class(view: View, seen: Seen) -> ev.Event:
    """Grace, leaving, ownership, the row and its verb."""
    position, removal, cls = view.frame.position, view.frame.removal, seen.cls
    # In grace, AWS's lists may not yet have what we did.
    if cls == "missing" and created_lately(view):
        cls = "pending"
    elif cls != "missing" and deleted_lately(view, seen.id):
        cls = "leaving"
    if isinstance(position, EntryTurn) and position.how in ("settle", "lost"):
        return _search(view, seen, cls, position)
    if is_leaving(cls):
        return view.watch(seen)
    refused = _not_ours_to_take(view, seen, cls)
    if refused is not None:
        return refused
    if removal.routine in ("deleting", "creating"):
        return continue_replace(view, seen, cls)
    row = row_for(view, seen, cls)
    if is_another_row(row, view):
        return ev.RowTaken(
            at=view.now, row=row.path, verb=row.verb, status=seen.status, within=view.within(row.do)
        )  # fmt: skip
    return by_verb(view, seen, row, cls)


def is_another_row(row: Row, view: View) -> bool:
    """● A row's `do` runs once, until another row is taken; the same row then means its `then`."""
    return row.path != view.frame.observed.row


def _search(view: View, seen: Seen, cls: str, turn: EntryTurn) -> ev.Event:
    """An entry whose id is looked for, or whose resource is no longer under its name. Nothing is changed for it."""
    number, entry = turn.entry, view.operation.ledger[turn.entry]
    if turn.how == "lost":
        if cls in ("leaving", "unknown"):
            return view.watch(seen)
        if cls == "missing":
            return ev.EntrySettled(at=view.now, entry=number, state="gone", why="it no longer exists")
        why = f"it has another name now: {view.describe(seen)}"
        return ev.EntrySettled(at=view.now, entry=number, state="stuck", why=why)
    if entry.id is not None:
        if entry.undo == "keep" and len(view.operation.frames) > 1:  # it was its turn to be taken back
            return ev.EntrySettled(at=view.now, entry=number, state="kept", why="undo: keep")
        state = entry.state if entry.state in ("kept", "stuck") else "open"
        return ev.EntrySettled(at=view.now, entry=number, state=state, why=entry.why)
    if not grace_is_over(view, entry.at) or (cls == "unknown" and seen.id is None):
        return view.watch(seen)
    return ev.EntrySettled(at=view.now, entry=number, state="void", why="nothing was created")


def _not_ours_to_take(view: View, seen: Seen, cls: str) -> ev.Event | None:
    """A hold, if what is there is not what the step may work on; None if it is, or if nothing is there."""
    body = view.step.body
    if isinstance(body, Check) or seen.cls == "missing" or (cls == "unknown" and seen.id is None):
        return None  # nothing is there that could be anybody's, whatever it counts as
    if view.entry is not None and view.entry.id is None:
        [(number, entry)] = view.own_entries()
        # The name is somebody else's: our own would have our tags. Our list may lag, so grace passes first.
        if not grace_is_over(view, entry.at):
            return view.watch(seen)
        why = "nothing was created; another resource has the name"
        return ev.EntrySettled(at=view.now, entry=number, state="void", why=why)
    if seen.id is None and view.frame.performed.since is not None:
        return None  # our create is becoming visible, without an id yet: nobody can say whose it is
    demand, only = (body.owner, body.only) if isinstance(body, (Ensure, Remove)) else ("own", None)
    meant, owner = target_of(view), owner_of(view.operation, seen)
    if not is_meant(meant, seen.id):
        if meant is not None and meant.id is not None:
            reason = f"found {seen.id}, but this step is to remove {meant.id}, which was there when the operation began"
        else:
            reason = f"found {seen.id}, but nothing was there when the operation began"
        return ev.Held(
            at=view.now, kind="target", reason=reason, found=seen.id, deletions=(deletion_of(view, seen),)
        )  # fmt: skip
    if not may_take(demand, owner):
        reason = f"{view.describe(seen)} is {owner}, but the step says `owner: {demand}`"
        if owner == "nobody's":
            maker = seen.maker or Maker(operation=seen.tags.get(OPERATION, "?"))
            why = "which has not ended" if maker.known else "which this store does not know"
            reason = f"{view.describe(seen)} belongs to operation {maker.operation}, {why}"
        return ev.Held(at=view.now, kind="owner", reason=reason, found=seen.id)
    elsewhere = another_whole(view, seen)
    if elsewhere is not None:
        return ev.Held(at=view.now, kind="owner", reason=f"{view.describe(seen)} {elsewhere}", found=seen.id)
    if not is_within(view, only, seen):
        return ev.Held(at=view.now, kind="owner", reason=f"`only: {only}` is false for {view.describe(seen)}")
    return None


def is_meant(target: Target | None, id: str | None) -> bool:
    """● Is that the one that the removal means? Where nothing is recorded, ownership alone decides."""
    return target is None or target.id == id


def another_whole(view: View, seen: Seen) -> str | None:
    """● A part of another whole than the step's, whoever made it, is not what the step makes: its name is taken.

    The whole is not part of an identity, so that a cluster that is renamed takes its instances along.
    """
    kind, body = view.kind, view.step.body
    if kind is None or kind.part_of is None or not isinstance(body, Ensure) or kind.part_of not in seen.attributes:
        return None
    asked, there = rendered(body.params.get(kind.part_of), view.names(seen)), seen.attributes[kind.part_of]
    if asked is None or short_name(asked) == short_name(there or "") or (not there and seen.cls == "pending"):
        return None
    return (
        f"is in the {kind.part_of} {there or '(none)'}, but {view.key} means the one in {asked}: another resource has the name. "
        "Rename or remove that, then resume"
    )


def is_within(view: View, only: str | None, seen: Seen) -> bool:
    """● Is it what `only` narrows the step to?"""
    return only is None or is_true(only, view.names(seen))


# -- a call that is looked at by its `until` -------------------------------------------------------------------


def _decide_call(view: View, seen: Seen, body: Call, cls_before_is: str) -> ev.Event:
    """The call is done, or watched, or sent."""
    performed = view.frame.performed
    repeat, since = performed.repeat, performed.since
    # A repeatable call is sent once whatever `until` says; any other is not sent where `until` is true already.
    deletes = waits_until_gone(view, body)
    asked = deletes or not body.repeatable or since is not None
    if deletes and since is None and (wait := before_deleting(view, seen)) is not None:
        return wait
    check = looked_at(view.step)
    if deletes:
        is_true_now = seen.cls == "missing"
    else:  # an undo may look at what its call has deleted, though its `until` does not say `gone`
        undone = isinstance(check, Check) and seen.cls == "missing" and looks_at_deleted(view, body, check)
        is_true_now = seen.cls == "available" or undone
    if asked and is_true_now:
        if repeat is not None and since is None and not performed.perhaps_done:
            # Nobody has sent it, and somebody else has done it: this is not ours to undo.
            for number, entry in view.own_entries():
                if entry.id == repeat.key and entry.state == "open":
                    return ev.EntrySettled(at=view.now, entry=number, state="void", why="it was never sent")
        return ev.StepDone(at=view.now, result=performed.output, status=seen.status)
    if asked and (look_failed(seen) or (performed.unknown and is_under_way(cls_before_is))):
        return view.watch(seen)
    if since is not None and (not performed.unknown or not grace_is_over(view, since)):
        return view.watch(seen)  # accepted, or in grace: its effect may show later
    waiting = errors.next_attempt(view) if repeat is None else None
    if waiting is not None:
        return waiting
    return ev.ProofBegun(at=view.now) if must_prove(view) else intend_call(view)


def look_failed(seen: Seen) -> bool:
    """● A look that did not come back is no proof that a call was not done: repeat the look, and send nothing."""
    return seen.problem is not None


def is_under_way(cls: str) -> bool:
    """● Where the outcome is unknown, what shows activity, or a status that nobody knows, is watched."""
    return cls in ("pending", "leaving", "unknown")
