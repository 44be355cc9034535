"""The statements that the pretend PostgreSQL knows, by pattern: roles, grants, comments, the questions of `catalog`.

    answer(Asked(statement='CREATE ROLE app LOGIN', data=data, …))     # changes data

Data are `roles: {name: {login, stored, comment, groups}}`, `grants: {role: [word]}` and `schemas`. There are no tables.
What it does not know it refuses, unless the world says under `sql:` what the answer is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from actions.postgres import catalog_queries
from engine.values import Value

VERSION: Final = "PostgreSQL 15.4 on sandbox"


class Refused(Exception):
    """The server's no, by SQLSTATE."""

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.hint = hint


class Asked(Value):
    """One statement, as `user`, on `data`, which it may change."""

    statement: str
    params: Mapping[str, Any]
    user: str
    data: dict[str, Any]
    answers: Mapping[str, Any]  # of the world: statement → one row, several, or how many rows it is about

    @property
    def roles(self) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = self.data.setdefault("roles", {})
        return found

    @property
    def schemas(self) -> list[str]:
        found: list[str] = self.data.setdefault("schemas", ["public"])
        return found

    def role(self, name: str) -> dict[str, Any]:
        """A role that is there."""
        if name not in self.roles:
            raise Refused("42704", f'role "{name}" does not exist')
        return self.roles[name]

    def granted(self, role: str) -> list[str]:
        """What a role has been granted by name, in words."""
        found: list[str] = self.data.setdefault("grants", {}).setdefault(role, [])
        return found


class Answer(Value):
    """What comes back. `affected` is the row count of its command."""

    rows: Sequence[Sequence[Any]] = ()
    columns: Sequence[str] = ()
    affected: int = -1
    changes: bool = False


DONE: Final = Answer(changes=True)


def answer(asked: Asked) -> Answer:
    """What the server says to a statement; Refused."""
    squeezed = " ".join(asked.statement.split())
    for text, told in asked.answers.items():
        if " ".join(str(text).split()).rstrip(";") == squeezed:
            return _told(told, squeezed)
    by_name = _QUESTIONS.get(asked.statement)
    if by_name is not None:
        return by_name(asked)
    for pattern, handle in _PATTERNS:
        match = pattern.fullmatch(squeezed)
        if match is not None:
            return handle(asked, match)
    raise Refused(
        "0A000", f"the sandbox's database does not know this statement: {squeezed[:80]}",
        'say what it answers in the world, as `sql: {"STATEMENT": …}`: a row as a map, or a number of rows',
    )  # fmt: skip


def _told(told: Any, statement: str) -> Answer:
    """A number is how many rows it is about; a map is a row, a list of maps are rows."""
    changes = not statement.upper().startswith(("SELECT", "SHOW", "WITH", "VALUES"))
    if isinstance(told, int) and not isinstance(told, bool):
        return Answer(affected=told, changes=changes)
    rows = [told] if isinstance(told, Mapping) else list(told or ())
    columns = [str(name) for name in rows[0]] if rows else []
    return Answer(rows=[list(row.values()) for row in rows], columns=columns, affected=len(rows), changes=changes)


def _rows(*rows: Sequence[Any], columns: Sequence[str] = ()) -> Answer:
    return Answer(
        rows=rows, columns=columns or [str(number) for number in range(len(rows[0]) if rows else 0)], affected=len(rows)
    )


# --- the questions of `catalog` ---


def _who(asked: Asked) -> Answer:
    """On RDS nobody may read verifiers."""
    return _rows([asked.user, False])


def _roles(asked: Asked) -> Answer:
    found = [(name, asked.roles[name]) for name in asked.params["names"] if name in asked.roles]
    return _rows(*([name, role["login"], role.get("comment")] for name, role in found))


def _verifiers(asked: Asked) -> Answer:
    raise Refused("42501", "permission denied for table pg_authid")


def _member_of(asked: Asked) -> Answer:
    return _rows(*([group] for group in asked.roles.get(asked.params["name"], {}).get("groups", [])))


def _gaps(asked: Asked) -> Answer:
    """Everybody may use the schema `public` (PostgreSQL 15), and nothing else without a grant."""
    role, schema = asked.params["role"], asked.params["schema"]
    wanted: dict[str, list[str]] = {}
    for thing, privilege in zip(asked.params["things"], asked.params["privileges"], strict=True):
        if thing in ("schema", "default table", "default sequence"):
            wanted.setdefault(thing, []).append(privilege)
    has = asked.granted(role)
    missing = [
        thing
        for thing, privileges in sorted(wanted.items())
        if schema in asked.schemas and not {f"{thing} {schema} {one}" for one in privileges} <= set(has)
    ]
    return _rows(*([thing, schema if thing == "schema" else "", _by_public(thing, schema)] for thing in missing))


def _by_public(thing: str, schema: str) -> bool:
    return (thing, schema) == ("schema", "public")


