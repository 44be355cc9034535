"""What AWS's codes mean: names and categories, held against botocore's models."""

from __future__ import annotations

import re

import pytest

from actions.aws.error_names import by_ending, table
from actions.aws.known_errors import known_errors, modelled
from engine.errors import CATEGORIES
from tests.actions.rds_world import REGISTRY
from tests.actions.test_errors import answer, no


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
def test_a_code_that_nobody_knows_is_told_by_its_words_or_its_status(code: str, status: int, category: str) -> None:
    assert by_ending(code, status).category == category


# -- held against botocore --------------------------------------------------------------------------------------


RIGHTS_ALONE = {"rds.AddTagsToResource", "rds.CreateDBClusterSnapshot"}
"""Declared for the permissions that other calls take; never called."""


def models() -> dict[str, tuple[str, ...]]:
    """Every call that a kind or action here makes → the codes that botocore's model has for it."""
    import botocore.session

    session = botocore.session.Session()
    things = (*REGISTRY.kinds.values(), *REGISTRY.actions.values())
    found = {}
    for call in sorted({call for thing in things for call in thing.calls} - RIGHTS_ALONE):
        service, _, operation = call.partition(".")
        model = session.get_service_model(service).operation_model(operation)
        shapes = model.error_shapes
        found[call] = tuple(sorted(str(one.metadata.get("error", {}).get("code") or one.name) for one in shapes))
    return found


def test_every_modelled_error_of_our_calls_has_a_meaning() -> None:
    calls = models()
    assert len(calls) >= 18
    assert not {(call, code) for call, codes in calls.items() for code in codes if code not in table()}


def test_the_table_of_calls_is_botocores() -> None:
    ours = modelled()
    for call, codes in models().items():
        assert set(codes) <= set(ours.get(call, ())), call


def test_every_code_of_the_table_can_be_raised_or_is_known_to_be_said_by_anything() -> None:
    assert not {code for codes in modelled().values() for code in codes} - set(table())
    assert all(line.category in CATEGORIES and line.source for lines in table().values() for line in lines)


def test_every_source_is_an_address_that_an_operator_can_open() -> None:
    sources = {line.source for lines in table().values() for line in lines}
    assert not [source for source in sources if not re.fullmatch(r"([\w ]+, )?https://\S+", source)]


def test_the_last_line_of_a_code_is_for_any_text() -> None:
    assert not [code for code, lines in table().items() if lines[-1].text or not all(line.text for line in lines[:-1])]


def test_known_names_have_their_calls() -> None:
    known = known_errors()
    assert known["DBClusterNotFoundFault"].also == ("ClusterNotFound",)
    assert "rds.CopyDBClusterSnapshot" in (known["InvalidSnapshot.NotFound"].calls or ())
    assert "rds.RestoreDBClusterFromSnapshot" in (known["InvalidVPCConfiguration"].calls or ())
    assert known["InvalidVPCConfiguration"].category == "config"
    assert known["CopyQuotaExceeded"].category == "capacity"
    assert known["Throttling"].calls is None
    assert known["ConnectionTimeout"].calls is None
    assert all(one.name == name and one.category in CATEGORIES and one.calls != () for name, one in known.items())
