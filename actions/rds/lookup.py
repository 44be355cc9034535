"""Reading clusters, instances and snapshots: every page, by name or by what never changes. Changes nothing.

An empty list and AWS's *not found* are the same answer (the waiters of botocore take both); a reply without its list
is none (docs/aws.md, "Retries by botocore": a truncated one parses as `{}`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from actions.aws.errors import calling, truncated
from actions.rds.names import Arn, arn_of
from engine.errors import EffectFailed
from engine.registry import Context

Item = Mapping[str, Any]

SNAPSHOTS: Final = ("describe_db_cluster_snapshots", "DBClusterSnapshots")
CLUSTERS: Final = ("describe_db_clusters", "DBClusters")
INSTANCES: Final = ("describe_db_instances", "DBInstances")
PAGE: Final = 100  # the most that RDS gives at once


def one(ctx: Context, what: tuple[str, str], *, region: str | None = None, **params: Any) -> Item | None:
    """The only thing that is meant; None where there is none."""
    operation, key = what
    with calling(ctx):
        client = ctx.client("rds", region=region)
        try:
            reply = getattr(client, operation)(**params)
        except client.exceptions.ClientError as error:
            if _says_missing(error):
                return None
            raise
    listed = _list_of(reply, operation, key)
    return listed[0] if listed else None


def every(ctx: Context, what: tuple[str, str], *, region: str | None = None, **params: Any) -> list[Item]:
    """All of them, over all pages."""
    operation, key = what
    with calling(ctx):
        paginator = ctx.client("rds", region=region).get_paginator(operation)
        pages = paginator.paginate(**params, PaginationConfig={"PageSize": PAGE})
        return [item for page in pages for item in _list_of(page, operation, key)]


def filtered(name: str, *values: str) -> dict[str, Any]:
    """One of RDS's `Filters`."""
    return {"Filters": [{"Name": name, "Values": list(values)}]}


def _says_missing(error: Any) -> bool:
    code = error.response.get("Error", {}).get("Code", "")
    return code in ("DBClusterSnapshotNotFoundFault", "DBClusterNotFoundFault", "DBInstanceNotFound")


def _list_of(reply: Mapping[str, Any], operation: str, key: str) -> list[Item]:
    if key not in reply:
        raise truncated(operation, key)
    found: list[Item] = reply[key]
    return found


# -- what is meant ------------------------------------------------------------------------------------------


def snapshot(ctx: Context, name: str) -> Item | None:
    """A cluster snapshot by its name, or by its ARN in the region that it names; a shared one by its ARN only.

    AWS wants `SnapshotType` for an automated one (botocore, DescribeDBClusterSnapshotsMessage).
    """
    arn = arn_of(name)
    params: dict[str, Any] = {"DBClusterSnapshotIdentifier": name if arn is not None else name.lower()}
    if (arn.name if arn is not None else name.lower()).startswith("rds:"):
        params["SnapshotType"] = "automated"
    elif arn is not None:
        params["IncludeShared"] = True
    return one(ctx, SNAPSHOTS, region=arn.region if arn is not None else None, **params)


def snapshots_of(ctx: Context, cluster: str) -> list[Item]:
    """Every snapshot of a cluster, manual and automated; of another account's, given by ARN, the shared ones.

    The filter by cluster misses shared ones (terraform-provider-aws #3907, #31897), so they are listed and sifted.
    """
    arn = arn_of(cluster)
    if arn is None:
        return every(ctx, SNAPSHOTS, DBClusterIdentifier=cluster.lower())
    own = every(ctx, SNAPSHOTS, region=arn.region, DBClusterIdentifier=arn.name)
    shared = every(ctx, SNAPSHOTS, region=arn.region, SnapshotType="shared", IncludeShared=True)
    return [item for item in (*own, *shared) if _is_of(item, arn)]


def _is_of(item: Item, cluster: Arn) -> bool:
    """Is it a snapshot of that very account's cluster?"""
    made_by = arn_of(item.get("DBClusterSnapshotArn", ""))
    named = item.get("DBClusterIdentifier") == cluster.name
    return named and made_by is not None and made_by.account == cluster.account


def cluster(ctx: Context, identity: Mapping[str, Any]) -> Item | None:
    """A cluster by name, or by `id`, its DbClusterResourceId, whatever it is called by now."""
    id = identity.get("id")
    if id is None:
        return one(ctx, CLUSTERS, DBClusterIdentifier=str(identity["name"]).lower())
    found = every(ctx, CLUSTERS, **filtered("db-cluster-resource-id", str(id)))
    return next((item for item in found if item.get("DbClusterResourceId") == id), None)


def instance(ctx: Context, identity: Mapping[str, Any]) -> Item | None:
    """An instance by name, or by `id`, its DbiResourceId."""
    id = identity.get("id")
    if id is None:
        return one(ctx, INSTANCES, DBInstanceIdentifier=str(identity["name"]).lower())
    found = every(ctx, INSTANCES, **filtered("dbi-resource-id", str(id)))
    return next((item for item in found if item.get("DbiResourceId") == id), None)


def instances_of(ctx: Context, name: str) -> list[Item]:
    """Every instance of a cluster."""
    return every(ctx, INSTANCES, **filtered("db-cluster-id", name))


def is_denied(error: EffectFailed) -> bool:
    """Is it that we may not look, rather than that nothing is there?"""
    return error.problem.category == "denied"
