"""What `rds.cluster` declares: parameters, attributes, statuses, calls with their error codes, and IAM rights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from actions.rds.iam_rights import ANYWHERE, HERE, key_rights
from actions.rds.names import NAME_SCHEMA
from actions.rds.statuses import catalogue
from engine.registry import Param, Right

Json = Mapping[str, Any]

_TEXT: Final[Json] = {"type": ["string", "null"]}
_NOT_EMPTY: Final[Json] = {"type": "string", "minLength": 1}
_CAPACITY: Final[Json] = {"type": "number", "minimum": 0}

PARAMS: Final[Mapping[str, Param]] = {
    "name": Param(schema=NAME_SCHEMA, required=True, doc="name of the cluster"),
    "from_snapshot": Param(schema=_NOT_EMPTY, doc="the snapshot to restore: its name, or an ARN in this region"),
    "from_cluster": Param(schema=_NOT_EMPTY, doc="with `restore_to`: the cluster to restore; its name or ARN"),
    "restore_to": Param(
        schema={"type": "string", "pattern": r"^(latest|\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))$"},
        doc="the time of a point-in-time restore, ISO 8601 with a time zone; or `latest`, the latest possible",
    ),
    "engine": Param(schema=_NOT_EMPTY, doc="default: the snapshot's engine"),
    "engine_version": Param(
        schema=_NOT_EMPTY, doc="default: AWS's default in the region, which may be older than the snapshot's"
    ),
    "subnet_group": Param(schema=_NOT_EMPTY, doc="a DB subnet group (default: the default VPC's)"),
    "security_groups": Param(
        schema={"type": ["array", "string"], "items": {"type": "string"}, "minLength": 1},
        doc="ids of VPC security groups: a list, or text with commas (default: the VPC's default group)",
    ),
    "kms_key": Param(schema=_NOT_EMPTY, doc="KMS key of the cluster (default: the snapshot's)"),
    "parameter_group": Param(schema=_NOT_EMPTY, doc="a DB cluster parameter group (default: the engine's)"),
    "port": Param(schema={"type": "integer", "minimum": 1, "maximum": 65_535}, doc="default: the engine's port"),
    "serverless": Param(
        schema={
            "type": "object",
            "properties": {"min": _CAPACITY, "max": _CAPACITY},
            "required": ["min", "max"],
            "additionalProperties": False,
        },
        doc="{min, max} in capacity units; instances of class db.serverless need it",
    ),
    "iam_auth": Param(
        schema={"type": "boolean"},
        doc="IAM database authentication; a restore may not apply it (terraform-provider-aws #35189), so check it after",
    ),
    "protected": Param(schema={"type": "boolean"}, doc="deletion protection (default: false)"),
    "final_snapshot": Param(
        schema=NAME_SCHEMA,
        doc="for `remove`: name of the snapshot that AWS takes before it deletes the cluster; without it none is taken",
    ),
    "unprotect": Param(schema={"type": "boolean"}, doc="for `remove`: switch off deletion protection first"),
    "detach": Param(
        schema={"type": "boolean"},
        doc="for `remove`: remove it from its global cluster first; needs `retry`, because AWS deletes it only afterwards",
    ),
}

WIRE_NAMES: Final[Mapping[str, str]] = {
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
"""AWS's name for each parameter."""

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
    "endpoint": {**_TEXT, "description": "the writer's address; it does not resolve while there is no instance"},
    "reader_endpoint": _TEXT,
    "port": {"type": ["integer", "null"]},
    "database": {**_TEXT, "description": "the database that was created with the cluster, if any"},
    "engine": _TEXT,
    "engine_version": _TEXT,
    "encrypted": {"type": "boolean"},
    "kms_key": _TEXT,
    "instances": {"type": "array", "description": "the writer first", "items": _INSTANCE},
    "subnet_group": _TEXT,
    "security_groups": {"type": "array", "items": {"type": "string"}},
    "vpc": {**_TEXT, "description": "read from its instances; null while there is none"},
    "protected": {"type": "boolean", "description": "deletion protection"},
    "global": {**_TEXT, "description": "the global cluster that it belongs to"},
    "replica_of": {**_TEXT, "description": "the cluster that it is a replica of"},
    "replicas": {"type": "array", "items": {"type": "string"}, "description": "its replica clusters, by ARN"},
    "created": {**_TEXT, "format": "date-time", "description": "ISO 8601"},
    "settled": {"type": "boolean", "description": "available, and no change is pending: `is: seen.settled`"},
    "tags": {"type": "object", "additionalProperties": {"type": "string"}},
}

