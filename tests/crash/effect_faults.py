"""Effects, as they pass from the engine to the real actions: noted by their keys, and met by the stories' faults.

A fault of a story is about an effect; the sandbox has faults of calls. Here each is put upon the one call of its effect
that changes something, so that a crash, after which the reads before it are sent again, changes nothing in what befalls.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from actions.sandbox.calls import ApiCall, Refusal
from actions.sandbox.faults import Fault as CallFault
from actions.sandbox.faults import Faults, NoReply
from engine.errors import EffectFailed, EffectNotSent, EffectUnknown, Problem
from engine.language.model import ActionFacts
from engine.registry import Action, Context, Family, Observation, Param, Registry, ResourceKind
from engine.values import changed
from tests.laws.world import Fault

MAKES = {
    "rds.CopyDBClusterSnapshot": "rds.cluster_snapshot",
    "rds.RestoreDBClusterFromSnapshot": "rds.cluster",
    "rds.CreateDBInstance": "rds.instance",
}
REMOVES = {
    "rds.DeleteDBClusterSnapshot": "rds.cluster_snapshot",
    "rds.DeleteDBCluster": "rds.cluster",
    "rds.DeleteDBInstance": "rds.instance",
}
NOT_FOUND = {
    "rds.cluster_snapshot": "DBClusterSnapshotNotFoundFault",
    "rds.cluster": "DBClusterNotFoundFault",
    "rds.instance": "DBInstanceNotFound",
}
USERS = {"lost": "postgres.Commit", "nothing": "postgres.Commit"}
"""Which call of `postgres.setup_users` is met by what. A refusal meets its connection; what is not sent, its first call,
which is for the admin's secret."""

DENIED = {"Refused": "denied"}
"""Categories of the errors of actions that are the tests' own."""

WRONG_GROUP = "wrong"
"""A subnet group that is there to be looked at, and that no cluster can be restored into."""


@dataclass(slots=True, kw_only=True)
class Effect:
    """An effect in hand. `on` is as the stories' faults have it: `create rds.cluster`."""

    on: str
    params: Mapping[str, Any]
    key: str
    calls: int = 0

    def is_met_at(self, call: ApiCall, fault: Fault) -> bool:
        """Is this the call of the effect upon which the fault falls?"""
        if fault.on != self.on:
            return False
        verb, _, name = self.on.partition(" ")
        match verb:
            case "look":
                return self.calls == 1
            case "create" | "delete":
                return call.changes
            case _ if name == "postgres.setup_users":
                if fault.do == "not_sent":
                    return self.calls == 1
                return call.name == (USERS[fault.do] if isinstance(fault.do, str) else "postgres.Connect")
            case _:
                return call.changes


class Desk(Faults):
    """Every effect passes here. It stands where the sandbox's faults stand."""

    def __init__(self, world: Any) -> None:
        super().__init__()
        self.world = world
        self.faults: list[Fault] = []
        self.asked: set[str] = set()  # keys of the changes that were asked for
        self.hit = False  # was the last call met by anything
        self._here = threading.local()

    @property
    def effect(self) -> Effect | None:
        """The one in hand in this thread, which is a runner."""
        found: Effect | None = getattr(self._here, "effect", None)
        return found

    @contextmanager
    def passing(self, on: str, params: Mapping[str, Any], ctx: Context) -> Iterator[None]:
        before = self.effect
        self._here.effect = Effect(on=on, params=params, key=ctx.key)
        if ctx.key:
            self.asked.add(ctx.key)
        try:
            yield
        finally:
            self._here.effect = before

    def take(self, call: ApiCall) -> list[CallFault]:
        """What meets this call: faults of calls, and those of the effect in hand."""
        met = super().take(call)
        effect = self.effect
        if effect is not None:
            effect.calls += 1
            met += [self._of_call(fault, effect) for fault in self.faults if self._meets(fault, effect, call)]
        if call.name == "rds.RestoreDBClusterFromSnapshot" and call.params.get("DBSubnetGroupName") == WRONG_GROUP:
            met.append(CallFault(kind="error", code="DBSubnetGroupNotFoundFault"))
        self.hit = bool(met)
        return met

    def _meets(self, fault: Fault, effect: Effect, call: ApiCall) -> bool:
        if not effect.is_met_at(call, fault) or not fault.hits(effect.on, effect.params, effect.key):
            return False
        fault.after(self.world)
        return True

    def _of_call(self, fault: Fault, effect: Effect) -> CallFault:
        match fault.do:
            case Problem(name=name):
                if effect.on.startswith("look ") and name == "InternalFailure":
                    return CallFault(kind="server_error")
                code = NOT_FOUND[effect.on.partition(" ")[2]] if name == "NotFound" else name
                return CallFault(kind="error", code=code)
            case "lost" | "invisible" | "stale" as kind:
                return CallFault(kind=kind, seconds=fault.seconds)
            case "nothing":
                return CallFault(kind="lost_unperformed")
            case _:
                return CallFault(kind="credentials" if fault.category == "credentials" else "throttle")


