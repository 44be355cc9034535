"""Changes to clusters of the pretend RDS that are there: modifying, tags, global clusters."""

from __future__ import annotations

from typing import Any, Final

from actions.sandbox.calls import Asked, Refusal, given_tags, page, tag_list
from actions.sandbox.clusters import KIND, LISTING, require_parameter_group, require_status, wire
from actions.sandbox.networks import require_security_groups
from actions.sandbox.rds_names import arn_of, by_arn, needed, new_name
from actions.sandbox.world import Resource, World

GLOBAL: Final = "rds.global_cluster"
_WITHOUT_RESTART: Final = (
    "DeletionProtection", "CopyTagsToSnapshot", "BackupRetentionPeriod", "ServerlessV2ScalingConfiguration",
)  # fmt: skip
_WITH_CHANGE: Final = {
    "VpcSecurityGroupIds": "VpcSecurityGroupIds",
    "Port": "Port",
    "EngineVersion": "EngineVersion",
    "DBClusterParameterGroupName": "DBClusterParameterGroup",
    "EnableIAMDatabaseAuthentication": "IAMDatabaseAuthenticationEnabled",
}


def modify_cluster(world: World, asked: Asked) -> dict[str, Any]:
    """ModifyDBCluster of an available one; protection and the like need no change of status."""
    cluster = needed(world, asked, LISTING, asked.params["DBClusterIdentifier"])
    if _is_heavy(asked):
        require_status(world, cluster)
    elif cluster.status(world.now) == "deleting":
        require_status(world, cluster)
    new = _new_name(world, asked)
    require_security_groups(world, asked, asked.get("VpcSecurityGroupIds") or [], cluster.data.get("VpcId", ""))
    if asked.get("DBClusterParameterGroupName"):
        require_parameter_group(world, asked, asked.params["DBClusterParameterGroupName"])
    for key in _WITHOUT_RESTART:
        if asked.get(key) is not None:
            cluster.data[key] = asked.params[key]
    for parameter, key in _WITH_CHANGE.items():
        if asked.get(parameter) is not None:
            cluster.data[key] = asked.params[parameter]
    _begin(world, asked, cluster, new)
    asked.resource = str(cluster)
    return {"DBCluster": wire(world, cluster, cluster.status(world.now))}


def _is_heavy(asked: Asked) -> bool:
    return any(asked.get(key) is not None for key in (*_WITH_CHANGE, "MasterUserPassword", "NewDBClusterIdentifier"))


def _new_name(world: World, asked: Asked) -> str | None:
    if not asked.get("NewDBClusterIdentifier"):
        return None
    name = new_name("NewDBClusterIdentifier", asked.params["NewDBClusterIdentifier"])
    if world.find(KIND, asked.account, asked.region, name) is not None:
        raise Refusal("DBClusterAlreadyExistsFault", "DB Cluster already exists")
    return name


def _begin(world: World, asked: Asked, cluster: Resource, new: str | None) -> None:
    seconds = world.takes["modify"]
    if new:
        cluster.rename = (new, world.now + seconds)
        cluster.begin(world.now, ("renaming", seconds), last="available")
    elif asked.get("MasterUserPassword"):
        world.databases.setdefault(cluster.id, {})["admin"] = {
            "user": cluster.data.get("MasterUsername"),
            "password": asked.params["MasterUserPassword"],
        }
        cluster.begin(world.now, ("resetting-master-credentials", seconds), last="available")
    elif _is_heavy(asked):
        cluster.begin(world.now, ("modifying", seconds), last="available")


def add_tags(world: World, asked: Asked) -> dict[str, Any]:
    """AddTagsToResource."""
    resource = _tagged(world, asked)
    resource.tags |= given_tags(asked)
    asked.resource = str(resource)
    return {}


def remove_tags(world: World, asked: Asked) -> dict[str, Any]:
    """RemoveTagsFromResource."""
    resource = _tagged(world, asked)
    for key in asked.params["TagKeys"]:
        resource.tags.pop(key, None)
    asked.resource = str(resource)
    return {}


def list_tags(world: World, asked: Asked) -> dict[str, Any]:
    """ListTagsForResource."""
    return {"TagList": tag_list(_tagged(world, asked).tags)}


_MISSING: Final = {
    "cluster": "DBClusterNotFoundFault",
    "db": "DBInstanceNotFound",
    "cluster-snapshot": "DBClusterSnapshotNotFoundFault",
}


def _tagged(world: World, asked: Asked) -> Resource:
    arn = asked.params["ResourceName"]
    found = by_arn(world, arn)
    if found is None or world.now < found.seen_from:
        raise Refusal(_MISSING.get(arn.split(":")[5], "InvalidParameterValue"), f"{arn} not found.", 404)
    return found


def describe_globals(world: World, asked: Asked) -> dict[str, Any]:
    """DescribeGlobalClusters, wherever their members are."""
    name = asked.get("GlobalClusterIdentifier")
    found = [other for other in world.all(GLOBAL, asked.account, "global") if not name or other.name == name.lower()]
    if name and not found:
        raise Refusal("GlobalClusterNotFoundFault", f"Global cluster {name} not found")
    return page(asked, "GlobalClusters", [_global_wire(world, one) for one in found])


def _global_wire(world: World, one: Resource) -> dict[str, Any]:
    clusters = _global_members(world, one)
    arns = [arn_of(cluster) for cluster in clusters]
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


def _global_members(world: World, one: Resource) -> list[Resource]:
    return [
        other
        for other in world.resources.values()
        if other.kind == KIND and other.account == one.account and other.data.get("GlobalClusterIdentifier") == one.name
    ]


def remove_from_global(world: World, asked: Asked) -> dict[str, Any]:
    """RemoveFromGlobalCluster: then `promoting`, then available; a primary that has secondaries stays."""
    name = (asked.get("GlobalClusterIdentifier") or "").lower()
    one = world.find(GLOBAL, asked.account, "global", name)
    if one is None:
        raise Refusal("GlobalClusterNotFoundFault", f"Global cluster {name} not found")
    if not asked.get("DbClusterIdentifier"):
        raise Refusal("MissingParameter", "DbClusterIdentifier must be given.")
    cluster = by_arn(world, asked.params["DbClusterIdentifier"])
    inside = _global_members(world, one)
    if cluster is None or cluster not in inside:
        raise Refusal("DBClusterNotFoundFault", f"DBCluster {asked.params['DbClusterIdentifier']} not found.")
    if cluster is inside[0] and len(inside) > 1:
        message = "The primary cluster cannot be removed from a global cluster that has secondary clusters."
        raise Refusal("InvalidGlobalClusterStateFault", message)
    require_status(world, cluster)
    del cluster.data["GlobalClusterIdentifier"]
    cluster.begin(world.now, ("promoting", world.takes["promote"]), last="available")
    asked.resource = str(cluster)
    return {"GlobalCluster": _global_wire(world, one)}
