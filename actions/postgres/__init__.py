"""`postgres.setup_users` and `postgres.run`, on pg8000: one connection, one transaction, no password in any log."""

from __future__ import annotations

from actions.postgres.declarations import ACTIONS

__all__ = ["ACTIONS"]
