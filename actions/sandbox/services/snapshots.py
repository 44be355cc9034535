"""Cluster snapshots: copy, take, describe, delete.

Texts and codes are those of docs/aws.md, "Copying a snapshot" and "Error codes". Where AWS does not document what
happens, the sandbox does what asks more of the caller.
"""

from __future__ import annotations

import copy
import datetime as dt
from typing import Any, Final

from actions.sandbox.calls import Refusal, Request, moment
from actions.sandbox.services.keys import encryption_data, refuse_default_key, usable_key
from actions.sandbox.services.lists import RdsKind, Row, list_page, not_found, require, require_listed
from actions.sandbox.services.rds_names import arn_of, checked_name, cluster_names, locate
from actions.sandbox.services.tags import given_tags, tag_list
from actions.sandbox.world import Resource, World, key_of
from actions.sandbox.world_kinds import DAY, Spec, WorldKind, engine_data, login_data

KIND: Final = "rds.cluster_snapshot"
COPIES_AT_ONCE: Final = 5
MANUAL_SNAPSHOTS: Final = 100

_FROM_CLUSTER: Final[tuple[str, ...]] = (
    "AllocatedStorage", "AvailabilityZones", "Engine", "EngineVersion", "EngineMode", "Port", "MasterUsername",
    "StorageEncrypted", "KmsKeyId", "VpcId", "StorageType", "IAMDatabaseAuthenticationEnabled",
)  # fmt: skip
_HIDDEN: Final = ("SharedWith", "Database", "DatabaseName")


def wire(world: World, snapshot: Resource, status: str) -> dict[str, Any]:
    """A snapshot as DescribeDBClusterSnapshots returns it."""
    done = status == "available"
    taken, end = snapshot.created, snapshot.life[-1][1]
    percent = int(100 * (world.now - taken) / (end - taken)) if end > taken else 0
    if done and "SourceDBClusterSnapshotArn" in snapshot.data:
        taken = max(taken, end)  # a copy's time changes to that of its completion, so it does not identify the copy
    answer = {
        "DBClusterSnapshotIdentifier": snapshot.name,
        "DBClusterSnapshotArn": arn_of(snapshot),
        "Status": status,
        "SnapshotCreateTime": moment(taken),
        "PercentProgress": 100 if done else max(0, min(99, percent)),
        "TagList": tag_list(snapshot.tags),
        "SnapshotType": "manual",
    }
    for key, value in snapshot.data.items():
        if key not in _HIDDEN:
            answer[key] = moment(value) if key == "ClusterCreateTime" else value
    return answer


RDS_KIND: Final = RdsKind(
    kind=KIND,
    identifier="DBClusterSnapshotIdentifier",
    key="DBClusterSnapshots",
    missing="DBClusterSnapshotNotFoundFault",
    missing_text="DBClusterSnapshot not found: {name}",
    wire=wire,
    filters={
        "db-cluster-id": lambda item: cluster_names(item, item["DBClusterSnapshotArn"]),
        "db-cluster-snapshot-id": "DBClusterSnapshotIdentifier",
        "snapshot-type": "SnapshotType",
        "engine": "Engine",
    },
)


def describe_snapshots(world: World, request: Request) -> dict[str, Any]:
    """DescribeDBClusterSnapshots. Shared ones only if the call asks for them; there are no public ones."""
    name, cluster = request.get(RDS_KIND.identifier), request.get("DBClusterIdentifier")
    wanted = request.get("SnapshotType")
    if name and cluster:
        message = "DBClusterIdentifier and DBClusterSnapshotIdentifier cannot be given together."
        raise Refusal("InvalidParameterCombination", message)
    from_others = wanted == "shared" or (wanted is None and request.get("IncludeShared"))
    shared = _shared(world, request) if from_others else []
    if not name:
        own = world.listed(KIND, request.account, request.region)
        rows = [(wire(world, snapshot, status), snapshot) for snapshot, status in own] + shared
    elif locate(request, name)[0] == request.account:
        snapshot, status = require_listed(world, request, RDS_KIND, name)
        rows = [(wire(world, snapshot, status), snapshot)]
    else:
        rows = [row for row in shared if row[1].key == key_of(KIND, *locate(request, name))]
        if not rows:
            raise not_found(RDS_KIND, name)
    limits = {  # one that is named, but not of the wanted type, is no error
        "SnapshotType": wanted,
        "DBClusterIdentifier": cluster and locate(request, cluster)[2],
        "DbClusterResourceId": request.get("DbClusterResourceId"),
    }
    for key, value in limits.items():
        rows = [row for row in rows if not value or row[0].get(key) == value]
    return list_page(world, request, RDS_KIND, rows)


