"""The permissions that calls need, held against AWS's Service Authorization Reference."""

from __future__ import annotations

import pytest

from actions.aws.iam.dependents import SERVICE_LINKED
from actions.aws.iam.permission_names import CALLS, SERVICES
from actions.aws.iam.resources import OPERATIONS, TYPES
from actions.aws.permissions import permission, permissions
from tests.actions.iam_reference import calls, level_of, reference

NEWER = {
    "s3.CreateBucketMetadataConfiguration", "s3.DeleteObjectAnnotation", "s3.GetObjectAnnotation", "s3.ListObjectAnnotations",
    "s3.PutObjectAnnotation", "s3.UpdateBucketMetadataAnnotationTableConfiguration",
}  # fmt: skip
"""Calls that botocore knows and the reference does not yet: they are named after themselves."""

EXACT = (
    "s3", "s3control", "resourcegroupstaggingapi", "mwaa", "amp", "sso-admin", "efs", "elbv2", "stepfunctions", "events", "fsx",
    "autoscaling", "rds-data", "sqs", "sns", "scheduler", "organizations", "cloudfront", "memorydb", "transfer", "apigateway",
)  # fmt: skip


@pytest.mark.parametrize("service", EXACT)
def test_every_call_of_a_service_has_a_permission_that_exists(service: str) -> None:
    of_service = [name for one, name in calls() if one == service and f"{service}.{name}" not in NEWER]
    assert of_service
    unknown = {
        name: action
        for name in of_service
        for action in permissions(f"{service}.{name}")
        if level_of(action) is None and name != "ListDistributionsByOwnedResource"
    }
    assert unknown == {}


def test_every_exception_is_a_call_and_an_action_that_exist() -> None:
    known = {f"{service}.{name}" for service, name in calls()}
    assert set(CALLS) <= known
    assert {action for actions in CALLS.values() for action in actions if level_of(action) is None} == set()
    assert not [call for call, actions in CALLS.items() if level_of(f"{call.replace('.', ':')}") and len(actions) == 1 and not call.startswith("s3control.")]  # fmt: skip


def test_most_calls_of_every_service_are_in_the_reference() -> None:
    """A service whose prefix is wrong has hardly any; one that is new may lack some."""
    found: dict[str, list[bool]] = {}
    for service, name in calls():
        found.setdefault(service, []).extend(level_of(one) is not None for one in permissions(f"{service}.{name}"))
    wrong = sorted(one for one, known in found.items() if one in SERVICES and not any(known))
    assert all(SERVICES[one] in reference() or one in NO_PREFIX for one in wrong)
    assert sum(map(sum, found.values())) > 0.85 * sum(map(len, found.values()))


NO_PREFIX = ("applicationcostprofiler",)  # withdrawn, so the reference has dropped it


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("resourcegroupstaggingapi.GetResources", "tag:GetResources"), ("emr.RunJobFlow", "elasticmapreduce:RunJobFlow"),
        ("mwaa.GetEnvironment", "airflow:GetEnvironment"), ("amp.CreateWorkspace", "aps:CreateWorkspace"),
        ("bedrock-runtime.Converse", "bedrock:InvokeModel"), ("bedrock-agent.GetAgent", "bedrock:GetAgent"),
        ("sso-admin.ListInstances", "sso:ListInstances"), ("s3.ListObjectsV2", "s3:ListBucket"),
        ("apigateway.GetRestApis", "apigateway:GET"), ("apigateway.DeleteRestApi", "apigateway:DELETE"),
        ("sts.GetCallerIdentity", ""),
    ],
)  # fmt: skip
def test_permissions_of_calls(call: str, expected: str) -> None:
    assert permission(call) == expected


def test_every_call_acts_on_the_types_of_resources_that_the_reference_names() -> None:
    wrong = []
    for service, by_types in OPERATIONS.items():
        for types, operations in by_types.items():
            assert set(types.split(" + ")) <= set(TYPES[service])
            for operation in operations.split():
                prefix, _, name = permission(f"{service}.{operation}").partition(":")
                named = set(reference()[prefix]["privileges"][name]["resource_types"]) - {""}
                if not set(types.split(" + ")) <= named:
                    wrong.append((service, operation))
    assert wrong == []


def test_what_makes_a_service_linked_role_is_the_references() -> None:
    for service, operations in SERVICE_LINKED.items():
        for operation in operations.split():
            prefix, _, name = permission(f"{service}.{operation}").partition(":")
            types = reference()[prefix]["privileges"][name]["resource_types"].values()
            assert any("iam:CreateServiceLinkedRole" in one["dependent_actions"] for one in types), operation
