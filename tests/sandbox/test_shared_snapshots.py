"""Snapshots that are shared, and what the other account can see and do (docs/aws.md, "Sharing a snapshot")."""

from __future__ import annotations

import pytest

ARN = "arn:aws:rds:us-west-2:210987654321:cluster-snapshot:"
OURS = "123456789012"
WORLD = {
    "accounts": {"source": "210987654321"},
    "rds.cluster_snapshot/plain@us-west-2/source": {"shared_with": [OURS], "tags": {"theirs": "yes"}},
    "rds.cluster_snapshot/kept@us-west-2/source": "available",
    "rds.cluster_snapshot/default@us-west-2/source": {"encrypted": True, "shared_with": [OURS]},
    "rds.cluster_snapshot/custom@us-west-2/source": {
        "shared_with": [OURS],
        "kms_key": "arn:aws:kms:us-west-2:210987654321:key/theirs",
    },
    "rds.cluster_snapshot/rds:auto@us-west-2/source": "available",
    "rds.cluster_snapshot/young@us-west-2/source": "creating",
    "rds.cluster_snapshot/mine@us-west-2": "available",
    "kms.key/theirs@us-west-2/source": {},
    "kms.key/ours@us-west-2": {},
}


@pytest.fixture
def ours(make):
    return make(WORLD)


@pytest.fixture
def theirs(ours):
    return ours.sandbox.clients("rds", "us-west-2", "source")


def listed(client, **params):
    found = client.describe_db_cluster_snapshots(**params)["DBClusterSnapshots"]
    return {one["DBClusterSnapshotIdentifier"]: one for one in found}


def test_shared_snapshots_are_listed_only_on_request(ours):
    shared = [ARN + "plain", ARN + "default", ARN + "custom"]
    assert list(listed(ours.rds)) == ["mine"]
    assert list(listed(ours.rds, IncludeShared=True)) == ["mine", *shared]
    assert list(listed(ours.rds, SnapshotType="shared")) == shared
    assert list(listed(ours.rds, SnapshotType="manual", IncludeShared=True)) == [
        "mine"
    ]  # IncludeShared has no effect here


def test_a_shared_snapshot_is_named_by_arn_and_has_no_tags(ours):
    one = listed(ours.rds, DBClusterSnapshotIdentifier=ARN + "plain", IncludeShared=True)[ARN + "plain"]
    assert (one["SnapshotType"], one["TagList"]) == ("shared", [])
    for params in ({"DBClusterSnapshotIdentifier": ARN + "plain"}, {"DBClusterSnapshotIdentifier": "plain"}):
        refusal = ours.refusal(ours.rds.describe_db_cluster_snapshots, **params)
        assert refusal[0] == "DBClusterSnapshotNotFoundFault"
    refusal = ours.refusal(
        ours.rds.describe_db_cluster_snapshots, DBClusterSnapshotIdentifier=ARN + "kept", IncludeShared=True
    )
    assert refusal[0] == "DBClusterSnapshotNotFoundFault"


def test_shared_snapshots_are_paged(make):
    world = {f"rds.cluster_snapshot/s{n}@us-west-2/{ARN.split(':')[4]}": {"shared_with": [OURS]} for n in range(25)}
    here = make(world)
    pages = here.rds.get_paginator("describe_db_cluster_snapshots").paginate(
        SnapshotType="shared", PaginationConfig={"PageSize": 20}
    )
    assert [len(page["DBClusterSnapshots"]) for page in pages] == [20, 5]


@pytest.mark.parametrize(
    ("source", "more", "code", "text"),
    [
        ("kept", {}, "DBClusterSnapshotNotFoundFault", "not found"),
        ("custom", {}, "InvalidParameterValue", "Must specify a KMS key to copy a shared encrypted snapshot"),
        ("default", {"KmsKeyId": "ours"}, "KMSKeyNotAccessibleFault", "The source snapshot KMS key [arn:aws:kms:"),
    ],
)
def test_wrong_copies_of_shared_snapshots_are_refused(ours, source, more, code, text):
    names = {"SourceDBClusterSnapshotIdentifier": ARN + source, "TargetDBClusterSnapshotIdentifier": "copy"}
    refusal = ours.refusal(ours.rds.copy_db_cluster_snapshot, **names, **more)
    assert refusal[0] == code
    assert text in refusal[2]


