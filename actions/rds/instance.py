"""`rds.instance`: a DB instance of an Aurora cluster. Its id is its DbiResourceId."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from actions.aws.call_errors import aws_call, refusal
from actions.rds import lookup
from actions.rds.delete_refusals import explained
from actions.rds.iam_rights import HERE
from actions.rds.names import NAME_SCHEMA, is_tagged, new_name, short_name, tag_list, tags_of, time_of
from actions.rds.statuses import catalogue, observed
from engine.errors import EffectFailed
from engine.language.model import KindFacts, Monitor
from engine.registry import MISSING, Context, Observation, Param, Right, Status

Json = Mapping[str, Any]

_TEXT: Final[Json] = {"type": ["string", "null"]}

PARAMS: Final[Mapping[str, Param]] = {
    "name": Param(schema=NAME_SCHEMA, required=True, doc="name of the instance"),
    "cluster": Param(schema=NAME_SCHEMA, to_create=True, doc="the cluster that the instance belongs to"),
    "class": Param(
        schema={"type": "string", "pattern": "^db[.].+"},
        to_create=True,
        doc="such as db.r6g.large; db.serverless needs a cluster with `serverless: {min, max}`",
    ),
    "zone": Param(schema={"type": "string", "minLength": 1}, doc="an availability zone of the cluster's subnet group"),
    "tier": Param(
        schema={"type": "integer", "minimum": 0, "maximum": 15}, doc="failover priority: 0 becomes the writer first"
    ),
    "public": Param(schema={"type": "boolean"}, doc="reachable from outside its VPC (default: false)"),
    "parameter_group": Param(
        schema={"type": "string", "minLength": 1}, doc="a DB parameter group (default: the engine's)"
    ),
    "engine": Param(schema={"type": "string", "minLength": 1}, doc="default: the cluster's engine"),
}

WIRE_NAMES: Final[Mapping[str, str]] = {
    "DBInstanceIdentifier": "name",
    "DBClusterIdentifier": "cluster",
    "DBInstanceClass": "class",
    "AvailabilityZone": "zone",
    "PromotionTier": "tier",
    "PubliclyAccessible": "public",
    "DBParameterGroupName": "parameter_group",
    "Engine": "engine",
}
"""AWS's name for each parameter."""

_UNCHANGED: Final = ("class", "zone", "tier", "parameter_group")
"""Parameters that are sent to AWS as they are."""

ATTRIBUTES: Final[Mapping[str, Json]] = {
    "name": {"type": "string"},
    "arn": _TEXT,
    "id": {"type": "string", "description": "DbiResourceId: never changes"},
    "status": {"type": "string"},
    "cluster": _TEXT,
    "class": _TEXT,
    "writer": {"type": ["boolean", "null"], "description": "is it the cluster's writer? null until it is available"},
    "endpoint": {**_TEXT, "description": "its address; null until it has been created"},
    "port": {"type": ["integer", "null"]},
    "zone": _TEXT,
    "created": {**_TEXT, "format": "date-time", "description": "ISO 8601"},
    "tags": {"type": "object", "additionalProperties": {"type": "string"}},
}

_GUIDE: Final = "Aurora User Guide, Viewing DB instance status"
_WAITER: Final = "botocore rds waiters-2, DBInstanceAvailable and DBInstanceDeleted"
_CLOUDFORMATION: Final = "github.com/aws-cloudformation/aws-cloudformation-resource-providers-rds"

