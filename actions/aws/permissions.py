"""IAM's names: the permission for a call, and the permissions that settings and the store need.

Most permissions have the name of the call; `actions/aws/iam/permission_names.py` has the exceptions. API Gateway's are named after the HTTP method.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from actions.aws.iam.permission_names import CALLS, SERVICES
from engine.registry import Right

_BY_METHOD: Final = ("apigateway", "apigatewayv2")
_FREE: Final = ("sts.GetCallerIdentity",)
"""Calls that need no permission (AWS STS API Reference, GetCallerIdentity)."""

SETTINGS: Final[Mapping[str, tuple[Right, ...]]] = {
    "ssm": (
        Right(action="ssm:GetParameter", verb="look", on=("arn:{partition}:ssm:{region}:{account}:parameter/{path}",)),
    ),
    "secret": (
        Right(
            action="secretsmanager:GetSecretValue",
            verb="look",
            on=("arn:{partition}:secretsmanager:{region}:{account}:secret:{path}-??????",),
        ),
        # only if the secret has a customer managed key
        Right(
            action="kms:Decrypt",
            verb="look",
            on=("arn:{partition}:kms:{region}:{account}:key/*",),
            via="secretsmanager",
        ),
    ),
}
"""By the source of the setting; `{path}` is the text after the colon."""

TABLE: Final = (
    *(
        Right(action=f"dynamodb:{name}", verb="call", on=("arn:{partition}:dynamodb:{region}:{account}:table/{table}",))
        for name in ("BatchGetItem", "DeleteItem", "DescribeTable", "PutItem", "UpdateItem", "Query", "Scan")
    ),
    *(
        Right(
            action=f"dynamodb:{name}",
            verb="call",
            on=("arn:{partition}:dynamodb:{region}:{account}:table/{table}/index/*",),
        )
        for name in ("Query", "Scan")
    ),
)
"""What a store in a DynamoDB table needs."""

STORE_KEY: Final = tuple(
    Right(action=f"kms:{name}", verb="call", on=("{key}",)) for name in ("GenerateMac", "VerifyMac")
)
"""What a store with a key of KMS needs. A policy names the key, never an alias of it (docs/aws.md, "Encryption keys")."""


def permissions(call: str) -> tuple[str, ...]:
    """`("rds:DescribeDBClusters",)` for `rds.DescribeDBClusters`; empty if the call needs no permission."""
    if call in _FREE:
        return ()
    service, _, operation = call.partition(".")
    if service in _BY_METHOD:
        return (f"apigateway:{_method(service, operation)}",)
    return CALLS.get(call, (f"{SERVICES.get(service, service)}:{operation}",))


def permission(call: str) -> str:
    """The first permission for a call; "" if it needs none."""
    return next(iter(permissions(call)), "")


def _method(service: str, operation: str) -> str:
    from actions.aws.service_models import service_model

    model = service_model(service)
    return str(model.spec["operations"][operation]["http"]["method"]) if model is not None else "GET"
