"""Protected names: resources that are deleted only with `--yes-delete NAME`, whatever the runbook says.

The patterns are set by the project and the user, outside of the runbook. They are checked before an operation starts
and again before each delete: a protected name that was not allowed holds the operation
(docs/decisions/0011-the-command-line.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from engine.kernel.protected_names import pattern_for
from engine.registry import Blockable, Findable, Observation, Registry, ResourceKind
from engine.values import Value


class ProtectionPolicy(Value):
    """Patterns of protected names, and the names that `--yes-delete` allows."""

    protected: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()

    def pattern_for(self, name: str) -> str:
        """The pattern that protects the name; "" where none does, or it is allowed."""
        return pattern_for(name, self.protected, self.allowed)

    def obstacle(self, name: str) -> str | None:
        """Why the name may not be deleted, and which option allows it; None if it may."""
        pattern = self.pattern_for(name)
        if not pattern:
            return None
        return f"{name} matches the protected pattern {pattern}; to allow its deletion, add --yes-delete {name}"


class ProtectedKind:
    """A kind of resource whose deletions the policy checks before the kind itself does."""

    def __init__(self, kind: ResourceKind, policy: ProtectionPolicy) -> None:
        self._kind = kind
        self._policy = policy
        self.name, self.doc, self.facts = kind.name, kind.doc, kind.facts
        self.params, self.attributes = kind.params, kind.attributes
        self.statuses, self.calls = kind.statuses, kind.calls
        self.look, self.create, self.delete = kind.look, kind.create, kind.delete
        if isinstance(kind, Findable):
            self.tagged, self.by_hand = kind.tagged, kind.by_hand
        if isinstance(kind, Blockable):
            self.blocked_by = kind.blocked_by

    def in_the_way(self, seen: Observation, params: Mapping[str, Any]) -> str | None:
        """The policy's obstacle, else the kind's: a protected name needs a person whatever else is wrong."""
        for name in self._names(seen, params):
            obstacle = self._policy.obstacle(name)
            if obstacle is not None:
                return obstacle
        return self._kind.in_the_way(seen, params)

    def _names(self, seen: Observation, params: Mapping[str, Any]) -> list[str]:
        """The resource's name. A kind that does not report it is checked by everything that it reports as text."""
        key = next(iter(self.facts.identity), "name")
        name = seen.attributes.get(key) or params.get(key)
        if name:
            # Who allows the whole allows its parts.
            parts = () if name in self._policy.allowed else seen.parts
            return [str(name), *(str(next(iter(part.identity.values()), part.id)) for part in parts)]
        texts = [value for value in seen.attributes.values() if isinstance(value, str)]
        return [*texts, *([seen.id] if seen.id else [])]


def protect(registry: Registry, policy: ProtectionPolicy) -> Registry:
    """The registry with the policy in front of each kind."""
    kinds: dict[str, ResourceKind] = {name: ProtectedKind(kind, policy) for name, kind in registry.kinds.items()}
    return replace(registry, kinds=kinds)
