"""Cluster snapshots: copies, names, quotas, deletes, lists."""

from __future__ import annotations

import pytest

EAST_ARN = "arn:aws:rds:us-east-1:123456789012:cluster-snapshot:"
WEST_ARN = "arn:aws:rds:us-west-2:123456789012:cluster-snapshot:"
NAMES = ("SourceDBClusterSnapshotIdentifier", "TargetDBClusterSnapshotIdentifier")


def copy_params(source, target, **more):
    return dict(zip(NAMES, (source, target), strict=True)) | more


def test_a_copy_is_copying_and_then_available(here):
    made = here.copy(EAST_ARN + "nightly", SourceRegion="us-east-1")
    assert (made["Status"], made["PercentProgress"]) == ("copying", 0)
    assert made["SourceDBClusterSnapshotArn"] == EAST_ARN + "nightly"
    assert made["DBClusterSnapshotArn"] == WEST_ARN + "copy"
    begun = made["SnapshotCreateTime"]
    here.sleep(210)
    assert (here.snapshot("copy")["Status"], here.snapshot("copy")["PercentProgress"]) == ("copying", 50)
    here.sleep(210)
    done = here.snapshot("copy")
    assert (done["Status"], done["PercentProgress"]) == ("available", 100)
    assert (done["SnapshotCreateTime"] - begun).total_seconds() == 420  # so a time does not identify a copy
    assert done["DbClusterResourceId"] == here.snapshot("nightly", "us-east-1")["DbClusterResourceId"]
    assert done["SnapshotType"] == "manual"


def test_a_copy_of_an_automated_snapshot_is_manual(here):
    assert here.snapshot("rds:orders-2024-03-19")["SnapshotType"] == "automated"
    assert here.copy("rds:orders-2024-03-19")["SnapshotType"] == "manual"


def test_names_are_stored_and_compared_in_lower_case(here):
    assert here.copy("HERE", "Copy")["DBClusterSnapshotIdentifier"] == "copy"
    assert here.snapshot("COPY")["Status"] == "copying"
    code, _, _ = here.refusal(here.rds.copy_db_cluster_snapshot, **copy_params("here", "cOPY"))
    assert code == "DBClusterSnapshotAlreadyExistsFault"


KMS = (
    "The specified KMS key [{}] does not exist, is not enabled or you do not have permissions to access it.",
    "Must specify new KMS key for cross region encrypted snapshot copy",
    "KmsKeyId cannot be specified when copying an unencrypted DB cluster snapshot",
)
NAME = "The parameter TargetDBClusterSnapshotIdentifier is not a valid identifier."


@pytest.mark.parametrize(
    ("params", "code", "status", "text"),
    [
        (copy_params("nowhere", "copy"), "DBClusterSnapshotNotFoundFault", 404, "DBClusterSnapshot not found: nowhere"),
        (copy_params(EAST_ARN + "no", "copy"), "DBClusterSnapshotNotFoundFault", 404, "DBClusterSnapshot not found: arn:"),
        (copy_params("here", "young"), "DBClusterSnapshotAlreadyExistsFault", 400, "identifier young already exists"),
        (copy_params("young", "copy"), "InvalidDBClusterSnapshotStateFault", 400, "young is not in the available state"),
        (copy_params("here", "rds:bad"), "InvalidParameterValue", 400, NAME),
        (copy_params("here", "a--b"), "InvalidParameterValue", 400, NAME),
        (copy_params("here", "1a"), "InvalidParameterValue", 400, NAME),
        (copy_params("here", "a-"), "InvalidParameterValue", 400, NAME),
        (copy_params("here", "a" * 64), "InvalidParameterValue", 400, NAME),
        (copy_params(EAST_ARN + "secret", "copy"), "InvalidParameterValue", 400, KMS[1]),
        (copy_params("here", "copy", KmsKeyId="alias/ours"), "InvalidParameterCombination", 400, KMS[2]),
        (copy_params("here-secret", "copy", KmsKeyId="off"), "KMSKeyNotAccessibleFault", 400, KMS[0].format("off")),
        (copy_params("here-secret", "copy", KmsKeyId="none"), "KMSKeyNotAccessibleFault", 400, KMS[0].format("none")),
        (
            copy_params(EAST_ARN + "secret", "copy", KmsKeyId="arn:aws:kms:us-east-1:123456789012:key/ours"),
            "KMSKeyNotAccessibleFault",
            400,
            "does not exist, is not enabled",
        ),
        (copy_params("here", "copy", Tags=[{"Key": "aws:mine", "Value": ""}]), "InvalidParameterValue", 400, "reserved"),
        (copy_params("here", "copy", Tags=[{"Key": "k", "Value": "a[0]"}]), "InvalidParameterValue", 400, "characters"),
    ],
)  # fmt: skip
def test_a_refused_copy_creates_nothing(here, params, code, status, text):
    before = here.sandbox.resources()
    refusal = here.refusal(here.rds.copy_db_cluster_snapshot, **params)
    assert refusal[:2] == (code, status)
    assert text in refusal[2]
    assert here.sandbox.resources() == before


