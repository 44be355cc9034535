"""The places of the conformance suite, and the servers behind some of them, one of each in a worker."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from itertools import count
from pathlib import Path

import pytest

from engine.clock import SystemClock, VirtualClock
from engine.stores.dynamodb import DynamoStore
from engine.stores.dynamodb_client import TableClient
from engine.stores.dynamodb_table import create_table
from engine.stores.memory import MemoryStore
from engine.stores.port import Store
from engine.stores.sqlite import SqliteStore
from tests.servers import dynamodb, faulty_proxy, moto
from tests.servers.faulty_proxy import FaultyProxy
from tests.servers.moto import Moto
from tests.stores.storages import Storage

OWN = os.environ.get("RUNBOOK_TEST_DYNAMODB_ENDPOINT", "")
SERVERS = ["moto", "ministack", "dynalite", *(["own"] if OWN else [])]
STARTED = {"moto": moto.started, "ministack": dynamodb.ministack, "dynalite": dynamodb.dynalite}
EVERYWHERE = pytest.mark.parametrize("kind", SERVERS)
ONCE = pytest.mark.parametrize("kind", ["ministack"])
"""For what is ours to get right, whatever stands behind: the most faithful server is enough."""

TABLES = (f"runbook-test-{os.getpid()}-{number}" for number in count(1))
"""Names that no table has yet."""


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
        if OWN:
            _tidy(running["own"])


def _tidy(server: Moto) -> None:
    """What stands in memory goes with its server; somebody's own does not."""
    client = server.clients("dynamodb")
    for page in client.get_paginator("list_tables").paginate():
        for name in page["TableNames"]:
            if name.startswith(f"runbook-test-{os.getpid()}-"):
                with suppress(client.exceptions.ClientError):  # a server that knows no protection
                    client.update_table(TableName=name, DeletionProtectionEnabled=False)
                client.delete_table(TableName=name)


def table_on(server: Moto) -> str:
    """A new one."""
    name = next(TABLES)
    create_table(TableClient(name, server.clients, SystemClock()), SystemClock())
    return name


@pytest.fixture(params=["memory", "sqlite", *(pytest.param(kind, marks=pytest.mark.integration) for kind in SERVERS)])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Storage]:
    made = _storage(request, request.param, tmp_path)
    yield made
    made.close()


def _storage(request: pytest.FixtureRequest, kind: str, folder: Path) -> Storage:
    if kind == "memory":
        twin = MemoryStore()
        return Storage(kind, lambda: twin)
    if kind == "sqlite":
        return Storage(kind, lambda: SqliteStore(folder / "state" / "operations.db"))
    running = request.getfixturevalue("server")(kind)
    table = table_on(running)
    return Storage(kind, lambda: DynamoStore(table, running.clients))


@pytest.fixture
def store(storage: Storage) -> Store:
    return storage.open()


# -- a table of DynamoDB's, for tests that say which `kind` of server stands behind ------------------------------


@pytest.fixture
def table_server(kind: str, server: Callable[[str], Moto]) -> Moto:
    return server(kind)


@pytest.fixture
def table(table_server: Moto) -> str:
    return table_on(table_server)


@pytest.fixture(scope="session")
def proxies() -> Iterator[Callable[[Moto], FaultyProxy]]:
    """One before each server: making a client takes longer than a test."""
    made: dict[str, FaultyProxy] = {}
    with ExitStack() as stack:

        def before(table_server: Moto) -> FaultyProxy:
            if table_server.url not in made:
                made[table_server.url] = stack.enter_context(faulty_proxy.run_proxy(table_server.url))
            return made[table_server.url]

        yield before


@pytest.fixture
def proxy(table_server: Moto, proxies: Callable[[Moto], FaultyProxy]) -> FaultyProxy:
    made = proxies(table_server)
    made.plan.clear()
    made.requests.clear()
    made.reply_bytes = 0
    return made


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def twin(table: str, table_server: Moto) -> DynamoStore:
    """Another handle, before which nothing is lost."""
    return DynamoStore(table, table_server.clients)
