"""Aurora clusters: describe, start, stop, delete. `new_clusters` creates them, and `cluster_changes` modifies them.

What blocks a delete is in docs/aws.md, "Deleting a cluster". The texts of refusals are AWS's own where they are known.
"""

from __future__ import annotations

import hashlib
from functools import partial
from typing import Any, Final

from actions.sandbox.calls import Refusal, Request, moment
from actions.sandbox.services import networks
from actions.sandbox.services.keys import encryption_data, usable_key
from actions.sandbox.services.lists import RdsKind, describe, require
from actions.sandbox.services.rds_names import arn_of, checked_name
from actions.sandbox.services.snapshots import take_snapshot
from actions.sandbox.services.snapshots import wire as snapshot_wire
from actions.sandbox.services.tags import given_tags, tag_list
from actions.sandbox.world import GONE, LASTING, Resource, World
from actions.sandbox.world_kinds import Spec, WorldKind, engine_data, login_data

KIND: Final = "rds.cluster"
RECOVERABLE: Final = "inaccessible-encryption-credentials-recoverable"
_HIDDEN: Final = ("BackupDue", "VpcSecurityGroupIds", "VpcId", "KeepBackups", "Pending", "Waiting", "SecretBusy")


def wire(world: World, cluster: Resource, status: str) -> dict[str, Any]:
    """A cluster as DescribeDBClusters returns it."""
    shown = {key: value for key, value in cluster.data.items() if key not in _HIDDEN and value is not None}
    suffix = endpoint_suffix(cluster)
    answer = {
        "DBClusterIdentifier": cluster.name,
        "DBClusterArn": arn_of(cluster),
        "DbClusterResourceId": cluster.id,
        "Status": status,
        "ClusterCreateTime": moment(cluster.created),
        "Endpoint": f"{cluster.name}.cluster-{suffix}",
        "ReaderEndpoint": f"{cluster.name}.cluster-ro-{suffix}",
        "DBClusterMembers": _members(world, cluster),
        "VpcSecurityGroups": [
            {"VpcSecurityGroupId": group, "Status": "active"} for group in cluster.data.get("VpcSecurityGroupIds", [])
        ],
        "AssociatedRoles": [],
        "DeletionProtection": False,
        "ReadReplicaIdentifiers": replicas(world, cluster),
        "TagList": tag_list(cluster.tags),
    }
    answer |= shown | _pending_changes(world, cluster)
    if world.endpoint:
        host, _, port = world.endpoint.rpartition(":")
        answer |= {"Endpoint": host, "ReaderEndpoint": host, "Port": int(port)}
    return answer


def replicas(world: World, cluster: Resource) -> list[str]:
    """The ARNs of the clusters that replicate it, in any region."""
    arn = arn_of(cluster)
    found = (one for one in world.resources.values() if one.kind == KIND and one.status(world.now) != GONE)
    return [arn_of(one) for one in found if one.data.get("ReplicationSourceIdentifier") == arn]


def refuse_last_instance(world: World, cluster: Resource) -> None:
    """AWS keeps the last instance of a replica, and of a cluster with replicas or secondary clusters."""
    if cluster.data.get("ReplicationSourceIdentifier") and not cluster.data.get("GlobalClusterIdentifier"):
        message = (  # hashicorp/terraform-provider-aws #40409
            "Cannot delete the last instance of the read replica DB cluster. Promote the DB cluster to a standalone DB "
            "cluster in order to delete it."
        )
        raise Refusal("InvalidDBClusterStateFault", message)
    name = cluster.data.get("GlobalClusterIdentifier")
    inside = global_members(world, cluster.account, name) if name else []
    if replicas(world, cluster) or (len(inside) > 1 and cluster is inside[0]):
        message = (  # rebuy-de/aws-nuke #570
            "Cannot delete the last instance of the master cluster. Delete the replica cluster before deleting the last "
            "master cluster instance."
        )
        raise Refusal("InvalidDBClusterStateFault", message)


def global_members(world: World, account: str, name: str) -> list[Resource]:
    """The clusters of a global cluster, oldest first; the first one is the primary."""
    found = (one for one in world.resources.values() if one.kind == KIND and one.account == account)
    return [one for one in found if one.data.get("GlobalClusterIdentifier") == name]


def _pending_changes(world: World, cluster: Resource) -> dict[str, Any]:
    """Changes that are not finished. That can be later than the cluster is `available` again."""
    extra: dict[str, Any] = {}
    pending = cluster.data.get("Pending")
    values = pending["values"] if pending and world.now < pending["until"] else {}
    if values or cluster.data.get("Waiting"):
        extra["PendingModifiedValues"] = values | cluster.data.get("Waiting", {})
    busy = cluster.data.get("SecretBusy")
    if busy and cluster.data.get("MasterUserSecret"):
        status = busy["word"] if world.now < busy["until"] else "active"
        extra["MasterUserSecret"] = cluster.data["MasterUserSecret"] | {"SecretStatus": status}
    return extra


