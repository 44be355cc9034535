"""The fixtures of tests/cli, for cases that run commands, and those of tests/actions for a PostgreSQL server."""

from __future__ import annotations

from tests.actions.conftest import database, postgres
from tests.cli.conftest import _isolated_folders, aws, cli, few, process, store

__all__ = ["_isolated_folders", "aws", "cli", "database", "few", "postgres", "process", "store"]
