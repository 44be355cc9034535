"""Aurora clusters of the pretend RDS: restoring, creating, describing, starting, stopping, deleting.

A restored cluster has no instances (aws.md, "Cluster operations"). Its instances are another file's.
"""

from __future__ import annotations

import copy
import datetime as dt
import hashlib
from typing import Any, Final

from actions.sandbox.calls import Asked, Refusal, given_tags, moment, tag_list
from actions.sandbox.keys import default_key_arn, usable_key
from actions.sandbox.networks import placement
from actions.sandbox.rds_names import Listing, arn_of, describe, needed, new_name
from actions.sandbox.snapshots import take_snapshot, usable_source
from actions.sandbox.snapshots import wire as snapshot_wire
from actions.sandbox.world import Resource, World

KIND: Final = "rds.cluster"
CLUSTERS: Final = 40
PORTS: Final = {"aurora-postgresql": 5432, "aurora-mysql": 3306}
_HIDDEN: Final = ("BackupDue", "VpcSecurityGroupIds", "VpcId", "PromotedAt")


def wire(world: World, cluster: Resource, status: str) -> dict[str, Any]:
    """A cluster as DescribeDBClusters has it."""
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
        "TagList": tag_list(cluster.tags),
    }
    answer |= shown
    if status == "resetting-master-credentials":
        answer["PendingModifiedValues"] = {"MasterUserPassword": "****"}
    return answer


def endpoint_suffix(resource: Resource) -> str:
    """What follows `NAME.cluster-` in an endpoint: one for an account in a region."""
    digest = hashlib.sha256(f"{resource.account}{resource.region}".encode()).hexdigest()[:12]
    return f"c{digest}.{resource.region}.rds.amazonaws.com"


def members(world: World, cluster: Resource) -> list[Resource]:
    """Its instances, the writer first: the one that came first of those that are not going."""
    found = [
        other
        for other in world.all("rds.instance", cluster.account, cluster.region)
        if other.data.get("DBClusterIdentifier") == cluster.name
    ]
    return sorted(found, key=lambda instance: instance.status(world.now) == "deleting")


def _members(world: World, cluster: Resource) -> list[dict[str, Any]]:
    return [
        {
            "DBInstanceIdentifier": instance.name,
            "IsClusterWriter": number == 0,
            "DBClusterParameterGroupStatus": "in-sync",
            "PromotionTier": instance.data.get("PromotionTier", 1),
        }
        for number, instance in enumerate(members(world, cluster))
        if world.now >= instance.seen_from
    ]


LISTING: Final = Listing(
    kind=KIND,
    identifier="DBClusterIdentifier",
    key="DBClusters",
    missing="DBClusterNotFoundFault",
    missing_text="DBCluster {name} not found.",
    wire=wire,
    filters={
        "db-cluster-id": lambda item: [item["DBClusterIdentifier"], item["DBClusterArn"]],
        "db-cluster-resource-id": lambda item: item["DbClusterResourceId"],
        "engine": lambda item: item.get("Engine"),
        "domain": lambda item: item.get("Domain"),
        "clone-group-id": lambda item: item.get("CloneGroupId"),
    },
)


def describe_clusters(world: World, asked: Asked) -> dict[str, Any]:
    """DescribeDBClusters."""
    return describe(world, asked, LISTING)


def restore_from_snapshot(world: World, asked: Asked) -> dict[str, Any]:
    """RestoreDBClusterFromSnapshot: a cluster without instances; the master password is the snapshot's."""
    name = _free_name(world, asked)
    source = usable_source(world, asked, asked.params["SnapshotIdentifier"])
    data = _restored(world, asked, source)
    return _made(world, asked, name, data, source.data.get("Database", {}), "restore")


def restore_to_point_in_time(world: World, asked: Asked) -> dict[str, Any]:
    """RestoreDBClusterToPointInTime of a cluster that is there."""
    name = _free_name(world, asked)
    if not asked.get("SourceDBClusterIdentifier"):
        raise Refusal("MissingParameter", "SourceDBClusterIdentifier must be given.")
    source = needed(world, asked, LISTING, asked.params["SourceDBClusterIdentifier"])
    if not asked.get("RestoreToTime") and not asked.get("UseLatestRestorableTime"):
        raise Refusal("InvalidParameterCombination", "RestoreToTime or UseLatestRestorableTime must be given.")
    wanted = asked.get("RestoreToTime")
    if wanted is not None and not source.created <= _seconds(wanted) <= world.now:
        raise Refusal("InvalidParameterValue", f"The specified time {wanted} is outside of the restorable window.")
    data = _restored(world, asked, source)
    return _made(world, asked, name, data, world.databases.get(source.id, {}), "restore")


