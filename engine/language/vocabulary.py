"""The kinds and actions that a runbook may use: the part of the registry that the parser needs."""

from __future__ import annotations

from typing import Protocol

from engine.language.model import ActionFacts, KindFacts


class Vocabulary(Protocol):
    """Facts by name; None if there is no kind or action of the name. `engine.registry.Registry` is one."""

    def kind_facts(self, name: str) -> KindFacts | None: ...

    def action_facts(self, name: str) -> ActionFacts | None: ...

    def kind_names(self) -> list[str]: ...

    def action_names(self) -> list[str]: ...

    def similar_action(self, name: str) -> str | None:
        """The generic action that was probably meant: `aws.rds.modify_db_cluster` for `rds.ModifyDBCluster`."""
