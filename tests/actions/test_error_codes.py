"""The names and categories of AWS's error codes, compared with botocore's models."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from actions import build_registry
from actions.aws.error_codes import meaning_by_words, table
from actions.aws.known_errors import codes_by_call
from engine.errors import CATEGORIES
from tests.actions.rds_world import REGISTRY
from tests.actions.test_call_errors import answer, no


@pytest.mark.parametrize(
    ("code", "message", "name", "category", "also"),
    [
        ("SnapshotQuotaExceeded", "Cannot copy more than 5 snapshots across regions", "CopyQuotaExceeded", "capacity", "SnapshotQuotaExceeded"),
        ("SnapshotQuotaExceeded", "Cannot create more than 100 manual snapshots", "SnapshotQuotaExceeded", "quota", ""),
        ("SnapshotQuotaExceeded", "Something that nobody has read", "SnapshotQuotaExceeded", "capacity", ""),
        ("DBClusterSnapshotNotFoundFault", "", "DBClusterSnapshotNotFoundFault", "not_found", "InvalidSnapshot.NotFound"),
        ("DBClusterNotFoundFault", "", "DBClusterNotFoundFault", "not_found", "ClusterNotFound"),
        ("DBSubnetGroupDoesNotCoverEnoughAZs", "", "DBSubnetGroupDoesNotCoverEnoughAZs", "config", "InvalidVPCConfiguration"),
        ("InvalidVpcID.NotFound", "", "InvalidVpcID.NotFound", "config", "InvalidVPCConfiguration"),
        ("InvalidParameterCombination", "The DB instance and EC2 security group are in different VPCs.", "InvalidParameterCombination", "config", "InvalidVPCConfiguration"),
        ("InvalidParameterCombination", "Cannot delete protected Cluster, please disable deletion protection", "InvalidParameterCombination", "config", "DeletionProtected"),
        ("InvalidParameterValue", "Must specify new KMS key for cross region encrypted snapshot copy", "InvalidParameterValue", "config", ""),
        ("InvalidDBClusterStateFault", "DB cluster a is already being deleted.", "InvalidDBClusterStateFault", "conflict", "BeingDeleted"),
        ("InvalidDBClusterStateFault", "DB cluster a is not currently in the available state", "InvalidDBClusterStateFault", "conflict", ""),
        ("InvalidDBClusterStateFault", "This cluster is a part of a global cluster", "InvalidDBClusterStateFault", "config", "GlobalClusterMember"),
        ("InvalidDBClusterStateFault", "Cannot delete the last instance of the master cluster. Delete the replica cluster before deleting the last master cluster instance.", "InvalidDBClusterStateFault", "config", ""),
        ("InvalidDBClusterStateFault", "Cannot delete the last instance of the read replica DB cluster. Promote the DB cluster to a standalone DB cluster in order to delete it.", "InvalidDBClusterStateFault", "config", ""),
        ("InvalidGlobalClusterStateFault", "Unable to delete cluster that is a primary member of global cluster while there are other global cluster members", "InvalidGlobalClusterStateFault", "config", "GlobalClusterMember"),
        ("InvalidDBClusterSnapshotStateFault", "Only manual snapshots may be deleted.", "InvalidDBClusterSnapshotStateFault", "denied", ""),
        ("InsufficientDBInstanceCapacity", "", "InsufficientDBInstanceCapacity", "capacity", ""),
        ("KMSKeyNotAccessibleFault", "", "KMSKeyNotAccessibleFault", "denied", ""),
        ("AccessDenied", "", "AccessDenied", "denied", ""),
        ("DBInstanceAlreadyExists", "", "DBInstanceAlreadyExists", "exists", ""),
        ("DBClusterParameterGroupNotFound", "", "DBClusterParameterGroupNotFound", "config", ""),
        ("RepositoryNotFoundException", "", "RepositoryNotFoundException", "not_found", ""),
    ],
)  # fmt: skip
def test_a_code_has_a_name_and_a_category(code: str, message: str, name: str, category: str, also: str) -> None:
    problem = no(answer(code, message))
    assert (problem.name, problem.category) == (name, category)
    assert problem.answers_to(also or code)
    assert problem.also == ((also,) if also else ())


@pytest.mark.parametrize(
    ("code", "status", "category"),
    [
        ("ResourceAlreadyExistsException", 400, "exists"), ("NoSuchBucket", 404, "not_found"),
        ("ServiceQuotaExceededException", 402, "quota"), ("ConflictException", 409, "conflict"),
        ("InvalidClusterStateFault", 400, "conflict"), ("UnauthorizedAccess", 403, "denied"),
        ("SomethingElse", 404, "not_found"), ("SomethingElse", 403, "denied"), ("SomethingElse", 409, "conflict"),
        ("SomethingElse", 429, "throttled"), ("SomethingElse", 500, "internal"), ("SomethingElse", 400, "invalid"),
        ("InvalidInput", 400, "invalid"),
    ],
)  # fmt: skip
def test_an_unknown_code_gets_its_category_from_its_words_or_the_http_status(
    code: str, status: int, category: str
) -> None:
    assert meaning_by_words(code, status).category == category


# -- against botocore's models --------------------------------------------------------------------------------


PERMISSION_ONLY = {"rds.AddTagsToResource", "rds.CreateDBClusterSnapshot"}
"""Calls that kinds declare for the permission that another call needs; they are never made."""


def models() -> dict[str, tuple[str, ...]]:
    """Every call that is declared here → the codes in botocore's model of it."""
    import botocore.session

    session = botocore.session.Session()
    found = {}
    for call in sorted(set(codes_by_call(REGISTRY)) - PERMISSION_ONLY):
        service, _, operation = call.partition(".")
        model = session.get_service_model(service).operation_model(operation)
        shapes = model.error_shapes
        found[call] = tuple(sorted(str(one.metadata.get("error", {}).get("code") or one.name) for one in shapes))
    return found


