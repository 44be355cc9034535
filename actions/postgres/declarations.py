"""What `postgres.setup_users` and `postgres.run` take, yield and raise; the doing is imported when they are called.

Must not import anything that a cold start would wait for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from actions.postgres.vocabulary import ACCESSES, ERRORS, TLS_MODES
from engine.language.model import ActionFacts
from engine.registry import Action, Context, Param

_NAMES: Final = {"type": "array", "items": {"type": "string"}}

CONNECTION: Final[dict[str, Param]] = {
    "host": Param(schema={"type": "string", "minLength": 1}, required=True, doc="the cluster's own endpoint"),
    "port": Param(schema={"type": "integer", "minimum": 1, "maximum": 65535}, doc="5432 if it is not said"),
    "admin": Param(
        schema={},
        required=True,
        secret=True,
        doc="a secret, JSON: username, password and, if need be, database; who connects, and makes or runs",
    ),
    "database": Param(schema={"type": "string", "minLength": 1}, doc="admin's, else `postgres`"),
    "tls": Param(
        schema={"enum": list(TLS_MODES)},
        doc="what the server's certificate must prove: verify-full (the default; issued by a trusted authority, to this "
        "host), verify-ca (issued by one), require (nothing, it encrypts), off",
    ),
    "ca": Param(
        schema={"type": "string", "minLength": 1},
        doc="a file of PEM certificates that are trusted besides the system's; else RUNBOOK_DATABASE_CA, PGSSLROOTCERT, "
        "~/.postgresql/root.crt. RDS has authorities of its own: AWS's file of them is global-bundle.pem",
    ),
    "timeout": Param(
        schema={"type": ["string", "number"]},
        doc="for the connection to be made, say 10s (the default); what is then asked has the step's own `timeout`",
    ),
}

_USER: Final = {
    "type": "object",
    "required": ["name"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "pattern": "^[a-z_][a-z0-9_$]{0,62}$"},
        "password": {},  # a secret; plain text is refused
        "access": {"enum": list(ACCESSES)},
        "schemas": _NAMES,
        "member_of": _NAMES,
    },
}


def _setup_users(params: Mapping[str, Any], ctx: Context) -> Mapping[str, Any]:
    from actions.postgres.setup_users import setup_users

    return setup_users(params, ctx)


def _run(params: Mapping[str, Any], ctx: Context) -> Mapping[str, Any]:
    from actions.postgres.run import run

    return run(params, ctx)


SETUP_USERS: Final = Action(
    name="postgres.setup_users",
    doc="Roles that can log in, with their privileges, in one transaction; run twice it is the same as once.",
    facts=ActionFacts(name="postgres.setup_users", repeatable=True),
    params=CONNECTION
    | {
        "users": Param(
            schema={"type": "array", "minItems": 1, "items": _USER},
            required=True,
            secret=True,
            doc="list of {name, password (a secret), access (readwrite, readonly or none, which is the default), "
            "schemas ([public]), member_of ([])}, or one secret whose JSON is that list",
        )
    },
    output={
        "created": _NAMES | {"description": "names of roles that were made"},
        "changed": _NAMES | {"description": "names of roles that were there and were changed"},
        "unchanged": _NAMES | {"description": "names of roles that were as they should be"},
    },
    calls=(),
    errors=ERRORS,
    run=_setup_users,
)

RUN: Final = Action(
    name="postgres.run",
    doc="Statements in one transaction (one alone: as it stands), or a query that yields one row and changes nothing.",
    facts=ActionFacts(name="postgres.run"),
    params=CONNECTION
    | {
        "statements": Param(
            schema={"type": "array", "minItems": 1, "items": {"type": "string", "minLength": 1}},
            doc="SQL, in this order; no secrets",
        ),
        "query": Param(schema={"type": "string", "minLength": 1}, doc="SQL that yields one row; instead of statements"),
    },
    output={
        "row": {"type": ["object", "null"], "description": "column → value of the query's row; null if there is none"},
        "rows_affected": {
            "type": "integer",
            "description": "rows inserted, updated, deleted or read, of all statements",
        },
    },
    calls=(),
    errors=ERRORS,
    run=_run,
)

ACTIONS: Final = (SETUP_USERS, RUN)