def test_an_encrypted_copy_has_the_given_key_or_its_sources(here):
    assert here.copy("here-secret")["KmsKeyId"].endswith(":key/ours")
    abroad = here.copy(EAST_ARN + "secret", "abroad", KmsKeyId="alias/ours")
    assert abroad["KmsKeyId"] == "arn:aws:kms:us-west-2:123456789012:key/ours"
    assert abroad["StorageEncrypted"] is True
    assert "KmsKeyId" not in here.copy("here", "plain")


@pytest.mark.parametrize(
    ("more", "tags"),
    [
        ({}, {}),
        ({"CopyTags": True}, {"team": "shop"}),  # no tags of aws:
        ({"Tags": [{"Key": "mine", "Value": "1"}]}, {"mine": "1"}),
        ({"CopyTags": True, "Tags": [{"Key": "mine", "Value": "1"}]}, {"mine": "1"}),  # then CopyTags is ignored
    ],
)
def test_tags_of_a_copy(here, more, tags):
    made = here.copy(EAST_ARN + "nightly", **more)
    assert {tag["Key"]: tag["Value"] for tag in made["TagList"]} == tags


def test_the_quota_of_five_copies_across_regions(here):
    for number in range(5):
        here.copy("here", f"at-home-{number}")  # not across regions
        here.copy(EAST_ARN + "nightly", f"abroad-{number}")
    refusal = here.refusal(here.rds.copy_db_cluster_snapshot, **copy_params(EAST_ARN + "nightly", "sixth"))
    assert refusal == ("SnapshotQuotaExceeded", 400, "Cannot copy more than 5 snapshots across regions")
    here.copy("here", "at-home")
    here.sleep(420)
    here.copy(EAST_ARN + "nightly", "sixth")


def test_the_quota_of_a_hundred_manual_snapshots(make):
    world = {f"rds.cluster_snapshot/s{number}@us-west-2": "available" for number in range(100)}
    here = make(world | {"rds.cluster_snapshot/rds:auto@us-west-2": "available"})
    refusal = here.refusal(here.rds.copy_db_cluster_snapshot, **copy_params("s1", "more"))
    assert refusal == ("SnapshotQuotaExceeded", 400, "Cannot create more than 100 manual snapshots")
    here.rds.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier="s2")
    here.sleep(31)
    here.copy("s1", "more")


# -- deletes -------------------------------------------------------------------------------------------------


def test_a_deleted_snapshot_is_deleting_and_then_gone(here):
    gone = here.rds.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier="here")
    assert gone["DBClusterSnapshot"]["Status"] == "available"  # the reply may still say so
    assert here.snapshot("here")["Status"] == "deleting"
    here.sleep(30)
    refusal = here.refusal(here.rds.describe_db_cluster_snapshots, DBClusterSnapshotIdentifier="here")
    assert refusal == ("DBClusterSnapshotNotFoundFault", 404, "DBClusterSnapshot not found: here")


def test_deleting_a_copy_cancels_it(here):
    here.copy()
    here.rds.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier="copy")
    here.sleep(30)
    assert here.sandbox.get("rds.cluster_snapshot/copy@us-west-2") is None


def test_a_copy_fails_if_its_source_is_deleted(here):
    here.copy()
    here.rds.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier="here")
    assert here.snapshot("copy")["Status"] == "failed"
    here.rds.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier="copy")


@pytest.mark.parametrize(
    ("name", "code", "text"),
    [
        ("nowhere", "DBClusterSnapshotNotFoundFault", "DBClusterSnapshot not found: nowhere"),
        ("rds:orders-2024-03-19", "InvalidDBClusterSnapshotStateFault", "Only manual snapshots may be deleted."),
        ("young", "InvalidDBClusterSnapshotStateFault", "not in the available state: creating"),
        (EAST_ARN + "nightly", "DBClusterSnapshotNotFoundFault", "not found"),  # another region's
    ],
)
def test_wrong_deletes_are_refused(here, name, code, text):
    refusal = here.refusal(here.rds.delete_db_cluster_snapshot, DBClusterSnapshotIdentifier=name)
    assert refusal[0] == code
    assert text in refusal[2]


def test_a_snapshot_can_be_deleted_only_once(here):
    here.rds.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier="here")
    refusal = here.refusal(here.rds.delete_db_cluster_snapshot, DBClusterSnapshotIdentifier="here")
    assert refusal[0] == "InvalidDBClusterSnapshotStateFault"