# -- what the engine is given ---------------------------------------------------------------------------------


class Noted:
    """A kind of the real registry, whose effects pass the desk."""

    def __init__(self, kind: ResourceKind, desk: Desk) -> None:
        self._kind = kind
        self._desk = desk

    def __getattr__(self, name: str) -> Any:
        return getattr(self._kind, name)

    def look(self, identity: Mapping[str, Any], ctx: Context) -> Observation:
        with self._desk.passing(f"look {self.name}", identity, ctx):
            return self._kind.look(identity, ctx)

    def create(self, params: Mapping[str, Any], tags: Mapping[str, str], ctx: Context) -> str | None:
        with self._desk.passing(f"create {self.name}", params, ctx):
            return self._kind.create(params, tags, ctx)

    def delete(self, target: Mapping[str, Any], ctx: Context) -> None:
        with self._desk.passing(f"delete {self.name}", target, ctx):
            self._kind.delete(target, ctx)


class NotedFamily:
    """Actions that are made from their names."""

    def __init__(self, family: Family, desk: Desk) -> None:
        self.prefix = family.prefix
        self._family = family
        self._desk = desk

    def kind(self, name: str) -> ResourceKind | None:
        return self._family.kind(name)

    def action(self, name: str) -> Action | None:
        found = self._family.action(name)
        return _passing(found, self._desk) if found is not None else None


def noted(real: Registry, desk: Desk, sandbox: Any) -> Registry:
    """The real registry, noted, and the actions of the stories beside it."""
    made = replace(
        real, kinds={name: Noted(kind, desk) for name, kind in real.kinds.items()},
        actions={name: _passing(action, desk) for name, action in real.actions.items()},
        families={prefix: NotedFamily(family, desk) for prefix, family in real.families.items()},
    )  # fmt: skip
    for action in stories_actions(real, sandbox):
        made.add_action(_passing(action, desk))
    return made


def _passing(action: Action, desk: Desk) -> Action:
    def run(params: Mapping[str, Any], ctx: Context) -> Mapping[str, Any]:
        with desk.passing(f"call {action.name}", params, ctx):
            return action.run(params, ctx)

    return changed(action, run=run)


# -- the stories' own actions ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Standing:
    """An action of the stories that stands for a call of AWS's, made by the generic action of that call."""

    real: Registry
    name: str
    params: Callable[[Mapping[str, Any]], Mapping[str, Any]] = field()

    def run(self, params: Mapping[str, Any], ctx: Context) -> Mapping[str, Any]:
        action = self.real.action(self.name)
        assert action is not None
        return action.run(self.params(params), ctx)


def _renames(params: Mapping[str, Any]) -> Mapping[str, Any]:
    names = {"DBClusterIdentifier": params["name"], "NewDBClusterIdentifier": params["new_name"]}
    return names | {"ApplyImmediately": True}


def stories_actions(real: Registry, sandbox: Any) -> Iterator[Action]:
    """`test.rename` and `test.start` are AWS's own calls; `test.note` and `test.once` a service of nobody's."""

    def told(operation: str) -> Callable[[Mapping[str, Any], Context], Mapping[str, Any]]:
        return lambda params, ctx: _told(sandbox, operation, params)

    renames = _Standing(real, "aws.rds.modify_db_cluster", _renames)
    starts = _Standing(real, "aws.rds.start_db_cluster", lambda params: {"DBClusterIdentifier": params["name"]})
    for name, words, run in (
        ("test.rename", "name new_name", renames.run),
        ("test.start", "name", starts.run),
        ("test.once", "text", told("Once")),
        ("test.note", "text", told("Note")),
    ):
        params = {word: Param(schema={}, secret=True) for word in words.split()}
        facts = ActionFacts(name=name, repeatable=None)
        yield Action(name=name, doc="", facts=facts, params=params, output={}, calls={}, errors=(), run=run)


def _told(sandbox: Any, operation: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        sandbox.network_call("test", operation, params, lambda: None)
    except Refusal as refusal:
        category = DENIED.get(refusal.code, "internal")
        raise EffectFailed(Problem(name=refusal.code, category=category, message=refusal.message)) from None
    except NoReply as cut:
        if cut.kind == "unsent":
            raise EffectNotSent(Problem(name="NotSent", category="network", message="it never left")) from None
        raise EffectUnknown("the reply was lost") from None
    return {"ok": True}
