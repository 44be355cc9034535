"""A restore over HTTP is killed at its requests: `resume` finishes it, and the result is the same as without kills.

A process can be killed before its request is performed, and after it, before the reply. Other moments are equal to one of
these: a runner killed between a reply and the record of it leaves what one killed before the reply leaves, and one killed
after the record leaves what one killed before the next request leaves. Requests are those to AWS and, where the store is
a table, those to DynamoDB.
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
from tests.processes.conftest import NewHarness
from tests.processes.harness import Harness
from tests.processes.intercepting_server import NoReply, Request
from tests.processes.operation_result import OperationResult, check_result, result_of
from tests.processes.runbooks_and_worlds import RESUME, RUN
from tests.servers.postgres import Postgres

When = Literal["before", "after"]
Chooses = Callable[[Request], bool]
MOST = 60
"""The most processes that one restore may take."""


@dataclass(frozen=True, slots=True)
class KillSwitch:
    """Kills the process at the requests that are chosen."""

    harness: Harness
    when: When
    chosen: Chooses

    def __call__(self, request: Request, when: When) -> None:
        if when == self.when and self.chosen(request):
            self.harness.last.kill()
            raise NoReply


def each_call(*, changes: bool) -> Chooses:
    """Every request to AWS, or only those that change something, when it is sent for the first time."""
    met: set[bytes] = set()

    def chosen(request: Request) -> bool:
        if request.name.startswith("dynamodb.") or request.identity in met or (changes and not request.changes):
            return False
        met.add(request.identity)
        return True

    return chosen


def numbered(numbers: Collection[int]) -> Chooses:
    """The requests with these numbers."""
    return lambda request: request.number in numbers


@dataclass(frozen=True, slots=True)
class UndisturbedRun:
    """The result of a restore without kills, and the number of its requests."""

    end: OperationResult
    requests: int


UNDISTURBED: dict[str, UndisturbedRun] = {}
"""By the kind of store."""


class Restores:
    """Runs restores, each in its own sandbox."""

    def __init__(self, new_harness: NewHarness, postgres: Postgres, store: str) -> None:
        self._opened, self._postgres, self._store = new_harness, postgres, store

    def harness(self) -> Harness:
        runbooks_and_worlds.without_users(self._postgres)
        harness = self._opened(runbooks_and_worlds.world(self._postgres), store=self._store)
        harness.environment["RUNBOOK_DATABASE_CA"] = str(self._postgres.authority)
        return harness

    def undisturbed(self) -> UndisturbedRun:
        if self._store not in UNDISTURBED:
            harness = self.harness()
            answer = harness.run(*RUN)
            assert answer.code == 0, answer.err
            requests = len(harness.server.requests)
            UNDISTURBED[self._store] = UndisturbedRun(
                result_of(harness, runbooks_and_worlds.users(self._postgres)), requests
            )
        return UNDISTURBED[self._store]

    def kills(self, when: When, chosen: Chooses) -> int:
        """Run one restore to its end and check its result. Returns the number of kills."""
        undisturbed = self.undisturbed()
        harness = self.harness()
        harness.server.intercept = KillSwitch(harness, when, chosen)
        codes = list(self._processes(harness))
        harness.server.stop_intercepting()
        assert codes[-1] == 0, harness.last.stderr
        check_result(harness, undisturbed.end, runbooks_and_worlds.users(self._postgres))
        return codes.count(-signal.SIGKILL)

    def _processes(self, harness: Harness) -> Iterator[int]:
        """Run, and resume after each kill; yields the exit codes."""
        words = RUN
        for _ in range(MOST):
            answer = harness.run(*words)
            yield answer.code
            if answer.code == 2 and "there is no operation" in answer.err:
                words = RUN  # killed before its first record: there is nothing to resume
            elif answer.code == -signal.SIGKILL:
                words = RESUME
            else:
                return


@pytest.fixture
def restores(new_harness: NewHarness, postgres: Postgres) -> Callable[[str], Restores]:
    return lambda store: Restores(new_harness, postgres, store)


def test_killed_before_every_call(restores: Callable[[str], Restores]) -> None:
    """Settings, secrets, looks and changes: 28 different requests, so 28 kills in one restore."""
    assert restores("sqlite").kills("before", each_call(changes=False)) == 28


def test_killed_after_every_change(restores: Callable[[str], Restores]) -> None:
    """Nine kills in one restore: a copy, three deletions, three creations, another deletion, a message."""
    assert restores("sqlite").kills("after", each_call(changes=True)) == 9


def test_killed_after_some_requests_to_aws_and_the_table(restores: Callable[[str], Restores]) -> None:
    """Looks, renewals, records and summaries among them."""
    assert restores("dynamodb").kills("after", lambda request: request.number % 83 == 0) >= 3


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One case; all four in a soak."""
    if {"when", "store"} <= set(metafunc.fixturenames):
        soak = metafunc.config.getoption("--soak")
        cases = product(("before", "after"), ("sqlite", "dynamodb")) if soak else SAMPLE
        metafunc.parametrize(("when", "store"), list(cases))


SAMPLE = [("before", "dynamodb")]


def test_killed_once_or_twice(
    restores: Callable[[str], Restores], request: pytest.FixtureRequest, when: When, store: str
) -> None:
    """In a soak, every request alone and random pairs; else one request."""
    here = restores(store)
    requests = here.undisturbed().requests
    points: Iterable[tuple[int, ...]] = [(int(requests * 0.9),)]
    if request.config.getoption("--soak"):
        chance = random.Random(f"{when} {store}")
        alone = ((number,) for number in range(1, requests + 1))
        points = chain(alone, (tuple(chance.sample(range(1, requests + 1), 2)) for _ in range(requests)))
    kills: list[int] = []
    for point in points:
        kills.append(here.kills(when, numbered(point)))
        assert kills[-1], f"of {requests} requests, none was {point}"
    print(f"{sum(kills)} kills in {len(kills)} restores, {when} a request, with {store}")
