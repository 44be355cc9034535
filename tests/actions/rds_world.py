"""RDS's kinds in the sandbox, in virtual time, through botocore."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from actions import build_registry
from actions.sandbox import Fault, Sandbox
from engine.errors import EffectFailed, EffectNotSent, EffectUnknown, Problem
from engine.registry import Blockable, Blocker, Context, Observation, Registry
from tests.actions.contexts import context

WEST, EAST, ACCOUNT, OTHER = "us-west-2", "us-east-1", "123456789012", "210987654321"
REGISTRY: Registry = build_registry(entry_points=False)

TAGS = {
    "runbook:operation": "op-001",
    "runbook:runbook": "restore",
    "runbook:step": "copy-snapshot",
    "runbook:attempt": "1.1",
}


def arn(name: str, region: str = WEST, account: str = ACCOUNT, word: str = "cluster-snapshot") -> str:
    return f"arn:aws:rds:{region}:{account}:{word}:{name}"


@dataclass
class Rds:
    """A sandbox, and functions that use the kinds in it."""

    sandbox: Sandbox
    region: str = WEST

    def context(self, **more: Any) -> Context:
        return context(clients=self.sandbox.clients, network=self.sandbox.network, region=self.region, **more)

    def look(self, kind: str, identity: Mapping[str, Any] | None = None, **named: Any) -> Observation:
        found = REGISTRY.kinds[kind]
        return found.look({**(identity or {}), **named}, self.context())

    def create(self, kind: str, tags: Mapping[str, str] = TAGS, sources: Any = None, **params: Any) -> str | None:
        given = {"class" if name == "class_" else name: value for name, value in params.items()}
        return REGISTRY.kinds[kind].create(given, tags, self.context(sources=sources or {}))

    def delete(self, kind: str, **target: Any) -> None:
        REGISTRY.kinds[kind].delete(target, self.context())

    def in_the_way(self, kind: str, name: str, **params: Any) -> str | None:
        return REGISTRY.kinds[kind].in_the_way(self.look(kind, name=name), params)

    def blocked_by(self, name: str, **params: Any) -> Blocker | None:
        """What blocks the deletion of a cluster."""
        kind = REGISTRY.kinds["rds.cluster"]
        assert isinstance(kind, Blockable)
        return kind.blocked_by(self.look(kind.name, name=name), params, self.context())

    def sleep(self, seconds: float) -> None:
        self.sandbox.clock.sleep(seconds)

    def fault(self, kind: Any, call: str, **more: Any) -> None:
        self.sandbox.fault(Fault(kind=kind, call=call, **more))

    def called(self) -> list[str]:
        """The names of the calls so far."""
        return [call.name for call in self.sandbox.journal]

    def sent(self, name: str) -> Mapping[str, Any]:
        """The parameters of the last call of that name."""
        return next(call.params for call in reversed(self.sandbox.journal) if call.name == name)

    def refused(self, do: Any, *args: Any, **more: Any) -> Problem:
        with pytest.raises(EffectFailed) as caught:
            do(*args, **more)
        return caught.value.problem

    def unsent(self, do: Any, *args: Any, **more: Any) -> Problem:
        with pytest.raises(EffectNotSent) as caught:
            do(*args, **more)
        return caught.value.problem

    def unknown(self, do: Any, *args: Any, **more: Any) -> str:
        with pytest.raises(EffectUnknown) as caught:
            do(*args, **more)
        return caught.value.why


def new_rds(world: Mapping[str, Any] | None = None, region: str = WEST, **more: Any) -> Rds:
    return Rds(Sandbox(world or {}, **more), region)


def only_declared(rds: Rds, *kinds: str) -> bool:
    """True if every call so far is declared by one of the kinds."""
    declared = {call for kind in kinds for call in REGISTRY.kinds[kind].calls}
    undeclared = set(rds.called()) - declared
    assert not undeclared
    return True
