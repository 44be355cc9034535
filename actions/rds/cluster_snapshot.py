"""`rds.cluster_snapshot`: a snapshot of an Aurora cluster. `ensure` copies one; a look finds any.

AWS gives a snapshot no immutable id (docs/aws.md, "Idempotency and identity"). Its id here is its ARN with its creation
time. For a copy that an operation made it is its ARN with the tags that name the attempt, because the creation time of
a copy may change while it is being made.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from actions.aws.call_errors import aws_call, refusal
from actions.rds import lookup
from actions.rds.copy_request import WIRE_NAMES, copy_request
from actions.rds.delete_refusals import explained
from actions.rds.iam_rights import ANYWHERE, HERE, key_rights
from actions.rds.names import IDENTIFIER, STEP, arn_of, is_tagged, short_name, step_key, tags_of, time_of
from actions.rds.statuses import catalogue, observed
from engine.errors import EffectFailed
from engine.language.model import KindFacts, Monitor
from engine.registry import MISSING, Context, Observation, Param, Right, Status

Json = Mapping[str, Any]

_TEXT: Final[Json] = {"type": ["string", "null"]}
ARN_OR_NAME: Final[Json] = {"type": "string", "pattern": f"^(arn:aws[a-z-]*:rds:.+|(rds:|awsbackup:)?{IDENTIFIER})$"}

PARAMS: Final[Mapping[str, Param]] = {
    "name": Param(schema={**ARN_OR_NAME, "maxLength": 400}, doc="name or ARN; a shared snapshot needs its ARN"),
    "latest_of": Param(
        schema={"type": "string", "minLength": 1},
        doc="for `check`, in place of `name`: the newest available snapshot of this cluster, manual or automated; for "
        "the ARN of another account's cluster, the newest that it shares",
    ),
    "copy_of": Param(schema=ARN_OR_NAME, doc="the snapshot to copy: its ARN, or its name if it is in the same region"),
    "kms_key": Param(
        schema={"type": "string", "minLength": 1},
        doc="KMS key of the copy: required for an encrypted snapshot of another region or account, refused for one "
        "that is not encrypted",
    ),
    "copy_tags": Param(schema={"type": "boolean"}, doc="give the copy the tags of its source as well (default: false)"),
}

ATTRIBUTES: Final[Mapping[str, Json]] = {
    "name": {"type": "string", "description": "its name; for a shared snapshot its ARN"},
    "arn": {"type": "string"},
    "id": {"type": "string", "description": "differs for each snapshot, even of the same name"},
    "status": {"type": "string"},
    "cluster": {**_TEXT, "description": "the cluster that it is a snapshot of"},
    "cluster_id": {**_TEXT, "description": "that cluster's DbClusterResourceId"},
    "engine": _TEXT,
    "engine_version": _TEXT,
    "encrypted": {"type": "boolean"},
    "kms_key": _TEXT,
    "created": {**_TEXT, "format": "date-time", "description": "when it was taken, ISO 8601"},
    "percent": {"type": ["integer", "null"], "description": "progress; null while a copy is queued"},
    "source_arn": {**_TEXT, "description": "for a copy: the snapshot that was copied"},
    "type": {"type": "string", "description": "manual, automated or shared"},
    "tags": {"type": "object", "additionalProperties": {"type": "string"}},
}

_MODEL: Final = "botocore rds 2014-10-31, DBClusterSnapshot.Status"
_WAITER: Final = "botocore rds waiters-2, DBClusterSnapshotAvailable and DBClusterSnapshotDeleted"

STATUSES: Final = catalogue(
    ("missing", "DBClusterSnapshotNotFoundFault, or an empty list", "missing"),
    ("available", _MODEL, "available"),
    ("pending", _MODEL, "creating copying"),
    ("pending", "github.com/hashicorp/terraform-provider-aws/issues/29399", "pending"),
    ("pending", _WAITER, "modifying rebooting resetting-master-credentials"),
    ("broken", _WAITER, "failed incompatible-restore incompatible-parameters"),
    ("leaving", _WAITER, "deleting deleted"),
)

CALLS: Final = {
    "rds.DescribeDBClusterSnapshots": ("DBClusterSnapshotNotFoundFault",),
    "rds.CopyDBClusterSnapshot": (
        "DBClusterSnapshotAlreadyExistsFault", "DBClusterSnapshotNotFoundFault", "InvalidDBClusterSnapshotStateFault",
        "InvalidDBClusterStateFault", "KMSKeyNotAccessibleFault", "SnapshotQuotaExceeded",
    ),
    "rds.AddTagsToResource": (),  # never called, but copying with tags needs its permission
    "rds.DeleteDBClusterSnapshot": ("DBClusterSnapshotNotFoundFault", "InvalidDBClusterSnapshotStateFault"),
}  # fmt: skip

_ARN: Final = HERE + "cluster-snapshot:{name}"

RIGHTS: Final = (
    Right(action="rds:DescribeDBClusterSnapshots", verb="look"),
    Right(action="rds:CopyDBClusterSnapshot", verb="create", on=(_ARN, ANYWHERE + "cluster-snapshot:{copy_of}")),
    Right(action="rds:AddTagsToResource", verb="create", on=(_ARN,), tags=True),
    *key_rights(via="rds.*"),  # the source may be in another region
    Right(action="rds:DeleteDBClusterSnapshot", verb="delete", on=(_ARN,)),
)

_PROOF: Final = ("runbook:operation", STEP, "runbook:attempt")
"""Tags that together name one attempt of one step."""


def id_of(arn: str, created: str | None, tags: Mapping[str, str]) -> str | None:
    """The snapshot's id; None until AWS reports when it was taken."""
    if all(name in tags for name in _PROOF):
        return f"{arn}#" + "/".join(step_key(tags[name]) if name == STEP else tags[name] for name in _PROOF)
    return f"{arn}@{created}" if created else None