def test_a_new_snapshot_of_the_same_name_has_another_time(here):
    first = here.copy() and here.sandbox.get("rds.cluster_snapshot/copy@us-west-2").id
    here.rds.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier="copy")
    here.sleep(30)
    here.copy()
    assert here.sandbox.get("rds.cluster_snapshot/copy@us-west-2").id != first


# -- new ones ------------------------------------------------------------------------------------------------


def test_a_snapshot_of_a_cluster(here):
    names = {"DBClusterIdentifier": "orders", "DBClusterSnapshotIdentifier": "mine"}
    made = here.rds.create_db_cluster_snapshot(**names, Tags=[{"Key": "a", "Value": "b"}])["DBClusterSnapshot"]
    assert (made["Status"], made["SnapshotType"]) == ("creating", "manual")
    assert made["DbClusterResourceId"] == here.cluster()["DbClusterResourceId"]
    assert made["TagList"] == [{"Key": "a", "Value": "b"}]
    here.sleep(300)
    assert here.snapshot("mine")["Status"] == "available"
    assert here.refusal(here.rds.create_db_cluster_snapshot, **names)[0] == "DBClusterSnapshotAlreadyExistsFault"
    names["DBClusterIdentifier"] = "nowhere"
    assert here.refusal(here.rds.create_db_cluster_snapshot, **names)[0] == "DBClusterNotFoundFault"


def test_a_cluster_that_is_not_available_has_no_snapshot_taken(here):
    here.sandbox.change("rds.cluster/orders@us-west-2", "modifying")
    refusal = here.refusal(
        here.rds.create_db_cluster_snapshot, DBClusterIdentifier="orders", DBClusterSnapshotIdentifier="mine"
    )
    text = "Can't create a snapshot because the database cluster orders isn't currently in the available state."
    assert refusal == ("InvalidDBClusterStateFault", 400, text)


# -- lists ---------------------------------------------------------------------------------------------------


def names_of(answer):
    return [one["DBClusterSnapshotIdentifier"] for one in answer["DBClusterSnapshots"]]


@pytest.mark.parametrize(
    ("params", "names"),
    [
        ({}, ["here", "here-secret", "rds:orders-2024-03-19", "young"]),
        ({"SnapshotType": "automated"}, ["rds:orders-2024-03-19"]),
        ({"SnapshotType": "manual"}, ["here", "here-secret", "young"]),
        ({"SnapshotType": "public"}, []),
        ({"DBClusterIdentifier": "Orders"}, ["here", "rds:orders-2024-03-19"]),
        ({"Filters": [{"Name": "db-cluster-id", "Values": ["orders", "others"]}]}, ["here", "rds:orders-2024-03-19"]),
        (
            {"Filters": [{"Name": "db-cluster-id", "Values": ["arn:aws:rds:us-west-2:123456789012:cluster:orders"]}]},
            ["here", "rds:orders-2024-03-19"],
        ),
        ({"Filters": [{"Name": "snapshot-type", "Values": ["automated"]}]}, ["rds:orders-2024-03-19"]),
        ({"Filters": [{"Name": "db-cluster-snapshot-id", "Values": ["young"]}]}, ["young"]),
        ({"DBClusterSnapshotIdentifier": "here", "SnapshotType": "automated"}, []),
    ],
)  # fmt: skip
def test_lists(here, params, names):
    assert names_of(here.rds.describe_db_cluster_snapshots(**params)) == names


@pytest.mark.parametrize(
    ("params", "code", "text"),
    [
        ({"MaxRecords": 19}, "InvalidParameterValue", "Invalid value 19 for MaxRecords. Must be between 20 and 100"),
        ({"MaxRecords": 101}, "InvalidParameterValue", "Must be between 20 and 100"),
        ({"Marker": "nonsense"}, "InvalidParameterValue", "Invalid marker: nonsense"),
        ({"Filters": [{"Name": "colour", "Values": ["red"]}]}, "InvalidParameterValue", "Unrecognized filter name"),
        (
            {"DBClusterIdentifier": "orders", "DBClusterSnapshotIdentifier": "here"},
            "InvalidParameterCombination",
            "together",
        ),
    ],
)
def test_wrong_lists_are_refused(here, params, code, text):
    refusal = here.refusal(here.rds.describe_db_cluster_snapshots, **params)
    assert refusal[0] == code
    assert text in refusal[2]


def test_pages_together_have_every_snapshot(make):
    here = make({f"rds.cluster_snapshot/s{number:03}@us-west-2": "available" for number in range(53)})
    pages = list(here.rds.get_paginator("describe_db_cluster_snapshots").paginate(PaginationConfig={"PageSize": 20}))
    assert [len(page["DBClusterSnapshots"]) for page in pages] == [20, 20, 13]
    assert [name for page in pages for name in names_of(page)] == [f"s{number:03}" for number in range(53)]
    assert "Marker" not in pages[-1]
