"""A cluster's parameters and attributes: what they are called here and at AWS, and what RDS's reply says of them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from actions.rds.names import NAME_SCHEMA, tags_of, time_of
from actions.rds.statuses import INSTANCE, class_of
from engine.registry import Param, Part

Json = Mapping[str, Any]

_TEXT: Final[Json] = {"type": ["string", "null"]}
_SAID: Final[Json] = {"type": "string", "minLength": 1}
_CAPACITY: Final[Json] = {"type": "number", "minimum": 0}

PARAMS: Final[Mapping[str, Param]] = {
    "name": Param(schema=NAME_SCHEMA, required=True, doc="its name"),
    "from_snapshot": Param(schema=_SAID, doc="the snapshot that it is restored from: a name, or an ARN of this region"),
    "from_cluster": Param(schema=_SAID, doc="with `restore_to`: the cluster whose state is restored; a name or an ARN"),
    "restore_to": Param(
        schema={"type": "string", "pattern": r"^(latest|\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))$"},
        doc="the moment of a point-in-time restore, ISO 8601 with its zone; `latest`: the latest there is",
    ),
    "engine": Param(schema=_SAID, doc="the snapshot's"),
    "engine_version": Param(schema=_SAID, doc="AWS's default of the region, which may be older than the snapshot's"),
    "subnet_group": Param(schema=_SAID, doc="a DB subnet group; without it, the default VPC's"),
    "security_groups": Param(
        schema={"type": ["array", "string"], "items": {"type": "string"}, "minLength": 1},
        doc="ids of VPC security groups: a list, or text with commas; without them, the VPC's default",
    ),
    "kms_key": Param(schema=_SAID, doc="the key of the cluster; without it, the snapshot's"),
    "parameter_group": Param(schema=_SAID, doc="a DB cluster parameter group; without it, the engine's default"),
    "port": Param(schema={"type": "integer", "minimum": 1, "maximum": 65_535}, doc="without it, the engine's"),
    "serverless": Param(
        schema={
            "type": "object",
            "properties": {"min": _CAPACITY, "max": _CAPACITY},
            "required": ["min", "max"],
            "additionalProperties": False,
        },
        doc="{min, max} in capacity units: must be there before an instance of class db.serverless",
    ),
    "iam_auth": Param(
        schema={"type": "boolean"},
        doc="database logins by IAM; a restore may not apply it (terraform-provider-aws #35189): look at it afterwards",
    ),
    "protected": Param(schema={"type": "boolean"}, doc="deletion protection (false)"),
    "final_snapshot": Param(
        schema=NAME_SCHEMA,
        doc="for `remove`: the snapshot that AWS takes before it goes; without it none is taken",
    ),
    "unprotect": Param(schema={"type": "boolean"}, doc="for `remove`: switch deletion protection off first"),
    "detach": Param(
        schema={"type": "boolean"},
        doc="for `remove`: take it out of its global cluster first; wants `retry`, for AWS deletes it only afterwards",
    ),
}

WORDS: Final[Mapping[str, str]] = {
    "SourceDBClusterIdentifier": "from_cluster",
    "DBClusterIdentifier": "name",
    "SnapshotIdentifier": "from_snapshot",
    "RestoreToTime": "restore_to",
    "EngineVersion": "engine_version",
    "Engine": "engine",
    "DBSubnetGroupName": "subnet_group",
    "VpcSecurityGroupIds": "security_groups",
    "KmsKeyId": "kms_key",
    "DBClusterParameterGroupName": "parameter_group",
    "Port": "port",
    "ServerlessV2ScalingConfiguration": "serverless",
    "EnableIAMDatabaseAuthentication": "iam_auth",
    "DeletionProtection": "protected",
    "FinalDBSnapshotIdentifier": "final_snapshot",
}
"""AWS's word for each parameter."""

_INSTANCE: Final[Json] = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "class": _TEXT,
        "writer": {"type": "boolean"},
        "zone": _TEXT,
        "tier": {"type": ["integer", "null"]},
        "status": {"type": "string"},
    },
}