def endpoint_suffix(resource: Resource) -> str:
    """What follows `NAME.cluster-` in an endpoint; it is one for each account and region."""
    digest = hashlib.sha256(f"{resource.account}{resource.region}".encode()).hexdigest()[:12]
    return f"c{digest}.{resource.region}.rds.amazonaws.com"


def members(world: World, cluster: Resource) -> list[Resource]:
    """Its instances, the writer first: the oldest that is not being deleted."""
    found = [
        other
        for other in world.all("rds.instance", cluster.account, cluster.region)
        if other.data.get("DBClusterIdentifier") == cluster.name
    ]
    return sorted(found, key=lambda instance: instance.status(world.now) == "deleting")


def _members(world: World, cluster: Resource) -> list[dict[str, Any]]:
    """Its instances as lists show them, which may be out of date."""
    shown = [
        (status == "deleting", instance)
        for instance, status in world.listed("rds.instance", cluster.account, cluster.region)
        if instance.data.get("DBClusterIdentifier") == cluster.name
    ]
    return [
        {
            "DBInstanceIdentifier": instance.name,
            "IsClusterWriter": number == 0,
            "DBClusterParameterGroupStatus": "in-sync",
            "PromotionTier": instance.data.get("PromotionTier", 1),
        }
        for number, (_, instance) in enumerate(sorted(shown, key=lambda one: one[0]))
    ]


RDS_KIND: Final = RdsKind(
    kind=KIND,
    identifier="DBClusterIdentifier",
    key="DBClusters",
    missing="DBClusterNotFoundFault",
    missing_text="DBCluster {name} not found.",
    wire=wire,
    filters={
        "db-cluster-id": lambda item: [item["DBClusterIdentifier"], item["DBClusterArn"]],
        "db-cluster-resource-id": "DbClusterResourceId",
        "engine": "Engine",
        "domain": "Domain",
        "clone-group-id": "CloneGroupId",
    },
)


def start_cluster(world: World, request: Request) -> dict[str, Any]:
    """StartDBCluster, with its instances; for a stopped cluster, or one that had lost access to its key."""
    cluster = require(world, request, RDS_KIND)
    if cluster.status(world.now) != RECOVERABLE:
        require_status(world, cluster, "stopped")
    elif cluster.data.get("KmsKeyId"):
        usable_key(world, request, cluster.data["KmsKeyId"])
    return _switched(world, request, cluster, "starting", "available", world.takes["start"])


def stop_cluster(world: World, request: Request) -> dict[str, Any]:
    """StopDBCluster, with its instances."""
    cluster = require(world, request, RDS_KIND)
    require_status(world, cluster)
    return _switched(world, request, cluster, "stopping", "stopped", world.takes["stop"])


def _switched(
    world: World, request: Request, cluster: Resource, through: str, last: str, seconds: float
) -> dict[str, Any]:
    for resource in (cluster, *members(world, cluster)):
        if resource.status(world.now) != "deleting":
            resource.begin(world.now, (through, seconds), last=last)
    request.resource = str(cluster)
    return {"DBCluster": wire(world, cluster, through)}


def require_status(world: World, cluster: Resource, needs: str = "available") -> None:
    """Refuse a change to a cluster whose status is not the one that it needs."""
    status = cluster.status(world.now)
    if status == needs:
        return
    message = f"DB cluster {cluster.name} is not currently in the {needs} state: {status}"
    if status == "stopped":  # hashicorp/terraform #31144
        message = f"Db cluster {cluster.name} is in stopped state"
    raise Refusal("InvalidDBClusterStateFault", message)


def create_snapshot(world: World, request: Request) -> dict[str, Any]:
    """CreateDBClusterSnapshot."""
    cluster = require(world, request, RDS_KIND)
    name = checked_name("DBClusterSnapshotIdentifier", request.params["DBClusterSnapshotIdentifier"])
    _require_for_snapshot(world, cluster)
    snapshot = take_snapshot(world, request, cluster, name, given_tags(request))
    return {"DBClusterSnapshot": snapshot_wire(world, snapshot, snapshot.status(world.now))}


def _require_for_snapshot(world: World, cluster: Resource) -> None:
    if cluster.status(world.now) not in ("available", "stopped"):  # hashicorp/terraform-provider-aws PR #40333
        message = f"Can't create a snapshot because the database cluster {cluster.name} isn't currently in the available state."
        raise Refusal("InvalidDBClusterStateFault", message)


def delete_cluster(world: World, request: Request) -> dict[str, Any]:
    """DeleteDBCluster, with a final snapshot if it is asked for."""
    cluster = require(world, request, RDS_KIND)
    _refuse_blocked(world, cluster)
    final = request.get("FinalDBSnapshotIdentifier")
    skipped = bool(request.get("SkipFinalSnapshot"))
    if skipped and final:
        message = "FinalDBSnapshotIdentifier can not be specified when SkipFinalSnapshot is specified."
        raise Refusal("InvalidParameterCombination", message)
    if not skipped and not final:
        message = "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified."
        raise Refusal("InvalidParameterCombination", message)
    seconds = world.takes["delete_cluster"]
    before = wire(world, cluster, cluster.status(world.now))
    if final:
        _require_for_snapshot(world, cluster)
        tags = dict(cluster.tags) if cluster.data.get("CopyTagsToSnapshot") else {}
        taken = checked_name("FinalDBSnapshotIdentifier", final)
        take_snapshot(world, request, cluster, taken, tags)
        seconds += world.takes["snapshot"]
    if request.get("DeleteAutomatedBackups") is False:
        cluster.data["KeepBackups"] = True
    for instance in members(world, cluster):  # all are being deleted, and the cluster ends after them
        seconds = max(seconds, instance.life[-1][1] - world.now)
    world.delete(request, cluster, seconds)
    return {"DBCluster": before}


