"""`postgres.run`: a runbook's own SQL statements or query, run as `admin`.

Several statements are one transaction. A single statement is sent without one, so that statements which cannot run in a
transaction are possible (CREATE DATABASE, VACUUM). A query is read-only and returns at most one row.

`search_path` holds for the operator's statements alone. PostgreSQL searches `pg_catalog` first where the list does not name
it, and creates what has no schema in the first that is named, so the default does not name it. `pg_temp` comes last: where it
is not named, it would come first for tables and types.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from actions.postgres.connection import Session, open_session
from actions.postgres.server_errors import failed
from engine.registry import Context

DEFAULT_PATH: Final = ("$user", "public")


def run(params: Mapping[str, Any], ctx: Context) -> Mapping[str, Any]:
    """Run the statements or the query; return `{row, rows_affected}`."""
    statements, query = params.get("statements"), params.get("query")
    if (statements is None) == (query is None):
        raise failed("InvalidParameter", "invalid", "give either `statements` or `query`")
    with open_session(params, ctx) as session:
        session.search(_search_path(params.get("search_path")))
        if statements is None:
            return _run_query(session, str(query))
        return _run_statements(session, [str(text) for text in statements])


def _search_path(given: list[str] | None) -> list[str]:
    names = list(DEFAULT_PATH if given is None else given or ["pg_catalog"])
    return names if "pg_temp" in names else [*names, "pg_temp"]


def _run_statements(session: Session, statements: list[str]) -> Mapping[str, Any]:
    if len(statements) == 1:
        session.run_alone(statements[0])
        return {"row": None, "rows_affected": session.affected}
    affected = 0
    with session.transaction():
        for text in statements:
            session.limit()
            session.run(text)
            affected += session.affected
    return {"row": None, "rows_affected": affected}


def _run_query(session: Session, query: str) -> Mapping[str, Any]:
    with session.transaction(only_reads=True):
        rows = session.run(query)
        if len(rows) > 1:
            message = f"query: it returned {len(rows)} rows and may return one: narrow it down, or add LIMIT 1"
            raise failed("InvalidParameter", "invalid", message)
        row = dict(zip(session.columns, rows[0], strict=True)) if rows else None
        affected = session.affected
    return {"row": row, "rows_affected": affected}
