"""From what `--store` says to a store. Opens nothing yet: a store is touched when it is first asked."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from engine.clock import Clock
from engine.errors import UsageError
from engine.stores.port import Store

PLACES: Final = "sqlite:PATH, dynamodb:TABLE or memory:"

TABLE: Final = re.compile(
    r"[A-Za-z0-9_.-]{3,255}|arn:[A-Za-z0-9-]+:dynamodb:[A-Za-z0-9-]+:\d{12}:table/[A-Za-z0-9_.-]{3,255}"
)

Clients = Callable[[str], Any]
"""From the name of an AWS service to its client; `actions.aws.sessions.Sessions.clients` is one."""


def open_store(place: str, *, clients: Clients | None = None, clock: Clock | None = None) -> Store:
    """The store at a place; UsageError for what is no place. `clients` is asked for DynamoDB alone."""
    kind, colon, rest = place.partition(":")
    if kind == "sqlite" and rest:
        from engine.stores.sqlite import SqliteStore

        return SqliteStore(Path(rest).expanduser())
    if place == "memory:":
        from engine.stores.memory import MemoryStore

        return MemoryStore()
    if kind == "dynamodb" and rest:
        return _dynamodb(rest, clients, clock)
    if kind in ("sqlite", "dynamodb", "memory") and colon:
        message = f"the store {place!r} is not complete: {PLACES}"
        raise UsageError(message)
    hint = f"; did you mean `sqlite:{place}`?" if place.endswith((".db", ".sqlite", ".sqlite3")) else ""
    message = f"{place!r} is no place for a store: {PLACES}{hint}"
    raise UsageError(message)


def _dynamodb(table: str, clients: Clients | None, clock: Clock | None) -> Store:
    from engine.stores.dynamodb import DynamoStore

    if not TABLE.fullmatch(table):
        message = f"{table!r} is no name of a DynamoDB table: 3 to 255 of A-Z a-z 0-9 _ . -, or its ARN"
        raise UsageError(message)
    return DynamoStore(table, clients or default_client, clock)


def default_client(service: str) -> Any:
    """A client from the environment alone. Its retries are off: the store has its own."""
    import boto3
    from botocore.config import Config

    settings = Config(connect_timeout=5, read_timeout=20, retries={"total_max_attempts": 1}, parameter_validation=False)
    return boto3.session.Session().client(service, config=settings)


def default_location(environ: Mapping[str, str]) -> str:
    """Where operations are kept if nobody says: the user's own state folder (XDG)."""
    state = environ.get("XDG_STATE_HOME", "")
    # The XDG specification: a path that is not absolute is to be ignored.
    folder = Path(state) if state.startswith("/") else Path(environ.get("HOME") or "~").expanduser() / ".local/state"
    return f"sqlite:{folder / 'runbook' / 'operations.db'}"
