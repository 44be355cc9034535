"""`sts.identity`: checks which account and identity the credentials of a step belong to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from actions.aws.call_errors import aws_call
from actions.kinds.check_kind import CheckKind, check_facts, reply_part
from engine.language.model import KindFacts
from engine.registry import Context, Observation, Param, Status


class CallerIdentity(CheckKind):
    """The kind `sts.identity`."""

    name: str = "sts.identity"
    doc: str = "The account and identity that the credentials of the step belong to."
    facts: KindFacts = check_facts("sts.identity")
    params: Mapping[str, Param] = {}
    attributes: Mapping[str, Mapping[str, Any]] = {
        "account": {"type": "string", "description": "the account id"},
        "arn": {"type": "string", "description": "of the user or the assumed role"},
    }
    statuses: Mapping[str, Status] = {
        "ok": Status(cls="available", source="botocore sts 2011-06-15, GetCallerIdentity")
    }
    calls: Mapping[str, tuple[str, ...]] = {"sts.GetCallerIdentity": ()}

    def look(self, identity: Mapping[str, Any], ctx: Context) -> Observation:
        client = ctx.client("sts")
        with aws_call(ctx):
            reply = client.get_caller_identity()
        seen = {key.lower(): reply_part(reply, "sts.GetCallerIdentity", key) for key in ("Account", "Arn")}
        return Observation(status="ok", cls="available", attributes=seen)


KINDS: Final = (CallerIdentity(),)
