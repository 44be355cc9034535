"""The words that a runbook may use for kinds and actions: what parsing asks of the registry, and no more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from engine.language.model import ActionFacts, KindFacts
from engine.values import Value, field


class Vocabulary(Protocol):
    """Facts by name; None for a name that nobody has."""

    def kind_facts(self, name: str) -> KindFacts | None: ...

    def action_facts(self, name: str) -> ActionFacts | None: ...

    def kind_names(self) -> list[str]: ...

    def action_names(self) -> list[str]: ...


class FixedVocabulary(Value):
    """A vocabulary as two tables."""

    kinds: Mapping[str, KindFacts] = field(default_factory=dict)
    actions: Mapping[str, ActionFacts] = field(default_factory=dict)

    def kind_facts(self, name: str) -> KindFacts | None:
        return self.kinds.get(name)

    def action_facts(self, name: str) -> ActionFacts | None:
        return self.actions.get(name)

    def kind_names(self) -> list[str]:
        return sorted(self.kinds)

    def action_names(self) -> list[str]:
        return sorted(self.actions)