STATUSES: Final = catalogue(
    ("missing", "DBInstanceNotFound, or an empty list", "missing"),
    ("available", _GUIDE, "available"),
    (
        "pending",
        _GUIDE,
        """
        backing-up backtracking configuring-enhanced-monitoring configuring-iam-database-auth configuring-log-exports
        converting-to-vpc creating maintenance modifying moving-to-vpc rebooting renaming resetting-master-credentials
        starting stopping storage-config-upgrade storage-initialization storage-optimization upgrading
        """,
    ),
    (
        "blocked",  # creating the instance again would end in the same status
        _GUIDE,
        """
        stopped storage-full incompatible-network incompatible-option-group incompatible-parameters
        inaccessible-encryption-credentials inaccessible-encryption-credentials-recoverable upgrade_failed
        """,
    ),
    ("blocked", _CLOUDFORMATION, "incompatible-credentials modify-failed upgrade-failed"),
    ("broken", _GUIDE, "failed incompatible-create incompatible-restore insufficient-capacity restore-error"),
    ("leaving", _GUIDE, "delete-precheck deleting"),
    ("leaving", _WAITER, "deleted"),
)

CALLS: Final = {
    "rds.DescribeDBInstances": ("DBInstanceNotFound",),
    "rds.DescribeDBClusters": ("DBClusterNotFoundFault",),
    "rds.CreateDBInstance": (
        "AuthorizationNotFound", "BackupPolicyNotFoundFault", "CertificateNotFound", "DBCapacityReservationNotFound",
        "DBClusterNotFoundFault", "DBInstanceAlreadyExists", "DBParameterGroupNotFound", "DBSecurityGroupNotFound",
        "DBSubnetGroupDoesNotCoverEnoughAZs", "DBSubnetGroupNotFoundFault", "DomainNotFoundFault",
        "InstanceQuotaExceeded", "InsufficientDBInstanceCapacity", "InvalidDBCapacityReservationState",
        "InvalidDBClusterStateFault", "InvalidSubnet", "InvalidVPCNetworkStateFault", "KMSKeyNotAccessibleFault",
        "NetworkTypeNotSupported", "OptionGroupNotFoundFault", "ProvisionedIopsNotAvailableInAZFault",
        "StorageQuotaExceeded", "StorageTypeNotSupported", "TenantDatabaseQuotaExceeded",
        "VpcEncryptionControlViolationException",
    ),
    "rds.AddTagsToResource": (),  # never called, but creating with tags needs its permission
    "rds.DeleteDBInstance": (
        "DBInstanceAutomatedBackupQuotaExceeded", "DBInstanceNotFound", "DBSnapshotAlreadyExists",
        "InvalidDBClusterStateFault", "InvalidDBInstanceState", "KMSKeyNotAccessibleFault", "SnapshotQuotaExceeded",
    ),
}  # fmt: skip

_ARN: Final = HERE + "db:{name}"

RIGHTS: Final = (
    Right(action="rds:DescribeDBInstances", verb="look"),
    Right(action="rds:DescribeDBClusters", verb="look"),  # only the cluster says which of its instances is the writer
    Right(
        action="rds:CreateDBInstance",
        verb="create",
        on=(_ARN, HERE + "cluster:{cluster}", HERE + "subgrp:*", HERE + "pg:*", HERE + "og:*"),
    ),
    Right(action="rds:AddTagsToResource", verb="create", on=(_ARN,), tags=True),
    Right(action="rds:DeleteDBInstance", verb="delete", on=(_ARN,)),
)


