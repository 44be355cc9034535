"""`sts.identity`: who are we, in which account?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from actions.aws.errors import calling
from actions.kinds.check_kind import LookedAt, facts, told
from engine.language.model import KindFacts
from engine.registry import Context, Observation, Param, Status


class Identity(LookedAt):
    """The identity behind the step's client."""

    name: str = "sts.identity"
    doc: str = "The account and the identity with which the steps of an account are done."
    facts: KindFacts = facts("sts.identity")
    params: Mapping[str, Param] = {}
    attributes: Mapping[str, Mapping[str, Any]] = {
        "account": {"type": "string", "description": "twelve digits"},
        "arn": {"type": "string", "description": "of the user or the assumed role"},
    }
    statuses: Mapping[str, Status] = {
        "ok": Status(cls="available", source="botocore sts 2011-06-15, GetCallerIdentity")
    }
    calls: tuple[str, ...] = ("sts.GetCallerIdentity",)

    def look(self, identity: Mapping[str, Any], ctx: Context) -> Observation:
        client = ctx.client("sts")
        with calling(ctx):
            reply = client.get_caller_identity()
        seen = {key.lower(): told(reply, "sts.GetCallerIdentity", key) for key in ("Account", "Arn")}
        return Observation(status="ok", cls="available", attributes=seen)


KINDS: Final = (Identity(),)
