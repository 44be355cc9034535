"""Injects the faults of scenarios into the sandbox, and records the effects that the engine performs.

A fault of a scenario is about an effect; the sandbox has faults of calls. Each fault hits the one call of its effect that
changes something. So a crash, after which the reads before that call are sent again, does not shift the fault.
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

CREATES = {
    "rds.CopyDBClusterSnapshot": "rds.cluster_snapshot",
    "rds.RestoreDBClusterFromSnapshot": "rds.cluster",
    "rds.CreateDBInstance": "rds.instance",
}
DELETES = {
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
"""The call of `postgres.setup_users` that each fault hits. A refusal hits its connection, and `not_sent` its first call,
which reads the admin's secret."""

DENIED = {"Refused": "denied"}
"""Categories of the errors of the tests' own actions."""

WRONG_GROUP = "wrong"
"""A subnet group that exists, but into which no cluster can be restored."""


@dataclass(slots=True, kw_only=True)
class Effect:
    """An effect that is being performed. `on` as in the faults of scenarios: `create rds.cluster`."""

    on: str
    params: Mapping[str, Any]
    key: str
    calls: int = 0

    def is_hit_at(self, call: ApiCall, fault: Fault) -> bool:
        """Whether this is the call of the effect that the fault hits."""
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


class FaultInjector(Faults):
    """Stands for the sandbox's faults, and adds those of the scenario for the current effect."""

    def __init__(self, world: Any) -> None:
        super().__init__()
        self.world = world
        self.faults: list[Fault] = []
        self.asked: set[str] = set()  # keys of the changes that were requested
        self.hit = False  # whether a fault hit the last call
        self._here = threading.local()

    @property
    def effect(self) -> Effect | None:
        """The current effect of this thread, which is one runner."""
        found: Effect | None = getattr(self._here, "effect", None)
        return found

    @contextmanager
    def performing(self, on: str, params: Mapping[str, Any], ctx: Context) -> Iterator[None]:
        before = self.effect
        self._here.effect = Effect(on=on, params=params, key=ctx.key)
        if ctx.key:
            self.asked.add(ctx.key)
        try:
            yield
        finally:
            self._here.effect = before

    def take(self, call: ApiCall) -> list[CallFault]:
        """The faults for this call: those of the sandbox, and those of the current effect."""
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
        if not effect.is_hit_at(call, fault) or not fault.hits(effect.on, effect.params, effect.key, call.at):
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


# -- registry ---------------------------------------------------------------------------------


class InterceptedKind:
    """A kind of the real registry whose effects are recorded and can fail."""

    def __init__(self, kind: ResourceKind, injector: FaultInjector) -> None:
        self._kind = kind
        self._injector = injector

    def __getattr__(self, name: str) -> Any:
        return getattr(self._kind, name)

    def look(self, identity: Mapping[str, Any], ctx: Context) -> Observation:
        with self._injector.performing(f"look {self.name}", identity, ctx):
            return self._kind.look(identity, ctx)

    def create(self, params: Mapping[str, Any], tags: Mapping[str, str], ctx: Context) -> str | None:
        with self._injector.performing(f"create {self.name}", params, ctx):
            return self._kind.create(params, tags, ctx)

    def delete(self, target: Mapping[str, Any], ctx: Context) -> None:
        with self._injector.performing(f"delete {self.name}", target, ctx):
            self._kind.delete(target, ctx)


class InterceptedFamily:
    """A family of actions, likewise."""

    def __init__(self, family: Family, injector: FaultInjector) -> None:
        self.prefix = family.prefix
        self._family = family
        self._injector = injector

    def kind(self, name: str) -> ResourceKind | None:
        return self._family.kind(name)

    def action(self, name: str) -> Action | None:
        found = self._family.action(name)
        return _intercepted_action(found, self._injector) if found is not None else None


def intercepted(real: Registry, injector: FaultInjector, sandbox: Any) -> Registry:
    """The real registry with intercepted effects, and the actions of the scenarios."""
    made = replace(
        real, kinds={name: InterceptedKind(kind, injector) for name, kind in real.kinds.items()},
        actions={name: _intercepted_action(action, injector) for name, action in real.actions.items()},
        families={prefix: InterceptedFamily(family, injector) for prefix, family in real.families.items()},
    )  # fmt: skip
    for action in scenario_actions(real, sandbox):
        made.add_action(_intercepted_action(action, injector))
    return made


def _intercepted_action(action: Action, injector: FaultInjector) -> Action:
    def run(params: Mapping[str, Any], ctx: Context) -> Mapping[str, Any]:
        with injector.performing(f"call {action.name}", params, ctx):
            return action.run(params, ctx)

    return changed(action, run=run)


# -- actions of the scenarios ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class GenericCall:
    """An action of the scenarios that makes a call of AWS, by the generic action for it."""

    real: Registry
    name: str
    params: Callable[[Mapping[str, Any]], Mapping[str, Any]] = field()

    def run(self, params: Mapping[str, Any], ctx: Context) -> Mapping[str, Any]:
        action = self.real.action(self.name)
        assert action is not None
        return action.run(self.params(params), ctx)


def _rename_params(params: Mapping[str, Any]) -> Mapping[str, Any]:
    names = {"DBClusterIdentifier": params["name"], "NewDBClusterIdentifier": params["new_name"]}
    return names | {"ApplyImmediately": True}


def scenario_actions(real: Registry, sandbox: Any) -> Iterator[Action]:
    """`test.rename` and `test.start` call AWS; `test.note` and `test.once` call a made-up service."""

    def call_of(operation: str) -> Callable[[Mapping[str, Any], Context], Mapping[str, Any]]:
        return lambda params, ctx: _call_service(sandbox, operation, params)

    rename = GenericCall(real, "aws.rds.modify_db_cluster", _rename_params)
    start = GenericCall(real, "aws.rds.start_db_cluster", lambda params: {"DBClusterIdentifier": params["name"]})
    for name, names, run in (
        ("test.rename", "name new_name", rename.run),
        ("test.start", "name", start.run),
        ("test.once", "text", call_of("Once")),
        ("test.note", "text", call_of("Note")),
    ):
        params = {word: Param(schema={}, secret=True) for word in names.split()}
        facts = ActionFacts(name=name, repeatable=None)
        yield Action(name=name, doc="", facts=facts, params=params, output={}, calls={}, errors=(), run=run)


def _call_service(sandbox: Any, operation: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        sandbox.network_call("test", operation, params, lambda: None)
    except Refusal as refusal:
        category = DENIED.get(refusal.code, "internal")
        raise EffectFailed(Problem(name=refusal.code, category=category, message=refusal.message)) from None
    except NoReply as cut:
        if cut.kind == "unsent":
            raise EffectNotSent(Problem(name="NotSent", category="network", message="it was not sent")) from None
        raise EffectUnknown("the reply was lost") from None
    return {"ok": True, **params}
