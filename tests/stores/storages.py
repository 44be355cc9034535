"""The storages of the conformance suite; each opens as many handles as a test wants."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from engine.stores.port import Store


@dataclass(slots=True)
class Storage:
    """One empty storage. `open` returns another handle on it, as another process would have."""

    kind: str
    opening: Callable[[], Store]
    opened: list[Store] = field(default_factory=list)

    def open(self) -> Store:
        store = self.opening()
        self.opened.append(store)
        return store

    def close(self) -> None:
        for store in self.opened:
            store.close()