def test_every_code_in_the_models_of_our_calls_has_a_meaning() -> None:
    calls = models()
    assert len(calls) >= 20
    assert not {(call, code) for call, codes in calls.items() for code in codes if code not in table()}


def test_each_call_declares_the_codes_of_its_model() -> None:
    declared = codes_by_call(REGISTRY)
    for call, codes in models().items():
        assert set(codes) <= set(declared[call]), call


def test_every_declared_code_is_in_the_table() -> None:
    assert not {code for codes in codes_by_call(REGISTRY).values() for code in codes} - set(table())


def test_every_meaning_has_a_category_and_a_source() -> None:
    assert all(one.category in CATEGORIES and one.source for meanings in table().values() for one in meanings)


def test_only_the_last_meaning_of_a_code_is_for_any_message() -> None:
    wrong = [
        code for code, meanings in table().items() if meanings[-1].text or not all(one.text for one in meanings[:-1])
    ]
    assert not wrong


def test_known_errors_have_the_calls_that_return_them() -> None:
    known = REGISTRY.known_errors()
    assert known["DBClusterNotFoundFault"].also == ("ClusterNotFound",)
    assert "rds.CopyDBClusterSnapshot" in (known["InvalidSnapshot.NotFound"].calls or ())
    assert "rds.RestoreDBClusterFromSnapshot" in (known["InvalidVPCConfiguration"].calls or ())
    assert known["InvalidVPCConfiguration"].category == "config"
    assert known["CopyQuotaExceeded"].category == "capacity"
    assert known["Throttling"].calls is None
    assert known["ConnectionTimeout"].calls is None
    assert all(one.name == name and one.category in CATEGORIES and one.calls != () for name, one in known.items())


def test_a_kind_that_is_added_brings_the_calls_of_its_errors() -> None:
    registry = build_registry(entry_points=False)
    calls = {"rds.DescribeDBSnapshots": ("DBSnapshotNotFound",)}
    registry.add_kind(SimpleNamespace(name="theirs.snapshot", calls=calls))  # type: ignore[arg-type]
    assert "rds.DescribeDBSnapshots" in (registry.known_errors()["DBSnapshotNotFound"].calls or ())
