"""Credentials that are over while a process runs: it stops, says how to log in, and `resume` goes on; nothing is used up.

Whoever logs in has other keys: the old ones are refused from then on, as AWS refuses them.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.cli.commands import Result
from tests.processes import runbooks_and_worlds
from tests.processes.conftest import Open
from tests.processes.harness import Desk
from tests.processes.intercepting_server import Asked, Met, refusal
from tests.processes.operation_result import changed, end_of, judge
from tests.processes.runbooks_and_worlds import RESUME, RUN, SMALL
from tests.processes.test_outages import BOTH, run
from tests.servers.postgres import Postgres

HOUR = 3600.0
LOG_IN = "log in again"
LOOK = "rds.DescribeDBClusterSnapshots"


class Expiring:
    """Refuses keys that are over; at the requests that are `chosen`, those in use are over from then on."""

    def __init__(self, desk: Desk, chosen: Callable[[Asked], bool]) -> None:
        self._desk, self._chosen = desk, chosen
        self.over: set[str] = set()

    def __call__(self, asked: Asked, when: str) -> Met:
        if when == "after":
            return None
        if asked.access_key not in self.over and self._chosen(asked):
            self.over.add(asked.access_key)
        if asked.access_key not in self.over:
            return None
        if asked.name.startswith("dynamodb."):
            return refusal("ExpiredTokenException", "The security token included in the request is expired")
        self._desk.front.expired(asked)
        return None


def key(number: int) -> dict[str, str]:
    """A login."""
    return {"AWS_ACCESS_KEY_ID": f"KEY{number}", "AWS_SESSION_TOKEN": f"token-{number}"}


def says_how_to_log_in(told: Result) -> None:
    assert told.code == 4, told.err
    assert "is expired" in told.err
    assert LOG_IN in told.err
    assert "runbook resume" in told.err


@pytest.fixture
def restoring(opened: Open, postgres: Postgres) -> Callable[[], Desk]:
    def made() -> Desk:
        runbooks_and_worlds.without_users(postgres)
        desk = opened(runbooks_and_worlds.world(postgres))
        desk.environment["RUNBOOK_DATABASE_CA"] = str(postgres.authority)
        return desk

    return made


def test_they_expire_at_every_second_change_of_a_restore(restoring: Callable[[], Desk], postgres: Postgres) -> None:
    """Of a copy, three deletions, three creations, another deletion and a message: refused once, and done once."""
    desk = restoring()
    assert desk.type(*RUN).code == 0
    undisturbed = end_of(desk, runbooks_and_worlds.users(postgres))
    desk = restoring()
    met: set[bytes] = set()

    def chosen(asked: Asked) -> bool:
        new = asked.changes and asked.what not in met
        met.update({asked.what} if new else ())
        return new and len(met) % 2 == 1

    desk.front.meet = Expiring(desk, chosen)
    told = desk.type(*RUN, **key(0))
    for number in range(1, 6):
        says_how_to_log_in(told)
        told = desk.type(*RESUME, **key(number))
    assert told.code == 0, told.err
    judge(desk, undisturbed, runbooks_and_worlds.users(postgres))
    assert [call.outcome for call in desk.sandbox.journal if call.changes].count("ExpiredToken") == 5


@pytest.mark.parametrize("store", ["sqlite", "dynamodb"])
def test_they_expire_in_hour_two(opened: Open, store: str) -> None:
    """In the middle of a copy that takes three; where the store is a table, nothing can be written either."""
    desk = opened(SMALL | {"takes": {"copy": "3h"}}, store=store)
    began = desk.sandbox.clock.now()

    def chosen(asked: Asked) -> bool:
        if asked.name == LOOK and desk.front.count(LOOK) in (5, 7):  # it watches; an hour goes by
            desk.passes(HOUR)
        return asked.access_key == "KEY0" and desk.sandbox.clock.now() > began + 2 * HOUR

    desk.front.meet = Expiring(desk, chosen)
    told = desk.type(*run(desk), **key(0))
    says_how_to_log_in(told)
    again = desk.type(*RESUME, **key(0))
    says_how_to_log_in(again)
    assert changed(desk).total() == 1
    desk.passes(HOUR)
    desk.front.unmet()
    desk.sandbox.world.takes["copy"] = 45.0
    told = desk.type(*RESUME, **key(1))
    assert told.code == 0, told.err
    assert changed(desk) == BOTH
    assert {one["attempt"] for one in desk.status("op")["steps"]} == {0, 1}


@pytest.mark.parametrize("name", ["ssm.GetParameter", "secretsmanager.GetSecretValue", "rds.DescribeDBClusters"])
def test_they_are_over_before_it_begins(opened: Open, postgres: Postgres, name: str) -> None:
    desk = opened(runbooks_and_worlds.world(postgres))
    desk.front.meet = Expiring(desk, lambda asked: asked.name == name)
    told = desk.type(*RUN, **key(0))
    assert told.code == 4
    assert LOG_IN in told.err
    assert desk.type("status", "op").code == 2
    assert changed(desk).total() == 0