def _shared(world: World, request: Request) -> list[Row]:
    """Snapshots that other accounts share with this one.

    They are named by ARN and have no tags (docs/aws.md, "Finding a snapshot").
    """
    return [
        (
            wire(world, other, status)
            | {"DBClusterSnapshotIdentifier": arn_of(other), "SnapshotType": "shared", "TagList": []},
            other,
        )
        for other in list(world.resources.values())
        if other.kind == KIND and other.region == request.region and other.account != request.account
        if request.account in other.data.get("SharedWith", ()) and (status := other.listed_status(world.now))
    ]


def copy_snapshot(world: World, request: Request) -> dict[str, Any]:
    """CopyDBClusterSnapshot, called in the region of the copy."""
    name = checked_name("TargetDBClusterSnapshotIdentifier", request.params["TargetDBClusterSnapshotIdentifier"])
    source = usable_source(world, request, request.params["SourceDBClusterSnapshotIdentifier"], anywhere=True)
    _refuse_taken(world, request, name)
    tags = given_tags(request)
    if request.get("CopyTags") and not request.get("Tags"):  # AWS ignores CopyTags if it is given Tags
        tags = {key: value for key, value in source.tags.items() if not key.lower().startswith("aws:")}
    abroad = source.region != request.region
    key = _copy_key(world, request, source, abroad=abroad)
    _refuse_quota(world, request, copying=abroad)
    data = {name: value for name, value in source.data.items() if name != "SharedWith"}
    data |= {"SnapshotType": "manual", "SourceDBClusterSnapshotArn": arn_of(source)}
    if key is not None:
        data["KmsKeyId"] = key
    snapshot = Resource(
        kind=KIND, name=name, account=request.account, region=request.region, id=world.new_id("snapshot-"), tags=tags,
        data=data,
    )  # fmt: skip
    world.create(request, snapshot, ("copying", world.takes["copy"]))
    return {"DBClusterSnapshot": wire(world, snapshot, snapshot.status(world.now))}


def usable_source(world: World, request: Request, name: str, *, anywhere: bool = False) -> Resource:
    """The snapshot to copy or restore: it exists, may be used by this account, and is available."""
    place = locate(request, name)
    source = world.find(KIND, *place)
    visible = source is not None and (
        source.account == request.account or request.account in source.data.get("SharedWith", ())
    )
    if source is None or not visible or (place[1] != request.region and not anywhere):
        raise not_found(RDS_KIND, name)
    if source.status(world.now) != "available":
        message = f"The snapshot {source.name} is not in the available state: {source.status(world.now)}"
        raise Refusal("InvalidDBClusterSnapshotStateFault", message)
    return source


def _refuse_taken(world: World, request: Request, name: str) -> None:
    if world.find(KIND, request.account, request.region, name) is not None:
        message = f"Cannot create the snapshot because a snapshot with the identifier {name} already exists."
        raise Refusal("DBClusterSnapshotAlreadyExistsFault", message)


def _copy_key(world: World, request: Request, source: Resource, *, abroad: bool) -> str | None:
    """The ARN of the key that encrypts the copy; None if the snapshot is not encrypted."""
    wanted = request.get("KmsKeyId")
    if not source.data.get("StorageEncrypted"):
        if wanted:
            message = "KmsKeyId cannot be specified when copying an unencrypted DB cluster snapshot"
            raise Refusal("InvalidParameterCombination", message)
        return None
    if not wanted and abroad:
        raise Refusal("InvalidParameterValue", "Must specify new KMS key for cross region encrypted snapshot copy")
    if not wanted and source.account != request.account:
        raise Refusal("InvalidParameterValue", "Must specify a KMS key to copy a shared encrypted snapshot")
    refuse_default_key(source, request.account)
    return usable_key(world, request, wanted) if wanted else str(source.data["KmsKeyId"])


def _refuse_quota(world: World, request: Request, *, copying: bool) -> None:
    """Two quotas have the same code; only the messages differ."""
    mine = [s for s in world.all(KIND, request.account, request.region) if s.data.get("SnapshotType") == "manual"]
    here = f":rds:{request.region}:"
    arriving = [
        snapshot
        for snapshot in mine
        if snapshot.status(world.now) == "copying" and here not in snapshot.data.get("SourceDBClusterSnapshotArn", "")
    ]
    if copying and len(arriving) >= COPIES_AT_ONCE:
        raise Refusal("SnapshotQuotaExceeded", f"Cannot copy more than {COPIES_AT_ONCE} snapshots across regions")
    if len(mine) >= MANUAL_SNAPSHOTS:
        raise Refusal("SnapshotQuotaExceeded", f"Cannot create more than {MANUAL_SNAPSHOTS} manual snapshots")


