"""The privileges of a role in a schema, and the statements that grant them.

Nothing is revoked. Existing grants are read first and only missing ones are made, so running it again does nothing.
Knows no passwords.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from actions.postgres.catalog_queries import MISSING_GRANTS
from actions.postgres.connection import Session
from actions.postgres.role_statements import grant_by_default, grant_on_schema
from actions.postgres.server_errors import failed
from engine.values import Value

TABLES: Final = {"readwrite": ("SELECT", "INSERT", "UPDATE", "DELETE"), "readonly": ("SELECT",)}
SEQUENCES: Final[dict[str, tuple[str, ...]]] = {"readwrite": ("USAGE",), "readonly": ()}
OBJECTS_PER_GRANT: Final = 500


class MissingGrant(Value):
    """A thing that the role has no grant on by name. `usable`: it can use it anyway, through PUBLIC or a group."""

    thing: str  # schema, table, sequence, default table, default sequence
    name: str
    usable: bool


def grant(session: Session, role: str, schema: str, access: str) -> bool:
    """Make the missing grants. True if that changed anything; EffectFailed `InsufficientPrivilege` if one is refused."""
    if access == "none":
        return False
    before = list(_missing_grants(session, role, schema, access))
    for statement in statements(role, schema, access, before):
        session.run(statement)
    after = list(_missing_grants(session, role, schema, access)) if before else []
    refused = [one for one in after if not one.usable]
    if refused:
        raise _not_granted(session, role, schema, refused)
    return before != after


def statements(role: str, schema: str, access: str, missing: Iterable[MissingGrant]) -> Iterator[str]:
    """The missing grants. The one on the schema is always made, because it fails if the schema does not exist."""
    from pg8000.native import identifier

    to, place = identifier(role), identifier(schema)
    rights = {"table": TABLES[access], "sequence": SEQUENCES[access]}
    yield grant_on_schema(role, schema)
    for thing, right in rights.items():
        names = [f"{place}.{identifier(one.name)}" for one in missing if one.thing == thing]
        for start in range(0, len(names), OBJECTS_PER_GRANT):
            named = ", ".join(names[start : start + OBJECTS_PER_GRANT])
            yield f"GRANT {', '.join(right)} ON {thing.upper()} {named} TO {to}"
        if any(one.thing == f"default {thing}" for one in missing):
            yield grant_by_default(role, schema, thing, right)


def _missing_grants(session: Session, role: str, schema: str, access: str) -> Iterator[MissingGrant]:
    wanted = [("schema", "USAGE")]
    for prefix in ("", "default "):
        wanted += [(f"{prefix}table", right) for right in TABLES[access]]
        wanted += [(f"{prefix}sequence", right) for right in SEQUENCES[access]]
    things, privileges = [thing for thing, _ in wanted], [right for _, right in wanted]
    rows = session.run(MISSING_GRANTS, role=role, schema=schema, things=things, privileges=privileges)
    for thing, name, usable in rows:
        yield MissingGrant(thing=thing, name=name, usable=usable)


def _not_granted(session: Session, role: str, schema: str, refused: list[MissingGrant]) -> Exception:
    """PostgreSQL only warns if it cannot grant some of the privileges."""
    things = [f"{one.thing} {schema}.{one.name}" if one.name else f"{one.thing}s of {schema}" for one in refused]
    listed = ", ".join(things[:5]) + (f" and {len(things) - 5} more" if len(things) > 5 else "")
    message = (
        f"{session.place}: privileges of {role} could not be granted on {listed}, because another role owns them; "
        f'GRANT the owner\'s role TO "{session.place.user}", or use the owner as `admin`'
    )
    return failed("InsufficientPrivilege", "denied", message, "01007")
