"""A small simulated world for laws that need many thousands of trials: resources with statuses over time, and faults.

It replaces AWS and the actions: its kinds are `ResourceKind`s, so that everything above the registry is the product's own.
The code of the actions runs over `actions.sandbox`, in the crash suite.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.clock import VirtualClock
from engine.errors import EffectFailed, EffectNotSent, EffectUnknown, Problem

REGIONS = ("us-east-1", "us-west-2")
FOREVER = float("inf")
MAX_CALLS = 5000

LIFECYCLES: Mapping[str, list[tuple[str, float]]] = {
    "rds.cluster_snapshot": [("copying", 90)],
    "rds.cluster": [("creating", 120)],
    "rds.instance": [("creating", 60)],
}
DELETE_SECONDS: Mapping[str, float] = {"rds.cluster_snapshot": 20, "rds.cluster": 60, "rds.instance": 60}


@dataclass(slots=True, kw_only=True)
class Thing:
    """A resource. `life` has its statuses, each with the time from which it applies; `gone` is the last."""

    kind: str
    name: str
    region: str
    id: str
    made: float
    by: str = "somebody"  # the key of the effect, if this operation created it
    life: list[tuple[str, float]] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    seen_from: float = 0.0
    stale_until: float = 0.0
    stale: str = ""

    def status(self, now: float) -> str:
        return [status for status, since in self.life if since <= now][-1]

    def there(self, now: float) -> bool:
        return self.status(now) != "gone"

    def shown(self, now: float) -> str:
        """The status in a list, where a new resource may not be visible yet and a deleted one may still be."""
        if now < self.seen_from:
            return "gone"
        return self.stale if now < self.stale_until else self.status(now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """A line of the world's journal: a change that was performed."""

    at: float
    verb: str
    kind: str
    name: str
    id: str
    key: str
    done: bool


@dataclass(slots=True, kw_only=True)
class Fault:
    """What happens to calls. `on` is VERB KIND (`create rds.cluster`); `first` calls pass, then `times` calls are hit.

    `do`: lost (performed, no reply), nothing (not performed, no reply), a Problem (refused), not_sent, invisible, stale.
    Requests of one effect count once, so that a crash does not shift the fault to another effect; looks and requests that
    are not sent count each.
    """

    on: str
    do: str | Problem
    times: int = 1
    first: int = 0
    seconds: float = 0.0
    category: str = "throttled"
    only: Callable[[Mapping[str, Any]], bool] = lambda params: True
    after: Callable[[World], None] = lambda world: None
    lasts: float | None = None  # seconds after the first hit; None: for ever
    met: list[str] = field(default_factory=list)
    since: float | None = None  # of the first hit

    def hits(self, on: str, params: Mapping[str, Any], key: str, now: float) -> bool:
        if on != self.on or not self.only(params):
            return False
        self.since = now if self.since is None else self.since
        if self.lasts is not None and now > self.since + self.lasts:
            return False
        if not key or self.do == "not_sent" or key not in self.met:
            self.met.append(key)
        number = len(self.met) if not key or self.do == "not_sent" else self.met.index(key) + 1
        return self.first < number <= self.first + self.times


