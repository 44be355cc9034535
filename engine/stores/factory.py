"""From the value of `--store` to a store. Nothing is opened here: a store connects at its first request."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from engine.clock import Clock
from engine.errors import EnvironmentProblem, UsageError
from engine.stores.port import Store

LOCATIONS: Final = "sqlite:PATH, dynamodb:TABLE or memory:"

TABLE: Final = re.compile(
    r"[A-Za-z0-9_.-]{3,255}|arn:[A-Za-z0-9-]+:dynamodb:[A-Za-z0-9-]+:\d{12}:table/[A-Za-z0-9_.-]{3,255}"
)

Clients = Callable[[str], Any]
"""From the name of an AWS service to its boto3 client, such as `actions.aws.sessions.Sessions.clients`."""


def open_store(location: str, *, clients: Clients | None = None, clock: Clock | None = None) -> Store:
    """The store at a location; UsageError for what is not one. `clients` is used for DynamoDB only."""
    kind, colon, rest = location.partition(":")
    if kind == "sqlite" and rest:
        from engine.stores.sqlite import SqliteStore

        return SqliteStore(Path(rest).expanduser())
    if location == "memory:":
        from engine.stores.memory import MemoryStore

        return MemoryStore()
    if kind == "dynamodb" and rest:
        return _dynamodb(rest, clients, clock)
    if kind in ("sqlite", "dynamodb", "memory") and colon:
        message = f"the store `{location}` is not complete: use {LOCATIONS}"
        raise UsageError(message)
    is_file = location.endswith((".db", ".sqlite", ".sqlite3"))
    hint = f"; did you mean `sqlite:{location}`?" if is_file else ""
    message = f"`{location}` is not a store: use {LOCATIONS}{hint}"
    raise UsageError(message)


def _dynamodb(table: str, clients: Clients | None, clock: Clock | None) -> Store:
    from engine.stores.dynamodb import DynamoStore

    if not TABLE.fullmatch(table):
        message = f"`{table}` is not the name of a DynamoDB table: use 3 to 255 of the characters A-Z a-z 0-9 _ . -, or its ARN"
        raise UsageError(message)
    return DynamoStore(table, clients or default_client, clock)


def default_client(service: str) -> Any:
    """A client configured by the environment only. Its retries are off: the store has its own."""
    import boto3
    from botocore.config import Config

    settings = Config(connect_timeout=5, read_timeout=20, retries={"total_max_attempts": 1}, parameter_validation=False)
    return boto3.session.Session().client(service, config=settings)


def default_location(environ: Mapping[str, str]) -> str:
    """The location of a store that is not configured: a file in the user's state folder (XDG)."""
    state = environ.get("XDG_STATE_HOME", "")
    # By the XDG specification, a path that is not absolute is ignored.
    try:
        folder = (
            Path(state) if state.startswith("/") else Path(environ.get("HOME") or "~").expanduser() / ".local/state"
        )
    except RuntimeError as error:  # this user has neither HOME nor an entry in the list of users
        raise EnvironmentProblem("this user has no home folder; name a place with --store or RUNBOOK_STORE") from error
    return f"sqlite:{folder / 'runbook' / 'operations.db'}"
