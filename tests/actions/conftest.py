"""Servers that the tests of actions share: one of each for a worker."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.actions.databases import Database, new_database
from tests.actions.http_aws import HttpAws, serving
from tests.servers import moto as motos
from tests.servers import postgres as postgreses


@pytest.fixture(scope="session")
def postgres() -> Iterator[postgreses.Postgres]:
    """A PostgreSQL server with TLS and SCRAM that logs every statement."""
    with postgreses.started() as server:
        yield server


@pytest.fixture(scope="session")
def moto() -> Iterator[motos.Moto]:
    """moto's server, over HTTP."""
    with motos.started() as server:
        yield server


@pytest.fixture
def database(postgres: postgreses.Postgres) -> Database:
    """A new database with an admin that is not a superuser."""
    return new_database(postgres)


@pytest.fixture
def aws() -> Iterator[HttpAws]:
    """An AWS with scripted replies, over HTTP."""
    with serving() as server:
        yield server
