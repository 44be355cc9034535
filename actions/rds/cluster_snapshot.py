"""`rds.cluster_snapshot`: a copy of a snapshot is made, watched and removed; any snapshot is looked at.

A snapshot has no immutable id at AWS (docs/aws.md, "Idempotency and identity"): its id here is its ARN with its creation time, and where it bears the
tool's tags, its ARN with the tag of its intent, for the time of a copy may change while it is made.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from actions.aws.errors import calling, refusal
from actions.rds import lookup
from actions.rds.copy_request import WORDS, copy_params
from actions.rds.delete_refusals import explained
from actions.rds.iam_rights import SNAPSHOT as RIGHTS
from actions.rds.names import IDENTIFIER, arn_of, is_tagged, short, tags_of, time_of
from actions.rds.statuses import SNAPSHOT, class_of
from engine.errors import EffectFailed
from engine.language.model import KindFacts, Monitor
from engine.registry import MISSING, Context, Observation, Param, Right, Status

Json = Mapping[str, Any]

_TEXT: Final[Json] = {"type": ["string", "null"]}
ARN_OR_NAME: Final[Json] = {"type": "string", "pattern": f"^(arn:aws[a-z-]*:rds:.+|(rds:|awsbackup:)?{IDENTIFIER})$"}

PARAMS: Final[Mapping[str, Param]] = {
    "name": Param(schema={**ARN_OR_NAME, "maxLength": 400}, doc="its name, or its ARN: a shared one by its ARN"),
    "latest_of": Param(
        schema={"type": "string", "minLength": 1},
        doc="for `check`, instead of a name: the newest available snapshot of this cluster, manual or automated; "
        "of another account's cluster, given by its ARN, the newest that is shared",
    ),
    "copy_of": Param(schema=ARN_OR_NAME, doc="what is copied: an ARN, or a name in the same region"),
    "kms_key": Param(
        schema={"type": "string", "minLength": 1},
        doc="the key of the copy: compulsory for an encrypted one from another region or account, refused for one "
        "that is not encrypted",
    ),
    "copy_tags": Param(schema={"type": "boolean"}, doc="give the copy the tags of its source too (false)"),
}

ATTRIBUTES: Final[Mapping[str, Json]] = {
    "name": {"type": "string", "description": "its name; of a shared one, its ARN"},
    "arn": {"type": "string"},
    "id": {"type": "string", "description": "what tells it from any other of its name"},
    "status": {"type": "string"},
    "cluster": {**_TEXT, "description": "the cluster that it was taken of"},
    "cluster_id": {**_TEXT, "description": "that cluster's DbClusterResourceId"},
    "engine": _TEXT,
    "engine_version": _TEXT,
    "encrypted": {"type": "boolean"},
    "kms_key": _TEXT,
    "created": {**_TEXT, "description": "when it was taken, ISO 8601"},
    "percent": {"type": ["integer", "null"], "description": "how far it is; nothing while a copy is queued"},
    "source_arn": {**_TEXT, "description": "of a copy: what it was copied from"},
    "type": {"type": "string", "description": "manual, automated or shared"},
    "tags": {"type": "object", "additionalProperties": {"type": "string"}},
}

_PROOF: Final = ("runbook:operation", "runbook:step", "runbook:attempt")


def id_of(arn: str, created: str | None, tags: Mapping[str, str]) -> str | None:
    """Its id here. None where AWS does not say yet when it was taken."""
    if all(name in tags for name in _PROOF):
        return f"{arn}#" + "/".join(tags[name] for name in _PROOF)
    return f"{arn}@{created}" if created else None


def attributes_of(item: Json) -> dict[str, Any]:
    """A snapshot's attributes, of RDS's own form."""
    tags, created = tags_of(item.get("TagList")), time_of(item.get("SnapshotCreateTime"))
    return {
        "name": item["DBClusterSnapshotIdentifier"],
        "arn": item["DBClusterSnapshotArn"],
        "id": id_of(item["DBClusterSnapshotArn"], created, tags),
        "status": item.get("Status", ""),
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
    """The kind."""

    name: str = "rds.cluster_snapshot"
    doc: str = "A snapshot of an Aurora cluster; `ensure` copies one."
    facts: KindFacts = KindFacts(
        name="rds.cluster_snapshot", identity=("name",), monitor=Monitor(every=30.0, longest=86_400.0, grace=60.0),
        removal=Monitor(every=30.0, longest=3600.0, grace=60.0), data="copy", source="copy_of",
    )  # fmt: skip
    params: Mapping[str, Param] = PARAMS
    attributes: Mapping[str, Json] = ATTRIBUTES
    statuses: Mapping[str, Status] = SNAPSHOT
    calls: tuple[str, ...] = (
        "rds.DescribeDBClusterSnapshots",
        "rds.CopyDBClusterSnapshot",
        "rds.AddTagsToResource",  # never called: the right to it is what tags in a creating call take
        "rds.DeleteDBClusterSnapshot",
    )
    rights: tuple[Right, ...] = RIGHTS

    def look(self, identity: Json, ctx: Context) -> Observation:
        """By name or ARN, by `id`, or the newest of a cluster."""
        id = identity.get("id")
        if id is not None:
            seen = _observed(lookup.snapshot(ctx, re.split("[#@]", str(id), maxsplit=1)[0]))
            return seen if seen.id == id else MISSING
        if identity.get("name") is not None:
            return _observed(lookup.snapshot(ctx, str(identity["name"])))
        if identity.get("latest_of") is None:
            raise refusal("give `name`, or `latest_of` to take the newest snapshot of a cluster")
        found = [item for item in lookup.snapshots_of(ctx, str(identity["latest_of"])) if _is_usable(item)]
        return _observed(max(found, key=lambda item: item["SnapshotCreateTime"], default=None))

    def tagged(self, ctx: Context) -> Iterator[Observation]:
        """Every snapshot of this account that bears the tag of an operation: AWS copies tags to backups too."""
        return map(_observed, filter(is_tagged, lookup.every(ctx, lookup.SNAPSHOTS)))

    def by_hand(self, seen: Observation) -> str:
        """A manual one's; the others go with their cluster."""
        if seen.attributes.get("type") != "manual":
            return ""
        return f"aws rds delete-db-cluster-snapshot --db-cluster-snapshot-identifier {seen.attributes['name']}"

    def create(self, params: Json, tags: Mapping[str, str], ctx: Context) -> str | None:
        """Copy `copy_of`, in the region of the step; the tags go with the call."""
        wire = copy_params(params, tags, ctx)
        with calling(ctx, changes=True, words=WORDS):
            made = ctx.client("rds").copy_db_cluster_snapshot(**wire).get("DBClusterSnapshot") or {}
        arn = made.get("DBClusterSnapshotArn")
        return None if arn is None else id_of(arn, None, tags)

    def in_the_way(self, seen: Observation, params: Json) -> str | None:
        """AWS deletes manual ones only, and only its owner's (aws-nuke #511); none that a later step is made from."""
        its = seen.attributes
        if {its.get("arn"), its.get("name")} & set(params.get("needed", ())):
            return f"a later step is made from {its.get('name')}: it must not go before that is done"
        match its.get("type"):
            case "manual":
                return None
            case "shared":
                return f"{seen.attributes.get('arn')} is another account's, and only shared with this one"
            case other:
                return (
                    f"{seen.attributes.get('name')} is {other}: it goes with its cluster, and cannot be deleted alone"
                )

    def delete(self, target: Json, ctx: Context) -> None:
        """Remove one; of a copy under way, this cancels it."""
        arn = arn_of(str(target["name"]))
        name = short(str(target["name"]))
        try:
            with calling(ctx, changes=True):
                client = ctx.client("rds", region=arn.region if arn is not None else None)
                client.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier=name)
        except EffectFailed as error:
            raise explained(error, lambda: self.look({"name": target["name"]}, ctx)) from None


def _observed(item: Json | None) -> Observation:
    if item is None:
        return MISSING
    attributes = attributes_of(item)
    status = str(attributes["status"])
    return Observation(
        status=status, cls=class_of(SNAPSHOT, status), id=attributes["id"], attributes=attributes,
        tags=attributes["tags"],
    )  # fmt: skip


def _is_usable(item: Json) -> bool:
    return item.get("Status") == "available" and item.get("SnapshotCreateTime") is not None
