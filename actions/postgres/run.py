"""`postgres.run`: statements or a query of the runbook's own, as `admin`.

Several statements are one transaction. One alone is sent as it stands, so that what cannot be in a transaction
(CREATE DATABASE, VACUUM) can be run. A query is read only, and yields at most one row.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from actions.postgres.connection import Session, session
from actions.postgres.errors import failed
from engine.registry import Context


def run(params: Mapping[str, Any], ctx: Context) -> Mapping[str, Any]:
    """`{row, rows_affected}`."""
    statements, query = params.get("statements"), params.get("query")
    if (statements is None) == (query is None):
        raise failed("InvalidParameter", "invalid", "give either `statements` or `query`")
    with session(params, ctx) as made:
        return _asked(made, str(query)) if statements is None else _performed(made, [str(text) for text in statements])


def _performed(made: Session, statements: list[str]) -> Mapping[str, Any]:
    if len(statements) == 1:
        made.run_alone(statements[0])
        return {"row": None, "rows_affected": made.affected}
    affected = 0
    with made.transaction():
        for text in statements:
            made.limit()
            made.run(text)
            affected += made.affected
    return {"row": None, "rows_affected": affected}


def _asked(made: Session, query: str) -> Mapping[str, Any]:
    with made.transaction("BEGIN READ ONLY"):
        rows = made.run(query)
        if len(rows) > 1:
            said = f"query: {len(rows)} rows came, and there is room for one; narrow it down, or add LIMIT 1"
            raise failed("InvalidParameter", "invalid", said)
        row = dict(zip(made.columns, rows[0], strict=True)) if rows else None
        affected = made.affected
    return {"row": row, "rows_affected": affected}
