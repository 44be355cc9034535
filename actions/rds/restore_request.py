"""What a restore of a cluster is told, and what can be seen to be wrong before it is asked.

RestoreDBClusterFromSnapshot, or RestoreDBClusterToPointInTime with `restore_to`. What is not said is left out, so that
AWS's default holds; the engine is the snapshot's, and protection is off (docs/aws.md, "Restoring a cluster").
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

from actions.aws.errors import refusal
from actions.kinds.ec2 import listed
from actions.rds import lookup
from actions.rds.cluster_attributes import WORDS
from actions.rds.names import arn_of, new_name
from engine.errors import EffectFailed
from engine.registry import Context

Json = Mapping[str, Any]

_AS_GIVEN: Final = (
    "EngineVersion", "DBSubnetGroupName", "KmsKeyId", "DBClusterParameterGroupName", "Port",
    "EnableIAMDatabaseAuthentication",
)  # fmt: skip


def restore(params: Json, ctx: Context) -> tuple[str, dict[str, Any]]:
    """The method of boto3's client, and its parameters without tags; EffectFailed with what is wrong."""
    wire: dict[str, Any] = {
        "DBClusterIdentifier": new_name("name", str(params["name"]), ctx),
        "DeletionProtection": bool(params.get("protected", False)),
    }
    wire |= {word: params[WORDS[word]] for word in _AS_GIVEN if params.get(WORDS[word]) is not None}
    if params.get("security_groups"):
        wire["VpcSecurityGroupIds"] = listed(params["security_groups"])
    if params.get("serverless") is not None:
        limits = params["serverless"]
        wire["ServerlessV2ScalingConfiguration"] = {"MinCapacity": limits["min"], "MaxCapacity": limits["max"]}
    from_snapshot = params.get("from_snapshot") is not None
    to_moment = params.get("restore_to") is not None or params.get("from_cluster") is not None
    if from_snapshot == to_moment:
        message = "a cluster is restored: give `from_snapshot`, or `from_cluster` with `restore_to`"
        raise refusal(message, code="InvalidParameterCombination")
    if from_snapshot:
        return "restore_db_cluster_from_snapshot", wire | _from_snapshot(params, ctx)
    return "restore_db_cluster_to_point_in_time", wire | _to_moment(params)


def _from_snapshot(params: Json, ctx: Context) -> dict[str, Any]:
    """The snapshot must be in the region and available; AWS says the same, but later."""
    name = str(params["from_snapshot"])
    arn = arn_of(name)
    if arn is not None and arn.region != ctx.region:
        message = (
            f"the snapshot {name} is in {arn.region}, and a cluster is restored in {ctx.region}: copy it there first"
        )
        raise refusal(message, about="from_snapshot", context=ctx)
    source = _source(name, ctx, needed=params.get("engine") is None)
    engine = params.get("engine") or (source or {}).get("Engine")
    return {"SnapshotIdentifier": name if arn is not None else name.lower(), "Engine": engine}


def _source(name: str, ctx: Context, *, needed: bool) -> lookup.Item | None:
    try:
        source = lookup.snapshot(ctx, name)
    except EffectFailed as error:
        if needed or not lookup.is_denied(error):
            raise
        return None
    if source is None:
        message = f"there is no snapshot {name} in {ctx.region}"
        raise refusal(message, code="DBClusterSnapshotNotFoundFault", about="from_snapshot", context=ctx)
    if source.get("Status") != "available":
        message = f"the snapshot {name} is {source.get('Status')}: only an available one can be restored from"
        raise refusal(message, code="InvalidDBClusterSnapshotStateFault")
    return source


def _to_moment(params: Json) -> dict[str, Any]:
    """The call takes no engine and no version: they are the source's (botocore)."""
    if params.get("restore_to") is None or params.get("from_cluster") is None:
        message = "a point-in-time restore takes both `from_cluster` and `restore_to` (a moment, or `latest`)"
        raise refusal(message, code="InvalidParameterCombination")
    for unwanted in ("engine", "engine_version"):
        if params.get(unwanted) is not None:
            message = f"a point-in-time restore takes the engine and version of its source: leave `{unwanted}` out"
            raise refusal(message, code="InvalidParameterCombination")
    source = str(params["from_cluster"])
    from_cluster = {"SourceDBClusterIdentifier": source if arn_of(source) is not None else source.lower()}
    if params["restore_to"] == "latest":
        return from_cluster | {"UseLatestRestorableTime": True}
    return from_cluster | {"RestoreToTime": _moment(str(params["restore_to"]))}


def _moment(text: str) -> dt.datetime:
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        message = f"`restore_to`: {text!r} is no moment: write 2024-03-20T00:06:00Z, with its zone, or `latest`"
        raise refusal(message)
    return moment
