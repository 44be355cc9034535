"""The words that a runbook may use for kinds and actions: what parsing asks of the registry, and no more."""

from __future__ import annotations

from typing import Protocol

from engine.language.model import ActionFacts, KindFacts


class Vocabulary(Protocol):
    """Facts by name; None for a name that nobody has. `engine.registry.Registry` is one."""

    def kind_facts(self, name: str) -> KindFacts | None: ...

    def action_facts(self, name: str) -> ActionFacts | None: ...

    def kind_names(self) -> list[str]: ...

    def action_names(self) -> list[str]: ...
