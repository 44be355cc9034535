"""What else in AWS blocks the deletion of a cluster. It is read before the first instance goes, and changes nothing.

AWS refuses some deletions only when the instances are gone already, or when the last one is to go. Each check names its
source in docs/aws.md, "Deleting a cluster". A check without the permission to read is left out: AWS's refusal then says it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from actions.rds import lookup
from actions.rds.names import arn_of
from engine.errors import EffectFailed
from engine.registry import Blocker, Context

Json = Mapping[str, Any]
Check = Callable[[Json, Json, Context], Blocker | None]


def blocker_of(cluster: Json, removal: Json, ctx: Context) -> Blocker | None:
    """The first thing that blocks it. `cluster`: the attributes of its kind; `removal`: the step's parameters."""
    for check in CHECKS:
        try:
            blocker = check(cluster, removal, ctx)
        except EffectFailed as error:
            if lookup.is_denied(error):
                continue
            raise
        if blocker is not None:
            return blocker
    return None


def _final_snapshot_is_taken(cluster: Json, removal: Json, ctx: Context) -> Blocker | None:
    name = removal.get("final_snapshot")
    if name is None or lookup.snapshot(ctx, str(name)) is None:
        return None
    return Blocker(reason=f"there is a snapshot {name} already: give `final_snapshot` another name, or delete that one")


def _is_primary(cluster: Json, removal: Json, ctx: Context) -> Blocker | None:
    """`detach` lets a secondary cluster go, and a primary that has no secondaries."""
    name = cluster.get("global")
    found = lookup.global_cluster(ctx, str(name)) if name else None
    members = (found or {}).get("GlobalClusterMembers") or []
    writer: Json = next((one for one in members if one.get("IsWriter")), {})
    others = [str(one.get("DBClusterArn")) for one in members if one is not writer]
    if not others or writer.get("DBClusterArn") != cluster.get("arn"):
        return None
    return Blocker(
        reason=f"the cluster {cluster['name']} is the primary of the global cluster {name}, which has the secondary "
        f"clusters {', '.join(others)}: remove those from it first"
    )


def _is_replica(cluster: Json, removal: Json, ctx: Context) -> Blocker | None:
    """AWS keeps the last instance of a replica cluster. In a global cluster `detach` ends the replication."""
    source = cluster.get("replica_of")
    if not source or cluster.get("global") or not cluster.get("instances"):
        return None
    return Blocker(
        reason=f"the cluster {cluster['name']} is a replica of {source}: promote it first "
        f"(aws rds promote-read-replica-db-cluster --db-cluster-identifier {cluster['name']})"
    )


def _has_replicas(cluster: Json, removal: Json, ctx: Context) -> Blocker | None:
    """AWS keeps the last instance of a cluster that has replica clusters, which may be in other regions."""
    replicas = [one for one in cluster.get("replicas") or () if _is_cluster(str(one))]
    if not replicas or cluster.get("global") or not cluster.get("instances"):
        return None
    names = ", ".join(map(str, replicas))
    return Blocker(
        reason=f"the cluster {cluster['name']} has the replica clusters {names}: delete or promote those first"
    )


def _is_cluster(replica: str) -> bool:
    """A Multi-AZ cluster may have instances as replicas; AWS promotes those itself."""
    arn = arn_of(replica)
    return arn is None or arn.type == "cluster"


def _snapshot_is_being_made(cluster: Json, removal: Json, ctx: Context) -> Blocker | None:
    found = lookup.snapshots_of(ctx, str(cluster["name"]))
    making = [one["DBClusterSnapshotIdentifier"] for one in found if one.get("Status") == "creating"]
    if not making:
        return None
    return Blocker(reason=f"a snapshot of the cluster is being made: {', '.join(making)}", passes=True)


CHECKS: Final[tuple[Check, ...]] = (
    _final_snapshot_is_taken, _is_primary, _is_replica, _has_replicas, _snapshot_is_being_made,
)  # fmt: skip
