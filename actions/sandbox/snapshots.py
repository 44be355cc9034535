"""Cluster snapshots of the pretend RDS: copying, creating, describing, sharing, deleting.

Texts and codes as aws.md has them ("Snapshot operations", "Modelled errors"); what is marked there as uncertain is
done the way that asks more of the caller.
"""

from __future__ import annotations

import copy
import datetime as dt
from typing import Any, Final

from actions.sandbox.calls import Asked, Refusal, given_tags, moment, tag_list
from actions.sandbox.keys import usable_key
from actions.sandbox.rds_names import Listing, Place, arn_of, describe, needed, new_name, placed
from actions.sandbox.world import Resource, World

KIND: Final = "rds.cluster_snapshot"
COPIES_AT_ONCE: Final = 5
MANUAL_SNAPSHOTS: Final = 100
SHARED_WITH: Final = 20

_FROM_CLUSTER: Final = (
    "AllocatedStorage", "AvailabilityZones", "Engine", "EngineVersion", "EngineMode", "Port", "MasterUsername",
    "StorageEncrypted", "KmsKeyId", "VpcId", "StorageType",
)  # fmt: skip


def wire(world: World, snapshot: Resource, status: str) -> dict[str, Any]:
    """A snapshot as DescribeDBClusterSnapshots has it."""
    done = status == "available"
    answer = {
        "DBClusterSnapshotIdentifier": snapshot.name,
        "DBClusterSnapshotArn": arn_of(snapshot),
        "Status": status,
        "SnapshotCreateTime": moment(_taken(snapshot, done)),
        "PercentProgress": 100 if done else _percent(snapshot, world.now),
        "TagList": tag_list(snapshot.tags),
        "SnapshotType": "manual",
    }
    for key, value in snapshot.data.items():
        if key not in ("SharedWith", "Database"):
            answer[key] = moment(value) if key == "ClusterCreateTime" else value
    return answer


def _taken(snapshot: Resource, done: bool) -> float:
    """A copy's time moves to the moment at which it is complete: its time alone is no identity."""
    if done and "SourceDBClusterSnapshotArn" in snapshot.data:
        return max(snapshot.created, snapshot.life[-1][1])
    return snapshot.created


def _percent(snapshot: Resource, now: float) -> int:
    end = snapshot.life[-1][1]
    if end <= snapshot.created:
        return 0
    return max(0, min(99, int(100 * (now - snapshot.created) / (end - snapshot.created))))


LISTING: Final = Listing(
    kind=KIND,
    identifier="DBClusterSnapshotIdentifier",
    key="DBClusterSnapshots",
    missing="DBClusterSnapshotNotFoundFault",
    missing_text="DBClusterSnapshot not found: {name}",
    wire=wire,
    filters={
        "db-cluster-id": lambda item: item.get("DBClusterIdentifier"),
        "db-cluster-snapshot-id": lambda item: item["DBClusterSnapshotIdentifier"],
        "snapshot-type": lambda item: item["SnapshotType"],
        "engine": lambda item: item.get("Engine"),
    },
)


def describe_snapshots(world: World, asked: Asked) -> dict[str, Any]:
    """DescribeDBClusterSnapshots: shared ones by ARN, or with IncludeShared or SnapshotType=shared."""
    shared = asked.get("IncludeShared") or asked.get("SnapshotType") == "shared"
    if asked.get("DBClusterSnapshotIdentifier"):
        _guard_shared(world, asked, shared=bool(shared))
    elif shared:
        return _shared_ones(world, asked)
    cluster, wanted = asked.get("DBClusterIdentifier"), asked.get("SnapshotType")
    resource_id = asked.get("DbClusterResourceId")

    def keep(item: dict[str, Any]) -> bool:
        return (
            (not cluster or item.get("DBClusterIdentifier") == placed(asked, cluster)[2])
            and (not wanted or wanted == "shared" or item["SnapshotType"] == wanted)
            and (not resource_id or item.get("DbClusterResourceId") == resource_id)
        )

    return describe(world, asked, LISTING, keep)


def _shared_ones(world: World, asked: Asked) -> dict[str, Any]:
    items = [
        wire(world, other, status) | {"DBClusterSnapshotIdentifier": arn_of(other), "SnapshotType": "shared", "TagList": []}
        for other in list(world.resources.values())
        if other.kind == KIND and other.region == asked.region and other.account != asked.account
        if asked.account in other.data.get("SharedWith", ()) and (status := other.shown(world.now))
    ]
    return {"DBClusterSnapshots": items}


