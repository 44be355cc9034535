"""The interface of the laws' world over the sandbox: put, named, look, change, things, faults.

So the same scenarios run with the real actions. A `Thing` is a resource of the sandbox.
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
from tests.crash.effect_faults import CREATES, DELETES, FaultInjector, intercepted
from tests.laws.world import FOREVER, Act, Fault

KINDS = ("rds.cluster_snapshot", "rds.cluster", "rds.instance")
MAX_CALLS = 20_000
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
"""Durations are those of the laws' world."""

WIRE = {
    "protected": "DeletionProtection", "in_global": "GlobalClusterIdentifier", "replica_of": "ReplicationSourceIdentifier",
}  # fmt: skip


class ThingData:
    """The data of a resource, by the names in scenarios."""

    def __init__(self, resource: Resource) -> None:
        self._resource = resource

    def update(self, *data: Mapping[str, Any], **more: Any) -> None:
        self._resource.data |= {WIRE[name]: value for name, value in dict(*data, **more).items()}


class Thing:
    """A resource as scenarios use it; it remains when the resource is gone."""

    def __init__(self, world: SandboxWorld, resource: Resource, by: str) -> None:
        self.world = world
        self.resource = resource
        self.by = by  # the key of the effect that created it, else `somebody`
        self.kind = resource.kind
        self.region = resource.region
        self.tags = resource.tags
        self.data = ThingData(resource)

    @property
    def id(self) -> str:
        """The id as the kind reports it and the ledger has it."""
        if self.kind != "rds.cluster_snapshot":
            return self.resource.id
        attributes = attributes_of(wire(self.world.sandbox.world, self.resource, self.status(self.world.now)))
        return str(attributes["id"])

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
    """SSM parameters by the last part of their path; changes go to the sandbox."""

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
    """From the `at`-th write on, the store does not answer for `seconds`; with 0, one reply is lost."""

    at: int
    seconds: float = 0.0
    until: float | None = None


class SandboxWorld:
    """The sandbox with the interface of the laws' world. `version` grows with every call that changes something."""

    def __init__(self, clock: VirtualClock, real: Registry) -> None:
        self.clock = clock
        self.injector = FaultInjector(self)
        self.sandbox = Sandbox(WORLD, clock=clock, faults=self.injector)
        self.registry = intercepted(real, self.injector, self.sandbox)
        self.settings = Settings(self.sandbox)
        self.lifecycles: dict[str, list[list[tuple[str, float]]]] = {}
        self.on_create: list[Callable[[Any, Thing], None]] = []
        self.broken_checks: set[str] = set()  # unused: the sandbox's own checks report problems
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
        return self.injector.faults

    @property
    def asked(self) -> set[str]:
        return self.injector.asked

    @property
    def messages(self) -> list[dict[str, Any]]:
        return self.sandbox.messages

    @property
    def users(self) -> list[str]:
        """The users of all existing databases."""
        there = {thing.resource.id for thing in self.things if thing.there(self.now)}
        found = [data.get("roles", {}) for id, data in self.sandbox.world.databases.items() if id in there]
        return [name for roles in found for name in roles]

    # -- resources ------------------------------------------------------------------------------------

    @property
    def things(self) -> list[Thing]:
        """All resources, also deleted ones."""
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
        """Add a resource of another person; an existing one with its name is removed."""
        before = self.named(kind, name, region)
        if before is not None:
            before.life = [("gone", 0.0)]
        resource = self.sandbox.put(f"{kind}/{name}@{region}", {"status": status} | data)
        return next(thing for thing in self.things if thing.resource is resource)

    def named(self, kind: str, name: str, region: str) -> Thing | None:
        """The existing resource with this name."""
        advance(self.sandbox.world, self.now)
        for thing in self.things:
            if (thing.kind, thing.name, thing.region) == (kind, name, region) and thing.there(self.now):
                return thing
        return None

    def change(self, thing: Thing, status: str) -> None:
        thing.resource.begin(self.now, last=status)

    def rename(self, thing: Thing, name: str) -> None:
        thing.name = name

    # -- calls -------------------------------------------------------------------------------------

    def after_call(self, call: ApiCall) -> None:
        """After a call: give a new resource the lifecycle of the scenario, and add to the journal."""
        self.calls += 1
        assert self.calls < MAX_CALLS, "the operation never ends"
        hit, self.injector.hit = self.injector.hit, False
        if hit or (call.changes and call.performed):
            self.version += 1
        if not call.performed or not call.changes:
            return
        effect = self.injector.effect
        key = effect.key if effect is not None else ""
        if call.name in CREATES:
            self._made(key)
        assert self.things  # registers other new resources, such as a final snapshot, as foreign
        verb = "create" if call.name in CREATES else "delete" if call.name in DELETES else "call"
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
            queue = self.lifecycles.get(resource.kind, [])
            if queue:
                self._live(resource, queue.pop(0))
            for execute in self.on_create:
                execute(self, thing)

    def _live(self, resource: Resource, life: list[tuple[str, float]]) -> None:
        at = self.now
        resource.life.clear()
        for status, seconds in life:
            resource.life.append((status, at))
            at += seconds
        if life[-1][1] != FOREVER:
            resource.life.append(("available", at))

    def _of(self, call: ApiCall) -> Thing | None:
        """The resource of a call, by the sandbox's journal."""
        id = call.resource.rpartition("#")[2]
        return next((thing for thing in self._things if id and thing.resource.id == id), None)