class World:
    """All resources of one account."""

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock
        self.things: list[Thing] = []
        self.faults: list[Fault] = []
        self.lifecycles: dict[str, list[list[tuple[str, float]]]] = {}
        self.settings: dict[str, Any] = {}
        self.broken_checks: set[str] = set()  # kinds of checks that report a problem
        self.journal: list[Act] = []
        self.messages: list[dict[str, Any]] = []
        self.users: list[str] = []
        self.on_create: list[Callable[[World, Thing], None]] = []
        self.called: list[tuple[str, Mapping[str, Any]]] = []
        self.serial = 0
        self.asked: set[str] = set()  # keys of the changes that were requested
        self.calls = 0

    @property
    def now(self) -> float:
        return self.clock.now()

    # -- resources ---------------------------------------------------------------------------------

    def put(self, kind: str, name: str, region: str, status: str = "available", **data: Any) -> Thing:
        """Add a resource that another person has created."""
        tags = data.pop("tags", {})
        thing = Thing(
            kind=kind, name=name, region=region, id=data.pop("id", None) or self.new_id(kind), made=self.now,
            life=[(status, 0.0)], tags=dict(tags), data=data,
        )  # fmt: skip
        self.things.append(thing)
        return thing

    def new_id(self, kind: str) -> str:
        self.serial += 1
        return f"{kind.rpartition('.')[2]}-{self.serial}"

    def named(self, kind: str, name: str, region: str) -> Thing | None:
        """The existing resource with this name."""
        for thing in self.things:
            if (thing.kind, thing.name, thing.region) == (kind, name, region) and thing.there(self.now):
                return thing
        return None

    def look(self, kind: str, params: Mapping[str, Any], region: str) -> Thing | None:
        """The resource as lists show it, by name, ARN or id."""
        for thing in self.things:
            if thing.kind == kind and thing.shown(self.now) != "gone" and _is_meant(thing, params, region):
                return thing
        return None

    def members(self, cluster: str, region: str) -> list[Thing]:
        found = [t for t in self.things if t.kind == "rds.instance" and t.region == region]
        return [t for t in found if t.data.get("cluster") == cluster]

    def alive(self, *kinds: str) -> list[Thing]:
        return [t for t in self.things if t.there(self.now) and (not kinds or t.kind in kinds)]

    # -- changes -----------------------------------------------------------------------------------------

    def make(self, kind: str, name: str, region: str, tags: Mapping[str, str], key: str, data: dict[str, Any]) -> Thing:
        """Perform a create."""
        queue = self.lifecycles.get(kind, [])
        life = queue.pop(0) if queue else [*LIFECYCLES.get(kind, []), ("available", FOREVER)]
        at, spans = self.now, []
        for status, seconds in life:
            spans.append((status, at))
            at += seconds
        if len(life) and life[-1][1] != FOREVER:
            spans.append(("available", at))
        thing = Thing(
            kind=kind, name=name, region=region, id=self.new_id(kind), made=self.now, by=key, life=spans,
            tags=dict(tags), data=data,
        )  # fmt: skip
        self.things.append(thing)
        for execute in self.on_create:
            execute(self, thing)
        return thing

    def unmake(self, thing: Thing) -> None:
        """Perform a delete."""
        thing.life = [("deleting", self.now), ("gone", self.now + DELETE_SECONDS.get(thing.kind, 0))]

    def change(self, thing: Thing, status: str) -> None:
        thing.life = [(status, self.now)]

    def rename(self, thing: Thing, name: str) -> None:
        """Rename as AWS does: the instances of a cluster stay in it and keep their names."""
        for member in self.members(thing.name, thing.region) if thing.kind == "rds.cluster" else ():
            member.data["cluster"] = name
        thing.name = name

    # -- faults ------------------------------------------------------------------------------------------

    def send(self, on: str, params: Mapping[str, Any], do: Callable[[], Thing | None], key: str = "") -> Thing | None:
        """Perform one call, with its faults."""
        self.calls += 1
        assert self.calls < MAX_CALLS, "the operation never ends"
        if key:
            self.asked.add(key)
        hits = [fault for fault in self.faults if fault.hits(on, params, key, self.now)]
        for fault in hits:
            fault.after(self)
            if fault.do == "not_sent":
                problem = Problem(name="NotSent", category=fault.category, message="it was not sent")
                raise EffectNotSent(problem)
            if isinstance(fault.do, Problem):
                raise EffectFailed(fault.do)
            if fault.do == "nothing":
                raise EffectUnknown("no reply")
        thing = do()
        for fault in hits:
            if fault.do == "invisible" and thing is not None:
                thing.seen_from = self.now + fault.seconds
            if fault.do == "stale" and thing is not None:
                thing.stale, thing.stale_until = "available", self.now + fault.seconds
        if any(fault.do == "lost" for fault in hits):
            raise EffectUnknown("the reply was lost")
        return thing


def _is_meant(thing: Thing, params: Mapping[str, Any], region: str) -> bool:
    if "id" in params and "name" not in params:
        return thing.id == params["id"] and thing.region == region
    name = str(params.get("name", ""))
    if name.startswith("arn:"):
        return arn(thing) == name
    return (thing.name, thing.region) == (name, region)


def arn(thing: Thing) -> str:
    return f"arn:aws:rds:{thing.region}:123456789012:{thing.kind.rpartition('.')[2]}:{thing.name}"