def _guard_shared(world: World, asked: Asked, *, shared: bool) -> None:
    """Another account's snapshot is seen only if it is shared, and asked for as such."""
    name = asked.params["DBClusterSnapshotIdentifier"]
    place = placed(asked, name)
    visible = place[0] == asked.account or (shared and asked.account in _shared_with(world, place))
    if not visible or place[1] != asked.region:
        raise Refusal(LISTING.missing, LISTING.missing_text.format(name=name))


def _shared_with(world: World, place: Place) -> list[str]:
    found = world.find(KIND, *place)
    return [] if found is None else found.data.get("SharedWith", [])


def copy_snapshot(world: World, asked: Asked) -> dict[str, Any]:
    """CopyDBClusterSnapshot, called in the region that the copy is to be in."""
    name = new_name("TargetDBClusterSnapshotIdentifier", asked.params["TargetDBClusterSnapshotIdentifier"], 255)
    source = usable_source(world, asked, asked.params["SourceDBClusterSnapshotIdentifier"], anywhere=True)
    _refuse_taken(world, asked, name)
    tags = given_tags(asked)
    if asked.get("CopyTags") and not asked.get("Tags"):  # given Tags, AWS ignores CopyTags (moto, against AWS)
        tags = {key: value for key, value in source.tags.items() if not key.lower().startswith("aws:")}
    abroad = source.region != asked.region
    key = _copy_key(world, asked, source, abroad=abroad)
    _refuse_quota(world, asked, copying=abroad)
    data = {name: value for name, value in source.data.items() if name not in ("SharedWith", "BackupDue")}
    data |= {"SnapshotType": "manual", "SourceDBClusterSnapshotArn": arn_of(source)}
    if key is not None:
        data["KmsKeyId"] = key
    made = Resource(kind=KIND, name=name, account=asked.account, region=asked.region, tags=tags, data=data)
    world.make(asked, made, ("copying", world.takes["copy"]))
    return {"DBClusterSnapshot": wire(world, made, made.status(world.now))}


def usable_source(world: World, asked: Asked, name: str, *, anywhere: bool = False) -> Resource:
    """A snapshot to copy or restore from: there, visible from here, and available."""
    place = placed(asked, name)
    source = world.find(KIND, *place)
    visible = source is not None and (
        source.account == asked.account or asked.account in source.data.get("SharedWith", ())
    )
    if source is None or not visible or (place[1] != asked.region and not anywhere):
        raise Refusal(LISTING.missing, LISTING.missing_text.format(name=name))
    if source.status(world.now) != "available":
        message = f"The snapshot {source.name} is not in the available state: {source.status(world.now)}"
        raise Refusal("InvalidDBClusterSnapshotStateFault", message)
    return source


def _refuse_taken(world: World, asked: Asked, name: str) -> None:
    if world.find(KIND, asked.account, asked.region, name) is not None:
        message = f"Cannot create the snapshot because a snapshot with the identifier {name} already exists."
        raise Refusal("DBClusterSnapshotAlreadyExistsFault", message)


def _copy_key(world: World, asked: Asked, source: Resource, *, abroad: bool) -> str | None:
    """Which key encrypts the copy, as an ARN; None for a snapshot that is not encrypted."""
    wanted = asked.get("KmsKeyId")
    if not source.data.get("StorageEncrypted"):
        if wanted:
            message = "KmsKeyId cannot be specified when copying an unencrypted DB cluster snapshot"
            raise Refusal("InvalidParameterCombination", message)
        return None
    if not wanted and abroad:
        raise Refusal("InvalidParameterValue", "Must specify new KMS key for cross region encrypted snapshot copy")
    if not wanted and source.account != asked.account:
        raise Refusal("InvalidParameterValue", "Must specify a KMS key to copy a shared encrypted snapshot")
    return usable_key(world, asked, wanted) if wanted else str(source.data["KmsKeyId"])


def _refuse_quota(world: World, asked: Asked, *, copying: bool) -> None:
    """Two quotas under one code; only the message tells them apart (aws.md)."""
    mine = [s for s in world.all(KIND, asked.account, asked.region) if s.data.get("SnapshotType") == "manual"]
    under_way = [s for s in mine if s.status(world.now) == "copying"]
    if copying and len(under_way) >= COPIES_AT_ONCE:
        raise Refusal("SnapshotQuotaExceeded", f"Cannot copy more than {COPIES_AT_ONCE} snapshots across regions")
    if len(mine) >= MANUAL_SNAPSHOTS:
        raise Refusal("SnapshotQuotaExceeded", f"Cannot create more than {MANUAL_SNAPSHOTS} manual snapshots")


