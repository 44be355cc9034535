"""Reads resources of RDS: one by name or id, or a whole list over all pages. Changes nothing.

An empty list and a *not found* error mean the same: botocore's waiters accept both. A reply without its list is an
error, because a reply that was cut off parses as `{}` (docs/aws.md, "Statuses" and "Retries by botocore").
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from actions.aws.call_errors import aws_call, truncated_reply
from actions.rds.names import Arn, arn_of
from engine.errors import EffectFailed
from engine.registry import Context
from engine.values import Value

Item = Mapping[str, Any]
"""A resource as boto3 returns it."""

PAGE_SIZE: Final = 100
"""The largest page that RDS returns (botocore, `MaxRecords`)."""


class ListCall(Value):
    """A describe call of RDS: boto3's method, the key of the list in its reply, and the code for *not found*."""

    method: str
    key: str
    not_found: str


SNAPSHOTS: Final = ListCall(
    method="describe_db_cluster_snapshots", key="DBClusterSnapshots", not_found="DBClusterSnapshotNotFoundFault"
)
CLUSTERS: Final = ListCall(method="describe_db_clusters", key="DBClusters", not_found="DBClusterNotFoundFault")
INSTANCES: Final = ListCall(method="describe_db_instances", key="DBInstances", not_found="DBInstanceNotFound")
GLOBALS: Final = ListCall(
    method="describe_global_clusters", key="GlobalClusters", not_found="GlobalClusterNotFoundFault"
)


def find_one(ctx: Context, call: ListCall, *, region: str | None = None, **params: Any) -> Item | None:
    """The first resource in the reply; None if there is none."""
    with aws_call(ctx):
        client = ctx.client("rds", region=region)
        try:
            reply = getattr(client, call.method)(**params)
        except client.exceptions.ClientError as error:
            if error.response.get("Error", {}).get("Code") == call.not_found:
                return None
            raise
    items = _items(reply, call)
    return items[0] if items else None


def find_all(ctx: Context, call: ListCall, *, region: str | None = None, **params: Any) -> list[Item]:
    """Every resource, over all pages."""
    with aws_call(ctx):
        paginator = ctx.client("rds", region=region).get_paginator(call.method)
        pages = paginator.paginate(**params, PaginationConfig={"PageSize": PAGE_SIZE})
        return [item for page in pages for item in _items(page, call)]


def _items(reply: Mapping[str, Any], call: ListCall) -> list[Item]:
    if call.key not in reply:
        raise truncated_reply(call.method, call.key)
    items: list[Item] = reply[call.key]
    return items


def _filter(name: str, value: str) -> dict[str, Any]:
    return {"Filters": [{"Name": name, "Values": [value]}]}


# -- snapshots, clusters, instances -------------------------------------------------------------------------


def snapshot(ctx: Context, name: str) -> Item | None:
    """A cluster snapshot by its name in the step's region, or by its ARN in the ARN's region.

    A shared snapshot is found only by ARN, an automated one only with `SnapshotType` (docs/aws.md, "Finding a snapshot";
    botocore, DescribeDBClusterSnapshotsMessage).
    """
    arn = arn_of(name)
    params: dict[str, Any] = {"DBClusterSnapshotIdentifier": name if arn is not None else name.lower()}
    if (arn.name if arn is not None else name.lower()).startswith("rds:"):
        params["SnapshotType"] = "automated"
    elif arn is not None:
        params["IncludeShared"] = True
    return find_one(ctx, SNAPSHOTS, region=arn.region if arn is not None else None, **params)


def snapshots_of(ctx: Context, cluster: str) -> list[Item]:
    """Every snapshot of a cluster, manual or automated. For the ARN of another account's cluster: the shared ones.

    AWS's filter by cluster does not find shared snapshots (docs/aws.md, "Finding a snapshot"), so all shared snapshots
    are listed and filtered here.
    """
    arn = arn_of(cluster)
    if arn is None:
        return find_all(ctx, SNAPSHOTS, DBClusterIdentifier=cluster.lower())
    own = find_all(ctx, SNAPSHOTS, region=arn.region, DBClusterIdentifier=arn.name)
    shared = find_all(ctx, SNAPSHOTS, region=arn.region, SnapshotType="shared", IncludeShared=True)
    return [item for item in (*own, *shared) if _is_snapshot_of(item, arn)]


def _is_snapshot_of(item: Item, cluster: Arn) -> bool:
    """Was the snapshot taken from this cluster, in this account? Clusters of two accounts may have the same name."""
    arn = arn_of(item.get("DBClusterSnapshotArn", ""))
    same_name = item.get("DBClusterIdentifier") == cluster.name
    return same_name and arn is not None and arn.account == cluster.account


def cluster(ctx: Context, identity: Mapping[str, Any]) -> Item | None:
    """A cluster by `name`, or by `id`, its DbClusterResourceId, even if it was renamed."""
    id = identity.get("id")
    if id is None:
        return find_one(ctx, CLUSTERS, DBClusterIdentifier=str(identity["name"]).lower())
    items = find_all(ctx, CLUSTERS, **_filter("db-cluster-resource-id", str(id)))
    return next((item for item in items if item.get("DbClusterResourceId") == id), None)


def global_cluster(ctx: Context, name: str) -> Item | None:
    """A global cluster by its name, in any region."""
    return find_one(ctx, GLOBALS, GlobalClusterIdentifier=name)


def instance(ctx: Context, identity: Mapping[str, Any]) -> Item | None:
    """An instance by `name`, or by `id`, its DbiResourceId."""
    id = identity.get("id")
    if id is None:
        return find_one(ctx, INSTANCES, DBInstanceIdentifier=str(identity["name"]).lower())
    items = find_all(ctx, INSTANCES, **_filter("dbi-resource-id", str(id)))
    return next((item for item in items if item.get("DbiResourceId") == id), None)


def instances_of(ctx: Context, name: str) -> list[Item]:
    """Every instance of a cluster."""
    return find_all(ctx, INSTANCES, **_filter("db-cluster-id", name))


def is_denied(error: EffectFailed) -> bool:
    """Was the look refused for a missing permission? Then nothing is known about the resource."""
    return error.problem.category == "denied"
