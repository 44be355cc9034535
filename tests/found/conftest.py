"""The fixtures of tests/cli, for cases that run commands."""

from __future__ import annotations

from tests.cli.conftest import _isolated_folders, aws, cli, few, process, store

__all__ = ["_isolated_folders", "aws", "cli", "few", "process", "store"]