def take_snapshot(world: World, asked: Asked, cluster: Resource, name: str, tags: dict[str, str]) -> Resource:
    """A manual snapshot of a cluster: by CreateDBClusterSnapshot, or a final one."""
    _refuse_taken(world, asked, name)
    _refuse_quota(world, asked, copying=False)
    snapshot = of_cluster(world, cluster, world.now)
    snapshot.name, snapshot.tags = name, tags
    snapshot.data["SnapshotType"] = "manual"
    return world.make(asked, snapshot, ("creating", world.takes["snapshot"]))


def of_cluster(world: World, cluster: Resource, at: float) -> Resource:
    """An automated snapshot of a cluster, with the tags that its backups bear, available at once."""
    data = {key: cluster.data[key] for key in _FROM_CLUSTER if key in cluster.data}
    data |= {
        "DBClusterIdentifier": cluster.name,
        "DbClusterResourceId": cluster.id,
        "ClusterCreateTime": cluster.created,
        "SnapshotType": "automated",
        "Database": copy.deepcopy(world.databases.get(cluster.id, {})),
    }
    stamp = dt.datetime.fromtimestamp(at, dt.UTC).strftime("%Y-%m-%d-%H-%M")
    snapshot = Resource(
        kind=KIND, name=f"rds:{cluster.name}-{stamp}", account=cluster.account, region=cluster.region, data=data,
        created=at, tags=dict(cluster.tags) if cluster.data.get("CopyTagsToSnapshot") else {},
    )  # fmt: skip
    snapshot.begin(at, last="available")
    return snapshot


def delete_snapshot(world: World, asked: Asked) -> dict[str, Any]:
    """DeleteDBClusterSnapshot: manual ones only; one that is being copied is cancelled."""
    snapshot = needed(world, asked, LISTING, asked.params["DBClusterSnapshotIdentifier"])
    status = snapshot.status(world.now)
    if snapshot.data.get("SnapshotType", "manual") != "manual":
        raise Refusal("InvalidDBClusterSnapshotStateFault", "Only manual snapshots may be deleted.")
    if status == "deleting":
        message = f"The snapshot {snapshot.name} is already being deleted."
        raise Refusal("InvalidDBClusterSnapshotStateFault", message)
    before = wire(world, snapshot, status)
    for other in world.resources.values():  # a copy whose source goes, fails
        if other.data.get("SourceDBClusterSnapshotArn") == arn_of(snapshot) and other.status(world.now) == "copying":
            other.begin(world.now, last="failed")
    world.unmake(asked, snapshot, world.takes["delete_snapshot"])
    return {"DBClusterSnapshot": before}


def describe_attributes(world: World, asked: Asked) -> dict[str, Any]:
    """DescribeDBClusterSnapshotAttributes: whom it is shared with."""
    return _attributes(needed(world, asked, LISTING, asked.params["DBClusterSnapshotIdentifier"]))


def modify_attribute(world: World, asked: Asked) -> dict[str, Any]:
    """ModifyDBClusterSnapshotAttribute `restore`: sharing; an account that is there already is no error."""
    snapshot = needed(world, asked, LISTING, asked.params["DBClusterSnapshotIdentifier"])
    if snapshot.data.get("SnapshotType") != "manual":
        raise Refusal("InvalidDBClusterSnapshotStateFault", "Only manual snapshots may be shared.")
    added = asked.get("ValuesToAdd") or []
    if "all" in added and snapshot.data.get("StorageEncrypted"):
        raise Refusal("InvalidParameterValue", "Encrypted snapshots cannot be made public.")
    shared = [a for a in snapshot.data.get("SharedWith", []) if a not in (asked.get("ValuesToRemove") or [])]
    shared += [account for account in added if account not in shared]
    if len(shared) > SHARED_WITH:
        raise Refusal("SharedSnapshotQuotaExceeded", f"A snapshot is shared with at most {SHARED_WITH} accounts.")
    snapshot.data["SharedWith"] = shared
    asked.resource = str(snapshot)
    return _attributes(snapshot)


def _attributes(snapshot: Resource) -> dict[str, Any]:
    values = {"AttributeName": "restore", "AttributeValues": list(snapshot.data.get("SharedWith", []))}
    result = {"DBClusterSnapshotIdentifier": snapshot.name, "DBClusterSnapshotAttributes": [values]}
    return {"DBClusterSnapshotAttributesResult": result}
