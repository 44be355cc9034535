"""Which calls a `check` can make: held against the access levels of AWS's Service Authorization Reference."""

from __future__ import annotations

import re

import pytest

from actions.aws.generic_calls import AwsFamily
from actions.aws.permissions import permissions
from actions.aws.read_calls import ALSO_READ, DO_NOT_READ, is_read_call
from actions.aws.sessions import READS
from tests.actions.iam_reference import calls, level_of

ACTS = re.compile(
    r"Start|Stop|Cancel|Create|Set|Invoke|Deliver|Request|Complete|Receive|Assume|Generate|Detect\w*Drift|Subscribe|Chat|Converse"
    r"|Apply"
)
"""They start, make or take something, although their level is Read: reviewed."""

LOOK = {
    "apigatewaymanagementapi.GetConnection", "bcm-pricing-calculator.ListTagsForResource", "billing.GetResourcePolicy", "glue.DescribeConnectionType",
    "glue.DescribeEntity", "glue.ListConnectionTypes", "glue.ListEntities", "quicksight.DescribeDataSetPermissions",
    "quicksight.DescribeDataSourcePermissions", "quicksight.DescribeTopicPermissions",
    "route53globalresolver.ListTagsForResource", "ssm-sap.GetResourcePermission",
}  # fmt: skip
"""They only read, although their level is another: reviewed."""


def expected(service: str, operation: str) -> bool | None:
    """Does it read, by the reference? None where the reference does not know it."""
    levels = {level_of(action) for action in permissions(f"{service}.{operation}")}
    if None in levels or not levels:
        return None
    if f"{service}.{operation}" in LOOK:
        return True
    return levels <= {"Read", "List"} and (operation.startswith(READS) or ACTS.match(operation) is None)


def test_a_call_reads_if_the_reference_says_so() -> None:
    wrong = [
        f"{service}.{operation}"
        for service, operation in calls()
        if (known := expected(service, operation)) is not None and is_read_call(service, operation) != known
    ]
    assert wrong == []


def test_every_exception_is_a_call() -> None:
    known = set(calls())
    assert {(service, one) for service, ones in ALSO_READ.items() for one in ones.split()} <= known
    assert {tuple(one.split(".")) for one in DO_NOT_READ} <= known


@pytest.mark.parametrize(
    ("name", "reads"),
    [
        ("aws.dynamodb.query", True), ("aws.dynamodb.scan", True), ("aws.logs.filter_log_events", True),
        ("aws.rds.describe_db_clusters", True), ("aws.cloudtrail.lookup_events", True), ("aws.dynamodb.put_item", False),
        ("aws.sqs.receive_message", False), ("aws.stepfunctions.get_activity_task", False), ("aws.logs.start_query", False),
        ("aws.redshift.get_cluster_credentials", False), ("aws.lambda.invoke", False),
    ],
)  # fmt: skip
def test_a_check_takes_reads_alone(name: str, reads: bool) -> None:
    family = AwsFamily()
    assert (family.kind(name) is not None) == reads
    action = family.action(name)
    assert action is not None
    assert action.facts.repeatable is (True if reads else None)
