"""New clusters: restored from a snapshot, restored to a point in time, or empty.

None of them has instances (docs/aws.md, "Restoring a cluster").
"""

from __future__ import annotations

import copy
import datetime as dt
import re
from typing import Any, Final

from actions.sandbox.calls import Refusal, Request
from actions.sandbox.services.cluster_changes import new_admin, require_parameter_group
from actions.sandbox.services.clusters import KIND, RDS_KIND, wire
from actions.sandbox.services.keys import default_key_arn, refuse_default_key, usable_key
from actions.sandbox.services.lists import require
from actions.sandbox.services.networks import placement
from actions.sandbox.services.rds_names import checked_name
from actions.sandbox.services.snapshots import usable_source
from actions.sandbox.services.tags import given_tags
from actions.sandbox.world import Resource, World
from actions.sandbox.world_kinds import PORTS, VERSIONS

CLUSTERS: Final = 40
_VERSION: Final = re.compile(r"\d+(\.\d+)*(\.mysql_aurora\.\d+(\.\d+)*)?")


def restore_from_snapshot(world: World, request: Request) -> dict[str, Any]:
    """RestoreDBClusterFromSnapshot; the master password is that of the snapshot."""
    name = _unused_name(world, request)
    source = usable_source(world, request, request.params["SnapshotIdentifier"])
    data = _inherited(world, request, source) | _settings(world, request)
    return _create(world, request, name, data, source.data.get("Database", {}), "restore")


def restore_to_point_in_time(world: World, request: Request) -> dict[str, Any]:
    """RestoreDBClusterToPointInTime of an existing cluster."""
    name = _unused_name(world, request)
    if not request.get("SourceDBClusterIdentifier"):
        raise Refusal("MissingParameter", "SourceDBClusterIdentifier must be given.")
    source = require(world, request, RDS_KIND, request.params["SourceDBClusterIdentifier"])
    wanted, latest = request.get("RestoreToTime"), request.get("UseLatestRestorableTime")
    if bool(wanted) == bool(latest):
        message = "Either RestoreToTime or UseLatestRestorableTime must be given, and not both."
        raise Refusal("InvalidParameterCombination", message)
    if wanted is not None and not source.created <= _seconds(wanted) <= world.now:
        raise Refusal("InvalidParameterValue", f"The specified time {wanted} is outside of the restorable window.")
    data = _inherited(world, request, source) | _settings(world, request)
    return _create(world, request, name, data, world.databases.get(source.id, {}), "restore")


def _seconds(time: Any) -> float:
    """A time in any form that botocore takes (datetime, text, seconds), as seconds."""
    if isinstance(time, (int, float)):
        return float(time)
    moment_of = time if isinstance(time, dt.datetime) else dt.datetime.fromisoformat(str(time))
    return (moment_of if moment_of.tzinfo else moment_of.replace(tzinfo=dt.UTC)).timestamp()


def create_cluster(world: World, request: Request) -> dict[str, Any]:
    """CreateDBCluster."""
    name = _unused_name(world, request)
    engine = _engine(request)
    encrypted = bool(request.get("StorageEncrypted"))
    key = request.get("KmsKeyId") or default_key_arn(request.account, request.region)
    data = {
        "Engine": engine,
        "EngineVersion": _version(engine, request.get("EngineVersion") or VERSIONS[engine]),
        "Port": request.get("Port") or PORTS[engine],
        "MasterUsername": request.get("MasterUsername"),
        "DatabaseName": request.get("DatabaseName"),
        "StorageEncrypted": encrypted,
        "KmsKeyId": usable_key(world, request, key) if encrypted else None,
    } | _settings(world, request)
    database = new_admin(data, request.get("MasterUserPassword"))
    return _create(world, request, name, data, {"admin": database}, "cluster")


def _unused_name(world: World, request: Request) -> str:
    name = checked_name("DBClusterIdentifier", request.params["DBClusterIdentifier"])
    if world.find(KIND, request.account, request.region, name) is not None:
        raise Refusal("DBClusterAlreadyExistsFault", "DB Cluster already exists")
    if sum(1 for _ in world.all(KIND, request.account, request.region)) >= CLUSTERS:
        raise Refusal("DBClusterQuotaExceededFault", f"The quota of {CLUSTERS} DB clusters has been reached.")
    return name


