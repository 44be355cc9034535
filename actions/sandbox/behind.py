"""A hand behind the runner's back: what somebody else does to the pretend AWS, and what truly is there.

Keys are those of a world's form (`rds.cluster/orders@us-west-2`). Nothing here is a call, and none of it is in the journal.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from actions.sandbox.world import Resource, World
from actions.sandbox.world_document import parse_key
from engine.errors import UsageError


def find(world: World, key: str) -> Resource | None:
    """What is truly there, whatever lists show."""
    kind, name, region, account = parse_key(world, key)
    return world.find(kind, account, region, name)


def there(world: World, key: str) -> Resource:
    """The same; UsageError if there is nothing."""
    found = find(world, key)
    if found is None:
        message = f"there is no {key} in the sandbox"
        raise UsageError(message)
    return found


def remove(world: World, key: str) -> None:
    """It is gone at once, with its instances."""
    gone = there(world, key)
    for other in list(world.resources.values()):
        inside = other.kind == "rds.instance" and other.data.get("DBClusterIdentifier") == gone.name
        same_place = (other.account, other.region) == (gone.account, gone.region)
        if other is gone or (gone.kind == "rds.cluster" and inside and same_place):
            del world.resources[other.key]
            world.databases.pop(other.id, None)


def change(
    world: World, key: str, status: str | None, seconds: float, then: str, tags: Mapping[str, str] | None,
    data: Mapping[str, Any],
) -> None:  # fmt: skip
    """Set a status (for ever, or for `seconds` and `then` another), tags, or attributes by wire names."""
    resource = there(world, key)
    if status is not None:
        steps = [(status, seconds)] if seconds else []
        resource.begin(world.now, *steps, last=then if seconds else status)
    if tags is not None:
        resource.tags = dict(tags)
    resource.data |= data


def rows(world: World, kinds: tuple[str, ...]) -> list[dict[str, Any]]:
    """All that truly is there, of those kinds (none: every kind of RDS), by name, as plain values."""
    now = world.now
    found = [
        {
            "kind": r.kind, "name": r.name, "region": r.region, "account": r.account, "id": r.id,
            "status": r.status(now), "tags": dict(r.tags),
        }
        for r in world.resources.values()
        if r.status(now) != "gone" and (r.kind in kinds if kinds else r.kind.startswith("rds."))
    ]  # fmt: skip
    return sorted(found, key=lambda row: (str(row["kind"]), str(row["region"]), str(row["name"])))
