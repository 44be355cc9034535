"""What bears the tool's tags and no live operation owns: found by tag in the world, judged by the log.

A tag proves nothing: AWS copies ours to other people's backups (docs/aws.md, "Idempotency and identity"). What may be deleted is what the ledger of an
ended operation names by its id, and has neither kept nor delivered. Nothing here deletes, and nothing writes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, Literal

from engine.errors import EffectNotSent
from engine.kernel.decide.ends import used_past_return
from engine.kernel.operation import Entry, Operation
from engine.kernel.ownership import ATTEMPT, OPERATION, RUNBOOK, STEP
from engine.language.model import Account
from engine.registry import Context, Findable, Observation, ResourceKind
from engine.values import Value

Verdict = Literal["left", "asks", "unnamed", "unknown", "copied", "owned"]
"""`left`: the ledger of an ended operation names it, open or stuck; `asks`: so it does, but a clean-up would keep it, or
might take something else that is kept: a person's to say; `unnamed`: an ended operation made it, and its ledger does not say what is to become of it;
`unknown`: its operation is not of this store; `copied`: it bears tags that AWS, or somebody, has copied; `owned`: an
operation that goes on, or the user, has it."""

Then = Literal["delete", "cleanup", "past", "by_hand", "untag", ""]
"""What can be done: `runbook orphans --delete`, `runbook cleanup`, the same with `--past`, by hand, take the tags away."""

ORPHANS: Final = ("left", "asks", "unnamed", "unknown")
LEFT: Final = ("open", "stuck")
_AGAIN: Final = (1.0, 4.0, 15.0)
"""Seconds before a listing that was throttled is asked for again."""


class Place(Value):
    """Where to look. `account` None: that of whoever runs this."""

    region: str
    account: Account | None = None

    @property
    def key(self) -> tuple[str, str]:
        return self.region, self.account.id if self.account is not None else ""

    def __str__(self) -> str:
        return self.region + (f", account {self.account.id} ({self.account.name})" if self.account is not None else "")


class Thing(Value):
    """Something in the world that bears the tag of an operation."""

    kind: str
    part: bool  # it goes before what it is a part of
    name: str
    id: str
    arn: str
    region: str
    account: str  # its id
    status: str  # AWS's
    cls: str
    tags: Mapping[str, str]
    created: float | None
    by_hand: str  # the command of AWS's own, without its region

    @property
    def operation(self) -> str:
        return self.tags.get(OPERATION, "")

    @property
    def order(self) -> tuple[str, str, str, bool, str, str]:
        """By place and operation, parts before what they are parts of."""
        return self.account, self.region, self.operation, not self.part, self.kind, self.name


class Judged(Value):
    """A thing with what the log says of it."""

    thing: Thing
    verdict: Verdict
    why: str
    then: Then = ""
    owner: Operation | None = None  # None: the store does not know it
    entry: Entry | None = None

    @property
    def since(self) -> float | None:
        """When it was made, as AWS says, or the ledger."""
        if self.thing.created is not None:
            return self.thing.created
        return self.entry.at if self.entry is not None else None


# -- the world -----------------------------------------------------------------------------------------------


def things(
    kinds: Iterable[ResourceKind], place: Place, context: Context, pause: Callable[[float], None]
) -> Iterator[Thing]:
    """Everything in one place that bears the tag of an operation. Raises what a look raises."""
    for kind in kinds:
        if isinstance(kind, Findable):
            for seen in _listed(kind, context, pause):
                yield _thing(kind, kind.by_hand(seen), seen, place)


def _listed(kind: Findable, context: Context, pause: Callable[[float], None]) -> list[Observation]:
    for seconds in _AGAIN:
        try:
            return list(kind.tagged(context))
        except EffectNotSent as error:
            if error.problem.category != "throttled":
                raise
        pause(seconds)
    return list(kind.tagged(context))


def _thing(kind: ResourceKind, by_hand: str, seen: Observation, place: Place) -> Thing:
    its = seen.attributes
    arn = str(its.get("arn") or "")
    fields = arn.split(":")
    return Thing(
        kind=kind.name, part=kind.facts.part_of is not None, name=str(its.get("name") or ""), id=seen.id or "", arn=arn,
        region=place.region, account=fields[4] if len(fields) > 4 else place.key[1], status=seen.status, cls=seen.cls,
        tags=dict(seen.tags), created=_moment(its.get("created")), by_hand=by_hand,
    )  # fmt: skip


def _moment(written: object) -> float | None:
    return dt.datetime.fromisoformat(written).timestamp() if isinstance(written, str) else None


# -- the log -------------------------------------------------------------------------------------------------


def judged(thing: Thing, owner: Operation | None, store: str) -> Judged:
    """What the log says of a thing, by the operation that its tags name."""
    if owner is None:
        why = f"there is no operation {thing.operation} in {store}; another store may know it"
        return Judged(thing=thing, verdict="unknown", why=why, then="by_hand")
    entry = next((one for one in owner.ledger if one.id is not None and one.id == thing.id), None)
    late = entry is None
    entry = entry or next((one for one in owner.ledger if _was_meant(one, thing)), None)
    if entry is None:
        why = f"its tags are those of {owner.id}, which did not make it: they were copied, and it is somebody else's"
        return Judged(thing=thing, verdict="copied", why=why, then="untag", owner=owner)
    verdict, then, why = _of_the_ledger(thing, owner, entry, late=late)
    return Judged(thing=thing, verdict=verdict, why=why, then=then, owner=owner, entry=entry)


def _was_meant(entry: Entry, thing: Thing) -> bool:
    """● The very thing that a create was sent for, whose id was never learnt. A backup with copied tags has another name."""
    tags = thing.tags
    told = entry.id is None and entry.step == tags.get(STEP) and entry.tag == tags.get(ATTEMPT)
    name = str(next(iter(entry.identity.values()), ""))
    return told and entry.kind == thing.kind and entry.region == thing.region and name.lower() == thing.name.lower()


def _of_the_ledger(thing: Thing, owner: Operation, entry: Entry, *, late: bool) -> tuple[Verdict, Then, str]:
    if is_live(owner):
        return "owned", "", f"{owner.id} goes on ({owner.status})"
    if thing.cls == "leaving":
        return "owned", "", "it is being deleted"
    if (entry.state in ("kept", "delivered") and not late) or (entry.state == "open" and entry.undo == "keep"):
        return "owned", "", f"{owner.id} has {entry.state} it" + (f": {entry.why}" if entry.why else "")
    succeeded = owner.ended == "SUCCEEDED"
    if late:
        then: Then = "cleanup" if entry.state in LEFT and not succeeded else "by_hand"
        return "unnamed", then, f"{owner.id} has ended, and its ledger ({entry.state}) never learnt the id of this"
    if entry.state not in LEFT:
        return "unnamed", "by_hand", f"the ledger of {owner.id} has it as {entry.state}, and it is there"
    why = f"the ledger of {owner.id} has it as {entry.state}" + (f": {entry.why}" if entry.why else "")
    if succeeded:
        return "unnamed", "by_hand", f"{why}; but {owner.id} has SUCCEEDED, and what it made is the user's"
    if used_past_return(owner, entry, ()):
        return "asks", "past", f"{why}; past {owner.irreversible} it may have been written to"
    kept = next((one for one in owner.ledger if _might_go(owner, one)), None)
    if kept is not None:
        return "asks", "cleanup", f"{why}; it also keeps {kept.id} ({kept.why}), which a clean-up asks about again"
    return "left", "delete", why


def is_live(owner: Operation) -> bool:
    """Does it own what it made? One whose clean-up was begun, and not finished, has left it."""
    return not owner.ended and not owner.cleaning


def _might_go(owner: Operation, entry: Entry) -> bool:
    """Kept for a reason that can pass: a copy whose source was away is no longer the last one when that is back."""
    if entry.state != "kept" or entry.undo == "keep":
        return False
    return not used_past_return(owner, entry, ())


def left_by(owner: Operation) -> tuple[Entry, ...]:
    """All that a clean-up of an ended operation takes back, newest first."""
    return tuple(reversed([entry for entry in owner.ledger if entry.state in LEFT]))


def runbook_of(one: Judged) -> str:
    """The name of the runbook: as the log has it, else as the tag says."""
    return one.owner.runbook if one.owner is not None else one.thing.tags.get(RUNBOOK, "")
