"""The list of users of `postgres.setup_users`: checked, and with the passwords fetched.

All problems are reported together, before a connection is opened. Knows no SQL.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from actions.postgres.allowed_values import ACCESSES, ROLE_NAME
from actions.postgres.passwords import UnfitPassword, prepared
from actions.postgres.server_errors import failed
from engine.language.secret import Secret
from engine.registry import Context

NAME: Final = re.compile(ROLE_NAME)
LONGEST_NAME: Final = 63
"""Bytes: PostgreSQL truncates longer names with only a notice (NAMEDATALEN)."""

RESERVED: Final = re.compile(r"pg_.*|rds.*|public|none", re.ASCII)
"""Names of roles that belong to PostgreSQL or RDS."""

KEYS: Final = ("name", "password", "access", "schemas", "member_of")


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A role to set up. Without a password, its password is not changed (for IAM authentication, for example)."""

    name: str
    password: str | None = field(repr=False)
    access: str
    schemas: tuple[str, ...]
    member_of: tuple[str, ...]


class _InvalidUser(Exception):
    """What is wrong with one entry of the list."""


def read_users(value: Any, ctx: Context) -> tuple[User, ...]:
    """The users; EffectFailed with all problems: InvalidPassword, InvalidSecret or InvalidParameter."""
    source = ctx.sources.get("users", "")
    where = f"users, from {source}" if source else "users"
    from_secret = isinstance(value, Secret)
    entries = ctx.secret(value) if isinstance(value, Secret) else value
    if not isinstance(entries, list) or not entries:
        what = "the secret must be a JSON list" if from_secret else "it must be a list"
        raise failed("InvalidSecret" if from_secret else "InvalidParameter", "config", f"{where}: {what} of users")
    users: list[User] = []
    problems: list[str] = []
    unfit = False
    for number, entry in enumerate(entries):
        try:
            users.append(_user(entry, ctx, plain=from_secret))
        except _InvalidUser as error:
            problems.append(f"{where}[{number}]: {error}")
            unfit = unfit or isinstance(error.__cause__, UnfitPassword)
    problems += [f"{where}: {name} is listed twice" for name in _twice(users)]
    if problems:
        raise failed("InvalidPassword" if unfit else "InvalidParameter", "config", "; ".join(problems))
    return tuple(users)


def _twice(users: list[User]) -> Iterator[str]:
    seen: set[str] = set()
    for user in users:
        if user.name in seen:
            yield user.name
        seen.add(user.name)


def _user(entry: Any, ctx: Context, *, plain: bool) -> User:
    if not isinstance(entry, Mapping):
        raise _InvalidUser(f"a user must be a map with the keys {', '.join(KEYS)}")
    unknown = sorted(str(key) for key in entry if key not in KEYS)
    if unknown:
        raise _InvalidUser(f"unknown key {', '.join(unknown)}; the keys are {', '.join(KEYS)}")
    name = role_name(entry.get("name"), "name")
    if RESERVED.fullmatch(name):
        raise _InvalidUser(f"{name}: this name is reserved by PostgreSQL or RDS; use another one")
    access = entry.get("access") or "none"
    if access not in ACCESSES:
        raise _InvalidUser(f"{name}: access must be one of {', '.join(ACCESSES)}")
    return User(
        name=name,
        password=_password(name, entry.get("password"), ctx, plain=plain),
        access=access,
        schemas=_names(name, entry.get("schemas"), "schemas") or ("public",),
        member_of=tuple(role_name(group, "member_of") for group in _names(name, entry.get("member_of"), "member_of")),
    )


def role_name(value: Any, key: str) -> str:
    """The value, if it is a name that PostgreSQL does not truncate. Statements quote it, so its letters stay as they are."""
    if not isinstance(value, str) or NAME.fullmatch(value) is None or len(value.encode()) > LONGEST_NAME:
        shown = repr(value)[:80] if isinstance(value, str) else "the value"
        message = "use at most 63 bytes, without quotes, line breaks and spaces at either end"
        raise _InvalidUser(f"{key}: {shown} is not a valid role name: {message}")
    return value


def _names(user: str, value: Any, key: str) -> tuple[str, ...]:
    if value is None:
        return ()
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, list) or not all(
        isinstance(name, str) and 0 < len(name.encode()) < 64 for name in listed
    ):
        raise _InvalidUser(f"{user}: {key} must be a list of names of at most 63 bytes")
    return tuple(dict.fromkeys(listed))


def _password(user: str, value: Any, ctx: Context, *, plain: bool) -> str | None:
    """The password's text. `plain`: the entry comes from a secret, so the password may be plain text in it."""
    if value is None:
        return None
    if isinstance(value, Secret):
        value = ctx.secret(value)
    elif not plain:
        raise _InvalidUser(f"{user}: the password must be a secret: write `secret:NAME#field` in `settings`")
    if not isinstance(value, str):
        raise _InvalidUser(
            f"{user}: the password is not text; if the secret is JSON, name the field: `secret:NAME#field`"
        )
    try:
        prepared(value)
    except UnfitPassword as why:
        raise _InvalidUser(f"{user}: the password cannot be used: {why}") from why
    return value
