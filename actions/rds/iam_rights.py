"""The parts of ARNs and the permissions on keys that the rights of several RDS kinds share.

Sources: the Service Authorization Reference for Amazon RDS lists the resource types of each action, and the Aurora User
Guide, "AWS KMS key management", what a customer managed key must allow and what `kms:ViaService` means (docs/aws.md,
"Encryption keys").
"""

from __future__ import annotations

from typing import Final

from engine.registry import Right

HERE: Final = "arn:{partition}:rds:{region}:{account}:"
ANYWHERE: Final = "arn:{partition}:rds:*:*:"
"""For a resource that another account shares, or of another region."""

_KEYS: Final = ("arn:{partition}:kms:*:*:key/*",)
_KEY_ACTIONS: Final = (  # by their whole names: a wildcard would allow more than is known today
    "DescribeKey",
    "CreateGrant",
    "Decrypt",
    "Encrypt",
    "GenerateDataKey",
    "GenerateDataKeyWithoutPlaintext",
    "ReEncryptFrom",
    "ReEncryptTo",
)


def key_rights(via: str) -> tuple[Right, ...]:
    """What creating from an encrypted snapshot needs on the snapshot's key and on the new resource's key."""
    return tuple(Right(action=f"kms:{name}", verb="create", on=_KEYS, via=via) for name in _KEY_ACTIONS)