def _seconds(time: Any) -> float:
    """A time as botocore takes it: a datetime, text, or seconds."""
    if isinstance(time, (int, float)):
        return float(time)
    moment_of = time if isinstance(time, dt.datetime) else dt.datetime.fromisoformat(str(time))
    return (moment_of if moment_of.tzinfo else moment_of.replace(tzinfo=dt.UTC)).timestamp()


def create_cluster(world: World, asked: Asked) -> dict[str, Any]:
    """CreateDBCluster: an empty one."""
    name = _free_name(world, asked)
    engine = asked.params["Engine"]
    if engine not in PORTS:
        raise Refusal("InvalidParameterValue", f"Invalid DB engine: {engine}")
    encrypted = bool(asked.get("StorageEncrypted"))
    data = {
        "Engine": engine,
        "EngineVersion": asked.get("EngineVersion") or "15.4",
        "Port": asked.get("Port") or PORTS[engine],
        "MasterUsername": asked.get("MasterUsername"),
        "DatabaseName": asked.get("DatabaseName"),
        "StorageEncrypted": encrypted,
        "KmsKeyId": _key(world, asked, encrypted=encrypted),
    }
    admin = {"user": asked.get("MasterUsername"), "password": asked.get("MasterUserPassword")}
    return _made(world, asked, name, data | _settings(world, asked), {"admin": admin}, "cluster")


def _free_name(world: World, asked: Asked) -> str:
    name = new_name("DBClusterIdentifier", asked.params["DBClusterIdentifier"])
    if world.find(KIND, asked.account, asked.region, name) is not None:
        raise Refusal("DBClusterAlreadyExistsFault", "DB Cluster already exists")
    if sum(1 for _ in world.all(KIND, asked.account, asked.region)) >= CLUSTERS:
        raise Refusal("DBClusterQuotaExceededFault", f"The quota of {CLUSTERS} DB clusters has been reached.")
    return name


def _restored(world: World, asked: Asked, source: Resource) -> dict[str, Any]:
    """What a cluster inherits from what it is restored from, and what the call says otherwise."""
    engine = source.data["Engine"]
    if asked.get("Engine") and asked.params["Engine"] != engine:
        message = f"The engine name {asked.params['Engine']} does not match that of the source, {engine}"
        raise Refusal("InvalidParameterCombination", message)
    encrypted = bool(source.data.get("StorageEncrypted") or asked.get("KmsKeyId"))
    data = {
        "Engine": engine,
        "EngineVersion": asked.get("EngineVersion") or source.data.get("EngineVersion"),
        "Port": asked.get("Port") or PORTS.get(engine, 3306),
        "MasterUsername": source.data.get("MasterUsername"),
        "DatabaseName": asked.get("DatabaseName") or source.data.get("DatabaseName"),
        "StorageEncrypted": encrypted,
        "KmsKeyId": usable_key(world, asked, asked.params["KmsKeyId"])
        if asked.get("KmsKeyId")
        else source.data.get("KmsKeyId"),
    }
    return data | _settings(world, asked)


def _settings(world: World, asked: Asked) -> dict[str, Any]:
    group = asked.get("DBClusterParameterGroupName") or "default"
    require_parameter_group(world, asked, group)
    return {
        "EngineMode": "provisioned",
        "AllocatedStorage": 1,
        "BackupRetentionPeriod": asked.get("BackupRetentionPeriod") or 1,
        "DBClusterParameterGroup": group,
        "IAMDatabaseAuthenticationEnabled": bool(asked.get("EnableIAMDatabaseAuthentication")),
        "DeletionProtection": bool(asked.get("DeletionProtection")),
        "CopyTagsToSnapshot": bool(asked.get("CopyTagsToSnapshot")),
        "ServerlessV2ScalingConfiguration": asked.get("ServerlessV2ScalingConfiguration"),
        "MultiAZ": False,
    } | placement(world, asked)


def require_parameter_group(world: World, asked: Asked, name: str) -> None:
    """Refuses a parameter group that is not there; where the world declares none, all are."""
    declared = {other.name for other in world.all("parameter_group", asked.account, asked.region)}
    if declared and name not in declared and not name.startswith("default"):
        raise Refusal("DBClusterParameterGroupNotFound", f"DBClusterParameterGroup not found: {name}")


