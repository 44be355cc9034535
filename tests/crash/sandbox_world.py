"""The laws' world, as the stories take hold of it, over the pretend AWS: put, named, look, change, things, faults.

So the same stories are told with the real actions. A `Thing` is a resource of the sandbox, seen from behind.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from actions.rds.cluster_snapshot import attributes_of
from actions.sandbox import Sandbox
from actions.sandbox.calls import ApiCall
from actions.sandbox.lifecycles import advance, rename
from actions.sandbox.services.snapshots import wire
from actions.sandbox.world import Resource
from engine.clock import VirtualClock
from engine.registry import Registry
from tests.crash.effect_faults import MAKES, REMOVES, Desk, noted
from tests.laws.world import FOREVER, Act, Fault

KINDS = ("rds.cluster_snapshot", "rds.cluster", "rds.instance")
MOST_CALLS = 20_000
SETTINGS_AT = "/aurora-restore/us-west-2/"
TOPIC = "notification-topic-arn"
"""The one setting that is the same in every region."""

WORLD: Mapping[str, Any] = {
    "takes": {
        "copy": 90, "restore": 120, "instance": 60, "modify": 60, "pending": 15, "start": 90,
        "delete_snapshot": 20, "delete_instance": 60, "delete_cluster": 60,
    },
    "secret:aurora-restore/master-credentials": {"username": "admin", "password": "not-a-real-one"},
    "secret:aurora-restore/app-credentials": {"app_password": "not-real-either", "readonly_password": "nor-this-one"},
}  # fmt: skip
"""Things take as long as in the laws' world."""

WIRE = {"protected": "DeletionProtection", "in_global": "GlobalClusterIdentifier"}


class Data:
    """A thing's data, by the stories' words."""

    def __init__(self, resource: Resource) -> None:
        self._resource = resource

    def update(self, *data: Mapping[str, Any], **more: Any) -> None:
        self._resource.data |= {WIRE[name]: value for name, value in dict(*data, **more).items()}


class Thing:
    """A resource as the stories take hold of one; it stays when the resource has gone."""

    def __init__(self, world: PretendWorld, resource: Resource, by: str) -> None:
        self.world = world
        self.resource = resource
        self.by = by  # the key of the effect that made it, else `somebody`
        self.kind = resource.kind
        self.region = resource.region
        self.tags = resource.tags
        self.data = Data(resource)

    @property
    def id(self) -> str:
        """As its kind tells it, and the ledger has it."""
        if self.kind != "rds.cluster_snapshot":
            return self.resource.id
        told = attributes_of(wire(self.world.sandbox.world, self.resource, self.status(self.world.now)))
        return str(told["id"])

    @property
    def name(self) -> str:
        return self.resource.name

    @name.setter
    def name(self, name: str) -> None:
        rename(self.world.sandbox.world, self.resource, name)

    @property
    def life(self) -> list[tuple[str, float]]:
        return self.resource.life

    @life.setter
    def life(self, life: list[tuple[str, float]]) -> None:
        self.resource.looks.clear()
        self.resource.life = life

    def status(self, now: float) -> str:
        return self.resource.status(now)

    def there(self, now: float) -> bool:
        return self.status(now) != "gone"


class Settings(dict[str, Any]):
    """Parameters, by the last word of their path; what is changed here is changed there."""

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__()
        self._sandbox = sandbox

    def update(self, *settings: Any, **more: Any) -> None:
        for name, value in dict(*settings, **more).items():
            self[name] = value
            path = f"/aurora-restore/{name}" if name == TOPIC else f"{SETTINGS_AT}{name}"
            self._sandbox.put(f"ssm:{path}", value)


@dataclass(slots=True)
class Outage:
    """The store does not answer from the `at`-th write on, for some seconds; with none, one answer is lost."""

    at: int
    seconds: float = 0.0
    until: float | None = None


