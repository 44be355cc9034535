"""A sample of the crashes over every other store: they end as over the one in memory, where all of them are told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import pytest

from engine.clock import SystemClock
from engine.stores.dynamodb import DynamoStore
from engine.stores.dynamodb_client import TableClient
from engine.stores.dynamodb_table import create_table
from engine.stores.port import Store
from engine.stores.sqlite import SqliteStore
from tests.crash.conftest import Schedules
from tests.crash.sandbox_end_state import end_of, judge
from tests.crash.sandbox_run import RealScene
from tests.crash.test_crashes import points
from tests.laws.scenario_run import Story
from tests.laws.scenarios import STORIES
from tests.servers import dynamodb
from tests.servers.moto import Moto

STARTED = {"ministack": dynamodb.ministack, "dynalite": dynamodb.dynalite}
SOME = 3
NAMES = ("the copy fails once", "until: lost, and a later failure undoes it", "cancelled, then cleaned up")
TOLD = tuple(next(story for story in STORIES if story.name == name) for name in NAMES)

Opening = Callable[[], Store]
NUMBERS = count(1)


@pytest.fixture(scope="module")
def server() -> Iterator[Callable[[str], Moto]]:
    """The server of that name, started when it is first asked for."""
    running: dict[str, Moto] = {}
    with ExitStack() as stack:

        def named(kind: str) -> Moto:
            if kind == "dynalite" and (why := dynamodb.without_dynalite()):
                pytest.skip(why)
            if kind not in running:
                running[kind] = stack.enter_context(STARTED[kind]())
            return running[kind]

        yield named


@pytest.fixture(params=["sqlite", *STARTED])
def places(
    request: pytest.FixtureRequest, tmp_path: Path, server: Callable[[str], Moto]
) -> Iterator[Callable[[], Opening]]:
    """An empty place at every call, that any number of processes can open."""
    opened: list[Store] = []

    def keep(store: Store) -> Store:
        opened.append(store)
        return store

    def files() -> Opening:
        path = tmp_path / f"{next(NUMBERS)}.db"
        return lambda: keep(SqliteStore(path))

    def tables() -> Opening:
        running, name = server(request.param), f"crash-{next(NUMBERS)}"
        create_table(TableClient(name, running.clients, SystemClock()), SystemClock())
        return lambda: keep(DynamoStore(name, running.clients))

    yield files if request.param == "sqlite" else tables
    for store in opened:
        store.close()


@pytest.mark.parametrize("story", TOLD, ids=str)
def test_killed_over_another_store(story: Story, places: Callable[[], Opening], schedules: Schedules) -> None:
    undisturbed = RealScene(story).tell()
    end = end_of(undisturbed)
    judge(RealScene(story, opening=places()).tell(), end)
    for point in schedules.some(points(undisturbed), SOME):
        scene = RealScene(story, [point], opening=places()).tell()
        assert scene.deaths == 1, point
        judge(scene, end)
