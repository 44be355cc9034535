"""`postgres.setup_users`: roles with passwords, groups and privileges, in one transaction that can be repeated.

The server and its log get verifiers instead of passwords. All roles are created before any joins a group, so that the
listed users can be groups of each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from actions.postgres.catalog_queries import CURRENT_USER, MEMBER_OF, ROLES, SETUP_LOCK, VERIFIERS
from actions.postgres.connection import Session, open_session
from actions.postgres.grants import grant
from actions.postgres.passwords import is_verifier_of, verifier
from actions.postgres.role_statements import comment_on, join, save_role
from actions.postgres.server_errors import failed
from actions.postgres.user_list import User, read_users
from engine.registry import Context

LOCK_TIMEOUT: Final = "SET lock_timeout = 10000"
"""Milliseconds to wait for a lock on a role or table. Then the server refuses, and a later attempt may succeed."""

COMMENT_PREFIX: Final = "set up by runbook"
Change = Literal["created", "changed", "unchanged"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """An existing role."""

    can_login: bool
    comment: str | None
    stored: str | None = field(repr=False)  # the verifier of its password, if it may be read


def setup_users(params: Mapping[str, Any], ctx: Context) -> Mapping[str, Any]:
    """Set up the listed users; return `{created, changed, unchanged}`, their names in the order of the list."""
    users = read_users(params["users"], ctx)
    hidden = tuple(user.password for user in users if user.password)
    with open_session(params, ctx, hidden=hidden) as session:
        _refuse_admin(users, session.place.user)
        session.run(LOCK_TIMEOUT)
        with session.transaction():
            session.run(SETUP_LOCK)
            changes = _set_up(session, users, f"{COMMENT_PREFIX}, operation {ctx.operation}")
    kinds: tuple[Change, ...] = ("created", "changed", "unchanged")
    return {kind: [user.name for user in users if changes[user.name] == kind] for kind in kinds}


def _refuse_admin(users: Sequence[User], admin: str) -> None:
    if any(user.name == admin for user in users):
        message = (
            f"users: {admin} is the admin that connects, whose password is RDS's to change; remove it from the list"
        )
        raise failed("InvalidParameter", "config", message)


def _set_up(session: Session, users: Sequence[User], comment: str) -> dict[str, Change]:
    roles = _existing_roles(session, [user.name for user in users])
    changes = {user.name: _save_role(session, user, roles.get(user.name)) for user in users}
    for user in users:
        joined = _join_groups(session, user)
        granted = [grant(session, user.name, schema, user.access) for schema in user.schemas]
        if changes[user.name] == "unchanged" and (joined or any(granted)):
            changes[user.name] = "changed"
    for user in users:
        if changes[user.name] != "unchanged":
            _save_comment(session, user.name, roles.get(user.name), comment)
    return changes


def _existing_roles(session: Session, names: list[str]) -> dict[str, Role]:
    """Those of the named roles that exist."""
    readable = any(may_read for _, may_read in session.run(CURRENT_USER))
    stored: dict[str, str | None] = {}
    if readable:
        stored = {row[0]: row[1] for row in session.run(VERIFIERS, names=names)}
    return {
        name: Role(can_login=can_login, comment=comment, stored=stored.get(name))
        for name, can_login, comment in session.run(ROLES, names=names)
    }


def _save_role(session: Session, user: User, role: Role | None) -> Change:
    """Let the role log in with its password. If its verifier cannot be read, the password is always set."""
    same_password = user.password is None or (role is not None and is_verifier_of(role.stored, user.password))
    if role is not None and role.can_login and same_password:
        return "unchanged"
    stored = None if user.password is None or same_password else verifier(user.password)
    session.run(save_role(user.name, new=role is None, verifier=stored))
    return "created" if role is None else "changed"


def _join_groups(session: Session, user: User) -> bool:
    """Join the groups that it is not a member of; True if there were any.

    A membership is not granted again, because that can need more privileges than were needed the first time.
    """
    if not user.member_of:
        return False
    joined = {group for (group,) in session.run(MEMBER_OF, name=user.name)}
    missing = [group for group in user.member_of if group not in joined]
    for group in missing:
        session.run(join(user.name, group))
    return bool(missing)


def _save_comment(session: Session, name: str, role: Role | None, comment: str) -> None:
    """Write on the role which operation set it up, unless it has a comment of somebody else."""
    if role is None or not role.comment or role.comment.startswith(COMMENT_PREFIX):
        session.run(comment_on(name, comment))
