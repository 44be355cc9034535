"""The DynamoDB table of a store: its keys and index, how it is created, and what is wrong with one that differs.

It is billed by request, with point-in-time recovery and deletion protection. This module does not know what is in an
item.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from engine.clock import Clock
from engine.errors import EnvironmentProblem
from engine.language.durations import format_duration
from engine.stores.dynamodb_client import TableClient
from engine.stores.port import StoreUnavailable

INDEX: Final = "by_status"
"""Sparse: heads by status and time, and each first record. It has the keys only, so that renewing a lease does not write
to it."""

KEYS: Final = (("operation_id", "HASH", "S"), ("seq", "RANGE", "N"))
INDEX_KEYS: Final = (("head_status", "HASH", "S"), ("head_time", "RANGE", "S"))
"""`head_time`: the time of the last record, then the id, so that no two operations have the same."""

TIMEOUT: Final = 120.0
"""Seconds to wait for a new table to become active."""


def definition(table: str) -> dict[str, Any]:
    """The arguments of `CreateTable`."""
    types = {name: type for name, _, type in KEYS + INDEX_KEYS}
    return {
        "TableName": table,
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": type} for name, type in types.items()],
        "KeySchema": _schema(KEYS),
        "GlobalSecondaryIndexes": [
            {"IndexName": INDEX, "KeySchema": _schema(INDEX_KEYS), "Projection": {"ProjectionType": "KEYS_ONLY"}}
        ],
        "BillingMode": "PAY_PER_REQUEST",
    }


def _schema(keys: tuple[tuple[str, str, str], ...]) -> list[dict[str, str]]:
    return [{"AttributeName": name, "KeyType": kind} for name, kind, _ in keys]


def schema_problem(table: Mapping[str, Any]) -> str | None:
    """What is wrong with the keys and the index of a table, given its description; None if nothing is."""
    types = {one["AttributeName"]: one["AttributeType"] for one in table.get("AttributeDefinitions", ())}
    found = _keys(table, types)
    if found != KEYS:
        return f"its key is {_format_keys(found)}, but must be {_format_keys(KEYS)}"
    indexes = {one["IndexName"]: _keys(one, types) for one in table.get("GlobalSecondaryIndexes") or ()}
    if INDEX not in indexes:
        return f"it has no index {INDEX}"
    if indexes[INDEX] != INDEX_KEYS:
        return f"the key of its index {INDEX} is {_format_keys(indexes[INDEX])}, but must be {_format_keys(INDEX_KEYS)}"
    return None


def _keys(described: Mapping[str, Any], types: Mapping[str, str]) -> tuple[tuple[str, str, str], ...]:
    schema = described.get("KeySchema", ())
    return tuple((one["AttributeName"], one["KeyType"], types.get(one["AttributeName"], "?")) for one in schema)


def _format_keys(keys: tuple[tuple[str, str, str], ...]) -> str:
    return ", ".join(f"{name} ({kind.lower()}, {type})" for name, kind, type in keys)


def table_problem(client: TableClient) -> str | None:
    """Why the table cannot be used as a store; None if it can, or if its description cannot be read."""
    try:
        wrong = schema_problem(client.request("describe_table")["Table"])
    except EnvironmentProblem:
        return None
    if wrong is None:
        return None
    return (
        f"the DynamoDB table {client.table} was not created by runbook: {wrong}. It was not changed; choose another name "
        f"and create the table with `runbook store init --store dynamodb:NAME`"
    )


# -- creating it ----------------------------------------------------------------------------------------------


def create_table(client: TableClient, clock: Clock) -> list[str]:
    """Create the table if it does not exist, and turn its protection on. Returns lines for a person on what was done.

    EnvironmentProblem if a table of that name has other keys; it is not changed.
    """
    created = _create(client)
    described = _wait_until_active(client, clock)
    wrong = schema_problem(described)
    if wrong is not None:
        message = (
            f"the DynamoDB table {client.table} exists and was not created by runbook: {wrong}. It was not changed; choose "
            f"another name"
        )
        raise EnvironmentProblem(message)
    lines = [f"created the table {client.table}" if created else f"the table {client.table} already exists"]
    if not described.get("DeletionProtectionEnabled"):
        lines.append(_enable(client, "deletion protection", "update_table", DeletionProtectionEnabled=True))
    else:
        lines.append("deletion protection is on")
    recovery = {"PointInTimeRecoveryEnabled": True}
    lines.append(
        _enable(
            client, "point-in-time recovery", "update_continuous_backups", PointInTimeRecoverySpecification=recovery
        )
    )
    return lines


def _create(client: TableClient) -> bool:
    """False if the table exists. Emulators that do not support deletion protection get a second request without it."""
    arguments = {name: value for name, value in definition(client.table).items() if name != "TableName"}
    for protection in ({"DeletionProtectionEnabled": True}, {}):
        try:
            client.request("create_table", **arguments, **protection)
        except EnvironmentProblem as error:
            if "ResourceInUseException" in str(error):
                return False
            if not protection or isinstance(error, StoreUnavailable) or "DeletionProtection" not in str(error):
                raise
        else:
            return True
    return True


def _wait_until_active(client: TableClient, clock: Clock) -> dict[str, Any]:
    """The description of the table once it and its index are active."""
    until = clock.boot() + TIMEOUT
    while True:
        described: dict[str, Any] = client.request("describe_table")["Table"]
        indexes = described.get("GlobalSecondaryIndexes") or ()
        states = [described.get("TableStatus"), *(one.get("IndexStatus") for one in indexes)]
        if all(state in ("ACTIVE", None) for state in states):
            return described
        if clock.boot() >= until:
            message = (
                f"the table {client.table} is not active after {format_duration(TIMEOUT)} ({', '.join(map(str, states))}). "
                f"Run `runbook store init` again when it is"
            )
            raise StoreUnavailable(message)
        clock.sleep(0.25)


def _enable(client: TableClient, what: str, request: str, **arguments: Any) -> str:
    """A line for a person. A permission may be missing, or an emulator may lack it: the table works without."""
    try:
        client.request(request, **arguments)
    except EnvironmentProblem as error:
        return f"warning: {what} could not be turned on: {error}"
    return f"{what} is on"
