"""Identifiers and ARNs of RDS.

The texts of refusals are AWS's own where they are known (docs/aws.md); codes are the wire codes of botocore's models.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from actions.sandbox.calls import Refusal, Request
from actions.sandbox.world import Resource, World

ARN_WORDS: Final[Mapping[str, str]] = {  # kind → the resource type in its ARN
    "rds.cluster_snapshot": "cluster-snapshot",
    "rds.cluster": "cluster",
    "rds.instance": "db",
    "subnet_group": "subgrp",
    "parameter_group": "cluster-pg",
    "rds.global_cluster": "global-cluster",
}
NOT_FOUND: Final[Mapping[str, str]] = {  # kind → the code of a call about tags for a resource that does not exist
    "rds.cluster_snapshot": "DBClusterSnapshotNotFoundFault",
    "rds.cluster": "DBClusterNotFoundFault",
    "rds.instance": "DBInstanceNotFound",
}
LONGEST_NAME: Final = 63
_KINDS: Final = {word: kind for kind, word in ARN_WORDS.items()}
_IDENTIFIER: Final = re.compile(r"[a-z](?:-?[a-z0-9])*")
_ARN: Final = re.compile(r"arn:aws[a-z-]*:rds:([a-z0-9-]*):(\d{12}):([a-z-]+):(.+)")


def arn_of(resource: Resource) -> str:
    """`arn:aws:rds:us-west-2:123456789012:cluster:orders`; a global cluster's has no region."""
    region = "" if resource.kind == "rds.global_cluster" else resource.region
    return f"arn:aws:rds:{region}:{resource.account}:{ARN_WORDS[resource.kind]}:{resource.name}"


def locate(request: Request, name: str) -> tuple[str, str, str]:
    """Account, region and name of what a call names by identifier or ARN; AWS compares in lower case."""
    match = _ARN.fullmatch(name)
    if match is None:
        return (request.account, request.region, name.lower())
    return (match[2], match[1], match[4].lower())


def cluster_names(item: dict[str, Any], arn: str) -> list[str]:
    """Name and ARN of the cluster of a listed item with this ARN; the filter `db-cluster-id` takes both."""
    name = item.get("DBClusterIdentifier", "")
    return [name, ":".join([*arn.split(":")[:5], "cluster", name])]


def find_by_arn(world: World, arn: str) -> Resource | None:
    """The resource of any kind that an ARN names."""
    match = _ARN.fullmatch(arn)
    if match is None or match[3] not in _KINDS:
        message = f"The specified resource name does not match an RDS resource in this region: {arn}"
        raise Refusal("InvalidParameterValue", message)
    region = match[1] or "global"
    return world.find(_KINDS[match[3]], match[2], region, match[4].lower())


def checked_name(parameter: str, name: str) -> str:
    """The name of a new resource, in lower case; refuses what AWS refuses (`rds:bad`, `a--b`, `1a`, `a-`)."""
    lowered = name.lower()
    if len(lowered) > LONGEST_NAME or _IDENTIFIER.fullmatch(lowered) is None:
        message = (
            f"The parameter {parameter} is not a valid identifier. Identifiers must begin with a letter; must contain "
            "only ASCII letters, digits, and hyphens; and must not end with a hyphen or contain two consecutive hyphens."
        )
        raise Refusal("InvalidParameterValue", message)
    return lowered
