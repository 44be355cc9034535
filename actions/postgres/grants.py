"""What a role may do in a schema, and the statements that see to it.

Nothing is revoked. What is there is looked at first, and only what is not there is granted, so that running it again
does nothing. Must not know passwords.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from actions.postgres.catalog_queries import GAPS
from actions.postgres.connection import Session
from actions.postgres.errors import failed
from actions.postgres.role_statements import grant_by_default, grant_on_schema
from engine.values import Value

TABLES: Final = {"readwrite": ("SELECT", "INSERT", "UPDATE", "DELETE"), "readonly": ("SELECT",)}
SEQUENCES: Final[dict[str, tuple[str, ...]]] = {"readwrite": ("USAGE",), "readonly": ()}
AT_ONCE: Final = 500
"""Things that one GRANT names."""


class Gap(Value):
    """Something on which the role lacks a grant by name. `usable`: by PUBLIC or a group it may all the same."""

    thing: str  # schema, table, sequence, default table, default sequence
    name: str
    usable: bool


def grant(made: Session, role: str, schema: str, access: str) -> bool:
    """See to it; was anything changed? EffectFailed `InsufficientPrivilege` if something stays out of reach."""
    if access == "none":
        return False
    before = list(_gaps(made, role, schema, access))
    for statement in statements(role, schema, access, before):
        made.run(statement)
    after = list(_gaps(made, role, schema, access)) if before else []
    short = [gap for gap in after if not gap.usable]
    if short:
        raise _out_of_reach(made, role, schema, short)
    return before != after


def statements(role: str, schema: str, access: str, gaps: Iterable[Gap]) -> Iterator[str]:
    """The grants for what is missing. That on the schema always: it tells of a schema that is not there."""
    from pg8000.native import identifier

    to, place = identifier(role), identifier(schema)
    rights = {"table": TABLES[access], "sequence": SEQUENCES[access]}
    yield grant_on_schema(role, schema)
    for thing, right in rights.items():
        names = [f"{place}.{identifier(gap.name)}" for gap in gaps if gap.thing == thing]
        for start in range(0, len(names), AT_ONCE):
            named = ", ".join(names[start : start + AT_ONCE])
            yield f"GRANT {', '.join(right)} ON {thing.upper()} {named} TO {to}"
        if any(gap.thing == f"default {thing}" for gap in gaps):
            yield grant_by_default(role, schema, thing, right)


def _gaps(made: Session, role: str, schema: str, access: str) -> Iterator[Gap]:
    wanted = [("schema", "USAGE")]
    for kind in ("", "default "):
        wanted += [(f"{kind}table", right) for right in TABLES[access]]
        wanted += [(f"{kind}sequence", right) for right in SEQUENCES[access]]
    things, privileges = [thing for thing, _ in wanted], [right for _, right in wanted]
    for thing, name, usable in made.run(GAPS, role=role, schema=schema, things=things, privileges=privileges):
        yield Gap(thing=thing, name=name, usable=usable)


def _out_of_reach(made: Session, role: str, schema: str, short: list[Gap]) -> Exception:
    """PostgreSQL only warns where some of the privileges cannot be granted."""
    named = [f"{gap.thing} {schema}.{gap.name}" if gap.name else f"{gap.thing}s of {schema}" for gap in short]
    listed = ", ".join(named[:5]) + (f" and {len(named) - 5} more" if len(named) > 5 else "")
    said = (
        f"{made.place}: the privileges of {role} could not be granted on {listed}: they belong to somebody else; "
        f'GRANT the owner\'s role TO "{made.place.user}", or use the owner as `admin`'
    )
    return failed("InsufficientPrivilege", "denied", said, "01007")