_QUESTIONS: Final[Mapping[str, Callable[[Asked], Answer]]] = {
    catalog_queries.TURN: lambda _: _rows([""]),
    catalog_queries.WHO: _who,
    catalog_queries.ROLES: _roles,
    catalog_queries.VERIFIERS: _verifiers,
    catalog_queries.MEMBER_OF: _member_of,
    catalog_queries.GAPS: _gaps,
}


# --- statements ---

_NAME: Final = r'("(?:[^"]|"")+"|[A-Za-z_][\w$]*)'
_TEXT: Final = r"(NULL|E?'(?:[^']|'')*')"


def _name(text: str) -> str:
    return text[1:-1].replace('""', '"') if text.startswith('"') else text.lower()


def _text(text: str) -> str | None:
    if text.upper() == "NULL":
        return None
    value = text.removeprefix("E")[1:-1].replace("''", "'")
    return value.replace("\\\\", "\\") if text.startswith("E") else value


def _make_role(asked: Asked, match: re.Match[str]) -> Answer:
    name = _name(match[2])
    created = match[1].upper() == "CREATE"
    if created and (name in asked.roles or name == asked.user):
        raise Refused("42710", f'role "{name}" already exists')
    role = {"login": False, "stored": None, "comment": None, "groups": []} if created else asked.role(name)
    words = match[3].upper()
    password = re.search(rf"\bPASSWORD {_TEXT}", match[3], re.IGNORECASE)
    if re.search(r"\bLOGIN\b", words):
        role["login"] = True
    elif re.search(r"\bNOLOGIN\b", words):
        role["login"] = False
    if password is not None:
        role["stored"] = _text(password[1])
    asked.roles[name] = role
    return DONE


def _drop_role(asked: Asked, match: re.Match[str]) -> Answer:
    name = _name(match[2])
    if not match[1]:
        asked.role(name)
    asked.roles.pop(name, None)
    asked.data.get("grants", {}).pop(name, None)
    return DONE


def _comment(asked: Asked, match: re.Match[str]) -> Answer:
    asked.role(_name(match[1]))["comment"] = _text(match[2])
    return DONE


def _join(asked: Asked, match: re.Match[str]) -> Answer:
    group, member = _name(match[1]), asked.role(_name(match[2]))
    if group not in ("rds_iam", "pg_read_all_data", "pg_monitor"):
        asked.role(group)
    member["groups"] = [*dict.fromkeys([*member.get("groups", []), group])]
    return DONE


def _grant_on_schema(asked: Asked, match: re.Match[str]) -> Answer:
    return _grant(asked, "schema", match[1], _name(match[2]), _name(match[3]))


def _grant_by_default(asked: Asked, match: re.Match[str]) -> Answer:
    return _grant(asked, f"default {match[3].lower()}", match[2], _name(match[1]), _name(match[4]))


def _grant(asked: Asked, thing: str, privileges: str, schema: str, role: str) -> Answer:
    asked.role(role)
    if schema not in asked.schemas:
        raise Refused("3F000", f'schema "{schema}" does not exist')
    has = asked.granted(role)
    has += [word for one in privileges.split(",") if (word := f"{thing} {schema} {one.strip().upper()}") not in has]
    return DONE


def _make_schema(asked: Asked, match: re.Match[str]) -> Answer:
    name = _name(match[2])
    if name in asked.schemas and not match[1]:
        raise Refused("42P06", f'schema "{name}" already exists')
    asked.data["schemas"] = [*dict.fromkeys([*asked.schemas, name])]
    return DONE


def _select(asked: Asked, match: re.Match[str]) -> Answer:
    what = match[1].lower()
    known = {"version()": VERSION, "current_user": asked.user, "current_database()": "postgres"}
    value = known.get(what, int(what) if what.isdigit() else None)
    return _rows([value], columns=[_name(match[2]) if match[2] else what.removesuffix("()")])


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE)


_PATTERNS: Final[tuple[tuple[re.Pattern[str], Callable[[Asked, re.Match[str]], Answer]], ...]] = (
    (_pattern(r"SET .+"), lambda *_: Answer()),
    (_pattern(rf"(CREATE|ALTER) (?:ROLE|USER) {_NAME}((?: .*)?)"), _make_role),
    (_pattern(rf"DROP (?:ROLE|USER) (IF EXISTS )?{_NAME}"), _drop_role),
    (_pattern(rf"COMMENT ON ROLE {_NAME} IS {_TEXT}"), _comment),
    (_pattern(rf"GRANT ([A-Z, ]+) ON SCHEMA {_NAME} TO {_NAME}"), _grant_on_schema),
    (
        _pattern(rf"ALTER DEFAULT PRIVILEGES IN SCHEMA {_NAME} GRANT ([A-Z, ]+) ON (TABLE|SEQUENCE)S TO {_NAME}"),
        _grant_by_default,
    ),
    (_pattern(rf"GRANT {_NAME} TO {_NAME}"), _join),
    (_pattern(rf"CREATE SCHEMA (IF NOT EXISTS )?{_NAME}"), _make_schema),
    (_pattern(rf"SELECT (version\(\)|current_user|current_database\(\)|\d+)(?: (?:AS )?{_NAME})?"), _select),
)