ATTRIBUTES: Final[Mapping[str, Json]] = {
    "name": {"type": "string"},
    "arn": _TEXT,
    "id": {"type": "string", "description": "DbClusterResourceId: never changes"},
    "status": {"type": "string"},
    "endpoint": {**_TEXT, "description": "the writer's address; it names nothing while there is no instance"},
    "reader_endpoint": _TEXT,
    "port": {"type": ["integer", "null"]},
    "database": {**_TEXT, "description": "the database that was made with it, if any"},
    "engine": _TEXT,
    "engine_version": _TEXT,
    "encrypted": {"type": "boolean"},
    "kms_key": _TEXT,
    "instances": {"type": "array", "description": "the writer first", "items": _INSTANCE},
    "subnet_group": _TEXT,
    "security_groups": {"type": "array", "items": {"type": "string"}},
    "vpc": {**_TEXT, "description": "as its instances say; null while there is none"},
    "protected": {"type": "boolean"},
    "global": {**_TEXT, "description": "the global cluster that it belongs to"},
    "created": {**_TEXT, "description": "ISO 8601"},
    "settled": {"type": "boolean", "description": "available, and nothing is pending besides: `is: seen.settled`"},
    "tags": {"type": "object", "additionalProperties": {"type": "string"}},
}


def attributes_of(item: Json, instances: Sequence[Json]) -> dict[str, Any]:
    """A cluster's attributes, of RDS's own form, with its instances in theirs."""
    groups = item.get("VpcSecurityGroups") or []
    return {
        "name": item["DBClusterIdentifier"],
        "arn": item.get("DBClusterArn"),
        "id": item.get("DbClusterResourceId"),
        "status": str(item.get("Status", "")),
        "endpoint": item.get("Endpoint"),
        "reader_endpoint": item.get("ReaderEndpoint"),
        "port": item.get("Port"),
        "database": item.get("DatabaseName"),
        "engine": item.get("Engine"),
        "engine_version": item.get("EngineVersion"),
        "encrypted": bool(item.get("StorageEncrypted")),
        "kms_key": item.get("KmsKeyId"),
        "instances": _instances(item, instances),
        "subnet_group": item.get("DBSubnetGroup"),
        "security_groups": [group["VpcSecurityGroupId"] for group in groups if "VpcSecurityGroupId" in group],
        "vpc": next((vpc for one in instances if (vpc := (one.get("DBSubnetGroup") or {}).get("VpcId"))), None),
        "protected": bool(item.get("DeletionProtection")),
        "global": item.get("GlobalClusterIdentifier") or None,
        "created": time_of(item.get("ClusterCreateTime")),
        "settled": _is_settled(item),
        "tags": tags_of(item.get("TagList")),
    }


def _is_settled(item: Json) -> bool:
    """AWS says `available` while a change waits, or while it still rotates the master's secret (docs/aws.md, "Changing a cluster")."""
    secret = (item.get("MasterUserSecret") or {}).get("SecretStatus", "active")
    return item.get("Status") == "available" and not item.get("PendingModifiedValues") and secret == "active"


def _instances(item: Json, instances: Sequence[Json]) -> list[dict[str, Any]]:
    """The writer first, then by name. Which one writes, only the cluster knows."""
    members = item.get("DBClusterMembers") or []
    writers = {member.get("DBInstanceIdentifier") for member in members if member.get("IsClusterWriter")}
    found = [
        {
            "name": one["DBInstanceIdentifier"],
            "class": one.get("DBInstanceClass"),
            "writer": one["DBInstanceIdentifier"] in writers,
            "zone": one.get("AvailabilityZone"),
            "tier": one.get("PromotionTier"),
            "status": str(one.get("DBInstanceStatus", "")),
        }
        for one in instances
    ]
    return sorted(found, key=lambda one: (not one["writer"], one["name"]))


def parts_of(ordered: Sequence[Json], instances: Sequence[Json]) -> tuple[Part, ...]:
    """What must go before it: its readers, then its writer."""
    by_name = {one["DBInstanceIdentifier"]: one for one in instances}
    parts = []
    for one in reversed(ordered):
        item = by_name[one["name"]]
        status = str(item.get("DBInstanceStatus", ""))
        parts.append(
            Part(
                kind="rds.instance",
                identity={"name": one["name"]},
                id=str(item.get("DbiResourceId", "")),
                status=status,
                cls=class_of(INSTANCE, status),
                tags=tags_of(item.get("TagList")),
            )
        )
    return tuple(parts)
