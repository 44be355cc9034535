"""The sharing of cluster snapshots with other accounts (docs/aws.md, "Sharing a snapshot")."""

from __future__ import annotations

import re
from typing import Any, Final

from actions.sandbox.calls import Refusal, Request
from actions.sandbox.services.keys import is_default_key
from actions.sandbox.services.lists import require
from actions.sandbox.services.snapshots import RDS_KIND
from actions.sandbox.world import Resource, World

SHARED_WITH: Final = 20
_ACCOUNT: Final = re.compile(r"\d{12}")


def describe_attributes(world: World, request: Request) -> dict[str, Any]:
    """DescribeDBClusterSnapshotAttributes: the accounts that it is shared with."""
    return _attributes(require(world, request, RDS_KIND))


def modify_attribute(world: World, request: Request) -> dict[str, Any]:
    """ModifyDBClusterSnapshotAttribute `restore`; sharing with an account a second time is no error."""
    snapshot = require(world, request, RDS_KIND)
    if request.params["AttributeName"] != "restore":
        raise Refusal("InvalidParameterValue", f"Invalid attribute name: {request.params['AttributeName']}")
    added, removed = request.get("ValuesToAdd") or [], request.get("ValuesToRemove") or []
    _validate(world, snapshot, added)
    shared = [account for account in snapshot.data.get("SharedWith", []) if account not in removed]
    shared += [account for account in dict.fromkeys(added) if account not in shared]
    if len(shared) > SHARED_WITH:
        raise Refusal("SharedSnapshotQuotaExceeded", f"A snapshot is shared with at most {SHARED_WITH} accounts.")
    snapshot.data["SharedWith"] = shared
    request.resource = str(snapshot)
    return _attributes(snapshot)


def _validate(world: World, snapshot: Resource, added: list[str]) -> None:
    if snapshot.data.get("SnapshotType") != "manual":
        raise Refusal("InvalidDBClusterSnapshotStateFault", "Only manual snapshots may be shared.")
    status = snapshot.status(world.now)
    if status != "available":
        message = f"The snapshot {snapshot.name} is not in the available state: {status}"
        raise Refusal("InvalidDBClusterSnapshotStateFault", message)
    for account in added:
        if account != "all" and _ACCOUNT.fullmatch(account) is None:
            raise Refusal("InvalidParameterValue", f"Invalid account: {account}")
    encrypted = snapshot.data.get("StorageEncrypted")
    if "all" in added and encrypted:
        raise Refusal("InvalidParameterValue", "Encrypted snapshots cannot be made public.")
    if added and encrypted and is_default_key(str(snapshot.data.get("KmsKeyId"))):
        message = "Snapshots encrypted with the default Amazon RDS key cannot be shared."
        raise Refusal("InvalidParameterCombination", message)


def _attributes(snapshot: Resource) -> dict[str, Any]:
    values = {"AttributeName": "restore", "AttributeValues": list(snapshot.data.get("SharedWith", []))}
    result = {"DBClusterSnapshotIdentifier": snapshot.name, "DBClusterSnapshotAttributes": [values]}
    return {"DBClusterSnapshotAttributesResult": result}


HANDLERS: Final = {
    "rds.DescribeDBClusterSnapshotAttributes": describe_attributes,
    "rds.ModifyDBClusterSnapshotAttribute": modify_attribute,
}
