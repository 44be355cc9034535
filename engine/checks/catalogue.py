"""A cache in front of the registry: kinds, actions and their types, looked up once for each name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from engine.checks.dataflow.types import ANYTHING, TEXT, Type, of_schema
from engine.registry import Action, Param, Registry, ResourceKind

_OBJECT: Final = frozenset({"object"})


class Catalogue:
    """Kinds and actions by name, with the types of their attributes and outputs. Unknown names give None."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self._kinds: dict[str, ResourceKind | None] = {}
        self._actions: dict[str, Action | None] = {}
        self._attributes: dict[str, Type] = {}
        self._statuses: dict[str, dict[str, tuple[str, ...]]] = {}
        self._outputs: dict[str, Type] = {}

    @property
    def size(self) -> int:
        return len(self._kinds) + len(self._actions)

    def kind(self, name: str) -> ResourceKind | None:
        if name not in self._kinds:
            self._kinds[name] = self.registry.kind(name)
        return self._kinds[name]

    def action(self, name: str) -> Action | None:
        if name not in self._actions:
            self._actions[name] = self.registry.action(name)
        return self._actions[name]

    def regions(self, service: str | None = None) -> frozenset[str]:
        """Every region, or those of one service; empty if unknown."""
        return self.registry.regions(service)

    def attributes(self, name: str) -> Type:
        """The type of an observation of the kind."""
        if name not in self._attributes:
            kind = self.kind(name)
            more = () if name.startswith("aws.") else ("id", "status")  # its attributes are those of the API's response
            self._attributes[name] = _object(kind.attributes, more) if kind is not None else ANYTHING
        return self._attributes[name]

    def statuses(self, name: str) -> dict[str, tuple[str, ...]]:
        """The known statuses of the kind, by class."""
        if name not in self._statuses:
            kind = self.kind(name)
            found: dict[str, list[str]] = {}
            for word, status in kind.statuses.items() if kind is not None else ():
                found.setdefault(status.cls, []).append(word)
            self._statuses[name] = {cls: tuple(words) for cls, words in found.items()}
        return self._statuses[name]

    def output(self, name: str) -> Type:
        """The type of the action's output."""
        if name not in self._outputs:
            action = self.action(name)
            self._outputs[name] = _object(action.output, ()) if action is not None else ANYTHING
        return self._outputs[name]


def _object(schemas: Mapping[str, Mapping[str, Any]], more: tuple[str, ...]) -> Type:
    if not schemas:
        return ANYTHING
    attributes = dict.fromkeys(more, TEXT) | {name: of_schema(schema) for name, schema in schemas.items()}
    return Type(_OBJECT, attributes)


_latest: list[Catalogue] = []


KEPT: Final = 500
"""Names that a catalogue caches; with more, the next check starts with an empty one."""


def catalogue_of(registry: Registry) -> Catalogue:
    """The catalogue of a registry. Only that of the latest registry is kept."""
    if not _latest or _latest[0].registry is not registry or _latest[0].size > KEPT:
        _latest[:] = [Catalogue(registry)]
    return _latest[0]


__all__ = ["Catalogue", "Param", "catalogue_of"]
