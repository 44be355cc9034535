"""The places of the conformance suite, and the servers behind some of them, one of each in a worker."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import pytest

from engine.clock import SystemClock
from engine.stores.dynamodb import DynamoStore
from engine.stores.dynamodb_calls import Calls
from engine.stores.dynamodb_table import create_table
from engine.stores.memory import MemoryStore
from engine.stores.port import Store
from engine.stores.sqlite import SqliteStore
from tests.servers import dynamodb, moto
from tests.servers.moto import Moto
from tests.stores.places import Place

OWN = os.environ.get("RUNBOOK_TEST_DYNAMODB_ENDPOINT", "")
SERVERS = ["moto", "ministack", "dynalite", *(["own"] if OWN else [])]
STARTED = {"moto": moto.started, "ministack": dynamodb.ministack, "dynalite": dynamodb.dynalite}
TABLES = count(1)


@pytest.fixture(scope="session")
def server() -> Iterator[Callable[[str], Moto]]:
    """The server of that name, started when it is first asked for; skips where it cannot be had."""
    running: dict[str, Moto] = {"own": Moto(OWN)}
    with ExitStack() as stack:

        def named(kind: str) -> Moto:
            if kind == "dynalite" and (why := dynamodb.without_dynalite()):
                pytest.skip(why)
            if kind not in running:
                running[kind] = stack.enter_context(STARTED[kind]())
            return running[kind]

        yield named


def table_on(server: Moto) -> str:
    """A new one."""
    name = f"runbook-{os.getpid()}-{next(TABLES)}"
    create_table(Calls(name, server.clients, SystemClock()), SystemClock())
    return name


@pytest.fixture(params=["memory", "sqlite", *SERVERS])
def place(request: pytest.FixtureRequest, tmp_path: Path, server: Callable[[str], Moto]) -> Iterator[Place]:
    made = _place(request.param, tmp_path, server)
    yield made
    made.close()


def _place(kind: str, folder: Path, server: Callable[[str], Moto]) -> Place:
    if kind == "memory":
        twin = MemoryStore()
        return Place(kind, lambda: twin)
    if kind == "sqlite":
        return Place(kind, lambda: SqliteStore(folder / "state" / "operations.db"))
    running = server(kind)
    table = table_on(running)
    return Place(kind, lambda: DynamoStore(table, running.clients))


@pytest.fixture
def store(place: Place) -> Store:
    return place.open()
