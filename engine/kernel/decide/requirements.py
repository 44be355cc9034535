"""Proving `requires`: each is looked at again just before a change, and must be met now.

The same way three more things are looked at before a change: the source of a copy before the copy is made, which records
its id; that source before an undo deletes the copy, because the last copy of the data is never deleted; and the whole
before an undo deletes a part of it.
"""

from __future__ import annotations

from engine.errors import InvalidCondition
from engine.kernel import events as ev
from engine.kernel.decide.classes import classify, passes_by_itself, row_for
from engine.kernel.decide.view import View
from engine.kernel.effect import Effect, Seen
from engine.kernel.frame import Address, EntryTurn, Frame, Looking, Proving, items_of, position_of
from engine.kernel.operation import Entry, Perform, SleepUntil
from engine.kernel.queries import kind_of, monitor_of, records_of
from engine.kernel.rendering import region_of, rendered, sources
from engine.language.durations import format_duration
from engine.language.model import Ensure, Step
from engine.values import Value


class Proof(Value):
    """One look that must turn out well: at the resource of the step `key`, which is to have `id`."""

    key: str
    step: Step
    address: Address
    id: str | None


def must_prove(view: View) -> bool:
    """● Before every change, each of `requires` is looked at, then the own resource once more."""
    phase = view.frame.phase
    proved = isinstance(phase, Looking) and phase.proved
    return not proved and bool(view.step.requires or needs_source(view) or whole_of(view) is not None)


def needs_source(view: View) -> bool:
    """● The last copy of the data is never deleted: its source must be there before a copy goes."""
    entry = view.entry
    return entry is not None and entry.source is not None and entry.id is not None and entry.kind != "call"


def whole_of(view: View) -> Entry | None:
    """● What a part belongs to that is to be undone as well: a part does not go while its whole cannot.

    The parts are undone first, for they were made later. Else a protected cluster would be left without its instances.
    """
    part, position = view.entry, view.frame.position
    if part is None or part.part_of is None or part.id is None:
        return None
    if not isinstance(position, EntryTurn) or position.how != "undo":
        return None
    for one in reversed(view.operation.ledger):
        goes = one.state in ("open", "stuck") and one.id is not None and one.undo == "delete"
        same_place = (one.region, one.account) == (part.region, part.account)
        if goes and same_place and one.kind != part.kind and part.part_of in one.identity.values():
            return one
    return None


def proofs_of(view: View) -> list[Proof]:
    """All that must be met, in order: the items of a `for_each` each; what was skipped is met."""
    if not view.step.requires:
        return []
    steps = (view.runbook.by_name.get(required.replace("-", "_")) for required in view.step.requires)
    return [
        Proof(
            key=key, step=step, id=record.id,
            address=Address(identity=record.params, region=record.region, account=record.account),
        )
        for step in steps
        if step is not None
        for key, record in records_of(view.operation, step, items_of(view.frame.position))
        if record.path == step.path and record.status == "DONE"
    ]  # fmt: skip


def awaited(view: View) -> Proof | None:
    """What is waited for before the change; None where nothing is, by now."""
    phase = view.frame.phase
    if not isinstance(phase, Proving) or phase.since is None or view.entry is not None:
        return None
    proofs = proofs_of(view)
    return proofs[phase.index] if phase.index < len(proofs) else None


def next_in_proof(view: View, phase: Proving) -> ev.Event | Perform | SleepUntil | None:
    """The next look or decision of the proof; None where everything is met and the effect may follow."""
    if phase.then == "act" and not view.step.requires:
        return None
    if phase.seen is None and phase.next > view.now:
        return SleepUntil(at=phase.next)
    entry, source_first, whole = view.entry, needs_source(view), whole_of(view)
    if phase.index > 0 and (source_first or whole is not None):
        return ev.Proved(at=view.now, all=True)  # before an undo there is one look
    if entry is not None and source_first:
        return _proof_of_source(view, phase, entry)
    if whole is not None:
        return _proof_of_whole(view, phase, whole)
    proofs = proofs_of(view)
    if phase.index >= len(proofs):
        source = source_of(view)
        if source is not None and phase.then == "look":
            return _proof_of_new_copy(view, phase, source)
        return ev.Proved(at=view.now, all=True) if phase.then == "look" else None
    proof = proofs[phase.index]
    if phase.seen is not None:
        return judge_proof(view, phase, proof, phase.seen)
    return Perform(effect=look_of(view, proof))


def look_of(view: View, proof: Proof) -> Effect:
    """The look that a proof takes."""
    kind = kind_of(view.runbook, proof.step)
    return Effect(
        verb="look", name=kind.name if kind is not None else "", key="", params=proof.address.identity,
        region=proof.address.region, account=proof.address.account,
        sources=sources(view.runbook, view.operation, getattr(proof.step.body, "params", None)),
    )  # fmt: skip


