"""The kinds and actions of the laws' world, as `actions` has them for AWS."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from engine.errors import EffectFailed, Problem
from engine.language.model import ActionFacts, Deletes, KindFacts, Monitor
from engine.registry import MISSING, Action, Blocker, Context, Observation, Param, Part, Registry, Status
from tests.laws.world import Act, Thing, World, arn

CLASS = {
    "available": "available", "copying": "pending", "creating": "pending", "modifying": "pending",
    "starting": "pending", "stopped": "blocked", "failed": "broken", "deleting": "leaving",
}  # fmt: skip
ANY: dict[str, Any] = {}


def refused(name: str, category: str, message: str = "", *also: str) -> EffectFailed:
    return EffectFailed(Problem(name=name, category=category, message=message or name, also=also))


class Kind:
    """A kind that can be created, looked at and deleted."""

    doc = ""
    statuses: Mapping[str, Status] = MappingProxyType(
        {status: Status(cls=cls, source="tests") for status, cls in CLASS.items()}
    )
    calls = ()

    def __init__(self, world: World, facts: KindFacts, params: str, attributes: str) -> None:
        self.world = world
        self.facts = facts
        self.name = facts.name
        self.params = {name: Param(schema=ANY, required=name in facts.identity) for name in params.split()}
        self.attributes = dict.fromkeys(attributes.split(), ANY)

    def look(self, identity: Mapping[str, Any], ctx: Context) -> Observation:
        found: list[Thing | None] = [None]

        def do() -> None:
            found[0] = self.world.look(self.name, identity, ctx.region)

        self.world.send(f"look {self.name}", identity, do)
        thing = found[0]
        if thing is None:
            return MISSING
        status = thing.shown(self.world.now)
        return Observation(
            status=status, cls=CLASS.get(status, "unknown"), id=thing.id, attributes=self.attributes_of_thing(thing, status),
            tags=thing.tags, parts=self.parts(thing),
        )  # fmt: skip

    def attributes_of_thing(self, thing: Thing, status: str) -> dict[str, Any]:
        endpoint = {"endpoint": f"{thing.name}.cluster", "port": 5432} if self.name == "rds.cluster" else {}
        attributes_of_thing = {
            "name": thing.name,
            "arn": arn(thing),
            "id": thing.id,
            "status": status,
            "encrypted": False,
        }
        if self.name == "rds.cluster":
            members = self.world.members(thing.name, thing.region)
            attributes_of_thing["instances"] = [
                {"name": m.name, "class": m.data.get("class"), "writer": n == 0}
                for n, m in enumerate(m for m in members if m.shown(self.world.now) != "gone")
            ]
        return attributes_of_thing | endpoint | thing.data

    def parts(self, thing: Thing) -> tuple[Part, ...]:
        if self.name != "rds.cluster":
            return ()
        now = self.world.now
        members = [m for m in self.world.members(thing.name, thing.region) if m.shown(now) != "gone"]
        return tuple(
            Part(
                kind="rds.instance", identity={"name": m.name}, id=m.id, status=m.shown(now),
                cls=CLASS.get(m.shown(now), "unknown"), tags=m.tags,
            )
            for m in reversed(members)
        )  # fmt: skip

    def create(self, params: Mapping[str, Any], tags: Mapping[str, str], ctx: Context) -> str | None:
        made = self.world.send(f"create {self.name}", params, lambda: self._create(params, tags, ctx), ctx.key)
        return made.id if made is not None else None

    def _create(self, params: Mapping[str, Any], tags: Mapping[str, str], ctx: Context) -> Thing:
        world, name = self.world, str(params["name"])
        if world.named(self.name, name, ctx.region) is not None:
            raise refused("AlreadyExists", "exists", f"{name} already exists")
        self._must_be_there(params, ctx)
        thing = world.make(self.name, name, ctx.region, tags, ctx.key, dict(params))
        self._note("create", name, thing.id, ctx)
        return thing

    def _must_be_there(self, params: Mapping[str, Any], ctx: Context) -> None:
        source = params.get("copy_of") or params.get("from_snapshot")
        if source is not None:
            there = [t for t in self.world.alive("rds.cluster_snapshot") if arn(t) == source]
            if not there or there[0].status(self.world.now) != "available":
                raise refused("DBClusterSnapshotNotFoundFault", "not_found", str(source), "InvalidSnapshot.NotFound")
        if "subnet_group" in params and params["subnet_group"] == "wrong":
            raise refused("DBSubnetGroupNotFoundFault", "config", "no such group", "InvalidVPCConfiguration")
        if "cluster" in params:
            whole = self.world.named("rds.cluster", str(params["cluster"]), ctx.region)
            if whole is None:
                raise refused("DBClusterNotFoundFault", "not_found", "no cluster", "ClusterNotFound")
            if whole.status(self.world.now) != "available":
                raise refused("InvalidDBClusterStateFault", "conflict", "not available")

    def delete(self, target: Mapping[str, Any], ctx: Context) -> None:
        self.world.send(f"delete {self.name}", target, lambda: self._delete(target, ctx), ctx.key)

    def _delete(self, target: Mapping[str, Any], ctx: Context) -> Thing:
        world, name = self.world, str(target["name"])
        thing = world.named(self.name, name.rpartition(":")[2], ctx.region)
        if thing is None:
            raise refused("NotFound", "not_found", f"{name} is not there")
        if thing.status(world.now) == "deleting":
            raise refused("InvalidState", "conflict", "it is being deleted", "BeingDeleted")
        if thing.data.get("protected") and not target.get("unprotect"):
            raise refused("InvalidParameterCombination", "invalid", "it is protected")
        members = [m for m in world.members(thing.name, thing.region) if m.there(world.now)]
        if self.name == "rds.cluster" and self._snapshots_being_made(thing.name):
            raise refused("InvalidDBClusterSnapshotStateFault", "conflict", "a snapshot is being made")
        if self.name == "rds.cluster" and any(m.status(world.now) != "deleting" for m in members):
            raise refused("InvalidDBClusterStateFault", "conflict", "it still has instances")
        world.unmake(thing)
        self._note("delete", thing.name, thing.id, ctx)
        return thing

    def in_the_way(self, seen: Observation, params: Mapping[str, Any]) -> str | None:
        if seen.attributes["arn"] in params.get("needed", ()) or seen.id in params.get("needed", ()):
            return f"a later step is made from {seen.attributes['name']}"
        protected = seen.attributes.get("protected") and not params.get("unprotect")
        return f"{seen.attributes['name']} is protected" if protected else None

    def blocked_by(self, seen: Observation, params: Mapping[str, Any], ctx: Context) -> Blocker | None:
        if self.name != "rds.cluster" or not self._snapshots_being_made(seen.attributes["name"]):
            return None
        return Blocker(reason="a snapshot is being made", passes=True)

    def _snapshots_being_made(self, cluster: str) -> bool:
        snapshots = [t for t in self.world.alive("rds.cluster_snapshot") if t.data.get("cluster") == cluster]
        return any(t.status(self.world.now) == "creating" for t in snapshots)

    def _note(self, verb: str, name: str, id: str, ctx: Context) -> None:
        act = Act(at=self.world.now, verb=verb, kind=self.name, name=name, id=id, key=ctx.key, done=True)
        self.world.journal.append(act)


class Checked:
    """A kind for checks only: ok unless the world marks it as broken."""

    doc = ""
    statuses: Mapping[str, Status] = MappingProxyType(
        {"ok": Status(cls="available", source="tests"), "wrong": Status(cls="broken", source="tests")}
    )
    calls = ()

    def __init__(self, world: World, name: str, identity: str) -> None:
        self.world = world
        self.name = name
        self.facts = KindFacts(name=name, identity=tuple(identity.split()), verbs=("check",))
        self.params = {one: Param(schema=ANY, required=True) for one in identity.split()}
        self.attributes = {"problem": ANY}

    def look(self, identity: Mapping[str, Any], ctx: Context) -> Observation:
        self.world.send(f"look {self.name}", identity, lambda: None)
        wrong = self.name in self.world.broken_checks
        return Observation(
            status="wrong" if wrong else "ok", cls="broken" if wrong else "available",
            attributes={"problem": f"{self.name} is wrong" if wrong else None},
        )  # fmt: skip

    def create(self, params: Mapping[str, Any], tags: Mapping[str, str], ctx: Context) -> str | None:
        raise AssertionError(self.name)

    def delete(self, target: Mapping[str, Any], ctx: Context) -> None:
        raise AssertionError(self.name)

    def in_the_way(self, seen: Observation, params: Mapping[str, Any]) -> str | None:
        return None


def registry(world: World) -> Registry:
    """All kinds and actions of the scenarios."""
    made = Registry()
    watched = Monitor(every=30.0, longest=3600.0, grace=60.0)
    snapshot = KindFacts(
        name="rds.cluster_snapshot", identity=("name",), monitor=Monitor(every=30.0, longest=86400.0, grace=60.0),
        removal=watched, data="copy", source="copy_of",
    )  # fmt: skip
    cluster = KindFacts(
        name="rds.cluster", identity=("name",), monitor=Monitor(every=60.0, longest=14400.0, grace=60.0),
        removal=watched, data="live", source="from_snapshot",
    )  # fmt: skip
    instance = KindFacts(name="rds.instance", identity=("name",), monitor=watched, part_of="cluster")
    attributes_of_thing = "name arn id status encrypted"
    made.add_kind(Kind(world, snapshot, "name copy_of kms_key", f"{attributes_of_thing} cluster"))
    made.add_kind(
        Kind(
            world, cluster, "name from_snapshot subnet_group security_groups unprotect",
            f"{attributes_of_thing} instances endpoint port protected",
        )
    )  # fmt: skip
    made.add_kind(Kind(world, instance, "name cluster class", f"{attributes_of_thing} cluster class writer"))
    made.add_kind(Checked(world, "ec2.network", "subnet_group security_groups"))
    made.add_kind(Checked(world, "ec2.port_open", "security_groups port"))
    made.add_kind(Checked(world, "net.endpoint", "host port"))
    for name, repeatable, params, run in _actions(world):
        made.add_action(
            Action(
                name=name, doc="", facts=ActionFacts(
                    name=name, repeatable=repeatable, deletes=DELETES.get(name), makes=MAKES.get(name, ""), names_made=name == "test.make",
                    tokens=("token",) if name == "test.token" else (),
                ),
                params={one: Param(schema=ANY, secret=True) for one in params.split()}, output={}, calls={}, errors=(),
                run=run,
            )
        )  # fmt: skip
    return made


HOUR = 3600.0
DELETES = {"test.delete": Deletes(names=("name",), thing="test.snapshot", own_members=frozenset({"name"}))}
MAKES = {"test.make": "test.snapshot", "test.make_silently": "test.snapshot"}

Run = Callable[[Mapping[str, Any], Context], Mapping[str, Any]]


def _actions(world: World) -> list[tuple[str, bool | None, str, Run]]:
    def cluster(name: Any, ctx: Context) -> Thing:
        thing = world.named("rds.cluster", str(name), ctx.region)
        if thing is None:
            raise refused("DBClusterNotFoundFault", "not_found", "no cluster")
        return thing

    def users(params: Mapping[str, Any], ctx: Context) -> None:
        whole = str(params["host"]).removesuffix(".cluster")
        if not [m for m in world.members(whole, ctx.region) if m.status(world.now) == "available"]:
            raise refused("ConnectionTimeout", "timeout", "nothing answers")
        world.users = [one["name"] for one in params["users"]]

    def rename(params: Mapping[str, Any], ctx: Context) -> None:
        cluster(params["name"], ctx).name = str(params["new_name"])

    def start(params: Mapping[str, Any], ctx: Context) -> None:
        thing = cluster(params["name"], ctx)
        if thing.status(world.now) != "stopped":
            raise refused("InvalidDBClusterStateFault", "conflict", "not stopped")
        thing.life = [("starting", world.now), ("available", world.now + 90)]

    def publish(params: Mapping[str, Any], ctx: Context) -> None:
        world.messages.append(dict(params) | {"key": ctx.key})

    def note(params: Mapping[str, Any], ctx: Context) -> None: ...

    return [
        ("postgres.setup_users", True, "host port admin users", _call(world, "postgres.setup_users", users)),
        ("sns.publish", True, "topic subject text", _call(world, "sns.publish", publish)),
        ("test.rename", None, "name new_name", _call(world, "test.rename", rename)),
        ("test.start", None, "name", _call(world, "test.start", start)),
        ("test.once", None, "text", _call(world, "test.once", note)),
        ("test.note", None, "text", _call(world, "test.note", note)),
        ("test.token", None, "text token", _call_with_token(world)),
        *_calls_that_delete(world),
    ]


def _calls_that_delete(world: World) -> list[tuple[str, bool | None, str, Run]]:
    def make(params: Mapping[str, Any], ctx: Context) -> None:
        world.put("rds.cluster_snapshot", str(params["name"]), ctx.region)

    def delete(params: Mapping[str, Any], ctx: Context) -> None:
        thing = world.named("rds.cluster_snapshot", str(params["name"]), ctx.region)
        if thing is None:
            raise refused("NotFound", "not_found", "no snapshot")
        world.unmake(thing)
        act = Act(
            at=world.now,
            verb="delete",
            kind="rds.cluster_snapshot",
            name=thing.name,
            id=thing.id,
            key=ctx.key,
            done=True,
        )
        world.journal.append(act)

    return [
        ("test.make", None, "name", _call(world, "test.make", make)),
        ("test.make_silently", None, "name", _call(world, "test.make_silently", make, silent=True)),
        ("test.delete", None, "name", _call(world, "test.delete", delete)),
    ]


def _call_with_token(world: World) -> Run:
    """AWS knows a token for an hour: the same call again has the answer of the first, and does nothing."""
    first: dict[str, float] = {}

    def run(params: Mapping[str, Any], ctx: Context) -> Mapping[str, Any]:
        def perform() -> None:
            if ctx.key in first and world.now < first[ctx.key] + HOUR:
                return
            first.setdefault(ctx.key, world.now)
            act = Act(at=world.now, verb="call", kind="test.token", name="", id="", key=ctx.key, done=True)
            world.journal.append(act)

        world.send("call test.token", params, perform, ctx.key)
        return {"id": f"made-by-{ctx.key}", **params}

    return run


def _call(world: World, name: str, do: Callable[[Mapping[str, Any], Context], None], *, silent: bool = False) -> Run:
    """An action whose calls are subject to the world's faults and recorded in its journal."""

    def run(params: Mapping[str, Any], ctx: Context) -> Mapping[str, Any]:
        def perform() -> None:
            do(params, ctx)
            world.called.append((name, params))
            act = Act(at=world.now, verb="call", kind=name, name="", id="", key=ctx.key, done=True)
            world.journal.append(act)

        world.send(f"call {name}", params, perform, ctx.key)
        return {"ok": True} if silent else {"ok": True, **params}

    return run
