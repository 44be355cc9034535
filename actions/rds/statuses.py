"""Every status that RDS has for a cluster snapshot, a cluster and an instance, with its class and its source.

The class says what a state table may make of it (docs/language.md, "State tables"): `broken` is what making it anew can mend,
`blocked` exists unharmed and is unusable until somebody acts. A status that is not here is `unknown`: in progress
until the deadline, never success and never a reason to delete. Knows no call and no reply.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from engine.registry import Status

_SNAPSHOT: Final = "botocore rds 2014-10-31, DBClusterSnapshot.Status"
_SNAPSHOT_WAITER: Final = "botocore rds waiters-2, DBClusterSnapshotAvailable and DBClusterSnapshotDeleted"
_CLUSTER: Final = "Aurora User Guide, Viewing DB cluster status"
_CLUSTER_WAITER: Final = "botocore rds waiters-2, DBClusterAvailable and DBClusterDeleted"
_INSTANCE: Final = "Aurora User Guide, Viewing DB instance status"
_INSTANCE_WAITER: Final = "botocore rds waiters-2, DBInstanceAvailable and DBInstanceDeleted"
_CLOUDFORMATION: Final = "github.com/aws-cloudformation/aws-cloudformation-resource-providers-rds"
_TERRAFORM: Final = "github.com/hashicorp/terraform-provider-aws"


def _catalogue(*rows: tuple[str, str, str]) -> Mapping[str, Status]:
    """Rows of class, source, and statuses with blanks between them."""
    return {word: Status(cls=cls, source=source) for cls, source, words in rows for word in words.split()}


SNAPSHOT: Final = _catalogue(
    ("missing", "DBClusterSnapshotNotFoundFault, or an empty list", "missing"),
    ("available", _SNAPSHOT, "available"),
    ("pending", _SNAPSHOT, "creating copying"),
    ("pending", f"{_TERRAFORM}/issues/29399", "pending"),
    ("pending", _SNAPSHOT_WAITER, "modifying rebooting resetting-master-credentials"),
    ("broken", _SNAPSHOT_WAITER, "failed incompatible-restore incompatible-parameters"),
    ("leaving", _SNAPSHOT_WAITER, "deleting deleted"),
)
"""Of a DB cluster snapshot. AWS says `copying` of a running copy; there is no message that says why one failed."""

CLUSTER: Final = _catalogue(
    ("missing", "DBClusterNotFoundFault, or an empty list", "missing"),
    ("available", _CLUSTER, "available"),
    (
        "pending",
        _CLUSTER,
        """
        backing-up backtracking creating failing-over maintenance migrating modifying preparing-data-migration promoting
        renaming resetting-master-credentials starting stopping storage-optimization update-iam-db-auth upgrading
        """,
    ),
    (
        "pending",
        _TERRAFORM,
        "configuring-enhanced-monitoring configuring-iam-database-auth rebooting scaling-compute scaling-storage",
    ),
    (
        "blocked",
        _CLUSTER,
        "stopped inaccessible-encryption-credentials inaccessible-encryption-credentials-recoverable upgrade_failed",
    ),
    ("blocked", _CLOUDFORMATION, "incompatible-network incompatible-parameters"),
    ("broken", _CLUSTER, "cloning-failed migration-failed"),
    ("broken", _CLUSTER_WAITER, "failed"),
    ("broken", _CLOUDFORMATION, "incompatible-restore restore-failed"),
    ("leaving", _CLUSTER, "deleting"),
    ("leaving", _CLUSTER_WAITER, "deleted"),
)
"""Of an Aurora DB cluster."""

INSTANCE: Final = _catalogue(
    ("missing", "DBInstanceNotFound, or an empty list", "missing"),
    ("available", _INSTANCE, "available"),
    (
        "pending",
        _INSTANCE,
        """
        backing-up backtracking configuring-enhanced-monitoring configuring-iam-database-auth configuring-log-exports
        converting-to-vpc creating maintenance modifying moving-to-vpc rebooting renaming resetting-master-credentials
        starting stopping storage-config-upgrade storage-initialization storage-optimization upgrading
        """,
    ),
    (
        "blocked",
        _INSTANCE,
        """
        stopped storage-full incompatible-network incompatible-option-group incompatible-parameters
        inaccessible-encryption-credentials inaccessible-encryption-credentials-recoverable upgrade_failed
        """,
    ),
    ("blocked", _CLOUDFORMATION, "incompatible-credentials modify-failed upgrade-failed"),
    ("broken", _INSTANCE, "failed incompatible-create incompatible-restore insufficient-capacity restore-error"),
    ("leaving", _INSTANCE, "delete-precheck deleting"),
    ("leaving", _INSTANCE_WAITER, "deleted"),
)
"""Of a DB instance of a cluster. `incompatible-*` of a network, parameters, options or credentials would be the same
again if it were made anew."""

LISTED: Final = _catalogue(
    ("available", "of this tool", "ok"),
)
"""Of a check that lists things: an empty list is an answer too."""


def class_of(statuses: Mapping[str, Status], word: str) -> str:
    """The class of AWS's word; `unknown` for one that the catalogue has not."""
    found = statuses.get(word)
    return found.cls if found is not None else "unknown"
