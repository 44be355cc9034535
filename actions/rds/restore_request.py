"""The requests that restore a cluster, with the errors that can be found before they are sent.

RestoreDBClusterFromSnapshot, or RestoreDBClusterToPointInTime for `restore_to`. Parameters that a step leaves out are
left out here, so that AWS's defaults hold, except for the engine, which is the snapshot's (docs/aws.md, "Restoring a cluster").
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

from actions.aws.call_errors import refusal
from actions.kinds.ec2 import id_list
from actions.rds import lookup
from actions.rds.cluster_declaration import WIRE_NAMES
from actions.rds.names import arn_of, new_name
from engine.errors import EffectFailed
from engine.registry import Context

Json = Mapping[str, Any]

_UNCHANGED: Final = (
    "EngineVersion", "DBSubnetGroupName", "KmsKeyId", "DBClusterParameterGroupName", "Port",
    "EnableIAMDatabaseAuthentication",
)  # fmt: skip


def restore_request(params: Json, ctx: Context) -> tuple[str, dict[str, Any]]:
    """The method of boto3's client and its parameters, without tags; EffectFailed if they cannot be right."""
    request: dict[str, Any] = {
        "DBClusterIdentifier": new_name("name", str(params["name"]), ctx),
        "DeletionProtection": bool(params.get("protected", False)),
    }
    request |= {name: params[WIRE_NAMES[name]] for name in _UNCHANGED if params.get(WIRE_NAMES[name]) is not None}
    if params.get("security_groups"):
        request["VpcSecurityGroupIds"] = id_list(params["security_groups"])
    if params.get("serverless") is not None:
        limits = params["serverless"]
        request["ServerlessV2ScalingConfiguration"] = {"MinCapacity": limits["min"], "MaxCapacity": limits["max"]}
    from_snapshot = params.get("from_snapshot") is not None
    to_moment = params.get("restore_to") is not None or params.get("from_cluster") is not None
    if from_snapshot == to_moment:
        message = "a cluster is created by a restore: give either `from_snapshot`, or `from_cluster` and `restore_to`"
        raise refusal(message, code="InvalidParameterCombination")
    if from_snapshot:
        return "restore_db_cluster_from_snapshot", request | _from_snapshot(params, ctx)
    return "restore_db_cluster_to_point_in_time", request | _to_moment(params)


def _from_snapshot(params: Json, ctx: Context) -> dict[str, Any]:
    """The snapshot must be in the region and available. AWS checks the same, but later."""
    name = str(params["from_snapshot"])
    arn = arn_of(name)
    if arn is not None and arn.region != ctx.region:
        message = (
            f"the snapshot {name} is in {arn.region}: copy it to {ctx.region}, where the cluster is restored, first"
        )
        raise refusal(message, about="from_snapshot", context=ctx)
    source = _source(name, ctx, needed=params.get("engine") is None)
    engine = params.get("engine") or (source or {}).get("Engine")
    return {"SnapshotIdentifier": name if arn is not None else name.lower(), "Engine": engine}


def _source(name: str, ctx: Context, *, needed: bool) -> lookup.Item | None:
    """The snapshot to restore. None without the permission to read it, unless its engine is needed."""
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
        message = (
            f"the snapshot {name} cannot be restored while it is {source.get('Status')}: wait until it is available"
        )
        raise refusal(message, code="InvalidDBClusterSnapshotStateFault")
    return source


def _to_moment(params: Json) -> dict[str, Any]:
    """The call has no engine and no version: they are the source's (docs/aws.md, "Restoring a cluster")."""
    if params.get("restore_to") is None or params.get("from_cluster") is None:
        message = "a point-in-time restore needs both `from_cluster` and `restore_to` (a time, or `latest`)"
        raise refusal(message, code="InvalidParameterCombination")
    for unwanted in ("engine", "engine_version"):
        if params.get(unwanted) is not None:
            message = f"a point-in-time restore has the engine and version of its source: remove `{unwanted}`"
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
        message = f"`restore_to`: {text!r} is not a time with a time zone: write 2024-03-20T00:06:00Z, or `latest`"
        raise refusal(message)
    return moment
