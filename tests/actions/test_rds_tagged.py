"""What bears the tag of an operation is found over all pages, with as few calls as there are pages."""

from __future__ import annotations

from typing import Any

import pytest

from actions import build_registry
from actions.rds.names import tag_list
from actions.sandbox import Sandbox
from engine.registry import Findable
from tests.actions.contexts import context

TAGS = {"runbook:operation": "op-1", "runbook:runbook": "r", "runbook:step": "made[0]", "runbook:attempt": "1.1"}
WIRED = {tag["Key"]: tag["Value"] for tag in tag_list(TAGS)}
KINDS = ("rds.cluster_snapshot", "rds.cluster", "rds.instance")


def findable(name: str) -> Findable:
    kind = build_registry(entry_points=False).kinds[name]
    assert isinstance(kind, Findable)
    return kind


def world(kind: str, count: int) -> dict[str, Any]:
    """So many that bear tags, as many that bear others, and one of another region."""
    said = {"cluster": "orders"} if kind != "rds.cluster" else {}
    things: dict[str, Any] = {"rds.cluster/orders@us-west-2": {"instances": 2}}
    for number in range(count):
        things[f"{kind}/ours-{number}@us-west-2"] = {**said, "tags": WIRED}
        things[f"{kind}/theirs-{number}@us-west-2"] = {**said, "tags": {"team": "a", "operation": "op-1"}}
    return things | {f"{kind}/ours-far@eu-west-1": {**said, "tags": WIRED}}


@pytest.mark.parametrize("kind", KINDS)
def test_exactly_the_tagged_resources_are_found(kind: str) -> None:
    sandbox = Sandbox(world(kind, 120))
    seen = list(findable(kind).tagged(context(clients=sandbox.clients)))
    assert sorted(one.attributes["name"] for one in seen) == sorted(f"ours-{number}" for number in range(120))
    assert {one.cls for one in seen} == {"available"}
    assert all(one.tags == TAGS and one.id and one.attributes["created"] for one in seen)
    assert len(sandbox.journal) == 3  # pages of a hundred
    assert len({call.name for call in sandbox.journal}) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_the_id_is_that_of_a_look(kind: str) -> None:
    ctx = context(clients=Sandbox(world(kind, 1)).clients)
    (seen,) = findable(kind).tagged(ctx)
    made: Any = findable(kind)
    assert made.look({"name": "ours-0"}, ctx).id == seen.id


@pytest.mark.parametrize("kind", KINDS)
def test_the_aws_cli_command_deletes_it(kind: str) -> None:
    (seen,) = findable(kind).tagged(context(clients=Sandbox(world(kind, 1)).clients))
    said = findable(kind).by_hand(seen)
    assert said.startswith("aws rds delete-db-")
    assert " ours-0" in said


def test_an_automated_snapshot_has_no_command() -> None:
    name = "rds:orders-2024-03-20-00-06"
    said = {"cluster": "orders", "type": "automated", "tags": WIRED}
    sandbox = Sandbox({f"rds.cluster_snapshot/{name}@us-west-2": said})
    (seen,) = findable("rds.cluster_snapshot").tagged(context(clients=sandbox.clients))
    assert (seen.attributes["name"], findable("rds.cluster_snapshot").by_hand(seen)) == (name, "")


def test_every_kind_that_creates_resources_can_list_them() -> None:
    kinds = build_registry(entry_points=False).kinds
    assert {name for name, kind in kinds.items() if isinstance(kind, Findable)} == set(KINDS)
