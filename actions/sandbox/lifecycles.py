"""What changes in the world as time passes: deletions end, names change, automated backups appear.

The sandbox calls it before every call, so that nothing has to tick. Must not know who calls.
"""

from __future__ import annotations

from actions.sandbox.services.snapshots import of_cluster
from actions.sandbox.world import Resource, World


def advance(world: World, now: float) -> None:
    """Set the world's time to `now`, and do everything that was due by then."""
    world.now = now
    for resource in list(world.resources.values()):
        if resource.rename is not None and resource.rename[1] <= now:
            rename(world, resource, resource.rename[0])
            world.touched = True
        if resource.gone(now) and resource.stale_until <= now:
            _remove(world, resource)
            world.touched = True
        due = resource.data.get("BackupDue")
        if due is not None and due <= now and resource.status(now) == "available":
            del resource.data["BackupDue"]
            world.add(of_cluster(world, resource, due))
            world.touched = True


def _remove(world: World, resource: Resource) -> None:
    """A cluster's automated snapshots are deleted with it, unless the call that deleted it kept them."""
    del world.resources[resource.key]
    if resource.kind != "rds.cluster":
        return
    world.databases.pop(resource.id, None)
    if resource.data.get("KeepBackups"):
        return
    for other in list(world.resources.values()):
        if (
            other.kind == "rds.cluster_snapshot"
            and other.data.get("SnapshotType") == "automated"
            and other.data.get("DbClusterResourceId") == resource.id
        ):
            del world.resources[other.key]


def rename(world: World, resource: Resource, name: str) -> None:
    """Change a resource's name, and with a cluster's that in its instances."""
    del world.resources[resource.key]
    for other in world.resources.values():
        if (
            resource.kind == "rds.cluster"
            and other.kind == "rds.instance"
            and (other.account, other.region) == (resource.account, resource.region)
            and other.data.get("DBClusterIdentifier") == resource.name
        ):
            other.data["DBClusterIdentifier"] = name
    resource.name, resource.rename = name, None
    world.add(resource)
