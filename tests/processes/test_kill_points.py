"""The plug is pulled at the requests of a restore over HTTP: `resume` finishes, and the world ends as if nobody had.

A request that has arrived is met twice: before it is done, and it never is; and when it is done, and no answer leaves. A
runner that dies after an answer has come, and before it has written that down, leaves the same as the second; one that
has written it down the same as before the next request. Requests are those to AWS and, where the store is a table, those
to DynamoDB.
"""

from __future__ import annotations

import random
import signal
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, product
from typing import Literal

import pytest

from tests.processes import runbooks_and_worlds
from tests.processes.conftest import Open
from tests.processes.harness import Desk
from tests.processes.intercepting_server import Asked, NoReply
from tests.processes.operation_result import End, end_of, judge
from tests.processes.runbooks_and_worlds import RESUME, RUN
from tests.servers.postgres import Postgres

When = Literal["before", "after"]
Chosen = Callable[[Asked], bool]
MOST = 60
"""Processes that one telling may take."""


@dataclass(frozen=True, slots=True)
class Plug:
    """Pulls it at the requests that are chosen."""

    desk: Desk
    when: When
    chosen: Chosen

    def __call__(self, asked: Asked, when: When) -> None:
        if when == self.when and self.chosen(asked):
            self.desk.last.kill()
            raise NoReply


def each_call(*, changes: bool) -> Chosen:
    """Whatever is asked of the pretend AWS, or only what changes anything; the same one, sent again, passes."""
    met: set[bytes] = set()

    def chosen(asked: Asked) -> bool:
        if asked.name.startswith("dynamodb.") or asked.what in met or (changes and not asked.changes):
            return False
        met.add(asked.what)
        return True

    return chosen


def numbered(numbers: Collection[int]) -> Chosen:
    """By their numbers over the whole telling."""
    return lambda asked: asked.number in numbers


@dataclass(frozen=True, slots=True)
class Telling:
    """How it ends when nobody pulls anything, and how many requests that takes."""

    end: End
    requests: int


KNOWN: dict[str, Telling] = {}
"""By the store."""


class Restoring:
    """Restores, each in a world of its own."""

    def __init__(self, opened: Open, postgres: Postgres, store: str) -> None:
        self._opened, self._postgres, self._store = opened, postgres, store

    def desk(self) -> Desk:
        runbooks_and_worlds.without_users(self._postgres)
        desk = self._opened(runbooks_and_worlds.world(self._postgres), store=self._store)
        desk.environment["RUNBOOK_DATABASE_CA"] = str(self._postgres.authority)
        return desk

    def undisturbed(self) -> Telling:
        if self._store not in KNOWN:
            desk = self.desk()
            answer = desk.type(*RUN)
            assert answer.code == 0, answer.err
            requests = len(desk.front.asked)
            KNOWN[self._store] = Telling(end_of(desk, runbooks_and_worlds.users(self._postgres)), requests)
        return KNOWN[self._store]

    def told(self, when: When, chosen: Chosen) -> int:
        """One telling, to its end, which is the undisturbed one's; how often the plug was pulled."""
        undisturbed = self.undisturbed()
        desk = self.desk()
        desk.front.meet = Plug(desk, when, chosen)
        codes = list(self._processes(desk))
        desk.front.unmet()
        assert codes[-1] == 0, desk.last.said
        judge(desk, undisturbed.end, runbooks_and_worlds.users(self._postgres))
        return codes.count(-signal.SIGKILL)

    def _processes(self, desk: Desk) -> Iterator[int]:
        """Run, and resume whenever the plug was pulled: the exit code of each."""
        words = RUN
        for _ in range(MOST):
            answer = desk.type(*words)
            yield answer.code
            if answer.code == 2 and "there is no operation" in answer.err:
                words = RUN  # it died before its first record: nothing has begun
            elif answer.code == -signal.SIGKILL:
                words = RESUME
            else:
                return


@pytest.fixture
def restoring(opened: Open, postgres: Postgres) -> Callable[[str], Restoring]:
    return lambda store: Restoring(opened, postgres, store)


def test_before_every_call(restoring: Callable[[str], Restoring]) -> None:
    """All settings and secrets, every look, every change: 29 different ones, and as many plugs in one restore."""
    assert restoring("sqlite").told("before", each_call(changes=False)) == 29


def test_after_every_change(restoring: Callable[[str], Restoring]) -> None:
    """Nine plugs in one restore: a copy, three deletions, three creations, another deletion, a message."""
    assert restoring("sqlite").told("after", each_call(changes=True)) == 9


def test_at_some_requests_to_aws_and_to_the_table(restoring: Callable[[str], Restoring]) -> None:
    """Whatever comes up: looks, renewals, records, summaries."""
    assert restoring("dynamodb").told("after", lambda asked: asked.number % 83 == 0) >= 3


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One case, and in a soak all four."""
    if {"when", "store"} <= set(metafunc.fixturenames):
        soak = metafunc.config.getoption("--soak")
        cases = product(("before", "after"), ("sqlite", "dynamodb")) if soak else SAMPLE
        metafunc.parametrize(("when", "store"), list(cases))


SAMPLE = [("before", "dynamodb")]


def test_once_or_twice(
    restoring: Callable[[str], Restoring], request: pytest.FixtureRequest, when: When, store: str
) -> None:
    """Every request alone, and pairs of them, in a soak; else one."""
    here = restoring(store)
    requests = here.undisturbed().requests
    points: Iterable[tuple[int, ...]] = [(int(requests * 0.9),)]
    if request.config.getoption("--soak"):
        chance = random.Random(f"{when} {store}")
        alone = ((number,) for number in range(1, requests + 1))
        points = chain(alone, (tuple(chance.sample(range(1, requests + 1), 2)) for _ in range(requests)))
    told: list[int] = []
    for point in points:
        told.append(here.told(when, numbered(point)))
        assert told[-1], f"of {requests} requests, none was {point}"
    print(f"{sum(told)} plugs pulled in {len(told)} restores, {when} a request, with {store}")
