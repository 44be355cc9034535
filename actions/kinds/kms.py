"""`kms.key`: is a key there, and can it be used for what a copy or a restore needs?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from actions.aws.errors import calling
from actions.kinds.check_kind import TEXT_OR_NULL, LookedAt, available, broken, facts, meant, missing, told
from engine.errors import EffectFailed
from engine.language.model import KindFacts
from engine.registry import Context, Observation, Param, Status

STATES: Final = {
    # KeyState (botocore kms 2014-11-01): what it means to whoever wants to use the key
    "Disabled": "is disabled: enable it (aws kms enable-key)",
    "PendingDeletion": "is to be deleted: cancel that (aws kms cancel-key-deletion), then enable it",
    "PendingReplicaDeletion": "is to be deleted when its replicas are gone: cancel that (aws kms cancel-key-deletion)",
    "PendingImport": "has no key material yet: import it",
    "Unavailable": "is in a key store that does not answer",
    "Creating": "is still being made",
    "Updating": "is being changed",
}


class Key(LookedAt):
    """A KMS key."""

    name: str = "kms.key"
    doc: str = (
        "Is a KMS key there, enabled and ours to use? `unshareable` is an AWS managed one: no other account can use it."
    )
    facts: KindFacts = facts("kms.key", "key")
    params: Mapping[str, Param] = {
        "key": Param(schema={"type": "string", "minLength": 1}, required=True, doc="id, ARN or alias (`alias/name`)")
    }
    attributes: Mapping[str, Mapping[str, Any]] = {
        "arn": TEXT_OR_NULL,
        "state": TEXT_OR_NULL | {"description": "KMS's KeyState"},
        "manager": TEXT_OR_NULL | {"description": "CUSTOMER, or AWS for its default keys"},
        "multi_region": {"type": ["boolean", "null"]},
        "problem": TEXT_OR_NULL
        | {"description": "disabled, to be deleted, not ours to use; of `unshareable`: that it cannot be shared"},
    }
    statuses: Mapping[str, Status] = {
        "ok": Status(cls="available", source="this tool"),
        "unshareable": Status(
            cls="available", source="https://repost.aws/knowledge-center/aurora-share-encrypted-snapshot"
        ),
        "wrong": Status(cls="broken", source="this tool; `problem` says what is wrong"),
        "missing": Status(cls="missing", source="botocore kms 2014-11-01: NotFoundException"),
    }
    calls: tuple[str, ...] = ("kms.DescribeKey",)

    def look(self, identity: Mapping[str, Any], ctx: Context) -> Observation:
        name, where = str(identity["key"]), meant("key", ctx)
        client = ctx.client("kms")
        try:
            with calling(ctx):
                key = told(client.describe_key(KeyId=name), "kms.DescribeKey", "KeyMetadata")
        except EffectFailed as error:
            return _not_seen(error, name, where, ctx)
        state, manager = str(key.get("KeyState")), key.get("KeyManager")
        seen = {"arn": key["Arn"], "state": state, "manager": manager, "multi_region": key.get("MultiRegion", False)}
        if state != "Enabled":
            return broken("wrong", f"the key {name} {STATES.get(state, f'is {state}')} ({where})", **seen)
        if manager == "AWS":
            said = (
                f"the key {name} is AWS's default one: what it encrypts cannot be shared with another account ({where})"
            )
            return available("unshareable", **seen | {"problem": said})
        return available("ok", **seen)


def _not_seen(error: EffectFailed, name: str, where: str, ctx: Context) -> Observation:
    if error.problem.category == "not_found":
        return missing(
            f"there is no key {name} in {ctx.region} ({where}); a key of another account is named by its ARN"
        )
    if error.problem.category != "denied":
        raise error
    said = f"the key {name} is not ours to look at: its policy and ours must allow kms:DescribeKey ({where})"
    return broken("wrong", said, arn=None, state=None, manager=None, multi_region=None)


KINDS: Final = (Key(),)
