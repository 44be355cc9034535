"""The statements with which `postgres.setup_users` changes roles and privileges, as SQL and as data.

For pg8000 a `RoleStatement` is the text of its SQL. The sandbox's database parses no SQL and reads `name` and `values`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, Self

DEFAULTS: Final = {"table": "TABLES", "sequence": "SEQUENCES"}
"""SQL's keyword for the objects that default privileges are granted on."""


class RoleStatement(str):
    """The SQL of one statement, and the same statement as a `name` with `values`."""

    __slots__ = ("name", "values")
    name: str
    values: dict[str, Any]

    def __new__(cls, sql: str, name: str, **values: Any) -> Self:
        statement = super().__new__(cls, sql)
        statement.name = name
        statement.values = values
        return statement


def save_role(role: str, *, new: bool, verifier: str | None) -> RoleStatement:
    """Create or alter a role that can log in. Without a verifier, its password is not changed."""
    from pg8000.native import identifier, literal

    password = "" if verifier is None else f" PASSWORD {literal(verifier)}"
    sql = f"{'CREATE' if new else 'ALTER'} ROLE {identifier(role)} LOGIN{password}"
    return RoleStatement(sql, "save_role", role=role, new=new, verifier=verifier)


def comment_on(role: str, text: str) -> RoleStatement:
    """Replace the comment on a role."""
    from pg8000.native import identifier, literal

    return RoleStatement(f"COMMENT ON ROLE {identifier(role)} IS {literal(text)}", "comment_on", role=role, text=text)


def join(role: str, group: str) -> RoleStatement:
    """Make a role a member of another."""
    from pg8000.native import identifier

    return RoleStatement(f"GRANT {identifier(group)} TO {identifier(role)}", "join", role=role, group=group)


def grant_on_schema(role: str, schema: str) -> RoleStatement:
    """USAGE on a schema."""
    from pg8000.native import identifier

    sql = f"GRANT USAGE ON SCHEMA {identifier(schema)} TO {identifier(role)}"
    return RoleStatement(sql, "grant", role=role, schema=schema, thing="schema", privileges=["USAGE"])


def grant_by_default(role: str, schema: str, thing: str, privileges: Iterable[str]) -> RoleStatement:
    """Privileges on every `table` or `sequence` that the admin creates later in a schema."""
    from pg8000.native import identifier

    names = list(privileges)
    sql = (
        f"ALTER DEFAULT PRIVILEGES IN SCHEMA {identifier(schema)} GRANT {', '.join(names)} ON {DEFAULTS[thing]} "
        f"TO {identifier(role)}"
    )
    return RoleStatement(sql, "grant", role=role, schema=schema, thing=f"default {thing}", privileges=names)
