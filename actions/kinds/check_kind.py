"""What kinds that can only be looked at have in common: there is nothing to make or to remove.

Must not know what is looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from actions.aws.errors import truncated
from engine.errors import BrokenInvariant
from engine.language.model import KindFacts, Monitor
from engine.registry import MISSING, Context, Observation

TEXT_OR_NULL: dict[str, Any] = {"type": ["string", "null"]}


def facts(name: str, *identity: str) -> KindFacts:
    """Of a kind that stands in `check` alone, and is watched as its step says."""
    return KindFacts(name=name, identity=identity, verbs=("check",), monitor=Monitor())


class LookedAt:
    """The half of `engine.registry.ResourceKind` that such a kind has not."""

    name: str = ""

    def create(self, params: Mapping[str, Any], tags: Mapping[str, str], ctx: Context) -> str | None:
        raise BrokenInvariant(f"{self.name} cannot be made")

    def delete(self, target: Mapping[str, Any], ctx: Context) -> None:
        raise BrokenInvariant(f"{self.name} cannot be removed")

    def in_the_way(self, seen: Observation, params: Mapping[str, Any]) -> str | None:
        return None


def available(status: str, **attributes: Any) -> Observation:
    """All is well, and `problem` says nothing."""
    return Observation(status=status, cls="available", attributes={"problem": None} | attributes)


def broken(status: str, problem: str, **attributes: Any) -> Observation:
    """Something is there, and not as it should be."""
    return Observation(status=status, cls="broken", attributes=attributes | {"problem": problem})


def missing(problem: str) -> Observation:
    """Nothing is there; `problem` says what was looked for."""
    return Observation(status=MISSING.status, cls=MISSING.cls, attributes={"problem": problem})


def meant(parameter: str, ctx: Context) -> str:
    """`security_groups, from ssm:/aurora-restore/us-west-2/security-group-ids`: where a value came from."""
    source = ctx.sources.get(parameter)
    return f"{parameter}, from {source}" if source else parameter


def told(reply: Mapping[str, Any], call: str, key: str) -> Any:
    """What a reply says under `key`; one without it was cut off, and says nothing."""
    if key not in reply:
        raise truncated(call, key)
    return reply[key]
