"""The list of users that `postgres.setup_users` is given: read, checked, its passwords fetched.

Everything that can be seen to be wrong is said before a connection is made, all at once. Must not know SQL.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from actions.postgres.errors import failed
from actions.postgres.passwords import UnfitPassword, prepared
from actions.postgres.vocabulary import ACCESSES
from engine.language.secret import Secret
from engine.registry import Context

NAME: Final = re.compile(r"[a-z_][a-z0-9_$]{0,62}", re.ASCII)
"""At most 63 bytes: PostgreSQL cuts longer names in silence."""

KEPT: Final = re.compile(r"pg_.*|rds.*|public|none", re.ASCII)
"""Roles of PostgreSQL's and of RDS's own."""

KEYS: Final = ("name", "password", "access", "schemas", "member_of")


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """One role that is to be there. Without a password it is left as it is (for IAM, say)."""

    name: str
    password: str | None = field(repr=False)
    access: str
    schemas: tuple[str, ...]
    member_of: tuple[str, ...]


class _Wrong(Exception):
    """What is wrong with one entry."""


def read(value: Any, ctx: Context) -> tuple[User, ...]:
    """The users; EffectFailed with everything that is wrong: InvalidPassword, InvalidSecret or InvalidParameter."""
    source = ctx.sources.get("users", "")
    where = f"users, from {source}" if source else "users"
    from_secret = isinstance(value, Secret)
    entries = ctx.secret(value) if isinstance(value, Secret) else value
    if not isinstance(entries, list) or not entries:
        what = "the secret's JSON must be a list" if from_secret else "must be a list"
        raise failed("InvalidSecret" if from_secret else "InvalidParameter", "config", f"{where}: {what} of users")
    users: list[User] = []
    wrong: list[str] = []
    unfit = False
    for number, entry in enumerate(entries):
        try:
            users.append(_user(entry, ctx, plain=from_secret))
        except _Wrong as error:
            wrong.append(f"{where}[{number}]: {error}")
            unfit = unfit or isinstance(error.__cause__, UnfitPassword)
    wrong += [f"{where}: {name} is there twice" for name in _twice(users)]
    if wrong:
        raise failed("InvalidPassword" if unfit else "InvalidParameter", "config", "; ".join(wrong))
    return tuple(users)


def _twice(users: list[User]) -> Iterator[str]:
    seen: set[str] = set()
    for user in users:
        if user.name in seen:
            yield user.name
        seen.add(user.name)


def _user(entry: Any, ctx: Context, *, plain: bool) -> User:
    if not isinstance(entry, Mapping):
        raise _Wrong("a user is a map with name, password, access, schemas, member_of")
    unknown = sorted(str(key) for key in entry if key not in KEYS)
    if unknown:
        raise _Wrong(f"{', '.join(unknown)}: no such key; there are {', '.join(KEYS)}")
    name = role_name(entry.get("name"), "name")
    if KEPT.fullmatch(name):
        raise _Wrong(f"{name}: such names are PostgreSQL's or RDS's own")
    access = entry.get("access") or "none"
    if access not in ACCESSES:
        raise _Wrong(f"{name}: access is one of {', '.join(ACCESSES)}")
    return User(
        name=name,
        password=_password(name, entry.get("password"), ctx, plain=plain),
        access=access,
        schemas=_names(name, entry.get("schemas"), "schemas") or ("public",),
        member_of=tuple(role_name(group, "member_of") for group in _names(name, entry.get("member_of"), "member_of")),
    )


def role_name(value: Any, key: str) -> str:
    """A role's name as PostgreSQL takes it without cutting or folding it."""
    if not isinstance(value, str) or NAME.fullmatch(value) is None:
        shown = repr(value)[:80] if isinstance(value, str) else "what is there"
        raise _Wrong(f"{key}: {shown} is no role's name: small letters, digits, _ and $, at most 63, no digit first")
    return value


def _names(user: str, value: Any, key: str) -> tuple[str, ...]:
    if value is None:
        return ()
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, list) or not all(
        isinstance(name, str) and 0 < len(name.encode()) < 64 for name in listed
    ):
        raise _Wrong(f"{user}: {key} is a list of names of at most 63 bytes")
    return tuple(dict.fromkeys(listed))


def _password(user: str, value: Any, ctx: Context, *, plain: bool) -> str | None:
    """The password itself. `plain`: it stands in a secret already."""
    if value is None:
        return None
    if isinstance(value, Secret):
        value = ctx.secret(value)
    elif not plain:
        raise _Wrong(f"{user}: the password must be a secret: write `secret:NAME#field` among the settings")
    if not isinstance(value, str):
        raise _Wrong(f"{user}: the password is no text; does the secret want a `#field`?")
    try:
        prepared(value)
    except UnfitPassword as why:
        raise _Wrong(f"{user}: the password cannot be used: {why}") from why
    return value
