"""What IAM must allow for each verb of RDS's kinds: on which things, and what a key of KMS takes. Data, and no call.

Sources: AWS, Service Authorization Reference, Amazon RDS (actions and the resource types that each takes); Aurora User
Guide, "AWS KMS key management" (what whoever uses a customer managed key must be allowed, and `kms:ViaService`); docs/aws.md,
"Encryption keys" and "Names and tags".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from engine.registry import Right

_HERE: Final = "arn:{partition}:rds:{region}:{account}:"
_ANYWHERE: Final = "arn:{partition}:rds:*:*:"  # another account's that is shared, another region's

_CLUSTER: Final = _HERE + "cluster:{name}"
_PLACED: Final = (_HERE + "subgrp:*", _HERE + "cluster-pg:*", _HERE + "og:*")
_KEYS: Final = ("arn:{partition}:kms:*:*:key/*",)


def _of_a_key(via: str) -> Iterator[Right]:
    """Of an encrypted snapshot: the key that it has, and the key that is given."""
    for name in ("DescribeKey", "CreateGrant", "Decrypt", "Encrypt", "GenerateDataKey*", "ReEncrypt*"):
        yield Right(action=f"kms:{name}", verb="create", on=_KEYS, via=via)


SNAPSHOT: Final = (
    Right(action="rds:DescribeDBClusterSnapshots", verb="look"),
    Right(
        action="rds:CopyDBClusterSnapshot",
        verb="create",
        on=(_HERE + "cluster-snapshot:{name}", _ANYWHERE + "cluster-snapshot:{copy_of}"),
    ),
    Right(action="rds:AddTagsToResource", verb="create", on=(_HERE + "cluster-snapshot:{name}",)),
    *_of_a_key("rds.*"),  # its source may be of another region
    Right(action="rds:DeleteDBClusterSnapshot", verb="delete", on=(_HERE + "cluster-snapshot:{name}",)),
)

CLUSTER: Final = (
    Right(action="rds:DescribeDBClusters", verb="look"),
    Right(action="rds:DescribeDBInstances", verb="look"),
    Right(action="rds:DescribeDBClusterSnapshots", verb="create"),  # a snapshot tells its engine
    Right(
        action="rds:RestoreDBClusterFromSnapshot",
        verb="create",
        on=(_CLUSTER, _ANYWHERE + "cluster-snapshot:{from_snapshot}", *_PLACED),
        given="from_snapshot",
    ),
    Right(
        action="rds:RestoreDBClusterToPointInTime",
        verb="create",
        on=(_CLUSTER, _ANYWHERE + "cluster:{from_cluster}", *_PLACED),
        given="restore_to",
    ),
    Right(action="rds:AddTagsToResource", verb="create", on=(_CLUSTER,)),
    *_of_a_key("rds"),
    Right(action="rds:DeleteDBCluster", verb="delete", on=(_CLUSTER,)),
    Right(action="rds:DeleteDBInstance", verb="delete", on=(_HERE + "db:*",)),  # its parts, whatever they are called
    Right(action="rds:ModifyDBCluster", verb="delete", on=(_CLUSTER,), given="unprotect"),
    Right(
        action="rds:RemoveFromGlobalCluster",
        verb="delete",
        on=(_CLUSTER, "arn:{partition}:rds::{account}:global-cluster:*"),
        given="detach",
    ),
    Right(
        action="rds:CreateDBClusterSnapshot",
        verb="delete",
        on=(_CLUSTER, _HERE + "cluster-snapshot:{final_snapshot}"),
        given="final_snapshot",
    ),
)

INSTANCE: Final = (
    Right(action="rds:DescribeDBInstances", verb="look"),
    Right(action="rds:DescribeDBClusters", verb="look"),  # the cluster knows which of its instances writes
    Right(
        action="rds:CreateDBInstance",
        verb="create",
        on=(_HERE + "db:{name}", _HERE + "cluster:{cluster}", _HERE + "subgrp:*", _HERE + "pg:*", _HERE + "og:*"),
    ),
    Right(action="rds:AddTagsToResource", verb="create", on=(_HERE + "db:{name}",)),
    Right(action="rds:DeleteDBInstance", verb="delete", on=(_HERE + "db:{name}",)),
)
