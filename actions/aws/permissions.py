"""IAM's names: the permission for a call, and the permissions that settings and the store need.

Most permissions have the name of the call. The exceptions are in AWS's Service Authorization Reference
(https://docs.aws.amazon.com/service-authorization/latest/reference/); here are those that a runbook is likely to need.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from engine.registry import Right

_SERVICES: Final[Mapping[str, str]] = {
    "sesv2": "ses", "stepfunctions": "states", "elb": "elasticloadbalancing", "elbv2": "elasticloadbalancing",
    "efs": "elasticfilesystem", "opensearch": "es", "iot-data": "iot", "s3control": "s3", "lexv2-models": "lex",
    "cognito-idp": "cognito-idp", "docdb": "rds", "neptune": "rds", "ecr-public": "ecr-public", "apigatewayv2": "apigateway",
}  # fmt: skip
_CALLS: Final[Mapping[str, str]] = {
    "lambda.Invoke": "lambda:InvokeFunction", "s3.HeadObject": "s3:GetObject", "s3.HeadBucket": "s3:ListBucket",
    "s3.ListObjects": "s3:ListBucket", "s3.ListObjectsV2": "s3:ListBucket", "s3.ListBuckets": "s3:ListAllMyBuckets",
    "s3.CopyObject": "s3:PutObject", "sns.PublishBatch": "sns:Publish", "sqs.SendMessageBatch": "sqs:SendMessage",
    "rds-data.ExecuteSql": "rds-data:ExecuteSql",
}  # fmt: skip
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


def permission(call: str) -> str:
    """`rds:DescribeDBClusters` for `rds.DescribeDBClusters`; "" if the call needs no permission."""
    if call in _FREE:
        return ""
    service, _, operation = call.partition(".")
    return _CALLS.get(call, f"{_SERVICES.get(service, service)}:{operation}")
