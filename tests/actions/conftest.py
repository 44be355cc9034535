"""Servers that the tests of actions share, one of each in a worker."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.actions.databases import Database, made
from tests.actions.http_aws import HttpAws, serving
from tests.servers import moto as motos
from tests.servers import postgres as postgreses


@pytest.fixture(scope="session")
def postgres() -> Iterator[postgreses.Postgres]:
    """A PostgreSQL server: TLS, SCRAM, every statement in its log."""
    with postgreses.started() as server:
        yield server


@pytest.fixture(scope="session")
def moto() -> Iterator[motos.Moto]:
    """moto's server, over HTTP."""
    with motos.started() as server:
        yield server


@pytest.fixture
def database(postgres: postgreses.Postgres) -> Database:
    """A database of the test's own, with an admin who is no superuser."""
    return made(postgres)


@pytest.fixture
def aws() -> Iterator[HttpAws]:
    """An AWS that says what it is told to, over HTTP."""
    with serving() as server:
        yield server
