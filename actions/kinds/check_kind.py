"""What kinds that can only be checked have in common: nothing can be created or deleted, and problems are described.

Knows no particular kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from actions.aws.call_errors import truncated_reply
from engine.errors import BrokenInvariant
from engine.language.model import KindFacts, Monitor
from engine.registry import MISSING, Context, Observation

TEXT_OR_NULL: dict[str, Any] = {"type": ["string", "null"]}


def check_facts(name: str, *identity: str) -> KindFacts:
    """The facts of a kind that only `check` can use, and that is polled only if the step says so."""
    return KindFacts(name=name, identity=identity, verbs=("check",), monitor=Monitor())


class CheckKind:
    """The functions of `engine.registry.ResourceKind` that a kind for checks does not have."""

    name: str = ""

    def create(self, params: Mapping[str, Any], tags: Mapping[str, str], ctx: Context) -> str | None:
        raise BrokenInvariant(f"{self.name} cannot be created")

    def delete(self, target: Mapping[str, Any], ctx: Context) -> None:
        raise BrokenInvariant(f"{self.name} cannot be deleted")

    def in_the_way(self, seen: Observation, params: Mapping[str, Any]) -> str | None:
        return None


def available(status: str, **attributes: Any) -> Observation:
    """An observation without a problem."""
    return Observation(status=status, cls="available", attributes={"problem": None} | attributes)


def broken(status: str, problem: str, **attributes: Any) -> Observation:
    """An observation of something that is not as it should be."""
    return Observation(status=status, cls="broken", attributes=attributes | {"problem": problem})


def missing(problem: str) -> Observation:
    """An observation that nothing is there. `problem` says what was looked for."""
    return Observation(status=MISSING.status, cls=MISSING.cls, attributes={"problem": problem})


def with_source(parameter: str, ctx: Context) -> str:
    """`security_groups, from ssm:/west/groups`: a parameter with the setting that its value comes from, if any."""
    source = ctx.sources.get(parameter)
    return f"{parameter}, from {source}" if source else parameter


def reply_part(reply: Mapping[str, Any], call: str, key: str) -> Any:
    """The value of `key` in a reply; EffectFailed if it is absent, because then the reply was cut off."""
    if key not in reply:
        raise truncated_reply(call, key)
    return reply[key]