def _key(world: World, asked: Asked, *, encrypted: bool) -> str | None:
    if not encrypted:
        return None
    wanted = asked.get("KmsKeyId")
    return usable_key(world, asked, wanted) if wanted else default_key_arn(asked.account, asked.region)


def _made(
    world: World, asked: Asked, name: str, data: dict[str, Any], database: dict[str, Any], takes: str
) -> dict[str, Any]:
    seconds = world.takes[takes]
    if data.get("CopyTagsToSnapshot"):
        data["BackupDue"] = world.now + seconds + 60
    cluster = Resource(
        kind=KIND, name=name, account=asked.account, region=asked.region, id=world.new_id("cluster-"), data=data,
        tags=given_tags(asked),
    )  # fmt: skip
    world.make(asked, cluster, ("creating", seconds))
    world.databases[cluster.id] = copy.deepcopy(database)
    return {"DBCluster": wire(world, cluster, cluster.status(world.now))}


def start_cluster(world: World, asked: Asked) -> dict[str, Any]:
    """StartDBCluster of a stopped one, with its instances."""
    return _switched(world, asked, "stopped", "starting", "available", world.takes["start"])


def stop_cluster(world: World, asked: Asked) -> dict[str, Any]:
    """StopDBCluster of an available one, with its instances."""
    return _switched(world, asked, "available", "stopping", "stopped", world.takes["stop"])


def _switched(world: World, asked: Asked, needs: str, through: str, last: str, seconds: float) -> dict[str, Any]:
    cluster = needed(world, asked, LISTING, asked.params["DBClusterIdentifier"])
    require_status(world, cluster, needs)
    for resource in (cluster, *members(world, cluster)):
        resource.begin(world.now, (through, seconds), last=last)
    asked.resource = str(cluster)
    return {"DBCluster": wire(world, cluster, through)}


def require_status(world: World, cluster: Resource, needs: str = "available") -> None:
    """Refuses a change to a cluster that is in another state than it needs."""
    status = cluster.status(world.now)
    if status != needs:
        message = f"DB cluster {cluster.name} is not currently in the {needs} state: {status}"
        raise Refusal("InvalidDBClusterStateFault", message)


def create_snapshot(world: World, asked: Asked) -> dict[str, Any]:
    """CreateDBClusterSnapshot of an available cluster."""
    cluster = needed(world, asked, LISTING, asked.params["DBClusterIdentifier"])
    name = new_name("DBClusterSnapshotIdentifier", asked.params["DBClusterSnapshotIdentifier"], 255)
    require_status(world, cluster)
    snapshot = take_snapshot(world, asked, cluster, name, given_tags(asked))
    return {"DBClusterSnapshot": snapshot_wire(world, snapshot, snapshot.status(world.now))}


def delete_cluster(world: World, asked: Asked) -> dict[str, Any]:
    """DeleteDBCluster: blocked by protection, a global cluster, members that are not going, its own state."""
    cluster = needed(world, asked, LISTING, asked.params["DBClusterIdentifier"])
    _refuse_blocked(world, cluster)
    final = asked.get("FinalDBSnapshotIdentifier")
    if bool(asked.get("SkipFinalSnapshot")) == bool(final):
        message = "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified, and only then."
        raise Refusal("InvalidParameterCombination", message)
    seconds = world.takes["delete_cluster"]
    if final:
        require_status(world, cluster)
        final = new_name("FinalDBSnapshotIdentifier", final, 255)
        tags = dict(cluster.tags) if cluster.data.get("CopyTagsToSnapshot") else {}
        take_snapshot(world, asked, cluster, final, tags)
        seconds += world.takes["snapshot"]
    before = wire(world, cluster, cluster.status(world.now))
    for instance in members(world, cluster):  # they are all going: the cluster goes after the last
        seconds = max(seconds, instance.life[-1][1] - world.now)
    world.unmake(asked, cluster, seconds)
    return {"DBCluster": before}


def _refuse_blocked(world: World, cluster: Resource) -> None:
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
    if any(instance.status(world.now) != "deleting" for instance in members(world, cluster)):
        message = "Cluster cannot be deleted, it still contains DB instances in non-deleting state."
        raise Refusal("InvalidDBClusterStateFault", message)
    if status in ("creating", "modifying", "starting", "stopping", "stopped", "renaming", "promoting", "migrating"):
        require_status(world, cluster)
