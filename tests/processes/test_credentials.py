"""Credentials that expire while a process runs: it stops and says how to log in, and `resume` continues.

No attempt is used up. A new login has new keys; the old ones stay refused.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.cli.commands import Result
from tests.processes import runbooks_and_worlds
from tests.processes.conftest import NewHarness
from tests.processes.harness import Harness
from tests.processes.intercepting_server import Interception, Request, refusal
from tests.processes.operation_result import changed, check_result, result_of
from tests.processes.runbooks_and_worlds import RESUME, RUN, SMALL
from tests.processes.test_outages import BOTH, run_words
from tests.servers.postgres import Postgres

HOUR = 3600.0
LOG_IN = "log in "
LOOK = "rds.DescribeDBClusterSnapshots"


class Expiring:
    """Refuses expired keys; the keys of a request that is `chosen` expire with it."""

    def __init__(self, harness: Harness, chosen: Callable[[Request], bool]) -> None:
        self._desk, self._chosen = harness, chosen
        self.expired: set[str] = set()

    def __call__(self, request: Request, when: str) -> Interception:
        if when == "after":
            return None
        if request.access_key not in self.expired and self._chosen(request):
            self.expired.add(request.access_key)
        if request.access_key not in self.expired:
            return None
        if request.name.startswith("dynamodb."):
            return refusal("ExpiredTokenException", "The security token included in the request is expired")
        self._desk.server.expired(request)
        return None


def key(number: int) -> dict[str, str]:
    """The environment of a login."""
    return {"AWS_ACCESS_KEY_ID": f"KEY{number}", "AWS_SESSION_TOKEN": f"token-{number}"}


def check_login_advice(result: Result) -> None:
    assert result.code == 4, result.err
    assert "is expired" in result.err
    assert LOG_IN in result.err
    assert "runbook resume" in result.err


@pytest.fixture
def restores(new_harness: NewHarness, postgres: Postgres) -> Callable[[], Harness]:
    def made() -> Harness:
        runbooks_and_worlds.without_users(postgres)
        harness = new_harness(runbooks_and_worlds.world(postgres))
        harness.environment["RUNBOOK_DATABASE_CA"] = str(postgres.authority)
        return harness

    return made


def test_credentials_expire_at_every_second_change_of_a_restore(
    restores: Callable[[], Harness], postgres: Postgres
) -> None:
    """A copy, three deletions, three creations, another deletion and a message: each refused once and performed once."""
    harness = restores()
    assert harness.run(*RUN).code == 0
    undisturbed = result_of(harness, runbooks_and_worlds.users(postgres))
    harness = restores()
    met: set[bytes] = set()

    def chosen(request: Request) -> bool:
        new = request.changes and request.identity not in met
        met.update({request.identity} if new else ())
        return new and len(met) % 2 == 1

    harness.server.intercept = Expiring(harness, chosen)
    result = harness.run(*RUN, **key(0))
    for number in range(1, 6):
        check_login_advice(result)
        result = harness.run(*RESUME, **key(number))
    assert result.code == 0, result.err
    check_result(harness, undisturbed, runbooks_and_worlds.users(postgres))
    assert [call.outcome for call in harness.sandbox.journal if call.changes].count("ExpiredToken") == 5


@pytest.mark.parametrize("store", ["sqlite", "dynamodb"])
def test_credentials_expire_during_a_long_copy(new_harness: NewHarness, store: str) -> None:
    """After two hours of a copy that takes three; a store on DynamoDB cannot be written then either."""
    harness = new_harness(SMALL | {"takes": {"copy": "3h"}}, store=store)
    began = harness.sandbox.clock.now()

    def chosen(request: Request) -> bool:
        if request.name == LOOK and harness.server.count(LOOK) in (5, 7):  # it polls; an hour passes
            harness.advance(HOUR)
        return request.access_key == "KEY0" and harness.sandbox.clock.now() > began + 2 * HOUR

    harness.server.intercept = Expiring(harness, chosen)
    result = harness.run(*run_words(harness), **key(0))
    check_login_advice(result)
    again = harness.run(*RESUME, **key(0))
    check_login_advice(again)
    assert changed(harness).total() == 1
    harness.advance(HOUR)
    harness.server.stop_intercepting()
    harness.sandbox.world.takes["copy"] = 45.0
    result = harness.run(*RESUME, **key(1))
    assert result.code == 0, result.err
    assert changed(harness) == BOTH
    assert {one["attempt"] for one in harness.status("op")["steps"]} == {0, 1}


@pytest.mark.parametrize("name", ["ssm.GetParameter", "secretsmanager.GetSecretValue", "rds.DescribeDBClusters"])
def test_credentials_that_have_expired_before_the_run(new_harness: NewHarness, postgres: Postgres, name: str) -> None:
    harness = new_harness(runbooks_and_worlds.world(postgres))
    harness.server.intercept = Expiring(harness, lambda request: request.name == name)
    result = harness.run(*RUN, **key(0))
    assert result.code == 4
    assert LOG_IN in result.err
    assert "Nothing was started." in result.err
    assert harness.run("status", "op").code == 2
    assert changed(harness).total() == 0
