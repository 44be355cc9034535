"""A database with an `admin` that is not a superuser, as on RDS. Each test has its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

from engine.language.secret import Secret
from engine.registry import Context
from tests.actions.contexts import context
from tests.servers.postgres import Postgres

ADMIN = Secret(name="db/master", version="1")
PASSWORD = "the-masters-own"
_numbers = count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """`name` is the name of the database. The names of a test's roles begin with it, because roles belong to the server."""

    server: Postgres
    name: str

    @property
    def admin(self) -> str:
        return f"{self.name}_admin"

    def params(self, **more: Any) -> dict[str, Any]:
        """The rendered `with` of a call."""
        here = {"host": self.server.host, "port": self.server.port, "admin": ADMIN, "ca": str(self.server.authority)}
        return here | more

    def context(self, secrets: Mapping[str, Any] | None = None, **more: Any) -> Context:
        """A context with the admin's secret, and others by name."""
        login = {"username": self.admin, "password": PASSWORD, "database": self.name}
        return context(secrets={ADMIN.name: login} | dict(secrets or {}), **more)

    def role(self, short: str) -> str:
        return f"{self.name}_{short}"

    def as_admin(self, *statements: str) -> list[list[Any]]:
        return self.server.ask(*statements, user=self.admin, password=PASSWORD, database=self.name)

    def as_superuser(self, *statements: str) -> list[list[Any]]:
        return self.server.ask(*statements, database=self.name)

    def as_user(self, short: str, password: str, *statements: str) -> list[list[Any]]:
        return self.server.ask(*statements, user=self.role(short), password=password, database=self.name)


def new_database(server: Postgres) -> Database:
    """A new database with its admin."""
    database = Database(server=server, name=f"orders_{next(_numbers)}")
    server.ask(
        f"CREATE ROLE {database.admin} LOGIN CREATEROLE CREATEDB PASSWORD '{PASSWORD}'",
        f"CREATE DATABASE {database.name} OWNER {database.admin}",
    )
    return database
