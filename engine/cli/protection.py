"""What may not be deleted without a person's word, beside what the runbook says: protected names.

The policy is project's and user's, outside of the runbook (docs/decisions/0011-the-command-line.md). It is asked before an operation begins and,
as something in the way, before each removal: one that has no word for it holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

from engine.registry import Context, Observation, Registry, ResourceKind
from engine.values import Value


class Policy(Value):
    """Patterns, and the names that a person has said may go all the same."""

    protected: tuple[str, ...]
    allowed: tuple[str, ...] = ()

    def pattern_for(self, name: str) -> str:
        """The pattern that protects it; "" where none does, or a person has named it."""
        if name in self.allowed:
            return ""
        return next((pattern for pattern in self.protected if fnmatchcase(name.lower(), pattern.lower())), "")

    def in_the_way(self, name: str) -> str | None:
        """Why it may not be deleted, and what to type."""
        pattern = self.pattern_for(name)
        if not pattern:
            return None
        return f"{name} matches the protected pattern {pattern}: it is deleted only with --yes-delete {name}"


class Guarded:
    """A kind that says, besides what its own kind says, what the policy has against a removal."""

    def __init__(self, kind: ResourceKind, policy: Policy) -> None:
        self._kind = kind
        self._policy = policy
        self.name, self.doc, self.facts = kind.name, kind.doc, kind.facts
        self.params, self.attributes = kind.params, kind.attributes
        self.statuses, self.calls = kind.statuses, kind.calls

    def look(self, identity: Mapping[str, Any], ctx: Context) -> Observation:
        """As the kind looks."""
        return self._kind.look(identity, ctx)

    def create(self, params: Mapping[str, Any], tags: Mapping[str, str], ctx: Context) -> str | None:
        """As the kind creates."""
        return self._kind.create(params, tags, ctx)

    def delete(self, target: Mapping[str, Any], ctx: Context) -> None:
        """As the kind deletes: what is in the way has been asked after the look before."""
        self._kind.delete(target, ctx)

    def in_the_way(self, seen: Observation, params: Mapping[str, Any]) -> str | None:
        """The policy first: it needs a person, whatever else is in the way."""
        key = next(iter(self.facts.identity), "name")
        name = seen.attributes.get(key) or params.get(key) or ""
        return self._policy.in_the_way(str(name)) or self._kind.in_the_way(seen, params)


def guarded(registry: Registry, policy: Policy) -> Registry:
    """The same registry with the policy in front of each kind."""
    kinds: dict[str, ResourceKind] = {name: Guarded(kind, policy) for name, kind in registry.kinds.items()}
    return replace(registry, kinds=kinds)
