"""The result of an operation, by its status, the sandbox, its journal and the database; and what must always hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any

from actions.sandbox.calls import ApiCall
from tests.processes.harness import Harness
from tests.processes.runbooks_and_worlds import ID

NOTIFICATIONS = ("sns.Publish",)
"""Calls that may be sent more than once: their subjects are compared, not their number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationResult:
    """What is compared between two runs: no ids and no times."""

    status: str
    steps: tuple[Any, ...]
    ledger: tuple[Any, ...]
    resources: tuple[Any, ...]
    changed: Counter[str]
    subjects: frozenset[str]
    users: tuple[str, ...]
    left: tuple[str, ...]


def result_of(harness: Harness, users: Iterable[str] = (), id: str = ID) -> OperationResult:
    document = harness.status(id)
    rows = harness.sandbox.resources()
    return OperationResult(
        status=document["status"],
        steps=tuple((one["id"], one["status"], one["attempt"], one["retry_count"]) for one in document["steps"]),
        ledger=tuple(
            (one["step"], one["kind"], one["name"], one["region"], one["state"]) for one in document["resources"]
        ),
        resources=tuple((row["kind"], row["name"], row["region"], row["status"], tags_of(row)) for row in rows),
        changed=changed(harness),
        subjects=frozenset(one["subject"] for one in harness.sandbox.messages),
        users=tuple(users),
        left=tuple(document["orphaned_resources"]),
    )


def tags_of(row: dict[str, Any]) -> str:
    """Without the id of the store, which differs between two runs."""
    return str({name: value for name, value in row["tags"].items() if name != "runbook:store"})


def changed(harness: Harness) -> Counter[str]:
    """Every performed change and its resource: `rds.CreateDBInstance rds.instance/orders-1@us-west-2`."""
    return Counter(f"{call.name} {thing_of(call)}" for call in changes(harness) if call.name not in NOTIFICATIONS)


def changes(harness: Harness) -> list[ApiCall]:
    return [call for call in harness.sandbox.journal if call.changes and call.performed]


def thing_of(call: ApiCall) -> str:
    return call.resource.partition("#")[0]


def not_in_ledger(harness: Harness, id: str = ID) -> list[str]:
    """Resources that have the operation's tag and are not in its ledger by name and id."""
    ledger = {(one["kind"], one["name"]): str(one["id"]) for one in harness.status(id)["resources"]}
    ours = [row for row in harness.sandbox.resources() if row["tags"].get("runbook:operation") == id]
    return [
        f"{row['kind']} {row['name']} {row['id']}"
        for row in ours
        if not is_id_of(ledger.get((row["kind"], row["name"]), ""), row)
    ]


def is_id_of(known: str, row: dict[str, Any]) -> bool:
    """Whether that is the id of the resource. A snapshot has no id: its ARN and its attempt stand for one."""
    if row["kind"] == "rds.cluster_snapshot":
        return row["name"] in known and known.endswith(row["tags"]["runbook:attempt"])
    return known == row["id"]


def differences(one: OperationResult, other: OperationResult) -> list[str]:
    """A line for each field that differs."""
    pairs = [(field.name, getattr(one, field.name), getattr(other, field.name)) for field in fields(OperationResult)]
    return [f"{name}: {here} instead of {there}" for name, here, there in pairs if here != there]


def check_result(harness: Harness, undisturbed: OperationResult, users: Iterable[str] = (), id: str = ID) -> None:
    """Check that the operation ended as it does when nothing is killed."""
    found = result_of(harness, users, id)
    assert not differences(found, undisturbed), [call.name for call in changes(harness)]
    assert not not_in_ledger(harness, id)
    assert "Ended" in harness.events(id)