class Instance:
    """The kind `rds.instance`."""

    name: str = "rds.instance"
    doc: str = (
        "A DB instance of an Aurora cluster. A restored cluster has none, and accepts no connections without one."
    )
    facts: KindFacts = KindFacts(
        name="rds.instance", identity=("name",), monitor=Monitor(every=30.0, longest=3600.0, grace=60.0),
        part_of="cluster",
    )  # fmt: skip
    params: Mapping[str, Param] = PARAMS
    attributes: Mapping[str, Json] = ATTRIBUTES
    statuses: Mapping[str, Status] = STATUSES
    calls: Mapping[str, tuple[str, ...]] = CALLS
    rights: tuple[Right, ...] = RIGHTS

    def look(self, identity: Json, ctx: Context) -> Observation:
        """Find it by name, or by `id` even if it was renamed. Whether it is the writer is read once it is available."""
        item = lookup.instance(ctx, identity)
        if item is None:
            return MISSING
        writer = _is_writer(item, ctx) if item.get("DBInstanceStatus") == "available" else None
        return observed(STATUSES, _attributes(item, writer))

    def tagged(self, ctx: Context) -> Iterator[Observation]:
        """Every instance that has the tag of an operation, without finding out which one is the writer."""
        for item in filter(is_tagged, lookup.find_all(ctx, lookup.INSTANCES)):
            yield observed(STATUSES, _attributes(item, None))

    def by_hand(self, seen: Observation) -> str:
        """Without a final snapshot: an instance of a cluster cannot have one."""
        return f"aws rds delete-db-instance --db-instance-identifier {seen.attributes['name']}"

    def create(self, params: Json, tags: Mapping[str, str], ctx: Context) -> str | None:
        """Start creating it in its cluster, with the cluster's engine."""
        request = _request(params, ctx) | {"Tags": tag_list(tags)}
        with aws_call(ctx, changes=True, names=WIRE_NAMES):
            reply = ctx.client("rds").create_db_instance(**request).get("DBInstance") or {}
        id = reply.get("DbiResourceId")
        return None if id is None else str(id)

    def in_the_way(self, seen: Observation, params: Json) -> str | None:
        """Nothing but its status, for which the state table has a row."""
        return None

    def delete(self, target: Json, ctx: Context) -> None:
        """Without a final snapshot: an instance of a cluster cannot have one, because the data belongs to the cluster."""
        name = short_name(str(target["name"]))
        try:
            with aws_call(ctx, changes=True):
                ctx.client("rds").delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)
        except EffectFailed as error:
            raise explained(error, lambda: self.look({"name": name}, ctx)) from None


def _request(params: Json, ctx: Context) -> dict[str, Any]:
    for needed in ("cluster", "class"):
        if params.get(needed) is None:
            message = f"an instance is created in a cluster and has a class: add `{needed}`"
            raise refusal(message, code="MissingParameter")
    cluster = short_name(str(params["cluster"]))
    unchanged = {
        wire: params[name] for wire, name in WIRE_NAMES.items() if name in _UNCHANGED and params.get(name) is not None
    }
    return unchanged | {
        "DBInstanceIdentifier": new_name("name", str(params["name"]), ctx),
        "DBClusterIdentifier": cluster,
        "Engine": params.get("engine") or _engine_of(cluster, ctx),
        "PubliclyAccessible": bool(params.get("public", False)),
    }


def _engine_of(cluster: str, ctx: Context) -> str:
    found = lookup.cluster(ctx, {"name": cluster})
    if found is None:
        message = f"the instance cannot be created: there is no cluster {cluster} in {ctx.region}"
        raise refusal(message, code="DBClusterNotFoundFault", about="cluster", context=ctx)
    return str(found.get("Engine", ""))


def _attributes(item: Json, writer: bool | None) -> dict[str, Any]:
    endpoint = item.get("Endpoint") or {}
    return {
        "name": item["DBInstanceIdentifier"],
        "arn": item.get("DBInstanceArn"),
        "id": item.get("DbiResourceId"),
        "status": str(item.get("DBInstanceStatus", "")),
        "cluster": item.get("DBClusterIdentifier"),
        "class": item.get("DBInstanceClass"),
        "writer": writer,
        "endpoint": endpoint.get("Address"),
        "port": endpoint.get("Port"),
        "zone": item.get("AvailabilityZone"),
        "created": time_of(item.get("InstanceCreateTime")),
        "tags": tags_of(item.get("TagList")),
    }


def _is_writer(item: Json, ctx: Context) -> bool | None:
    """Only the cluster says which of its members is the writer."""
    name = item.get("DBClusterIdentifier")
    cluster = lookup.cluster(ctx, {"name": name}) if name else None
    members = cluster.get("DBClusterMembers", []) if cluster is not None else []
    own = (member for member in members if member.get("DBInstanceIdentifier") == item["DBInstanceIdentifier"])
    return next((bool(member.get("IsClusterWriter")) for member in own), None)
