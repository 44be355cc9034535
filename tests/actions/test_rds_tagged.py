"""Resources with the tag of an operation are found over all pages, with one call for each page."""

from __future__ import annotations

from typing import Any

import pytest

from actions.rds.names import tag_list
from actions.sandbox import Sandbox
from actions.sandbox.services import WORLD_KINDS
from engine.registry import Findable
from tests.actions.contexts import context
from tests.actions.rds_world import REGISTRY

TAGS = {"runbook:operation": "op-1", "runbook:runbook": "r", "runbook:step": "made[0]", "runbook:attempt": "1.1"}
WIRED = {tag["Key"]: tag["Value"] for tag in tag_list(TAGS)}
KINDS = [name for name, kind in REGISTRY.kinds.items() if "ensure" in kind.facts.verbs]


def findable(name: str) -> Findable:
    kind = REGISTRY.kinds[name]
    assert isinstance(kind, Findable)
    return kind


def world(kind: str, count: int) -> dict[str, Any]:
    """`count` resources with our tags, as many with other tags, and one with our tags in another region."""
    spec = {"cluster": "orders"} if "cluster" in WORLD_KINDS[kind].fields else {}
    things: dict[str, Any] = {"rds.cluster/orders@us-west-2": {"instances": 2}}
    for number in range(count):
        things[f"{kind}/ours-{number}@us-west-2"] = {**spec, "tags": WIRED}
        things[f"{kind}/theirs-{number}@us-west-2"] = {**spec, "tags": {"team": "a", "operation": "op-1"}}
    return things | {f"{kind}/ours-far@eu-west-1": {**spec, "tags": WIRED}}


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
    command = findable(kind).by_hand(seen)
    assert command.startswith("aws rds delete-db-")
    assert " ours-0" in command


def test_an_automated_snapshot_has_no_command() -> None:
    name = "rds:orders-2024-03-20-00-06"
    spec = {"cluster": "orders", "type": "automated", "tags": WIRED}
    sandbox = Sandbox({f"rds.cluster_snapshot/{name}@us-west-2": spec})
    (seen,) = findable("rds.cluster_snapshot").tagged(context(clients=sandbox.clients))
    assert (seen.attributes["name"], findable("rds.cluster_snapshot").by_hand(seen)) == (name, "")


def test_only_kinds_that_create_resources_list_them() -> None:
    assert len(KINDS) >= 3
    assert {name for name, kind in REGISTRY.kinds.items() if isinstance(kind, Findable)} == set(KINDS)
