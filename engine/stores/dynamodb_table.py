"""The DynamoDB table: its keys and index, how it is made, and what is wrong with one that does not fit.

Made on demand, with recovery to a point in time and protection against deletion. This module must not know what is
in an item.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from engine.clock import Clock
from engine.errors import EnvironmentProblem
from engine.stores.dynamodb_client import TableClient
from engine.stores.port import StoreUnavailable

INDEX: Final = "by_status"
"""Sparse: heads, by their status, and each first record; keys alone, so that a renewed lease costs nothing here."""

KEYS: Final = (("operation_id", "HASH", "S"), ("seq", "RANGE", "N"))
INDEX_KEYS: Final = (("head_status", "HASH", "S"), ("operation_id", "RANGE", "S"))

WITHIN: Final = 120.0
"""Seconds until a table that is being made is given up."""


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
    """What is wrong with a table, from its description; None if it fits."""
    types = {one["AttributeName"]: one["AttributeType"] for one in table.get("AttributeDefinitions", ())}
    found = _keys(table, types)
    if found != KEYS:
        return f"its key is {_told(found)}, and {_told(KEYS)} is needed"
    indexes = {one["IndexName"]: _keys(one, types) for one in table.get("GlobalSecondaryIndexes") or ()}
    if INDEX not in indexes:
        return f"it has no index {INDEX}"
    if indexes[INDEX] != INDEX_KEYS:
        return f"the key of its index {INDEX} is {_told(indexes[INDEX])}, and {_told(INDEX_KEYS)} is needed"
    return None


def _keys(described: Mapping[str, Any], types: Mapping[str, str]) -> tuple[tuple[str, str, str], ...]:
    schema = described.get("KeySchema", ())
    return tuple((one["AttributeName"], one["KeyType"], types.get(one["AttributeName"], "?")) for one in schema)


def _told(keys: tuple[tuple[str, str, str], ...]) -> str:
    return ", ".join(f"{name} ({kind.lower()}, {type})" for name, kind, type in keys)


def table_problem(calls: TableClient) -> str | None:
    """Why the table cannot serve, in a sentence; None if it can, or if we may not see its form."""
    try:
        wrong = schema_problem(calls.ask("describe_table")["Table"])
    except EnvironmentProblem:
        return None
    if wrong is None:
        return None
    return (
        f"the DynamoDB table {calls.table} is not one of runbook's: {wrong}; nothing was written: choose another name, "
        f"and make it with `runbook store init --store dynamodb:NAME`"
    )


# -- making it ------------------------------------------------------------------------------------------------


def create_table(calls: TableClient, clock: Clock) -> list[str]:
    """Make it, or see that it fits, with protection on; lines for a person, of what was done and what could not be.

    EnvironmentProblem where a table of that name has another form: it is not touched.
    """
    made = _made(calls)
    described = _ready(calls, clock)
    wrong = schema_problem(described)
    if wrong is not None:
        message = f"the DynamoDB table {calls.table} is there and is not one of runbook's: {wrong}; it was left alone"
        raise EnvironmentProblem(message)
    lines = [f"the table {calls.table} {'was made' if made else 'is there already, and fits'}"]
    if not described.get("DeletionProtectionEnabled"):
        lines.append(_switched(calls, "deletion protection", "update_table", DeletionProtectionEnabled=True))
    else:
        lines.append("deletion protection is on")
    recovery = {"PointInTimeRecoveryEnabled": True}
    lines.append(
        _switched(
            calls, "point-in-time recovery", "update_continuous_backups", PointInTimeRecoverySpecification=recovery
        )
    )
    return lines


def _made(calls: TableClient) -> bool:
    """With protection from the first moment; an emulator that does not know it is asked again without."""
    asked = {name: value for name, value in definition(calls.table).items() if name != "TableName"}
    for protection in ({"DeletionProtectionEnabled": True}, {}):
        try:
            calls.ask("create_table", **asked, **protection)
        except EnvironmentProblem as error:
            if "ResourceInUseException" in str(error):
                return False
            if not protection or isinstance(error, StoreUnavailable) or "DeletionProtection" not in str(error):
                raise
        else:
            return True
    return True


def _ready(calls: TableClient, clock: Clock) -> dict[str, Any]:
    until = clock.boot() + WITHIN
    while True:
        described: dict[str, Any] = calls.ask("describe_table")["Table"]
        indexes = described.get("GlobalSecondaryIndexes") or ()
        states = [described.get("TableStatus"), *(one.get("IndexStatus") for one in indexes)]
        if all(state in ("ACTIVE", None) for state in states):
            return described
        if clock.boot() >= until:
            message = f"the table {calls.table} is not ready after {WITHIN:.0f} s: {', '.join(map(str, states))}"
            raise StoreUnavailable(message)
        clock.sleep(0.25)


def _switched(calls: TableClient, what: str, request: str, **arguments: Any) -> str:
    """Not to be had where a permission, or an emulator, lacks it: the table serves without, and a person is told."""
    try:
        calls.ask(request, **arguments)
    except EnvironmentProblem as error:
        return f"warning: {what} could not be switched on: {error}"
    return f"{what} is on"
