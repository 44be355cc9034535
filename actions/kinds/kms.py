"""`kms.key`: checks that a KMS key exists and can be used for a copy or a restore."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from actions.aws.call_errors import aws_call
from actions.kinds.check_kind import (
    TEXT_OR_NULL,
    CheckKind,
    available,
    broken,
    check_facts,
    missing,
    reply_part,
    with_source,
)
from engine.errors import EffectFailed
from engine.language.model import KindFacts
from engine.registry import Context, Observation, Param, Status

STATES: Final = {
    "Disabled": "is disabled: enable it (aws kms enable-key)",
    "PendingDeletion": "is pending deletion: cancel that (aws kms cancel-key-deletion), then enable the key",
    "PendingReplicaDeletion": "is deleted once its replicas are: cancel that (aws kms cancel-key-deletion)",
    "PendingImport": "has no key material yet: import it",
    "Unavailable": "is in a custom key store that does not answer: connect the key store",
    "Creating": "is still being created: wait",
    "Updating": "is being updated: wait",
}
"""What a KeyState other than `Enabled` means, and what to do. Source: docs/aws.md, "Encryption keys"; botocore kms 2014-11-01."""


class KmsKey(CheckKind):
    """The kind `kms.key`."""

    name: str = "kms.key"
    doc: str = "Checks that a KMS key exists, is enabled and may be used. `unshareable`: an AWS managed key, for this account only."
    facts: KindFacts = check_facts("kms.key", "key")
    params: Mapping[str, Param] = {
        "key": Param(schema={"type": "string", "minLength": 1}, required=True, doc="id, ARN or alias (`alias/name`)")
    }
    attributes: Mapping[str, Mapping[str, Any]] = {
        "arn": TEXT_OR_NULL,
        "state": TEXT_OR_NULL | {"description": "KMS's KeyState"},
        "manager": TEXT_OR_NULL | {"description": "CUSTOMER, or AWS for its default keys"},
        "multi_region": {"type": ["boolean", "null"]},
        "problem": TEXT_OR_NULL
        | {"description": "disabled, pending deletion or not permitted; for `unshareable`: that it cannot be shared"},
    }
    statuses: Mapping[str, Status] = {
        "ok": Status(cls="available", source="this tool"),
        "unshareable": Status(
            cls="available", source="https://repost.aws/knowledge-center/aurora-share-encrypted-snapshot"
        ),
        "wrong": Status(cls="broken", source="this tool; `problem` says what is wrong"),
        "missing": Status(cls="missing", source="botocore kms 2014-11-01: NotFoundException"),
    }
    calls: Mapping[str, tuple[str, ...]] = {
        "kms.DescribeKey": (
            "DependencyTimeoutException", "InvalidArnException", "KMSInternalException", "NotFoundException",
        )
    }  # fmt: skip

    def look(self, identity: Mapping[str, Any], ctx: Context) -> Observation:
        name, where = str(identity["key"]), with_source("key", ctx)
        client = ctx.client("kms")
        try:
            with aws_call(ctx):
                key = reply_part(client.describe_key(KeyId=name), "kms.DescribeKey", "KeyMetadata")
        except EffectFailed as error:
            return _not_seen(error, name, where, ctx)
        state, manager = str(key.get("KeyState")), key.get("KeyManager")
        seen = {"arn": key["Arn"], "state": state, "manager": manager, "multi_region": key.get("MultiRegion", False)}
        if state != "Enabled":
            return broken("wrong", f"the key {name} {STATES.get(state, f'is {state}')} ({where})", **seen)
        if manager == "AWS":
            problem = (
                f"the key {name} is managed by AWS: what it encrypts cannot be shared with another account ({where})"
            )
            return available("unshareable", **seen | {"problem": problem})
        return available("ok", **seen)


def _not_seen(error: EffectFailed, name: str, where: str, ctx: Context) -> Observation:
    if error.problem.category == "not_found":
        return missing(f"there is no key {name} in {ctx.region} ({where}); use the ARN for a key of another account")
    if error.problem.category != "denied":
        raise error
    problem = f"the key {name} may not be read: its policy and the role's must allow kms:DescribeKey ({where})"
    return broken("wrong", problem, arn=None, state=None, manager=None, multi_region=None)


KINDS: Final = (KmsKey(),)
