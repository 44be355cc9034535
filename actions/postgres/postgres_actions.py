"""The declarations of `postgres.setup_users` and `postgres.run`. Their code is imported when they are called.

Imports nothing heavy, because every start of the tool imports this module.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from actions.postgres.allowed_values import ACCESSES, ERRORS, ROLE_NAME, SQLSTATE, TLS_MODES
from engine.language.model import ActionFacts
from engine.registry import Action, Context, Param

SETUP_TIMEOUT: Final = 300.0
RUN_TIMEOUT: Final = 1800.0
"""Seconds for all statements of a step without `timeout`. The lease of the operation is half as long again."""

_NAMES: Final = {"type": "array", "items": {"type": "string"}}

CONNECTION: Final[dict[str, Param]] = {
    "host": Param(schema={"type": "string", "minLength": 1}, required=True, doc="the cluster's endpoint"),
    "port": Param(schema={"type": "integer", "minimum": 1, "maximum": 65535}, doc="default: 5432"),
    "admin": Param(
        schema={},
        required=True,
        secret=True,
        doc="the user that connects: a secret in JSON with username, password and optionally database",
    ),
    "database": Param(
        schema={"type": "string", "minLength": 1}, doc="default: the database in `admin`, else `postgres`"
    ),
    "tls": Param(
        schema={"enum": list(TLS_MODES)},
        doc="verify-full (the default): the certificate is issued by a trusted authority for this host; verify-ca: by a "
        "trusted authority; require: encrypted, any certificate; off: not encrypted. Except with verify-full, the server "
        "must prove by SCRAM that it knows the password",
    ),
    "ca": Param(
        schema={"type": "string", "minLength": 1},
        doc="a PEM file of authorities that are trusted besides the system's, such as AWS's global-bundle.pem for RDS; "
        "default: RUNBOOK_DATABASE_CA, else PGSSLROOTCERT, else ~/.postgresql/root.crt",
    ),
    "timeout": Param(
        schema={"type": ["string", "number"]},
        doc="time to open the connection (default: 10s); all statements together have the step's own `timeout`",
    ),
}

_USER: Final = {
    "type": "object",
    "required": ["name"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "pattern": f"^{ROLE_NAME}$", "maxLength": 63},
        "password": {},  # a Secret; `user_list` refuses plain text
        "access": {"enum": list(ACCESSES)},
        "schemas": _NAMES,
        "member_of": _NAMES,
    },
}


def _setup_users(params: Mapping[str, Any], ctx: Context) -> Mapping[str, Any]:
    from actions.postgres.setup_users import setup_users

    return setup_users(params, ctx)


def _run(params: Mapping[str, Any], ctx: Context) -> Mapping[str, Any]:
    from actions.postgres.run_sql import run

    return run(params, ctx)


SETUP_USERS: Final = Action(
    name="postgres.setup_users",
    doc="Sets up roles that can log in, with their privileges, in one transaction. Repeating it changes nothing. Default of "
    "the step's `timeout`: 5m.",
    facts=ActionFacts(name="postgres.setup_users", repeatable=True, timeout=SETUP_TIMEOUT),
    params=CONNECTION
    | {
        "users": Param(
            schema={"type": "array", "minItems": 1, "items": _USER},
            required=True,
            secret=True,
            doc="list of {name, password (a secret), access (readwrite, readonly or none; default: none), schemas "
            "(default: [public]), member_of (default: [])}, or one secret with such a list in JSON",
        )
    },
    output={
        "created": _NAMES | {"description": "names of roles that were created"},
        "changed": _NAMES | {"description": "names of roles that existed and were changed"},
        "unchanged": _NAMES | {"description": "names of roles that needed no change"},
    },
    calls={},
    errors=ERRORS,
    error_codes=SQLSTATE,
    run=_setup_users,
)

RUN: Final = Action(
    name="postgres.run",
    doc="Runs statements in one transaction (a single one without), or a read-only query that returns one row. Default of "
    "the step's `timeout`: 30m.",
    facts=ActionFacts(name="postgres.run", timeout=RUN_TIMEOUT),
    params=CONNECTION
    | {
        "statements": Param(
            schema={"type": "array", "minItems": 1, "items": {"type": "string", "minLength": 1}},
            doc="SQL statements, run in this order; must not contain secrets",
        ),
        "query": Param(
            schema={"type": "string", "minLength": 1}, doc="SQL that returns at most one row; instead of `statements`"
        ),
        "search_path": Param(
            schema=_NAMES,
            doc="list of the schemas in which names without a schema are looked up, after pg_catalog unless the list "
            'names it, and before pg_temp; default: ["$user", public]. `[]`: pg_catalog alone, for databases in which '
            "others may create in public",
        ),
    },
    output={
        "row": {
            "type": ["object", "null"],
            "description": "column → value of the query's row; null if there is no row",
        },
        "rows_affected": {
            "type": "integer",
            "description": "rows that all statements inserted, updated, deleted or read",
        },
    },
    calls={},
    errors=ERRORS,
    error_codes=SQLSTATE,
    run=_run,
)

ACTIONS: Final = (SETUP_USERS, RUN)