_GUIDE: Final = "Aurora User Guide, Viewing DB cluster status"
_WAITER: Final = "botocore rds waiters-2, DBClusterAvailable and DBClusterDeleted"
_CLOUDFORMATION: Final = "github.com/aws-cloudformation/aws-cloudformation-resource-providers-rds"
_TERRAFORM: Final = "github.com/hashicorp/terraform-provider-aws"

STATUSES: Final = catalogue(
    ("missing", "DBClusterNotFoundFault, or an empty list", "missing"),
    ("available", _GUIDE, "available"),
    (
        "pending",
        _GUIDE,
        """
        backing-up backtracking creating failing-over maintenance migrating modifying preparing-data-migration promoting
        renaming resetting-master-credentials starting stopping storage-optimization update-iam-db-auth upgrading
        """,
    ),
    (
        "pending",
        _TERRAFORM,
        "configuring-enhanced-monitoring configuring-iam-database-auth rebooting scaling-compute scaling-storage",
    ),
    (
        "blocked",
        _GUIDE,
        "stopped inaccessible-encryption-credentials inaccessible-encryption-credentials-recoverable upgrade_failed",
    ),
    ("blocked", _CLOUDFORMATION, "incompatible-network incompatible-parameters"),
    ("broken", _GUIDE, "cloning-failed migration-failed"),
    ("broken", _WAITER, "failed"),
    ("broken", _CLOUDFORMATION, "incompatible-restore restore-failed"),
    ("leaving", _GUIDE, "deleting"),
    ("leaving", _WAITER, "deleted"),
)

_RESTORE: Final = (
    "DBClusterAlreadyExistsFault", "DBClusterParameterGroupNotFound", "DBClusterQuotaExceededFault",
    "DBClusterRoleQuotaExceeded", "DBClusterSnapshotNotFoundFault", "DBSubnetGroupNotFoundFault",
    "DomainNotFoundFault", "InsufficientDBClusterCapacityFault", "InsufficientDBInstanceCapacity",
    "InsufficientStorageClusterCapacity", "InvalidDBClusterSnapshotStateFault", "InvalidDBSnapshotState",
    "InvalidRestoreFault", "InvalidSubnet", "InvalidVPCNetworkStateFault", "KMSKeyNotAccessibleFault",
    "NetworkTypeNotSupported", "OptionGroupNotFoundFault", "StorageQuotaExceeded", "StorageTypeNotSupported",
    "VpcEncryptionControlViolationException",
)  # fmt: skip

