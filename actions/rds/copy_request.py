"""What CopyDBClusterSnapshot is told, and what can be seen to be wrong before it is asked (docs/aws.md, "Copying a snapshot").

Called in the region that the copy is to be in. `SourceRegion` is an argument that botocore takes to sign the request for
the other region (`PreSignedUrl`); it is not sent itself. Given `Tags`, AWS ignores `CopyTags`, so the tags of the source
are read and given along.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from actions.aws.errors import refusal
from actions.rds import lookup
from actions.rds.names import RESERVED, arn_of, new_name, tag_list, tags_of
from engine.errors import EffectFailed
from engine.registry import Context

WORDS: Final[Mapping[str, str]] = {
    "TargetDBClusterSnapshotIdentifier": "name",
    "SourceDBClusterSnapshotIdentifier": "copy_of",
    "KmsKeyId": "kms_key",
}
"""AWS's word for each parameter, for messages."""

_TOOLS_OWN: Final = "runbook:"


def copy_params(params: Mapping[str, Any], tags: Mapping[str, str], ctx: Context) -> dict[str, Any]:
    """The call's parameters; EffectFailed with what is wrong, where the source shows it."""
    name = new_name("name", str(params["name"]), ctx)
    if params.get("copy_of") is None:
        raise refusal("a cluster snapshot is made by copying one: give `copy_of`, an ARN or a name in the same region")
    copy_of = str(params["copy_of"])
    arn = arn_of(copy_of)
    abroad = arn is not None and arn.region != ctx.region
    source = _source(copy_of, ctx)
    if source is not None:
        _refuse_unfit(source, params.get("kms_key"), ctx, abroad=abroad)
    inherited = _tags_to_copy(source) if params.get("copy_tags") else {}
    wire: dict[str, Any] = {
        "SourceDBClusterSnapshotIdentifier": copy_of if arn is not None else copy_of.lower(),
        "TargetDBClusterSnapshotIdentifier": name,
        "Tags": tag_list(inherited | dict(tags)),
    }
    if params.get("kms_key") is not None:
        wire["KmsKeyId"] = params["kms_key"]
    if abroad and arn is not None:
        wire["SourceRegion"] = arn.region
    return wire


def _source(copy_of: str, ctx: Context) -> lookup.Item | None:
    """What is copied, as it is now. None where we may not look at it: then AWS's own answer has to do."""
    try:
        source = lookup.snapshot(ctx, copy_of)
    except EffectFailed as error:
        if lookup.is_denied(error):
            return None
        raise
    if source is None:
        message = f"there is no snapshot {copy_of}"
        raise refusal(message, code="DBClusterSnapshotNotFoundFault", about="copy_of", context=ctx)
    return source


def _refuse_unfit(source: lookup.Item, key: Any, ctx: Context, *, abroad: bool) -> None:
    name, status = source["DBClusterSnapshotIdentifier"], source.get("Status")
    if status != "available":
        message = f"the snapshot {name} is {status}: only an available one can be copied"
        raise refusal(message, code="InvalidDBClusterSnapshotStateFault")
    encrypted = bool(source.get("StorageEncrypted"))
    if key is None and encrypted and (abroad or source.get("SnapshotType") == "shared"):
        message = (
            f"the snapshot {name} is encrypted, and from another region or account: its copy needs a KMS key of "
            f"{ctx.region}, `kms_key`"
        )
        raise refusal(message)
    if key is not None and not encrypted:
        message = f"the snapshot {name} is not encrypted, and AWS takes no KMS key for its copy: leave `kms_key` out"
        raise refusal(message, code="InvalidParameterCombination", about="kms_key", context=ctx)


def _tags_to_copy(source: lookup.Item | None) -> dict[str, str]:
    """Its tags, without what AWS and this tool keep to themselves; another account's are not visible."""
    found = tags_of(source.get("TagList")) if source is not None else {}
    return {key: value for key, value in found.items() if not key.lower().startswith((*RESERVED, _TOOLS_OWN))}
