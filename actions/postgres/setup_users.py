"""`postgres.setup_users`: roles with password, groups and privileges, in one transaction that can be run twice.

No password reaches the server or its log, but as a verifier. Roles are made first, then joined to groups, then given
their privileges, so that users can be each other's groups.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from actions.postgres.catalog_queries import MEMBER_OF, ROLES, TURN, VERIFIERS, WHO
from actions.postgres.connection import Session, session
from actions.postgres.errors import failed
from actions.postgres.grants import grant
from actions.postgres.passwords import fits, verifier
from actions.postgres.role_statements import comment_on, join, save_role
from actions.postgres.user_list import User, read
from engine.registry import Context

LOCKED: Final = "SET lock_timeout = 10000"
"""Milliseconds to wait for somebody who holds a role or table; then the server says no, and a later attempt goes on."""

LONGEST: Final = 20.0
"""Seconds for one statement; none of them reads a table."""

SAID_BY_US: Final = "set up by runbook"
Change = Literal["created", "changed", "unchanged"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """A role as it is."""

    can_login: bool
    comment: str | None
    stored: str | None = field(repr=False)  # its verifier, where it may be read


def setup_users(params: Mapping[str, Any], ctx: Context) -> Mapping[str, Any]:
    """`{created, changed, unchanged}`: names, as they were listed."""
    users = read(params["users"], ctx)
    hidden = tuple(user.password for user in users if user.password)
    with session(params, ctx, hidden=hidden, longest=LONGEST) as made:
        _refuse_admin(users, made.place.user)
        made.run(LOCKED)
        with made.transaction():
            made.run(TURN)
            changes = _set_up(made, users, f"{SAID_BY_US}, operation {ctx.operation}")
    words: tuple[Change, ...] = ("created", "changed", "unchanged")
    return {word: [user.name for user in users if changes[user.name] == word] for word in words}


def _refuse_admin(users: Sequence[User], admin: str) -> None:
    if any(user.name == admin for user in users):
        said = f"users: {admin} is who connects; its password is RDS's to change, not ours"
        raise failed("InvalidParameter", "config", said)


def _set_up(made: Session, users: Sequence[User], comment: str) -> dict[str, Change]:
    roles = _roles(made, [user.name for user in users])
    changes = {user.name: _make(made, user, roles.get(user.name)) for user in users}
    for user in users:
        joined = _join(made, user)
        granted = [grant(made, user.name, schema, user.access) for schema in user.schemas]
        if changes[user.name] == "unchanged" and (joined or any(granted)):
            changes[user.name] = "changed"
    for user in users:
        if changes[user.name] != "unchanged":
            _sign(made, user.name, roles.get(user.name), comment)
    return changes


def _roles(made: Session, names: list[str]) -> dict[str, Role]:
    """Those of the roles that are there."""
    readable = any(may for _, may in made.run(WHO))
    stored: dict[str, str | None] = {}
    if readable:
        stored = {row[0]: row[1] for row in made.run(VERIFIERS, names=names)}
    return {
        name: Role(can_login=can_login, comment=comment, stored=stored.get(name))
        for name, can_login, comment in made.run(ROLES, names=names)
    }


def _make(made: Session, user: User, role: Role | None) -> Change:
    """The role, able to log in with its password. Where its verifier cannot be read, the password is set anew."""
    as_it_is = user.password is None or (role is not None and fits(role.stored, user.password))
    if role is not None and role.can_login and as_it_is:
        return "unchanged"
    stored = None if user.password is None or as_it_is else verifier(user.password)
    made.run(save_role(user.name, new=role is None, verifier=stored))
    return "created" if role is None else "changed"


def _join(made: Session, user: User) -> bool:
    """Into the groups that it is not in; was there one? One that is there is not granted again, for that can ask for more."""
    if not user.member_of:
        return False
    there = {group for (group,) in made.run(MEMBER_OF, name=user.name)}
    missing = [group for group in user.member_of if group not in there]
    for group in missing:
        made.run(join(user.name, group))
    return bool(missing)


def _sign(made: Session, name: str, role: Role | None, comment: str) -> None:
    """Say on the role which operation set it up, unless somebody has written something else there."""
    if role is None or not role.comment or role.comment.startswith(SAID_BY_US):
        made.run(comment_on(name, comment))
