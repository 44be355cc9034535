"""`rds.cluster_snapshots`: a check that lists snapshots, the newest first. Makes and removes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from actions.kinds.check_kind import LookedAt
from actions.rds import lookup
from actions.rds.cluster_snapshot import ATTRIBUTES, attributes_of
from actions.rds.statuses import LISTED, SNAPSHOT
from engine.language.model import KindFacts, Monitor
from engine.registry import Context, Observation, Param, Status

Json = Mapping[str, Any]

PARAMS: Final[Mapping[str, Param]] = {
    "cluster": Param(schema={"type": "string", "minLength": 1}, doc="those of this cluster: its name or ARN"),
    "owner": Param(
        schema={"enum": ["own", "kin", "any"]},
        doc="whose, by the tool's tags: own, of this operation; kin, of this runbook's operations, own ones too; any",
    ),
    "status": Param(schema={"enum": sorted(SNAPSHOT)}, doc="only those of this status"),
}


class ClusterSnapshots(LookedAt):
    """The check."""

    name: str = "rds.cluster_snapshots"
    doc: str = "Lists cluster snapshots, the newest first; an empty list is an answer too."
    facts: KindFacts = KindFacts(
        name="rds.cluster_snapshots", identity=("cluster", "owner", "status"), verbs=("check",),
        monitor=Monitor(every=30.0, longest=3600.0, grace=0.0),
    )  # fmt: skip
    params: Mapping[str, Param] = PARAMS
    attributes: Mapping[str, Json] = {
        "items": {
            "type": "array",
            "description": "the newest first",
            "items": {"type": "object", "properties": dict(ATTRIBUTES)},
        }
    }
    statuses: Mapping[str, Status] = LISTED
    calls: tuple[str, ...] = ("rds.DescribeDBClusterSnapshots",)

    def look(self, identity: Json, ctx: Context) -> Observation:
        """All that are meant, over all pages."""
        found = [attributes_of(item) for item in _listed(identity, ctx)]
        meant = [item for item in found if _is_meant(item, identity, ctx)]
        meant.sort(key=lambda item: (item["created"] or "9", item["arn"]), reverse=True)
        return Observation(status="ok", cls="available", attributes={"items": meant})


def _listed(identity: Json, ctx: Context) -> list[lookup.Item]:
    cluster = identity.get("cluster")
    return lookup.every(ctx, lookup.SNAPSHOTS) if cluster is None else lookup.snapshots_of(ctx, str(cluster))


def _is_meant(item: Json, identity: Json, ctx: Context) -> bool:
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
