"""The data of a pretend PostgreSQL, and what it answers.

It parses hardly any SQL: it knows the queries of `actions.postgres.catalog_queries` by their text and the statements of
`actions.postgres.role_statements` by their names and values; the world says under `sql:` what it answers to others.
The data stay with the cluster, so that a snapshot includes them:

    {"admin": {"user": …, "password": …}, "schemas": ["public"], "grants": {ROLE: [[THING, SCHEMA, PRIVILEGE]]},
     "roles": {ROLE: {"login": True, "verifier": …, "comment": …, "groups": []}}}
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from actions.postgres import catalog_queries
from actions.postgres.passwords import is_verifier_of
from actions.postgres.role_statements import RoleStatement
from actions.sandbox.calls import Refusal
from engine.values import Value

VERSION: Final = "PostgreSQL 15.4 on sandbox"
Data = dict[str, Any]

_CREATE_SCHEMA: Final = re.compile(r'CREATE SCHEMA (IF NOT EXISTS )?"?([^" ]+)"?', re.IGNORECASE)
_SELECT: Final = re.compile(r'SELECT (version\(\)|\d+)(?: (?:AS )?"?(\w+)"?)?', re.IGNORECASE)


class SqlError(Exception):
    """The server refuses a statement, by SQLSTATE."""

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.hint = hint


class Answer(Value):
    """The answer to one statement. `affected` is its row count, -1 where it has none."""

    rows: Sequence[Sequence[Any]] = ()
    columns: Sequence[str] = ()
    affected: int = -1
    changes: bool = False


def require_login(data: Data, options: Mapping[str, Any], database: str | None) -> None:
    """Refuse a wrong user, password or database; any will do where the world does not say which are right."""
    user, password = options.get("user"), options.get("password")
    admin = data.get("admin") or {}
    if admin.get("user") is not None:
        role = data.get("roles", {}).get(user, {"login": False})
        if user == admin["user"]:
            right = admin.get("password") in (None, password)
        else:
            right = role["login"] and is_verifier_of(role["verifier"], str(password))
        if not right:
            raise Refusal("AuthenticationFailed", f'password authentication failed for user "{user}"')
    wanted = options.get("database") or user
    if database is not None and wanted not in ("postgres", "template1", database):
        raise Refusal("DatabaseNotFound", f'database "{wanted}" does not exist')


def answer_to(
    statement: str, data: Data, declared: Mapping[str, Any], *, user: str, params: Mapping[str, Any]
) -> Answer:
    """The answer to a statement, which may change `data`; SqlError. `declared` is what the world says under `sql:`."""
    text = normalized(statement)
    for known, value in declared.items():
        if normalized(known) == text:
            return _declared_answer(value, text)
    if isinstance(statement, RoleStatement):
        _CHANGES[statement.name](data, **statement.values)
        return Answer(changes=True)
    if statement in _QUERIES:
        rows = _QUERIES[statement](data, user=user, **params)
        return Answer(rows=rows, columns=[str(number) for number in range(len(rows[0]) if rows else 0)])
    return _builtin_answer(text, data)


def normalized(statement: str) -> str:
    """A statement on one line, without `;` at its end."""
    return " ".join(statement.split()).rstrip("; ")


def _declared_answer(value: Any, text: str) -> Answer:
    """A number is the number of affected rows; a map is one row, a list of maps are rows."""
    changes = not text.upper().startswith(("SELECT", "SHOW", "WITH", "VALUES"))
    if isinstance(value, int) and not isinstance(value, bool):
        return Answer(affected=value, changes=changes)
    rows = [value] if isinstance(value, Mapping) else list(value or ())
    columns = [str(name) for name in rows[0]] if rows else []
    return Answer(rows=[list(row.values()) for row in rows], columns=columns, affected=len(rows), changes=changes)


def _builtin_answer(text: str, data: Data) -> Answer:
    if text.upper().startswith("SET "):
        return Answer()
    if select := _SELECT.fullmatch(text):
        what = select[1].lower()
        value = int(what) if what.isdigit() else VERSION
        return Answer(rows=[[value]], columns=[select[2] or what.removesuffix("()")], affected=1)
    if schema := _CREATE_SCHEMA.fullmatch(text):
        if schema[2] in _schemas(data) and not schema[1]:
            raise SqlError("42P06", f'schema "{schema[2]}" already exists')
        data["schemas"] = [*dict.fromkeys([*_schemas(data), schema[2]])]
        return Answer(changes=True)
    raise SqlError(
        "0A000", f"the sandbox's database does not know this statement: {text[:80]}",
        'add its answer to the world, as `sql: {"STATEMENT": …}`: a row as a map, or a number of rows',
    )  # fmt: skip


# --- the queries of `catalog` and the changes of `role_statements` ---


def _roles(data: Data) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = data.setdefault("roles", {})
    return found


def _schemas(data: Data) -> list[str]:
    found: list[str] = data.setdefault("schemas", ["public"])
    return found


def _role(data: Data, name: str) -> dict[str, Any]:
    if name not in _roles(data):
        raise SqlError("42704", f'role "{name}" does not exist')
    return _roles(data)[name]


def _role_rows(data: Data, user: str, names: list[str]) -> list[list[Any]]:
    found = [(name, _roles(data)[name]) for name in names if name in _roles(data)]
    return [[name, role["login"], role["comment"]] for name, role in found]


def _gap_rows(
    data: Data, user: str, role: str, schema: str, things: list[str], privileges: list[str]
) -> list[list[Any]]:
    """There are no tables. Everybody may use the schema `public` (PostgreSQL 15), and nothing else without a grant."""
    if schema not in _schemas(data):
        return []
    granted = data.get("grants", {}).get(role, [])
    wanted = [pair for pair in zip(things, privileges, strict=True) if pair[0] not in ("table", "sequence")]
    missing = {thing for thing, privilege in wanted if [thing, schema, privilege] not in granted}
    return [
        [thing, schema if thing == "schema" else "", (thing, schema) == ("schema", "public")]
        for thing in sorted(missing)
    ]


_QUERIES: Final[Mapping[str, Callable[..., list[list[Any]]]]] = {
    catalog_queries.SETUP_LOCK: lambda _, user: [[""]],
    catalog_queries.CURRENT_USER: lambda _, user: [[user, False]],  # on RDS nobody may read verifiers
    catalog_queries.ROLES: _role_rows,
    catalog_queries.MEMBER_OF: lambda data, user, name: [[group] for group in _role(data, name)["groups"]],
    catalog_queries.MISSING_GRANTS: _gap_rows,
}


def _save_role(data: Data, role: str, *, new: bool, verifier: str | None) -> None:
    if new and (role in _roles(data) or role == data.get("admin", {}).get("user")):
        raise SqlError("42710", f'role "{role}" already exists')
    before = {"verifier": None, "comment": None, "groups": []} if new else _role(data, role)
    _roles(data)[role] = before | {"login": True} | ({} if verifier is None else {"verifier": verifier})


def _comment_on(data: Data, role: str, text: str) -> None:
    _role(data, role)["comment"] = text


def _join(data: Data, role: str, group: str) -> None:
    if group not in ("rds_iam", "pg_read_all_data", "pg_monitor"):
        _role(data, group)
    member = _role(data, role)
    member["groups"] = [*dict.fromkeys([*member["groups"], group])]


def _grant(data: Data, role: str, schema: str, thing: str, privileges: list[str]) -> None:
    _role(data, role)
    if schema not in _schemas(data):
        raise SqlError("3F000", f'schema "{schema}" does not exist')
    granted = data.setdefault("grants", {}).setdefault(role, [])
    granted += [[thing, schema, one] for one in privileges if [thing, schema, one] not in granted]


_CHANGES: Final[Mapping[str, Callable[..., None]]] = {
    "save_role": _save_role,
    "comment_on": _comment_on,
    "join": _join,
    "grant": _grant,
}
