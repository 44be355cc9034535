"""Desks: a served world, a store, and a machine whose clock is hurried; servers are started once for all tests."""

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
from tests.processes.harness import Desk, machines
from tests.processes.intercepting_server import Front
from tests.servers import moto as motos
from tests.servers import postgres as databases

FAST = 100_000.0
"""Seconds slept in a second of ours, where nobody watches anybody."""

Open = Callable[..., Desk]


@pytest.fixture(scope="session")
def postgres() -> Iterator[databases.Postgres]:
    with databases.started() as server:
        yield server


@pytest.fixture(scope="session")
def moto() -> Iterator[motos.Moto]:
    with motos.started() as server:
        yield server


@pytest.fixture
def opened(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Open]:
    """Desks, each in a world of its own. `store` is sqlite or dynamodb."""
    with ExitStack() as stack:

        def open_(world: Mapping[str, Any], *, store: str = "sqlite", speed: float = FAST) -> Desk:
            folder = tmp_path / str(len(list(tmp_path.iterdir())))
            folder.mkdir()
            sandbox = Sandbox(world, clock=machines(folder, speed))
            place, server = f"sqlite:{folder / 'operations.db'}", motos.Moto("")
            if store == "dynamodb":
                server = request.getfixturevalue("moto")
                place = table(server, f"{request.node.originalname}-{folder.name}-{abs(hash(folder)) % 10**8}")
            front = Front(sandbox, table_server=server.url)
            front.__enter__()
            desk = Desk(folder=folder, front=front, place=place, clients=server.clients)
            stack.callback(desk.close)
            return desk

        yield open_


def table(server: motos.Moto, name: str) -> str:
    """The place of a table of the test's own."""
    create_table(TableClient(name, server.clients, SystemClock()), SystemClock())
    return f"dynamodb:{name}"