def test_copies_of_shared_snapshots(ours):
    assert ours.copy(ARN + "plain")["SourceDBClusterSnapshotArn"] == ARN + "plain"
    copied = ours.copy(ARN + "custom", "own", KmsKeyId="ours")
    assert copied["KmsKeyId"] == "arn:aws:kms:us-west-2:123456789012:key/ours"
    assert "210987654321" not in copied["DBClusterSnapshotArn"]


def test_restore_from_a_shared_snapshot_in_the_same_region(ours):
    assert ours.restore(ARN + "plain")["Status"] == "creating"
    east = ours.sandbox.clients("rds", "us-east-1")
    refusal = ours.refusal(
        east.restore_db_cluster_from_snapshot,
        DBClusterIdentifier="x", SnapshotIdentifier=ARN + "plain", Engine="aurora-postgresql",
    )  # fmt: skip
    assert refusal[0] == "DBClusterSnapshotNotFoundFault"


def share(client, name, *accounts, **more):
    return client.modify_db_cluster_snapshot_attribute(
        DBClusterSnapshotIdentifier=name, AttributeName="restore", ValuesToAdd=list(accounts), **more
    )


def accounts_of(answer):
    (attribute,) = answer["DBClusterSnapshotAttributesResult"]["DBClusterSnapshotAttributes"]
    assert attribute["AttributeName"] == "restore"
    return attribute["AttributeValues"]


def test_sharing_is_idempotent_and_can_be_revoked(ours, theirs):
    assert accounts_of(share(theirs, "kept", OURS)) == [OURS]
    assert accounts_of(share(theirs, "kept", OURS)) == [OURS]
    assert ARN + "kept" in listed(ours.rds, SnapshotType="shared")
    answer = theirs.modify_db_cluster_snapshot_attribute(
        DBClusterSnapshotIdentifier="kept", AttributeName="restore", ValuesToRemove=[OURS]
    )
    assert accounts_of(answer) == []
    assert accounts_of(theirs.describe_db_cluster_snapshot_attributes(DBClusterSnapshotIdentifier="kept")) == []
    assert ARN + "kept" not in listed(ours.rds, SnapshotType="shared")


@pytest.mark.parametrize(
    ("name", "accounts", "code"),
    [
        ("nowhere", [OURS], "DBClusterSnapshotNotFoundFault"),
        ("rds:auto", [OURS], "InvalidDBClusterSnapshotStateFault"),
        ("young", [OURS], "InvalidDBClusterSnapshotStateFault"),
        ("custom", ["all"], "InvalidParameterValue"),
        ("default", [OURS], "InvalidParameterCombination"),  # aws/rds cannot be shared
        ("kept", ["somebody"], "InvalidParameterValue"),
        ("kept", [f"{number:012}" for number in range(21)], "SharedSnapshotQuotaExceeded"),
    ],
)
def test_wrong_sharing_is_refused(ours, theirs, name, accounts, code):
    assert ours.refusal(lambda: share(theirs, name, *accounts))[0] == code


def test_only_the_owner_can_share(ours):
    refusal = ours.refusal(
        ours.rds.modify_db_cluster_snapshot_attribute,
        DBClusterSnapshotIdentifier=ARN + "plain", AttributeName="restore", ValuesToAdd=[OURS],
    )  # fmt: skip
    assert refusal[0] == "DBClusterSnapshotNotFoundFault"


def test_a_copy_from_another_region_and_account(make):
    arn = "arn:aws:rds:us-east-1:210987654321:cluster-snapshot:plain"
    here = make({"rds.cluster_snapshot/plain@us-east-1/210987654321": {"shared_with": [OURS]}})
    assert here.copy(arn)["Status"] == "copying"
