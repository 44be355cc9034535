"""The request of CopyDBClusterSnapshot, with the errors that can be found before it is sent.

The call is made in the region of the copy. botocore uses `SourceRegion` to sign the request for the source's region and does
not send it. A copy that is given `Tags` ignores `CopyTags`, so the source's tags are read and sent as well
(docs/aws.md, "Copying a snapshot" and "Names and tags").
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from actions.aws.call_errors import refusal
from actions.rds import lookup
from actions.rds.names import RESERVED, arn_of, new_name, tag_list, tags_of
from engine.errors import EffectFailed
from engine.registry import Context

WIRE_NAMES: Final[Mapping[str, str]] = {
    "TargetDBClusterSnapshotIdentifier": "name",
    "SourceDBClusterSnapshotIdentifier": "copy_of",
    "KmsKeyId": "kms_key",
}
"""AWS's name for each parameter."""

_OWN_PREFIX: Final = "runbook:"


def copy_request(params: Mapping[str, Any], tags: Mapping[str, str], ctx: Context) -> dict[str, Any]:
    """The parameters of the call; EffectFailed if they or the source show that it cannot succeed."""
    name = new_name("name", str(params["name"]), ctx)
    if params.get("copy_of") is None:
        raise refusal(
            "a cluster snapshot is created by copying another: add `copy_of`, an ARN or a name in the same region"
        )
    copy_of = str(params["copy_of"])
    arn = arn_of(copy_of)
    cross_region = arn is not None and arn.region != ctx.region
    source = _source(copy_of, ctx)
    if source is not None:
        _refuse_unusable(source, params.get("kms_key"), ctx, cross_region=cross_region)
    inherited = _tags_to_copy(source) if params.get("copy_tags") else {}
    request: dict[str, Any] = {
        "SourceDBClusterSnapshotIdentifier": copy_of if arn is not None else copy_of.lower(),
        "TargetDBClusterSnapshotIdentifier": name,
        "Tags": tag_list(inherited | dict(tags)),
    }
    if params.get("kms_key") is not None:
        request["KmsKeyId"] = params["kms_key"]
    if cross_region and arn is not None:
        request["SourceRegion"] = arn.region
    return request


def _source(copy_of: str, ctx: Context) -> lookup.Item | None:
    """The snapshot to copy. None without the permission to read it: then only AWS can say what is wrong."""
    try:
        source = lookup.snapshot(ctx, copy_of)
    except EffectFailed as error:
        if lookup.is_denied(error):
            return None
        raise
    if source is None:
        message = f"there is no snapshot {copy_of} to copy"
        raise refusal(message, code="DBClusterSnapshotNotFoundFault", about="copy_of", context=ctx)
    return source


def _refuse_unusable(source: lookup.Item, key: Any, ctx: Context, *, cross_region: bool) -> None:
    name, status = source["DBClusterSnapshotIdentifier"], source.get("Status")
    if status != "available":
        message = f"the snapshot {name} cannot be copied while it is {status}: wait until it is available"
        raise refusal(message, code="InvalidDBClusterSnapshotStateFault")
    encrypted = bool(source.get("StorageEncrypted"))
    if key is None and encrypted and (cross_region or source.get("SnapshotType") == "shared"):
        message = (
            f"the snapshot {name} is encrypted and of another region or account: add `kms_key`, a KMS key in "
            f"{ctx.region} for the copy"
        )
        raise refusal(message)
    if key is not None and not encrypted:
        message = f"the snapshot {name} is not encrypted, so AWS accepts no KMS key for its copy: remove `kms_key`"
        raise refusal(message, code="InvalidParameterCombination", about="kms_key", context=ctx)


def _tags_to_copy(source: lookup.Item | None) -> dict[str, str]:
    """Its tags, without those that AWS reserves and those of this tool. Another account's tags are not visible."""
    tags = tags_of(source.get("TagList")) if source is not None else {}
    return {key: value for key, value in tags.items() if not key.lower().startswith((*RESERVED, _OWN_PREFIX))}
