"""`postgres.setup_users` and `postgres.run`, with pg8000: one connection and one transaction each, no password in a log."""

from __future__ import annotations

from actions.postgres.postgres_actions import ACTIONS

__all__ = ["ACTIONS"]
