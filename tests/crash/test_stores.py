"""A sample of the crashes with the other stores: the end state is the same as with the store in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import pytest

from engine.clock import SystemClock
from engine.stores.authenticated_store import AuthenticatedStore
from engine.stores.dynamodb import DynamoStore
from engine.stores.dynamodb_client import TableClient
from engine.stores.dynamodb_table import create_table
from engine.stores.port import Store
from engine.stores.sqlite import SqliteStore
from engine.stores.store_key import LocalKey
from tests.crash.conftest import Schedules
from tests.crash.sandbox_end_state import check_end, end_state
from tests.crash.sandbox_run import SandboxTrial
from tests.crash.test_crashes import points
from tests.laws.scenario_run import Scenario
from tests.laws.scenarios import SCENARIOS
from tests.servers import dynamodb
from tests.servers.moto import Moto

STARTED = {"ministack": dynamodb.ministack, "dynalite": dynamodb.dynalite}
SOME = 3
NAMES = ("the copy fails once", "until: the reply is lost and a later failure undoes it", "cancelled, then cleaned up")
CHOSEN = tuple(next(scenario for scenario in SCENARIOS if scenario.name == name) for name in NAMES)

Opening = Callable[[], Store]
NUMBERS = count(1)


@pytest.fixture(scope="module")
def server() -> Iterator[Callable[[str], Moto]]:
    """The server with this name, started when it is first needed."""
    running: dict[str, Moto] = {}
    with ExitStack() as stack:

        def named(kind: str) -> Moto:
            if kind == "dynalite" and (why := dynamodb.without_dynalite()):
                pytest.skip(why)
            if kind not in running:
                running[kind] = stack.enter_context(STARTED[kind]())
            return running[kind]

        yield named


WITH_A_KEY = " with a key"


@pytest.fixture(params=["sqlite", *STARTED, *(f"{kind}{WITH_A_KEY}" for kind in ("sqlite", "ministack"))])
def storages(
    request: pytest.FixtureRequest, tmp_path: Path, server: Callable[[str], Moto]
) -> Iterator[Callable[[], Opening]]:
    """Returns a new empty store at every call, as a function that opens it once more."""
    opened: list[Store] = []
    kind = request.param.removesuffix(WITH_A_KEY)
    key = LocalKey(b"k" * 32) if kind != request.param else None

    def keep(store: Store) -> Store:
        opened.append(store)
        return AuthenticatedStore(store, key) if key is not None else store

    def files() -> Opening:
        path = tmp_path / f"{next(NUMBERS)}.db"
        return lambda: keep(SqliteStore(path))

    def tables() -> Opening:
        running, name = server(kind), f"crash-{next(NUMBERS)}"
        create_table(TableClient(name, running.clients, SystemClock()), SystemClock())
        return lambda: keep(DynamoStore(name, running.clients))

    yield files if kind == "sqlite" else tables
    for store in opened:
        store.close()


@pytest.mark.parametrize("scenario", CHOSEN, ids=str)
def test_killed_over_another_store(scenario: Scenario, storages: Callable[[], Opening], schedules: Schedules) -> None:
    undisturbed = SandboxTrial(scenario).execute()
    end = end_state(undisturbed)
    check_end(SandboxTrial(scenario, opening=storages()).execute(), end)
    for point in schedules.some(points(undisturbed), SOME):
        trial = SandboxTrial(scenario, [point], opening=storages()).execute()
        assert trial.kills == 1, point
        check_end(trial, end)