CALLS: Final = {
    "rds.DescribeDBClusters": ("DBClusterNotFoundFault",),
    "rds.DescribeDBInstances": ("DBInstanceNotFound",),
    "rds.DescribeDBClusterSnapshots": ("DBClusterSnapshotNotFoundFault",),  # also for the blockers of a delete
    "rds.RestoreDBClusterFromSnapshot": (
        *_RESTORE, "DBSnapshotNotFound", "DBSubnetGroupDoesNotCoverEnoughAZs", "InvalidDBInstanceState",
    ),
    "rds.RestoreDBClusterToPointInTime": (
        *_RESTORE, "DBClusterAutomatedBackupNotFoundFault", "DBClusterNotFoundFault", "InvalidDBClusterStateFault",
    ),
    "rds.AddTagsToResource": (),  # never called, but restoring with tags needs its permission
    "rds.ModifyDBCluster": (  # for `unprotect`
        "DBClusterAlreadyExistsFault", "DBClusterNotFoundFault", "DBClusterParameterGroupNotFound",
        "DBInstanceAlreadyExists", "DBParameterGroupNotFound", "DBSubnetGroupNotFoundFault", "DomainNotFoundFault",
        "InvalidDBClusterStateFault", "InvalidDBInstanceState", "InvalidDBSecurityGroupState",
        "InvalidDBSubnetGroupStateFault", "InvalidGlobalClusterStateFault", "InvalidSubnet",
        "InvalidVPCNetworkStateFault", "KMSKeyNotAccessibleFault", "NetworkTypeNotSupported",
        "OptionGroupNotFoundFault", "StorageQuotaExceeded", "StorageTypeNotAvailableFault", "StorageTypeNotSupported",
        "VpcEncryptionControlViolationException",
    ),
    "rds.DescribeGlobalClusters": ("GlobalClusterNotFoundFault",),  # for the blockers of a delete
    "rds.RemoveFromGlobalCluster": (  # for `detach`
        "DBClusterNotFoundFault", "GlobalClusterNotFoundFault", "InvalidDBClusterStateFault",
        "InvalidGlobalClusterStateFault",
    ),
    "rds.DeleteDBCluster": (
        "DBClusterAutomatedBackupQuotaExceededFault", "DBClusterNotFoundFault", "DBClusterSnapshotAlreadyExistsFault",
        "InvalidDBClusterSnapshotStateFault", "InvalidDBClusterStateFault", "InvalidGlobalClusterStateFault",
        "KMSKeyNotAccessibleFault", "SnapshotQuotaExceeded",
    ),
    "rds.CreateDBClusterSnapshot": (),  # never called, but a final snapshot needs its permission
}  # fmt: skip

_ARN: Final = HERE + "cluster:{name}"
_NETWORK: Final = (HERE + "subgrp:*", HERE + "cluster-pg:*", HERE + "og:*")

RIGHTS: Final = (
    Right(action="rds:DescribeDBClusters", verb="look"),
    Right(action="rds:DescribeDBInstances", verb="look"),
    Right(action="rds:DescribeDBClusterSnapshots", verb="create"),
    Right(
        action="rds:RestoreDBClusterFromSnapshot",
        verb="create",
        on=(_ARN, ANYWHERE + "cluster-snapshot:{from_snapshot}", *_NETWORK),
        only_with="from_snapshot",
    ),
    Right(
        action="rds:RestoreDBClusterToPointInTime",
        verb="create",
        on=(_ARN, ANYWHERE + "cluster:{from_cluster}", *_NETWORK),
        only_with="restore_to",
    ),
    Right(action="rds:AddTagsToResource", verb="create", on=(_ARN,), tags=True),
    *key_rights(via="rds"),
    Right(action="rds:DeleteDBCluster", verb="delete", on=(_ARN,)),
    Right(action="rds:DeleteDBInstance", verb="delete", on=(HERE + "db:*",)),  # its instances, whatever their names
    Right(action="rds:DescribeDBClusterSnapshots", verb="delete"),  # what blocks it is looked for first
    Right(action="rds:DescribeGlobalClusters", verb="delete", only_with="detach"),
    Right(action="rds:ModifyDBCluster", verb="delete", on=(_ARN,), only_with="unprotect"),
    Right(
        action="rds:RemoveFromGlobalCluster",
        verb="delete",
        on=(_ARN, "arn:{partition}:rds::{account}:global-cluster:*"),
        only_with="detach",
    ),
    Right(
        action="rds:CreateDBClusterSnapshot",
        verb="delete",
        on=(_ARN, HERE + "cluster-snapshot:{final_snapshot}"),
        only_with="final_snapshot",
    ),
    *(  # RDS checks both on the final snapshot, too; its tags are the cluster's, whatever they are
        Right(
            action=action, verb="delete", on=(HERE + "cluster-snapshot:{final_snapshot}",), only_with="final_snapshot"
        )
        for action in ("rds:DeleteDBCluster", "rds:AddTagsToResource")
    ),
)
