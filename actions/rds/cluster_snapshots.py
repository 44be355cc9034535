"""`rds.cluster_snapshots`: a check that lists cluster snapshots, newest first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from actions.kinds.check_kind import CheckKind
from actions.rds import cluster_snapshot, lookup
from actions.rds.statuses import catalogue
from engine.language.model import KindFacts, Monitor
from engine.registry import Context, Observation, Param, Status

Json = Mapping[str, Any]

PARAMS: Final[Mapping[str, Param]] = {
    "cluster": Param(schema={"type": "string", "minLength": 1}, doc="only snapshots of this cluster: its name or ARN"),
    "owner": Param(
        schema={"enum": ["own", "kin", "any"]},
        doc="only snapshots whose tags say this owner: own, this operation; kin, any operation of this runbook; any",
    ),
    "status": Param(schema={"enum": sorted(cluster_snapshot.STATUSES)}, doc="only snapshots with this status"),
}


class ClusterSnapshots(CheckKind):
    """The kind `rds.cluster_snapshots`."""

    name: str = "rds.cluster_snapshots"
    doc: str = "Lists cluster snapshots, newest first. An empty list is `available` too."
    facts: KindFacts = KindFacts(
        name="rds.cluster_snapshots", identity=("cluster", "owner", "status"), verbs=("check",),
        monitor=Monitor(every=30.0, longest=3600.0, grace=0.0),
    )  # fmt: skip
    params: Mapping[str, Param] = PARAMS
    attributes: Mapping[str, Json] = {
        "items": {
            "type": "array",
            "description": "the snapshots, newest first",
            "items": {"type": "object", "properties": dict(cluster_snapshot.ATTRIBUTES)},
        }
    }
    statuses: Mapping[str, Status] = catalogue(("available", "of this tool", "ok"))
    calls: Mapping[str, tuple[str, ...]] = {
        "rds.DescribeDBClusterSnapshots": cluster_snapshot.CALLS["rds.DescribeDBClusterSnapshots"]
    }

    def look(self, identity: Json, ctx: Context) -> Observation:
        """Every snapshot that matches, over all pages."""
        listed = [cluster_snapshot.attributes_of(item) for item in _listed(identity, ctx)]
        matching = [item for item in listed if _matches(item, identity, ctx)]
        matching.sort(key=lambda item: (item["created"] or "9", item["arn"]), reverse=True)
        return Observation(status="ok", cls="available", attributes={"items": matching})


def _listed(identity: Json, ctx: Context) -> list[lookup.Item]:
    cluster = identity.get("cluster")
    return lookup.find_all(ctx, lookup.SNAPSHOTS) if cluster is None else lookup.snapshots_of(ctx, str(cluster))


def _matches(item: Json, identity: Json, ctx: Context) -> bool:
    if identity.get("status") not in (None, item["status"]):
        return False
    tags = item["tags"]
    match identity.get("owner", "any"):
        case "own":
            return bool(tags.get("runbook:operation") == ctx.operation)
        case "kin":
            return bool("runbook:operation" in tags and tags.get("runbook:runbook") == ctx.runbook)
        case _:
            return True
