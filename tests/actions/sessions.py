"""Sessions with a server that gives scripted replies."""

from __future__ import annotations

from typing import Any

from actions.aws.sessions import Sessions
from engine.language.model import Account
from tests.actions.http_aws import HttpAws

OTHER = "222222222222"
ROLE = f"arn:aws:iam::{OTHER}:role/restore"


def accounts(**more: Any) -> dict[str, Account]:
    values: dict[str, Any] = {"name": "target", "id": OTHER, "role_arn": ROLE, "external_id": "ticket-7"} | more
    return {"target": Account(**values)}


def sessions(aws: HttpAws, **more: Any) -> Sessions:
    return Sessions(endpoint_url=aws.url, region="us-west-2", **more)
