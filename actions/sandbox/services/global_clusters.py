"""Global clusters of RDS, and how a cluster leaves one."""

from __future__ import annotations

from typing import Any, Final

from actions.sandbox.calls import Refusal, Request
from actions.sandbox.services.clusters import global_members, require_status
from actions.sandbox.services.lists import page
from actions.sandbox.services.rds_names import arn_of, find_by_arn
from actions.sandbox.world import Resource, World
from actions.sandbox.world_kinds import Spec, WorldKind

GLOBAL: Final = "rds.global_cluster"


def describe_globals(world: World, request: Request) -> dict[str, Any]:
    """DescribeGlobalClusters, in any region."""
    name = request.get("GlobalClusterIdentifier")
    found = [other for other in world.all(GLOBAL, request.account, "global") if not name or other.name == name.lower()]
    if name and not found:
        raise Refusal("GlobalClusterNotFoundFault", f"Global cluster {name} not found")
    return page(request, "GlobalClusters", [_wire(world, one) for one in found])


def _wire(world: World, one: Resource) -> dict[str, Any]:
    arns = [arn_of(cluster) for cluster in global_members(world, one.account, one.name)]
    return {
        "GlobalClusterIdentifier": one.name,
        "GlobalClusterResourceId": one.id,
        "GlobalClusterArn": arn_of(one),
        "Status": one.status(world.now),
        "Engine": one.data.get("Engine", "aurora-postgresql"),
        "GlobalClusterMembers": [
            {"DBClusterArn": arn, "IsWriter": number == 0, "Readers": arns[1:] if number == 0 else []}
            for number, arn in enumerate(arns)
        ],
    }


def remove_from_global(world: World, request: Request) -> dict[str, Any]:
    """RemoveFromGlobalCluster: `promoting`, then `available`; refuses a primary that has secondaries."""
    name = (request.get("GlobalClusterIdentifier") or "").lower()
    one = world.find(GLOBAL, request.account, "global", name)
    if one is None:
        raise Refusal("GlobalClusterNotFoundFault", f"Global cluster {name} not found")
    if not request.get("DbClusterIdentifier"):
        raise Refusal("MissingParameter", "DbClusterIdentifier must be given.")
    cluster = find_by_arn(world, request.params["DbClusterIdentifier"])
    inside = global_members(world, one.account, one.name)
    if cluster is None or cluster not in inside:
        raise Refusal("DBClusterNotFoundFault", f"DBCluster {request.params['DbClusterIdentifier']} not found.")
    if cluster is inside[0] and len(inside) > 1:
        message = "The primary cluster cannot be removed from a global cluster that has secondary clusters."
        raise Refusal("InvalidGlobalClusterStateFault", message)
    require_status(world, cluster)
    del cluster.data["GlobalClusterIdentifier"]
    cluster.begin(world.now, ("promoting", world.takes["promote"]), last="available")
    request.resource = str(cluster)
    return {"GlobalCluster": _wire(world, one)}


HANDLERS: Final = {
    "rds.DescribeGlobalClusters": describe_globals,
    "rds.RemoveFromGlobalCluster": remove_from_global,
}


def _fill(world: World, resource: Resource, spec: Spec) -> None:
    resource.id = world.new_id("cluster-")
    resource.data = {"Engine": str(spec.get("engine", "aurora-postgresql"))}


WORLD_KINDS: Final = (WorldKind(name=GLOBAL, fields=frozenset(("status", "engine")), fill=_fill),)
