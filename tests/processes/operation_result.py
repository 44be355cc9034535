"""How an operation ended, as its status, the world, its journal and the database tell it; and what must never be so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any

from actions.sandbox.calls import ApiCall
from tests.processes.harness import Desk
from tests.processes.runbooks_and_worlds import ID

TELLS = ("sns.Publish",)
"""Calls that are sent again where it is not known whether they were: what they say is compared, not how often."""


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """What there is to compare of two tellings: no ids, and no times."""

    status: str
    steps: tuple[Any, ...]
    ledger: tuple[Any, ...]
    there: tuple[Any, ...]
    changed: Counter[str]
    told: frozenset[str]
    users: tuple[str, ...]
    left: tuple[str, ...]


def end_of(desk: Desk, users: Iterable[str] = (), id: str = ID) -> End:
    document = desk.status(id)
    rows = desk.sandbox.resources()
    return End(
        status=document["status"],
        steps=tuple((one["id"], one["status"], one["attempt"], one["retry_count"]) for one in document["steps"]),
        ledger=tuple(
            (one["step"], one["kind"], one["name"], one["region"], one["state"]) for one in document["resources"]
        ),
        there=tuple((row["kind"], row["name"], row["region"], row["status"], str(row["tags"])) for row in rows),
        changed=changed(desk),
        told=frozenset(one["subject"] for one in desk.sandbox.messages),
        users=tuple(users),
        left=tuple(document["orphaned_resources"]),
    )


def changed(desk: Desk) -> Counter[str]:
    """Every change that was done, and to what: `rds.CreateDBInstance rds.instance/orders-1@us-west-2`."""
    return Counter(f"{call.name} {thing_of(call)}" for call in changes(desk) if call.name not in TELLS)


def changes(desk: Desk) -> list[ApiCall]:
    return [call for call in desk.sandbox.journal if call.changes and call.performed]


def thing_of(call: ApiCall) -> str:
    return call.resource.partition("#")[0]


def unnamed(desk: Desk, id: str = ID) -> list[str]:
    """What bears the operation's tag and is not in its ledger by name and id."""
    ledger = {(one["kind"], one["name"]): str(one["id"]) for one in desk.status(id)["resources"]}
    ours = [row for row in desk.sandbox.resources() if row["tags"].get("runbook:operation") == id]
    return [
        f"{row['kind']} {row['name']} {row['id']}"
        for row in ours
        if not named(ledger.get((row["kind"], row["name"]), ""), row)
    ]


def named(known: str, row: dict[str, Any]) -> bool:
    """Is that its id? A snapshot has none of its own: its ARN and the attempt that made it are what tells it."""
    if row["kind"] == "rds.cluster_snapshot":
        return row["name"] in known and known.endswith(row["tags"]["runbook:attempt"])
    return known == row["id"]


def differences(one: End, other: End) -> list[str]:
    """In a line each, for whoever has to find out."""
    pairs = [(field.name, getattr(one, field.name), getattr(other, field.name)) for field in fields(End)]
    return [f"{name}: {here} instead of {there}" for name, here, there in pairs if here != there]


def judge(desk: Desk, undisturbed: End, users: Iterable[str] = (), id: str = ID) -> None:
    """It ends as if nobody had pulled the plug."""
    found = end_of(desk, users, id)
    assert not differences(found, undisturbed), [call.name for call in changes(desk)]
    assert not unnamed(desk, id)
    assert "Ended" in desk.events(id)
