"""Fixtures: harnesses with a sandbox over HTTP, a store and fast clocks. Database servers start once for all tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from actions.sandbox import Sandbox
from engine.clock import SystemClock
from engine.stores.dynamodb_client import TableClient
from engine.stores.dynamodb_table import create_table
from tests.processes.harness import Harness, machines
from tests.processes.intercepting_server import InterceptingServer
from tests.servers import moto as motos
from tests.servers import postgres as databases

FAST = 100_000.0
"""Seconds that a process sleeps in one real second, in tests that have one runner at a time."""

NewHarness = Callable[..., Harness]


@pytest.fixture(scope="session")
def postgres() -> Iterator[databases.Postgres]:
    with databases.started() as moto_server:
        yield moto_server


@pytest.fixture(scope="session")
def moto() -> Iterator[motos.Moto]:
    with motos.started() as moto_server:
        yield moto_server


@pytest.fixture
def new_harness(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[NewHarness]:
    """Makes harnesses, each with its own sandbox. `store` is sqlite or dynamodb."""
    with ExitStack() as stack:

        def make(world: Mapping[str, Any], *, store: str = "sqlite", speed: float = FAST) -> Harness:
            folder = tmp_path / str(len(list(tmp_path.iterdir())))
            folder.mkdir()
            sandbox = Sandbox(world, clock=machines(folder, speed))
            store_url, moto_server = f"sqlite:{folder / 'operations.db'}", motos.Moto("")
            if store == "dynamodb":
                moto_server = request.getfixturevalue("moto")
                store_url = table(moto_server, f"{request.node.originalname}-{folder.name}-{abs(hash(folder)) % 10**8}")
            server = InterceptingServer(sandbox, table_server=moto_server.url)
            server.__enter__()
            harness = Harness(folder=folder, server=server, store_url=store_url, clients=moto_server.clients)
            stack.callback(harness.close)
            return harness

        yield make


def table(moto_server: motos.Moto, name: str) -> str:
    """Create a table; returns its store URL."""
    create_table(TableClient(name, moto_server.clients, SystemClock()), SystemClock())
    return f"dynamodb:{name}"
