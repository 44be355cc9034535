"""A cache in front of the registry: kinds, actions and their types, looked up once for each name."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from engine.checks.dataflow.types import ANYTHING, TEXT, Type, of_schema
from engine.registry import Registry
from engine.values import changed

KEPT: Final = 500
"""Names whose kinds, actions and types are kept."""
_OBJECT: Final = frozenset({"object"})
_STRING: Final = frozenset({"string"})


class Catalogue:
    """Kinds and actions by name, with the types of their attributes and outputs. Unknown names give None."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.kind = lru_cache(KEPT)(registry.kind)
        self.action = lru_cache(KEPT)(registry.action)
        self.attributes = lru_cache(KEPT)(self._attributes)
        self.statuses = lru_cache(KEPT)(self._statuses)
        self.output = lru_cache(KEPT)(self._output)
        self.observed = lru_cache(KEPT)(self._observed)

    def regions(self, service: str | None = None) -> frozenset[str]:
        """Every region, or those of one service; empty if unknown."""
        return self.registry.regions(service)

    def _attributes(self, name: str) -> Type:
        """The type of an observation of the kind."""
        kind = self.kind(name)
        more = () if name.startswith("aws.") else ("id", "status")  # its attributes are those of the API's response
        return _object(kind.attributes, more) if kind is not None else ANYTHING

    def _observed(self, name: str, statuses: tuple[str, ...]) -> Type:
        """The type of an observation in one of these statuses; none: any."""
        type = self.attributes(name)
        if not statuses or type.attributes is None or name.startswith("aws."):
            return type
        return changed(type, attributes={**type.attributes, "status": Type(_STRING, literals=statuses)})

    def _statuses(self, name: str) -> dict[str, tuple[str, ...]]:
        """The known statuses of the kind, by class."""
        kind = self.kind(name)
        found: dict[str, list[str]] = {}
        for word, status in kind.statuses.items() if kind is not None else ():
            found.setdefault(status.cls, []).append(word)
        return {cls: tuple(words) for cls, words in found.items()}

    def _output(self, name: str) -> Type:
        """The type of the action's output."""
        action = self.action(name)
        return _object(action.output, ()) if action is not None else ANYTHING


def _object(schemas: Mapping[str, Mapping[str, Any]], more: tuple[str, ...]) -> Type:
    if not schemas:
        return ANYTHING
    attributes = dict.fromkeys(more, TEXT) | {name: of_schema(schema) for name, schema in schemas.items()}
    return Type(_OBJECT, attributes)


_latest: list[Catalogue] = []


def catalogue_of(registry: Registry) -> Catalogue:
    """The catalogue of a registry. Only that of the latest registry is kept."""
    if not _latest or _latest[0].registry is not registry:
        _latest[:] = [Catalogue(registry)]
    return _latest[0]
