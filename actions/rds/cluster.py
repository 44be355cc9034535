"""`rds.cluster`: an Aurora cluster, restored from a snapshot or to a point in time. Its id is its DbClusterResourceId.

A restored cluster has no instances: they are of another kind, and are deleted before the cluster, readers before the
writer. Deletion protection is never switched off and a global cluster never left unless the step says so
(docs/aws.md, "Deleting a cluster").
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from actions.aws.call_errors import aws_call
from actions.rds import instance, lookup
from actions.rds.cluster_declaration import ATTRIBUTES, CALLS, PARAMS, RIGHTS, STATUSES, WIRE_NAMES
from actions.rds.delete_refusals import explained
from actions.rds.deletion_blockers import blocker_of
from actions.rds.names import is_tagged, new_name, short_name, tag_list, tags_of, time_of
from actions.rds.restore_request import restore_request
from actions.rds.statuses import class_of, observed
from engine.errors import EffectFailed
from engine.language.model import KindFacts, Monitor
from engine.registry import MISSING, Blocker, Context, Observation, Param, Part, Right, Status

Json = Mapping[str, Any]


class Cluster:
    """The kind `rds.cluster`."""

    name: str = "rds.cluster"
    doc: str = "An Aurora cluster, restored from a snapshot or to a point in time. It is created without instances."
    facts: KindFacts = KindFacts(
        name="rds.cluster", identity=("name",), monitor=Monitor(every=60.0, longest=14_400.0, grace=60.0),
        removal=Monitor(every=30.0, longest=3600.0, grace=60.0), data="live", source="from_snapshot",
    )  # fmt: skip
    params: Mapping[str, Param] = PARAMS
    attributes: Mapping[str, Json] = ATTRIBUTES
    statuses: Mapping[str, Status] = STATUSES
    calls: Mapping[str, tuple[str, ...]] = CALLS
    rights: tuple[Right, ...] = RIGHTS

    def look(self, identity: Json, ctx: Context) -> Observation:
        """Find it by name, or by `id` even if it was renamed; its instances are read if it has any."""
        item = lookup.cluster(ctx, identity)
        if item is None:
            return MISSING
        members = item.get("DBClusterMembers") or []
        instances = lookup.instances_of(ctx, item["DBClusterIdentifier"]) if members else []
        attributes = _attributes(item, instances)
        return observed(STATUSES, attributes, _parts(attributes["instances"], instances))

    def tagged(self, ctx: Context) -> Iterator[Observation]:
        """Every cluster that has the tag of an operation, without its instances: they have tags of their own."""
        for item in filter(is_tagged, lookup.find_all(ctx, lookup.CLUSTERS)):
            yield observed(STATUSES, _attributes(item, ()))

    def by_hand(self, seen: Observation) -> str:
        """With a final snapshot, because whoever runs it may not know what is in the cluster."""
        name = seen.attributes["name"]
        return f"aws rds delete-db-cluster --db-cluster-identifier {name} --final-db-snapshot-identifier {name}-last"

    def create(self, params: Json, tags: Mapping[str, str], ctx: Context) -> str | None:
        """Start a restore, with the tags in the same call: nothing else links a cluster to its snapshot."""
        method, request = restore_request(params, ctx)
        request["Tags"] = tag_list(tags)
        with aws_call(ctx, changes=True, names=WIRE_NAMES):
            reply = getattr(ctx.client("rds"), method)(**request).get("DBCluster") or {}
        id = reply.get("DbClusterResourceId")
        return None if id is None else str(id)

    def in_the_way(self, seen: Observation, params: Json) -> str | None:
        """What prevents AWS from deleting it, unless the step says to remove that too."""
        name, attributes = seen.attributes.get("name"), seen.attributes
        if seen.status == "stopped":
            return f"the cluster {name} is stopped, and AWS deletes only running clusters: start it first"
        if attributes.get("protected") and not params.get("unprotect"):
            return f"the cluster {name} has deletion protection: switch it off, or add `unprotect: true`"
        if attributes.get("global") and not params.get("detach"):
            return (
                f"the cluster {name} belongs to the global cluster {attributes['global']}: remove it from there, or add "
                "`detach: true`"
            )
        arn = str(attributes.get("arn"))
        backup = next((one for one in params.get("needed", ()) if _is_backup_of(str(name), arn, one)), None)
        if backup is not None:
            return f"a later step restores {backup}, which AWS deletes with its cluster: copy that snapshot first"
        return None

    def blocked_by(self, seen: Observation, params: Json, ctx: Context) -> Blocker | None:
        """A final snapshot's name that is taken, replicas, secondary clusters, a snapshot that is being made."""
        return blocker_of(seen.attributes, params, ctx)

    def delete(self, target: Json, ctx: Context) -> None:
        """Remove it from its global cluster and unprotect it if the step says so; then start deleting it.

        AWS refuses the delete while the cluster is still leaving the global one. That is a conflict, which `retry` covers.
        """
        name = short_name(str(target["name"]))
        request = _delete_request(name, target, ctx)
        if target.get("unprotect") or target.get("detach"):
            self._prepare_delete(name, target, ctx)
        try:
            with aws_call(ctx, changes=True, names=WIRE_NAMES):
                ctx.client("rds").delete_db_cluster(**request)
        except EffectFailed as error:
            raise explained(error, lambda: self.look({"name": name}, ctx)) from None

    def _prepare_delete(self, name: str, target: Json, ctx: Context) -> None:
        item = lookup.cluster(ctx, {"name": name})
        if item is None:
            return
        client = ctx.client("rds")
        global_cluster = item.get("GlobalClusterIdentifier")
        if target.get("detach") and global_cluster:
            with aws_call(ctx, changes=True):
                client.remove_from_global_cluster(
                    GlobalClusterIdentifier=global_cluster, DbClusterIdentifier=item["DBClusterArn"]
                )
        if target.get("unprotect") and item.get("DeletionProtection"):
            with aws_call(ctx, changes=True):
                client.modify_db_cluster(DBClusterIdentifier=name, DeletionProtection=False, ApplyImmediately=True)