class PretendWorld:
    """The sandbox with the laws' world's ways. `version` is another whenever a call has changed anything."""

    def __init__(self, clock: VirtualClock, real: Registry) -> None:
        self.clock = clock
        self.desk = Desk(self)
        self.sandbox = Sandbox(WORLD, clock=clock, faults=self.desk)
        self.registry = noted(real, self.desk, self.sandbox)
        self.settings = Settings(self.sandbox)
        self.lives: dict[str, list[list[tuple[str, float]]]] = {}
        self.on_create: list[Callable[[Any, Thing], None]] = []
        self.broken_checks: set[str] = set()  # what is wrong in the sandbox is wrong by itself
        self.journal: list[Act] = []
        self.outages: list[Outage] = []
        self.version = 0
        self.calls = 0
        self._things: list[Thing] = []

    @property
    def now(self) -> float:
        return self.clock.now()

    @property
    def faults(self) -> list[Fault]:
        return self.desk.faults

    @property
    def asked(self) -> set[str]:
        return self.desk.asked

    @property
    def messages(self) -> list[dict[str, Any]]:
        return self.sandbox.messages

    @property
    def users(self) -> list[str]:
        """Who can log in to the databases that are there."""
        there = {thing.resource.id for thing in self.things if thing.there(self.now)}
        found = [data.get("roles", {}) for id, data in self.sandbox.world.databases.items() if id in there]
        return [name for roles in found for name in roles]

    # -- what is there ------------------------------------------------------------------------------------

    @property
    def things(self) -> list[Thing]:
        """Everything that is there, or was."""
        known = {id(thing.resource) for thing in self._things}
        for resource in self.sandbox.world.resources.values():
            if resource.kind in KINDS and id(resource) not in known:
                self._things.append(Thing(self, resource, "somebody"))
        return self._things

    @things.setter
    def things(self, things: list[Thing]) -> None:
        for thing in self.things:
            if thing not in things:
                del self.sandbox.world.resources[thing.resource.key]
        self._things = list(things)

    def put(self, kind: str, name: str, region: str, status: str = "available", **data: Any) -> Thing:
        """Something that was there before, or that somebody has just made; what bore the name makes room."""
        before = self.named(kind, name, region)
        if before is not None:
            before.life = [("gone", 0.0)]
        resource = self.sandbox.put(f"{kind}/{name}@{region}", {"status": status} | data)
        return next(thing for thing in self.things if thing.resource is resource)

    def named(self, kind: str, name: str, region: str) -> Thing | None:
        """What truly bears the name."""
        advance(self.sandbox.world, self.now)
        for thing in self.things:
            if (thing.kind, thing.name, thing.region) == (kind, name, region) and thing.there(self.now):
                return thing
        return None

    def change(self, thing: Thing, status: str) -> None:
        thing.resource.begin(self.now, last=status)

    def rename(self, thing: Thing, name: str) -> None:
        thing.name = name

    # -- what happens -------------------------------------------------------------------------------------

    def happened(self, call: ApiCall) -> None:
        """After a call: what it made is given the life that the story says, and the journal a line."""
        self.calls += 1
        assert self.calls < MOST_CALLS, "it goes round in circles"
        hit, self.desk.hit = self.desk.hit, False
        if hit or (call.changes and call.performed):
            self.version += 1
        if not call.performed or not call.changes:
            return
        effect = self.desk.effect
        key = effect.key if effect is not None else ""
        if call.name in MAKES:
            self._made(key)
        assert self.things  # whatever else came of it (a last snapshot) is nobody's
        verb = "create" if call.name in MAKES else "delete" if call.name in REMOVES else "call"
        thing = self._of(call)
        kind = thing.kind if thing is not None else (effect.on.partition(" ")[2] if effect is not None else "")
        act = Act(
            at=call.at, verb=verb, kind=kind, name=thing.name if thing is not None else "",
            id=thing.id if thing is not None else "", key=key, done=True,
        )  # fmt: skip
        self.journal.append(act)

    def _made(self, key: str) -> None:
        known = {id(thing.resource) for thing in self._things}
        made = [r for r in self.sandbox.world.resources.values() if r.kind in KINDS and id(r) not in known]
        for resource in made:
            thing = Thing(self, resource, key)
            self._things.append(thing)
            queue = self.lives.get(resource.kind, [])
            if queue:
                self._live(resource, queue.pop(0))
            for tell in self.on_create:
                tell(self, thing)

    def _live(self, resource: Resource, life: list[tuple[str, float]]) -> None:
        at = self.now
        resource.life.clear()
        for status, seconds in life:
            resource.life.append((status, at))
            at += seconds
        if life[-1][1] != FOREVER:
            resource.life.append(("available", at))

    def _of(self, call: ApiCall) -> Thing | None:
        """The thing that a call was about, by what the sandbox's journal says."""
        id = call.resource.rpartition("#")[2]
        return next((thing for thing in self._things if id and thing.resource.id == id), None)
