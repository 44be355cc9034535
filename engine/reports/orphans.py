"""Orphans: resources with the tags of an operation that no longer needs them. Found by tag, assessed by the log.

A tag proves nothing: AWS copies ours to other people's backups (docs/aws.md, "Idempotency and identity"). A resource may
be deleted only if the ledger of an ended operation has its id, and has neither kept nor delivered it. Nothing is deleted
or written here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, Literal

from engine.errors import EffectNotSent
from engine.kernel.decide.ends import used_past_return
from engine.kernel.operation import Entry, Operation
from engine.kernel.ownership import ATTEMPT, OPERATION, RUNBOOK, STEP, STORE, key_in_tag
from engine.language.model import Account
from engine.registry import Context, Findable, Observation, ResourceKind
from engine.values import Value

Verdict = Literal["left", "asks", "unnamed", "unknown", "copied", "owned"]
"""What the log says about a resource:

`left`: it is in the ledger of an ended operation, open or stuck.
`asks`: the same, but a cleanup would keep it, or would also delete something that is kept: a person must decide.
`unnamed`: an ended operation created it, and what should happen to it is not in its ledger.
`unknown`: its operation is not in this store. It may be another store's, whose runner is at work: nothing is proposed.
`copied`: its tags were copied from another resource.
`owned`: an operation that has not ended has it, or the user.
"""

Then = Literal["delete", "cleanup", "past", "by_hand", "untag", ""]
"""What to do with it: `runbook orphans --delete`, `runbook cleanup`, the same with `--past`, by hand, or remove its tags."""

ORPHANS: Final = ("left", "asks", "unnamed")
LEFT: Final = ("open", "stuck")
_RETRY_DELAYS: Final = (1.0, 4.0, 15.0)
"""Seconds before each retry of a listing that was throttled."""


class Place(Value):
    """A region and an account to search. `account` None: that of the current credentials."""

    region: str
    account: Account | None = None

    @property
    def key(self) -> tuple[str, str]:
        return self.region, self.account.id if self.account is not None else ""

    def __str__(self) -> str:
        return self.region + (f", account {self.account.id} ({self.account.name})" if self.account is not None else "")


class TaggedResource(Value):
    """A resource that has the tag of an operation."""

    kind: str
    part: bool  # is it deleted before the resource that it belongs to?
    name: str
    id: str
    arn: str
    region: str
    account: str  # its id
    status: str  # as AWS reports it
    cls: str
    tags: Mapping[str, str]
    created: float | None
    by_hand: str  # the command of the AWS CLI that deletes it, without the region

    @property
    def operation(self) -> str:
        return self.tags.get(OPERATION, "")

    @property
    def store(self) -> str:
        """The id of the store that its operation was begun in; "" for tags of earlier versions."""
        return self.tags.get(STORE, "")

    @property
    def order(self) -> tuple[str, str, str, bool, str, str]:
        """The sort key: by place and operation, parts before what they belong to."""
        return self.account, self.region, self.operation, not self.part, self.kind, self.name


class Assessment(Value):
    """A resource, and what the log says about it."""

    resource: TaggedResource
    verdict: Verdict
    why: str
    then: Then = ""
    owner: Operation | None = None  # None: it is not in the store
    entry: Entry | None = None

    @property
    def since(self) -> float | None:
        """When it was created, by AWS or else by the ledger."""
        if self.resource.created is not None:
            return self.resource.created
        return self.entry.at if self.entry is not None else None


# -- the world -----------------------------------------------------------------------------------------------


def tagged_resources(
    kinds: Iterable[ResourceKind], place: Place, context: Context, pause: Callable[[float], None]
) -> Iterator[TaggedResource]:
    """All resources of a place that have the tag of an operation. Raises what a look raises."""
    for kind in kinds:
        if isinstance(kind, Findable):
            for seen in _list_tagged(kind, context, pause):
                yield _tagged_resource(kind, kind.by_hand(seen), seen, place)


def _list_tagged(kind: Findable, context: Context, pause: Callable[[float], None]) -> list[Observation]:
    for seconds in _RETRY_DELAYS:
        try:
            return list(kind.tagged(context))
        except EffectNotSent as error:
            if error.problem.category != "throttled":
                raise
        pause(seconds)
    return list(kind.tagged(context))


def _tagged_resource(kind: ResourceKind, by_hand: str, seen: Observation, place: Place) -> TaggedResource:
    its = seen.attributes
    arn = str(its.get("arn") or "")
    fields = arn.split(":")
    return TaggedResource(
        kind=kind.name, part=kind.facts.part_of is not None, name=str(its.get("name") or ""), id=seen.id or "", arn=arn,
        region=place.region, account=fields[4] if len(fields) > 4 else place.key[1], status=seen.status, cls=seen.cls,
        tags=dict(seen.tags), created=_parse_time(its.get("created")), by_hand=by_hand,
    )  # fmt: skip


def _parse_time(written: object) -> float | None:
    return dt.datetime.fromisoformat(written).timestamp() if isinstance(written, str) else None


# -- the log -------------------------------------------------------------------------------------------------


def assess(resource: TaggedResource, owner: Operation | None, store: str, store_id: str) -> Assessment:
    """What the log says about a resource. `owner`: the operation that its tags name; None: it is not in the store.

    `store`, `store_id`: the name and id of the store. Operation ids repeat in other stores.
    """
    if owner is None or resource.store != owner.store:
        return Assessment(resource=resource, verdict="unknown", why=_why_unknown(resource, store, store_id))
    entry = next((one for one in owner.ledger if one.id is not None and one.id == resource.id), None)
    late = entry is None
    entry = entry or next((one for one in owner.ledger if _may_be_from(one, resource)), None)
    if entry is None:
        why = f"{owner.id} did not create it: its tags were copied, and it belongs to somebody else"
        return Assessment(resource=resource, verdict="copied", why=why, then="untag", owner=owner)
    verdict, then, why = _assess_entry(resource, owner, entry, late=late)
    return Assessment(resource=resource, verdict=verdict, why=why, then=then, owner=owner, entry=entry)


def _why_unknown(resource: TaggedResource, store: str, store_id: str) -> str:
    """Whose it may be, and how to find out."""
    ask = "ask whoever runs it; with the --store of that team, `runbook status ID` shows it"
    if resource.store and resource.store == store_id:
        return (
            f"operation {resource.operation} was begun in this store ({store}), which no longer has it; ask its team whether "
            f"this is still needed"
        )
    if resource.store:
        return (
            f"operation {resource.operation} belongs to another store (id {resource.store}), and may still run; {ask}"
        )
    return (
        f"there is no operation {resource.operation} in {store}; another store may have it, and it may still run; {ask}"
    )


def _may_be_from(entry: Entry, resource: TaggedResource) -> bool:
    """● Is it what a create was sent for, whose id was never learnt? A backup with copied tags has another name."""
    tags = resource.tags
    same_step = key_in_tag(entry.step) == key_in_tag(tags.get(STEP, ""))
    same_tags = entry.id is None and same_step and entry.tag == tags.get(ATTEMPT)
    name = str(next(iter(entry.identity.values()), ""))
    return (
        same_tags
        and entry.kind == resource.kind
        and entry.region == resource.region
        and name.lower() == resource.name.lower()
    )


def _assess_entry(resource: TaggedResource, owner: Operation, entry: Entry, *, late: bool) -> tuple[Verdict, Then, str]:
    if is_live(owner):
        return "owned", "", f"{owner.id} has not ended ({owner.status})"
    if resource.cls == "leaving":
        return "owned", "", "it is being deleted"
    if (entry.state in ("kept", "delivered") and not late) or (entry.state == "open" and entry.undo == "keep"):
        return "owned", "", f"{owner.id} has {entry.state} it" + (f": {entry.why}" if entry.why else "")
    succeeded = owner.ended == "SUCCEEDED"
    if late:
        then: Then = "cleanup" if entry.state in LEFT and not succeeded else "by_hand"
        why = f"{owner.id} has ended, and its ledger ({entry.state}) does not have the id of this resource"
        return "unnamed", then, why
    if entry.state not in LEFT:
        return "unnamed", "by_hand", f"the ledger of {owner.id} has it as {entry.state}, but it exists"
    why = f"the ledger of {owner.id} has it as {entry.state}" + (f": {entry.why}" if entry.why else "")
    if succeeded:
        return "unnamed", "by_hand", f"{why}; but {owner.id} has SUCCEEDED, and what it created is the user's"
    if used_past_return(owner, entry, ()):
        return "asks", "past", f"{why}; it may contain data, as the operation is past {owner.irreversible}"
    kept = next((one for one in owner.ledger if _may_become_deletable(owner, one)), None)
    if kept is not None:
        return "asks", "cleanup", f"{why}; it also keeps {kept.id} ({kept.why}), which a cleanup would check again"
    return "left", "delete", why


def is_live(owner: Operation) -> bool:
    """Does the operation still own what it created? It does not if its cleanup was started and not finished."""
    return not owner.ended and not owner.cleaning


def _may_become_deletable(owner: Operation, entry: Entry) -> bool:
    """Was it kept for a reason that may have passed? E.g. a copy was the last one until its source came back."""
    if entry.state != "kept" or entry.undo == "keep":
        return False
    return not used_past_return(owner, entry, ())


def entries_left_by(owner: Operation) -> tuple[Entry, ...]:
    """The entries that a cleanup of an ended operation would undo, newest first."""
    return tuple(reversed([entry for entry in owner.ledger if entry.state in LEFT]))


def runbook_of(one: Assessment) -> str:
    """The name of the runbook, from the log or else from the tag."""
    return one.owner.runbook if one.owner is not None else one.resource.tags.get(RUNBOOK, "")