def _delete_request(name: str, target: Json, ctx: Context) -> dict[str, Any]:
    final = target.get("final_snapshot")
    if final is None:
        return {"DBClusterIdentifier": name, "SkipFinalSnapshot": True}
    final_name = new_name("final_snapshot", str(final), ctx)
    return {"DBClusterIdentifier": name, "SkipFinalSnapshot": False, "FinalDBSnapshotIdentifier": final_name}


def _is_backup_of(name: str, arn: str, snapshot: str) -> bool:
    """Is it an automated snapshot of this cluster? AWS deletes those with it.

    Source: docs/aws.md, "Names and tags" and "Deleting a snapshot".
    """
    prefix, colon, short = snapshot.rpartition("rds:")
    region_and_account = arn.split(":")[3:5]
    same_place = not prefix or prefix.split(":")[3:5] == region_and_account
    return bool(colon) and short.startswith(f"{name}-") and same_place


def _attributes(item: Json, instances: Sequence[Json]) -> dict[str, Any]:
    """The attributes of a cluster in RDS's reply, and of its instances in theirs."""
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
        "replica_of": item.get("ReplicationSourceIdentifier") or None,
        "replicas": list(item.get("ReadReplicaIdentifiers") or ()),
        "created": time_of(item.get("ClusterCreateTime")),
        "settled": _is_settled(item),
        "tags": tags_of(item.get("TagList")),
    }


def _is_settled(item: Json) -> bool:
    """A cluster may be `available` while changes are pending or its secret is rotated (docs/aws.md, "Changing a cluster")."""
    secret = (item.get("MasterUserSecret") or {}).get("SecretStatus", "active")
    return item.get("Status") == "available" and not item.get("PendingModifiedValues") and secret == "active"


def _instances(item: Json, instances: Sequence[Json]) -> list[dict[str, Any]]:
    """The writer first, then by name. Only the cluster says which instance is the writer."""
    members = item.get("DBClusterMembers") or []
    writers = {member.get("DBInstanceIdentifier") for member in members if member.get("IsClusterWriter")}
    listed = [
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
    return sorted(listed, key=lambda one: (not one["writer"], one["name"]))


def _parts(ordered: Sequence[Json], instances: Sequence[Json]) -> tuple[Part, ...]:
    """The instances in the order in which they must be deleted: readers, then the writer."""
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
                cls=class_of(instance.STATUSES, status),
                tags=tags_of(item.get("TagList")),
            )
        )
    return tuple(parts)