def _engine(request: Request) -> str:
    engine = str(request.params["Engine"])
    if engine not in PORTS:
        raise Refusal("InvalidParameterValue", f"Invalid DB engine: {engine}")
    return engine


def _version(engine: str, version: str) -> str:
    """A version, if it has the engine's form. The sandbox does not know which versions exist."""
    if _VERSION.fullmatch(version) is None or ("mysql" in engine) != ("mysql" in version):
        raise Refusal("InvalidParameterCombination", f"Cannot find version {version} for {engine}")
    return version


def _inherited(world: World, request: Request, source: Resource) -> dict[str, Any]:
    """What a restored cluster inherits from its source, unless the call says otherwise."""
    engine = _engine(request) if request.get("Engine") else source.data["Engine"]
    encrypted = bool(source.data.get("StorageEncrypted") or request.get("KmsKeyId"))
    return {
        "Engine": engine,
        "EngineVersion": _restored_version(request, engine, _version(engine, str(source.data["EngineVersion"]))),
        "Port": request.get("Port") or PORTS[engine],
        "MasterUsername": source.data.get("MasterUsername"),
        "DatabaseName": request.get("DatabaseName") or source.data.get("DatabaseName"),
        "StorageEncrypted": encrypted,
        "KmsKeyId": _restored_key(world, request, source) if encrypted else None,
    }


def _restored_version(request: Request, engine: str, source: str) -> str:
    """The version in the call, else the default of the region; never earlier than the source's (redcap-on-aws #99)."""
    wanted = request.get("EngineVersion")
    if wanted is None:
        return max(source, VERSIONS[engine], key=_version_key)
    if _version_key(_version(engine, wanted)) < _version_key(source):
        message = (
            f"The engine version you requested for your restored DB cluster ({wanted}) is earlier than the engine "
            f"version of the DB cluster snapshot ({source})."
        )
        raise Refusal("InvalidParameterCombination", message)
    return str(wanted)


def _version_key(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version)]


def _restored_key(world: World, request: Request, source: Resource) -> str:
    """The key in the call, else the source's, if RDS may use it here."""
    wanted = request.get("KmsKeyId")
    if wanted is None:
        refuse_default_key(source, request.account)
    return usable_key(world, request, wanted or str(source.data.get("KmsKeyId")))


def _settings(world: World, request: Request) -> dict[str, Any]:
    """What comes from the call alone: anything that it leaves out is AWS's default, not the source's."""
    group = request.get("DBClusterParameterGroupName") or "default"
    require_parameter_group(world, request, group)
    return {
        "EngineMode": "provisioned",
        "AllocatedStorage": 1,
        "BackupRetentionPeriod": request.get("BackupRetentionPeriod") or 1,
        "DBClusterParameterGroup": group,
        "IAMDatabaseAuthenticationEnabled": bool(request.get("EnableIAMDatabaseAuthentication")),
        "DeletionProtection": bool(request.get("DeletionProtection")),
        "CopyTagsToSnapshot": bool(request.get("CopyTagsToSnapshot")),
        "ServerlessV2ScalingConfiguration": request.get("ServerlessV2ScalingConfiguration"),
        "MultiAZ": False,
    } | placement(world, request)


def _create(
    world: World, request: Request, name: str, data: dict[str, Any], database: dict[str, Any], takes: str
) -> dict[str, Any]:
    seconds = world.takes[takes]
    if data.get("CopyTagsToSnapshot"):
        data["BackupDue"] = world.now + seconds + 60
    cluster = Resource(
        kind=KIND, name=name, account=request.account, region=request.region, id=world.new_id("cluster-"), data=data,
        tags=given_tags(request),
    )  # fmt: skip
    world.create(request, cluster, ("creating", seconds))
    world.databases[cluster.id] = copy.deepcopy(database)
    return {"DBCluster": wire(world, cluster, cluster.status(world.now))}


HANDLERS: Final = {
    "rds.RestoreDBClusterFromSnapshot": restore_from_snapshot,
    "rds.RestoreDBClusterToPointInTime": restore_to_point_in_time,
    "rds.CreateDBCluster": create_cluster,
}