def _refuse_blocked(world: World, cluster: Resource) -> None:
    """Protection, a global cluster, instances and some statuses block a delete."""
    status = cluster.status(world.now)
    if status == "deleting":
        message = f"DB cluster {cluster.name} is already being deleted."
        raise Refusal("InvalidDBClusterStateFault", message)
    if cluster.data.get("DeletionProtection"):
        message = "Cannot delete protected Cluster, please disable deletion protection and try again."
        raise Refusal("InvalidParameterCombination", message)
    if cluster.data.get("GlobalClusterIdentifier"):
        message = "This cluster is a part of a global cluster, please remove it from globalcluster first"
        raise Refusal("InvalidDBClusterStateFault", message)
    if _snapshots_being_made(world, cluster):
        message = "The DB cluster has a snapshot that is being created."  # the code is in the model; the text is ours
        raise Refusal("InvalidDBClusterSnapshotStateFault", message)
    if any(instance.status(world.now) != "deleting" for instance in members(world, cluster)):
        message = "Cluster cannot be deleted, it still contains DB instances in non-deleting state."
        raise Refusal("InvalidDBClusterStateFault", message)
    if status == "stopped" or status not in LASTING:  # a passing status must end first
        require_status(world, cluster)


def _snapshots_being_made(world: World, cluster: Resource) -> bool:
    made_here = (
        one
        for one in world.all("rds.cluster_snapshot", cluster.account, cluster.region)
        if one.data.get("DBClusterIdentifier") == cluster.name
    )
    return any(one.status(world.now) == "creating" for one in made_here)


HANDLERS: Final = {
    "rds.CreateDBClusterSnapshot": create_snapshot,
    "rds.DeleteDBCluster": delete_cluster,
    "rds.DescribeDBClusters": partial(describe, kind=RDS_KIND),
    "rds.StartDBCluster": start_cluster,
    "rds.StopDBCluster": stop_cluster,
}


def _fill(world: World, resource: Resource, spec: Spec) -> None:
    resource.id = str(spec.get("id") or world.new_id("cluster-"))
    resource.data = _data(world, resource, spec)
    world.databases[resource.id] = {"admin": login_data(spec)}
    _add_global_cluster(world, resource)


def _data(world: World, resource: Resource, spec: Spec) -> dict[str, Any]:
    name = str(spec.get("subnet_group", "default"))
    group = networks.find_group(world, networks.SUBNET_GROUP, resource.account, resource.region, name.lower())
    zones = [] if group is None else networks.zones_of(group)[:3]
    serverless = spec.get("serverless")
    data = {
        "DatabaseName": spec.get("database"),
        "DBSubnetGroup": name,
        "VpcId": networks.VPC if group is None else networks.vpc_of(group),
        "AvailabilityZones": zones,
        "VpcSecurityGroupIds": [str(group) for group in spec.get("security_groups") or [networks.DEFAULT_GROUP]],
        "DBClusterParameterGroup": "default",
        "BackupRetentionPeriod": 1,
        "MultiAZ": False,
        "DeletionProtection": bool(spec.get("protected")),
        "CopyTagsToSnapshot": bool(spec.get("copy_tags")),
        "IAMDatabaseAuthenticationEnabled": False,
        "GlobalClusterIdentifier": spec.get("global"),
        "ReplicationSourceIdentifier": spec.get("replica_of"),
        "ServerlessV2ScalingConfiguration": serverless
        and {"MinCapacity": float(serverless["min"]), "MaxCapacity": float(serverless["max"])},
    }
    return data | engine_data(spec) | encryption_data(resource, spec)


def _add_global_cluster(world: World, cluster: Resource) -> None:
    name = cluster.data.get("GlobalClusterIdentifier")
    if name and world.find("rds.global_cluster", cluster.account, "global", str(name)) is None:
        one = Resource(kind="rds.global_cluster", name=str(name), account=cluster.account, region="global")
        one.id = world.new_id("cluster-")
        one.begin(cluster.created, last="available")
        world.add(one)


WORLD_KINDS: Final = (
    WorldKind(
        name=KIND,
        fields=frozenset((
            "status", "instances", "engine", "engine_version", "protected", "global", "replica_of", "encrypted", "kms_key",
            "tags", "created", "id", "subnet_group", "security_groups", "port", "copy_tags", "serverless",
            "database", "admin", "class",
        )),
        durations={"creating": "restore", "deleting": "delete_cluster"},
        fill=_fill,
    ),
)  # fmt: skip
