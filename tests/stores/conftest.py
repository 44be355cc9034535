"""The places of the conformance suite."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.stores.memory import MemoryStore
from engine.stores.port import Store
from engine.stores.sqlite import SqliteStore
from tests.stores.places import Place

pytest.register_assert_rewrite("tests.stores.values")


def place_of(kind: str, folder: Path) -> Place:
    if kind == "memory":
        twin = MemoryStore()
        return Place(kind, lambda: twin)
    return Place(kind, lambda: SqliteStore(folder / "state" / "operations.db"))


@pytest.fixture(params=["memory", "sqlite"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    made = place_of(request.param, tmp_path)
    yield made
    made.close()


@pytest.fixture
def store(place: Place) -> Store:
    return place.open()