def judge_proof(view: View, phase: Proving, proof: Proof, seen: Seen) -> ev.Event:
    """Met, to be watched, or a hold: by the row that the required step itself would take."""
    frame = Frame(position=position_of(proof.step.path), address=proof.address)
    other = View(view.runbook, view.operation, frame, proof.step, view.now)
    if seen.problem is not None and not passes_by_itself(seen.problem):
        return ev.Held(at=view.now, kind="requires", reason=f"{proof.key}: {seen.problem.message}", error=seen.problem)
    try:
        seen, _ = classify(other, seen)
    except InvalidCondition as error:
        return ev.Held(at=view.now, kind="requires", reason=f"{proof.key}: {error}", error=error.problem)
    row = row_for(other, seen, seen.cls)
    same = seen.id == proof.id or not isinstance(proof.step.body, Ensure)  # it may have been replaced by a namesake
    if row.verb == "done" and same:
        return ev.Proved(at=view.now)
    monitor = monitor_of(view.runbook, proof.step)
    since = phase.since if phase.since is not None else view.now
    if row.verb == "monitor" and view.now - since < (monitor.longest or 0.0):
        return ev.Watched(at=view.now, next=view.now + (monitor.every or 30.0), status=seen.status)
    there = f"now {seen.id}, no longer {proof.id}" if seen.id is not None and not same else seen.status
    what = f"{proof.key} is {there}"
    why = f": {seen.attributes['problem']}" if seen.attributes.get("problem") else ""
    return ev.Held(at=view.now, kind="requires", reason=f"{view.key} requires {proof.key}, and {what}{why}")


def source_of(view: View) -> str | None:
    """What the step copies, by name or ARN; None if it makes no copy."""
    kind, body = view.kind, view.step.body
    if kind is None or kind.data != "copy" or kind.source is None or not isinstance(body, Ensure):
        return None
    source = rendered(body.params.get(kind.source), view.names())
    return None if source is None else str(source)


def must_see_source(view: View) -> bool:
    """● Before a copy is made, the id of its source is read: the intent records it, for a later undo."""
    phase = view.frame.phase
    proved = isinstance(phase, Looking) and phase.proved
    return not proved and source_of(view) is not None


def _source_look(view: View, name: str, source: str, region: str, account: str | None) -> Effect:
    """The look at what a copy is, or was, made from."""
    params = {view.kind.identity[0] if view.kind is not None and view.kind.identity else "name": source}
    return Effect(
        verb="look", name=name, key="", params=params, region=region_of(source) or region, account=account
    )  # fmt: skip


def _proof_of_new_copy(view: View, phase: Proving, source: str) -> ev.Event | Perform:
    """Which snapshot is copied? If AWS does not show it, the create is sent all the same: its error says what is wrong."""
    seen, address = phase.seen, view.frame.address
    if seen is None:
        name = view.kind.name if view.kind is not None else ""
        return Perform(effect=_source_look(view, name, source, address.region, address.account))
    if seen.problem is not None and passes_by_itself(seen.problem):
        return _watch(view, phase, seen, f"the source {source}")
    return ev.Proved(at=view.now, all=True, source=seen.id if seen.cls == "available" else None)


def _proof_of_source(view: View, phase: Proving, entry: Entry) -> ev.Event | Perform:
    """Before a copy goes: is what it was made from still there, and available?"""
    source, seen = entry.source or "", phase.seen
    if seen is None:
        return Perform(effect=_source_look(view, entry.kind, source, entry.region, entry.account))
    if may_come_back(seen):
        return _watch(view, phase, seen, f"the source {source}")
    if seen.problem is not None:
        found = f"cannot be read ({seen.problem.message}): this may be"
    elif seen.cls != "available":
        found = f"is {seen.status}: this is"
    elif entry.source_id is None:  # begun by an earlier version, or the look before the create was refused
        found = f"is there ({seen.id}), but which snapshot the copy was made from was not recorded: this may be"
    elif not is_same_source(entry, seen):
        found = f"was replaced by another snapshot of that name ({seen.id}): this is"
    else:
        return ev.Proved(at=view.now)
    [(number, _)] = view.own_entries()
    why = f"its source {source} {found} the last copy of the data"
    return ev.EntrySettled(at=view.now, entry=number, state="kept", why=why)


def _proof_of_whole(view: View, phase: Proving, whole: Entry) -> ev.Event | Perform:
    """Before a part goes: can what it belongs to go as well?"""
    seen, name = phase.seen, next(iter(whole.identity.values()), whole.id)
    if seen is None:
        return Perform(effect=Effect(
            verb="look", name=whole.kind, key="", params={"id": whole.id}, region=whole.region, account=whole.account,
            removal={},
        ))  # fmt: skip
    if (seen.problem is not None and passes_by_itself(seen.problem)) or seen.passes:
        return _watch(view, phase, seen, f"{whole.kind} {name}")
    if seen.in_the_way is None:
        return ev.Proved(at=view.now)
    [(number, _)] = view.own_entries()
    why = f"it is part of {whole.kind} {name}, which cannot be deleted: {seen.in_the_way}"
    return ev.EntrySettled(at=view.now, entry=number, state="stuck", why=why)


def is_same_source(entry: Entry, seen: Seen) -> bool:
    """● By its id: another snapshot that has the name of the source has other data. Unknown ids prove nothing."""
    return entry.source_id is not None and seen.id == entry.source_id


def may_come_back(seen: Seen) -> bool:
    """● A source that is being changed, or whose look failed with an error that passes by itself, is watched."""
    if seen.problem is not None:
        return passes_by_itself(seen.problem)
    return seen.cls in ("pending", "leaving", "unknown")


def _watch(view: View, phase: Proving, seen: Seen, what: str) -> ev.Event:
    """The next look at a source or a whole, as long as the step's `monitor` allows."""
    monitor, since = view.monitor, phase.since if phase.since is not None else view.now
    if view.now - since < (monitor.longest or 0.0):
        return ev.Watched(at=view.now, next=view.now + (monitor.every or 30.0), status=seen.status)
    still = seen.in_the_way if seen.passes else f"{what} is still `{seen.status}`"
    reason = f"timed out after {format_duration(view.now - since)}: {still}"
    return ev.Held(at=view.now, kind="monitor_over", reason=reason, error=seen.problem)