def attributes_of(item: Json) -> dict[str, Any]:
    """The attributes of a snapshot in RDS's reply."""
    tags, created = tags_of(item.get("TagList")), time_of(item.get("SnapshotCreateTime"))
    return {
        "name": item["DBClusterSnapshotIdentifier"],
        "arn": item["DBClusterSnapshotArn"],
        "id": id_of(item["DBClusterSnapshotArn"], created, tags),
        "status": str(item.get("Status", "")),
        "cluster": item.get("DBClusterIdentifier"),
        "cluster_id": item.get("DbClusterResourceId"),
        "engine": item.get("Engine"),
        "engine_version": item.get("EngineVersion"),
        "encrypted": bool(item.get("StorageEncrypted")),
        "kms_key": item.get("KmsKeyId"),
        "created": created,
        "percent": item.get("PercentProgress"),
        "source_arn": item.get("SourceDBClusterSnapshotArn"),
        "type": item.get("SnapshotType", "manual"),
        "tags": tags,
    }


class ClusterSnapshot:
    """The kind `rds.cluster_snapshot`."""

    name: str = "rds.cluster_snapshot"
    doc: str = "A snapshot of an Aurora cluster. `ensure` copies one."
    facts: KindFacts = KindFacts(
        name="rds.cluster_snapshot", identity=("name",), monitor=Monitor(every=30.0, longest=86_400.0, grace=60.0),
        removal=Monitor(every=30.0, longest=3600.0, grace=60.0), data="copy", source="copy_of",
    )  # fmt: skip
    params: Mapping[str, Param] = PARAMS
    attributes: Mapping[str, Json] = ATTRIBUTES
    statuses: Mapping[str, Status] = STATUSES
    calls: Mapping[str, tuple[str, ...]] = CALLS
    rights: tuple[Right, ...] = RIGHTS

    def look(self, identity: Json, ctx: Context) -> Observation:
        """Find it by name or ARN, by `id`, or as the newest of a cluster."""
        id = identity.get("id")
        if id is not None:
            seen = _observed(lookup.snapshot(ctx, re.split("[#@]", str(id), maxsplit=1)[0]))
            return seen if seen.id == id else MISSING
        if identity.get("name") is not None:
            return _observed(lookup.snapshot(ctx, str(identity["name"])))
        if identity.get("latest_of") is None:
            raise refusal("no snapshot is given: add `name`, or `latest_of` for the newest snapshot of a cluster")
        usable = [item for item in lookup.snapshots_of(ctx, str(identity["latest_of"])) if _is_usable(item)]
        return _observed(max(usable, key=lambda item: item["SnapshotCreateTime"], default=None))

    def tagged(self, ctx: Context) -> Iterator[Observation]:
        """Every snapshot of this account that has the tag of an operation, even backups: AWS copies tags to them."""
        return map(_observed, filter(is_tagged, lookup.find_all(ctx, lookup.SNAPSHOTS)))

    def by_hand(self, seen: Observation) -> str:
        """Only for a manual snapshot; the others are deleted with their cluster."""
        if seen.attributes.get("type") != "manual":
            return ""
        return f"aws rds delete-db-cluster-snapshot --db-cluster-snapshot-identifier {seen.attributes['name']}"

    def create(self, params: Json, tags: Mapping[str, str], ctx: Context) -> str | None:
        """Start copying `copy_of` to the step's region, with the tags in the same call."""
        request = copy_request(params, tags, ctx)
        with aws_call(ctx, changes=True, names=WIRE_NAMES):
            reply = ctx.client("rds").copy_db_cluster_snapshot(**request).get("DBClusterSnapshot") or {}
        arn = reply.get("DBClusterSnapshotArn")
        return None if arn is None else id_of(arn, None, tags)

    def in_the_way(self, seen: Observation, params: Json) -> str | None:
        """AWS deletes only manual snapshots of one's own account (docs/aws.md, "Deleting a snapshot")."""
        name, arn = seen.attributes.get("name"), seen.attributes.get("arn")
        if {arn, name} & set(params.get("needed", ())):
            return f"a later step needs the snapshot {name}: delete it after that step"
        match seen.attributes.get("type"):
            case "manual":
                return None
            case "shared":
                return f"the snapshot {arn} belongs to another account, which only shares it"
            case other:
                return f"the snapshot {name} is {other}: AWS deletes it with its cluster, and not on its own"

    def delete(self, target: Json, ctx: Context) -> None:
        """Start deleting it. A copy that is in progress is cancelled."""
        arn = arn_of(str(target["name"]))
        name = short_name(str(target["name"]))
        try:
            with aws_call(ctx, changes=True):
                client = ctx.client("rds", region=arn.region if arn is not None else None)
                client.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier=name)
        except EffectFailed as error:
            raise explained(error, lambda: self.look({"name": target["name"]}, ctx)) from None


def _observed(item: Json | None) -> Observation:
    return MISSING if item is None else observed(STATUSES, attributes_of(item))


def _is_usable(item: Json) -> bool:
    return item.get("Status") == "available" and item.get("SnapshotCreateTime") is not None
