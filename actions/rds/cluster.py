"""`rds.cluster`: an Aurora cluster, restored from a snapshot or to a point in time. Its id is its DbClusterResourceId.

A restored cluster has no instance; those are kinds of their own, and its parts when it is removed: readers first, then
the writer. Protection is never switched off and a global cluster never left, unless the step says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from actions.aws.errors import calling
from actions.rds import lookup
from actions.rds.cluster_attributes import ATTRIBUTES, PARAMS, WORDS, attributes_of, parts_of
from actions.rds.delete_refusals import explained
from actions.rds.iam_rights import CLUSTER as RIGHTS
from actions.rds.names import is_tagged, new_name, short, tag_list
from actions.rds.restore_request import restore
from actions.rds.statuses import CLUSTER, class_of
from engine.errors import EffectFailed
from engine.language.model import KindFacts, Monitor
from engine.registry import MISSING, Context, Observation, Param, Right, Status

Json = Mapping[str, Any]


class Cluster:
    """The kind."""

    name: str = "rds.cluster"
    doc: str = "An Aurora cluster, restored from a snapshot or to a point in time. It comes without instances."
    facts: KindFacts = KindFacts(
        name="rds.cluster", identity=("name",), monitor=Monitor(every=60.0, longest=14_400.0, grace=60.0),
        removal=Monitor(every=30.0, longest=3600.0, grace=60.0), data="live", source="from_snapshot",
    )  # fmt: skip
    params: Mapping[str, Param] = PARAMS
    attributes: Mapping[str, Json] = ATTRIBUTES
    statuses: Mapping[str, Status] = CLUSTER
    calls: tuple[str, ...] = (
        "rds.DescribeDBClusters",
        "rds.DescribeDBInstances",
        "rds.DescribeDBClusterSnapshots",  # a snapshot tells its engine
        "rds.RestoreDBClusterFromSnapshot",
        "rds.RestoreDBClusterToPointInTime",
        "rds.AddTagsToResource",  # never called: the right to it is what tags in a creating call take
        "rds.ModifyDBCluster",  # `unprotect`
        "rds.RemoveFromGlobalCluster",  # `detach`
        "rds.DeleteDBCluster",
        "rds.CreateDBClusterSnapshot",  # never called: the right to it is what a final snapshot takes
    )
    rights: tuple[Right, ...] = RIGHTS

    def look(self, identity: Json, ctx: Context) -> Observation:
        """By name, or by `id` under whatever name; its instances are looked at if it has any."""
        item = lookup.cluster(ctx, identity)
        if item is None:
            return MISSING
        members = item.get("DBClusterMembers") or []
        instances = lookup.instances_of(ctx, item["DBClusterIdentifier"]) if members else []
        status = str(item.get("Status", ""))
        attributes = attributes_of(item, instances)
        return Observation(
            status=status, cls=class_of(CLUSTER, status), id=attributes["id"], attributes=attributes,
            tags=attributes["tags"], parts=parts_of(attributes["instances"], instances),
        )  # fmt: skip

    def tagged(self, ctx: Context) -> Iterator[Observation]:
        """Every cluster that bears the tag of an operation; its instances bear their own."""
        for item in filter(is_tagged, lookup.every(ctx, lookup.CLUSTERS)):
            status, attributes = str(item.get("Status", "")), attributes_of(item, ())
            yield Observation(
                status=status, cls=class_of(CLUSTER, status), id=attributes["id"], attributes=attributes,
                tags=attributes["tags"],
            )  # fmt: skip

    def by_hand(self, seen: Observation) -> str:
        """With a last snapshot: whoever types it may not know what is in it."""
        name = seen.attributes["name"]
        return f"aws rds delete-db-cluster --db-cluster-identifier {name} --final-db-snapshot-identifier {name}-last"

    def create(self, params: Json, tags: Mapping[str, str], ctx: Context) -> str | None:
        """Begin a restore; the tags go with the call, for a cluster does not say what it was restored from."""
        operation, wire = restore(params, ctx)
        wire["Tags"] = tag_list(tags)
        with calling(ctx, changes=True, words=WORDS):
            made = getattr(ctx.client("rds"), operation)(**wire).get("DBCluster") or {}
        id = made.get("DbClusterResourceId")
        return None if id is None else str(id)

    def in_the_way(self, seen: Observation, params: Json) -> str | None:
        """What keeps AWS from deleting it, and the step does not say to take away."""
        name, its = seen.attributes.get("name"), seen.attributes
        if seen.status == "stopped":
            return f"the cluster {name} is stopped: AWS deletes only one that runs; start it first"
        if its.get("protected") and not params.get("unprotect"):
            return f"the cluster {name} has deletion protection on: switch it off, or say `unprotect: true`"
        if its.get("global") and not params.get("detach"):
            return (
                f"the cluster {name} belongs to the global cluster {its['global']}: take it out, or say `detach: true`"
            )
        backup = next(
            (one for one in params.get("needed", ()) if _goes_with(str(name), str(its.get("arn")), one)), None
        )
        if backup is not None:
            return f"a later step restores from {backup}, and AWS deletes a cluster's automated snapshots with it: copy it first"
        return None

    def delete(self, target: Json, ctx: Context) -> None:
        """Out of its global cluster and unprotected, where the step says so; then remove it.

        AWS deletes no cluster while it leaves a global one: that is a conflict, which `retry` waits for.
        """
        name = short(str(target["name"]))
        wire = _removal(name, target, ctx)
        if target.get("unprotect") or target.get("detach"):
            self._clear_the_way(name, target, ctx)
        try:
            with calling(ctx, changes=True, words=WORDS):
                ctx.client("rds").delete_db_cluster(**wire)
        except EffectFailed as error:
            raise explained(error, lambda: self.look({"name": name}, ctx)) from None

    def _clear_the_way(self, name: str, target: Json, ctx: Context) -> None:
        item = lookup.cluster(ctx, {"name": name})
        if item is None:
            return
        client = ctx.client("rds")
        in_global = item.get("GlobalClusterIdentifier")
        if target.get("detach") and in_global:
            with calling(ctx, changes=True):
                client.remove_from_global_cluster(
                    GlobalClusterIdentifier=in_global, DbClusterIdentifier=item["DBClusterArn"]
                )
        if target.get("unprotect") and item.get("DeletionProtection"):
            with calling(ctx, changes=True):
                client.modify_db_cluster(DBClusterIdentifier=name, DeletionProtection=False, ApplyImmediately=True)


def _removal(name: str, target: Json, ctx: Context) -> dict[str, Any]:
    final = target.get("final_snapshot")
    if final is None:
        return {"DBClusterIdentifier": name, "SkipFinalSnapshot": True}
    named = new_name("final_snapshot", str(final), ctx)
    return {"DBClusterIdentifier": name, "SkipFinalSnapshot": False, "FinalDBSnapshotIdentifier": named}


def _goes_with(name: str, arn: str, snapshot: str) -> bool:
    """Is it an automated snapshot of this cluster? They are named `rds:CLUSTER-…` and are deleted with it.

    Source: docs/aws.md, "Names and tags", and botocore's `DeleteAutomatedBackups` of DeleteDBCluster.
    """
    where, colon, short_name = snapshot.rpartition("rds:")
    here = arn.split(":")[3:5]
    return bool(colon) and short_name.startswith(f"{name}-") and (not where or where.split(":")[3:5] == here)