def take_snapshot(world: World, request: Request, cluster: Resource, name: str, tags: dict[str, str]) -> Resource:
    """Take a manual snapshot of a cluster, for CreateDBClusterSnapshot or as a final snapshot."""
    _refuse_taken(world, request, name)
    _refuse_quota(world, request, copying=False)
    snapshot = of_cluster(world, cluster, world.now)
    snapshot.name, snapshot.tags = name, tags
    snapshot.data["SnapshotType"] = "manual"
    return world.create(request, snapshot, ("creating", world.takes["snapshot"]))


def of_cluster(world: World, cluster: Resource, at: float) -> Resource:
    """An automated snapshot of a cluster, available at once; it has the cluster's tags if the cluster copies them."""
    data = {key: cluster.data[key] for key in _FROM_CLUSTER if key in cluster.data}
    data |= {
        "DBClusterIdentifier": cluster.name,
        "DbClusterResourceId": cluster.id,
        "ClusterCreateTime": cluster.created,
        "SnapshotType": "automated",
        "Database": copy.deepcopy(world.databases.get(cluster.id, {})),
        "DatabaseName": cluster.data.get("DatabaseName"),
    }
    stamp = dt.datetime.fromtimestamp(at, dt.UTC).strftime("%Y-%m-%d-%H-%M")
    snapshot = Resource(
        kind=KIND, name=f"rds:{cluster.name}-{stamp}", account=cluster.account, region=cluster.region, data=data,
        id=world.new_id("snapshot-"), created=at,
        tags=dict(cluster.tags) if cluster.data.get("CopyTagsToSnapshot") else {},
    )  # fmt: skip
    snapshot.begin(at, last="available")
    return snapshot


def delete_snapshot(world: World, request: Request) -> dict[str, Any]:
    """DeleteDBClusterSnapshot of a manual snapshot; deleting a copy cancels it."""
    snapshot = require(world, request, RDS_KIND)
    status = snapshot.status(world.now)
    if snapshot.data.get("SnapshotType", "manual") != "manual":
        raise Refusal("InvalidDBClusterSnapshotStateFault", "Only manual snapshots may be deleted.")
    if status in ("deleting", "creating"):
        message = f"The snapshot {snapshot.name} is not in the available state: {status}"
        raise Refusal("InvalidDBClusterSnapshotStateFault", message)
    before = wire(world, snapshot, status)
    for other in world.resources.values():  # copies fail with their source
        if other.data.get("SourceDBClusterSnapshotArn") == arn_of(snapshot) and other.status(world.now) == "copying":
            other.begin(world.now, last="failed")
    world.delete(request, snapshot, world.takes["delete_snapshot"])
    return {"DBClusterSnapshot": before}


HANDLERS: Final = {
    "rds.CopyDBClusterSnapshot": copy_snapshot,
    "rds.DeleteDBClusterSnapshot": delete_snapshot,
    "rds.DescribeDBClusterSnapshots": describe_snapshots,
}


def _fill(world: World, resource: Resource, spec: Spec) -> None:
    automated = resource.name.startswith("rds:")
    resource.id = world.new_id("snapshot-")
    resource.data = {
        "DBClusterIdentifier": str(spec.get("cluster", "source")),
        "DbClusterResourceId": str(spec.get("cluster_id") or world.new_id("cluster-")),
        "ClusterCreateTime": resource.created - DAY,
        "SnapshotType": spec.get("type") or ("automated" if automated else "manual"),
        "SharedWith": [world.account(str(account)) for account in spec.get("shared_with") or []],
        "Database": {"admin": login_data(spec)},
        "DatabaseName": spec.get("database"),
    } | engine_data(spec)
    if spec.get("source"):
        resource.data["SourceDBClusterSnapshotArn"] = str(spec["source"])
    resource.data |= encryption_data(resource, spec)


WORLD_KINDS: Final = (
    WorldKind(
        name=KIND,
        fields=frozenset((
            "status", "cluster", "cluster_id", "engine", "engine_version", "encrypted", "kms_key", "type",
            "tags", "created", "shared_with", "source", "port", "admin", "database",
        )),
        durations={"copying": "copy", "creating": "snapshot", "deleting": "delete_snapshot"},
        age=DAY,
        fill=_fill,
    ),
)  # fmt: skip
