"""Clusters: restores, deletes and what blocks them, stops and starts."""

from __future__ import annotations

import pytest

FOREIGN = "sg-foreign"
NETWORK = {
    "subnet_group/private@us-west-2": {"vpc": "vpc-1", "subnets": ["us-west-2a", "us-west-2b"]},
    "subnet_group/narrow@us-west-2": {"vpc": "vpc-1", "subnets": ["us-west-2a"]},
    "security_group/sg-1@us-west-2": {"vpc": "vpc-1"},
    "security_group/sg-foreign@us-west-2": {"vpc": "vpc-2"},
    "parameter_group/tuned@us-west-2": "available",
    "kms.key/off@us-west-2": "Disabled",
    "kms.key/on@us-west-2": {},
    "rds.cluster_snapshot/here@us-west-2": {"engine_version": "15.3", "database": "shop"},
    "rds.cluster_snapshot/newer@us-west-2": {"engine_version": "16.1"},
    "rds.cluster_snapshot/locked@us-west-2": {"kms_key": "arn:aws:kms:us-west-2:123456789012:key/off"},
    "rds.cluster_snapshot/young@us-west-2": "creating",
    "rds.cluster/orders@us-west-2": {"instances": 2, "subnet_group": "private", "security_groups": ["sg-1"]},
    "rds.cluster/leaving@us-west-2": "deleting",
}


@pytest.fixture
def netted(make):
    return make(NETWORK)


# -- restores ------------------------------------------------------------------------------------------------


def test_a_restored_cluster_is_creating_then_available_and_has_no_instance(netted):
    made = netted.restore(Tags=[{"Key": "a", "Value": "b"}], DBSubnetGroupName="private")
    assert (made["Status"], made["DBClusterMembers"], made["TagList"]) == ("creating", [], [{"Key": "a", "Value": "b"}])
    netted.sleep(719)
    assert netted.cluster("restored")["Status"] == "creating"
    netted.sleep(1)
    there = netted.cluster("restored")
    assert (there["Status"], there["DBClusterMembers"]) == ("available", [])
    assert there["DbClusterResourceId"] == made["DbClusterResourceId"]
    assert there["DatabaseName"] == "shop"
    listed = netted.rds.describe_db_instances(Filters=[{"Name": "db-cluster-id", "Values": ["restored"]}])
    assert listed["DBInstances"] == []


def test_a_restore_uses_defaults_for_what_the_call_omits(netted):
    made = netted.restore()
    assert made["DBSubnetGroup"] == "default"
    assert made["VpcSecurityGroups"] == [{"VpcSecurityGroupId": "sg-default", "Status": "active"}]
    assert made["DBClusterParameterGroup"] == "default"
    assert made["EngineVersion"] == "15.4"  # the region's default, not the snapshot's
    assert (made["DeletionProtection"], made["IAMDatabaseAuthenticationEnabled"]) == (False, False)
    assert made["StorageEncrypted"] is False
    assert "MasterUserSecret" not in made


def test_a_restore_uses_what_the_call_says(netted):
    made = netted.restore(
        DBSubnetGroupName="private", VpcSecurityGroupIds=["sg-1"], DBClusterParameterGroupName="tuned", Port=6000,
        EngineVersion="15.7", DeletionProtection=True, KmsKeyId="on", EnableIAMDatabaseAuthentication=True,
        ServerlessV2ScalingConfiguration={"MinCapacity": 0.5, "MaxCapacity": 4.0},
    )  # fmt: skip
    assert (made["DBSubnetGroup"], made["Port"], made["EngineVersion"]) == ("private", 6000, "15.7")
    assert made["VpcSecurityGroups"][0]["VpcSecurityGroupId"] == "sg-1"
    assert (made["StorageEncrypted"], made["KmsKeyId"].rpartition("/")[2]) == (True, "on")  # a restore can encrypt
    assert (made["DeletionProtection"], made["IAMDatabaseAuthenticationEnabled"]) == (True, True)
    assert made["ServerlessV2ScalingConfiguration"] == {"MinCapacity": 0.5, "MaxCapacity": 4.0}
    assert made["AvailabilityZones"] == ["us-west-2a", "us-west-2b"]


VPCS = (
    "The DB instance and EC2 security group are in different VPCs. The DB instance is in vpc-1 and the EC2 security group "
    "is in vpc-2"
)


@pytest.mark.parametrize(
    ("snapshot", "name", "more", "code", "status", "text"),
    [
        ("nowhere", "new", {}, "DBClusterSnapshotNotFoundFault", 404, "DBClusterSnapshot not found: nowhere"),
        ("young", "new", {}, "InvalidDBClusterSnapshotStateFault", 400, "not in the available state: creating"),
        ("here", "orders", {}, "DBClusterAlreadyExistsFault", 400, "DB Cluster already exists"),
        ("here", "ORDERS", {}, "DBClusterAlreadyExistsFault", 400, "DB Cluster already exists"),
        ("here", "leaving", {}, "DBClusterAlreadyExistsFault", 400, "DB Cluster already exists"),
        ("here", "a--b", {}, "InvalidParameterValue", 400, "The parameter DBClusterIdentifier is not a valid identifier"),
        ("here", "new", {"DBSubnetGroupName": "no"}, "DBSubnetGroupNotFoundFault", 404, "'no' does not exist"),
        ("here", "new", {"DBSubnetGroupName": "narrow"}, "DBSubnetGroupDoesNotCoverEnoughAZs", 400, "coverage"),
        (
            "here", "new", {"DBSubnetGroupName": "private", "VpcSecurityGroupIds": ["sg-foreign"]},
            "InvalidParameterCombination", 400, VPCS,
        ),
        ("here", "new", {"VpcSecurityGroupIds": ["sg-no"]}, "InvalidParameterValue", 400, "groupId= sg-no"),
        (
            "here", "new", {"DBClusterParameterGroupName": "no"}, "DBClusterParameterGroupNotFound", 404,
            "DBClusterParameterGroup not found: no",
        ),
        (
            "here", "new", {"EngineVersion": "15.2"}, "InvalidParameterCombination", 400,
            "The engine version you requested for your restored DB cluster (15.2) is earlier than",
        ),
        (
            "here", "new", {"EngineVersion": "latest"}, "InvalidParameterCombination", 400,
            "Cannot find version latest for aurora-postgresql",
        ),
        (
            "here", "new", {"Engine": "aurora-mysql"}, "InvalidParameterCombination", 400,
            "Cannot find version 15.3 for aurora-mysql",
        ),
        ("here", "new", {"Engine": "oracle"}, "InvalidParameterValue", 400, "Invalid DB engine: oracle"),
        ("here", "new", {"KmsKeyId": "off"}, "KMSKeyNotAccessibleFault", 400, "The specified KMS key [off]"),
        ("locked", "new", {}, "KMSKeyNotAccessibleFault", 400, "key/off]"),
    ],
)  # fmt: skip
def test_a_refused_restore_creates_nothing(netted, snapshot, name, more, code, status, text):
    before = netted.sandbox.resources()
    params = {"DBClusterIdentifier": name, "SnapshotIdentifier": snapshot, "Engine": "aurora-postgresql"} | more
    refusal = netted.refusal(netted.rds.restore_db_cluster_from_snapshot, **params)
    assert refusal[:2] == (code, status)
    assert text in refusal[2]
    assert netted.sandbox.resources() == before


def test_a_snapshot_newer_than_the_default_keeps_its_version(netted):
    assert netted.restore("newer")["EngineVersion"] == "16.1"


def test_the_quota_of_forty_clusters(make):
    world = {f"rds.cluster/c{number}@us-west-2": "available" for number in range(40)}
    here = make(world | {"rds.cluster_snapshot/here@us-west-2": "available"})
    refusal = here.refusal(here.restore)
    assert refusal[:2] == ("DBClusterQuotaExceededFault", 403)


def test_a_deleted_clusters_name_can_be_used_again_with_a_new_id(netted):
    netted.sleep(120)
    first = netted.restore(name="leaving")["DbClusterResourceId"]
    netted.sleep(720)
    netted.rds.delete_db_cluster(DBClusterIdentifier="leaving", SkipFinalSnapshot=True)
    netted.sleep(120)
    assert netted.restore(name="leaving")["DbClusterResourceId"] != first


def test_restore_to_a_point_in_time(netted):
    ask = netted.rds.restore_db_cluster_to_point_in_time
    names = {"DBClusterIdentifier": "back", "SourceDBClusterIdentifier": "orders"}
    made = ask(**names, UseLatestRestorableTime=True, DBSubnetGroupName="private")["DBCluster"]
    assert (made["Status"], made["DBClusterMembers"]) == ("creating", [])
    names["DBClusterIdentifier"] = "again"
    assert netted.refusal(ask, **names)[0] == "InvalidParameterCombination"
    assert netted.refusal(ask, **names, RestoreToTime="2038-01-01T00:00:00Z")[0] == "InvalidParameterValue"
    assert ask(**names, RestoreToTime="2024-03-19T00:00:00Z")["DBCluster"]["DBClusterIdentifier"] == "again"
    names |= {"DBClusterIdentifier": "third", "SourceDBClusterIdentifier": "nowhere"}
    assert netted.refusal(ask, **names, UseLatestRestorableTime=True)[:2] == ("DBClusterNotFoundFault", 404)


# -- lists ---------------------------------------------------------------------------------------------------


def test_a_missing_cluster(here):
    refusal = here.refusal(here.rds.describe_db_clusters, DBClusterIdentifier="nowhere")
    assert refusal == ("DBClusterNotFoundFault", 404, "DBCluster nowhere not found.")
    assert here.rds.describe_db_clusters(Filters=[{"Name": "db-cluster-id", "Values": ["nowhere"]}])["DBClusters"] == []


@pytest.mark.parametrize("name", ["db-cluster-id", "db-cluster-resource-id", "engine", "arn"])
def test_filters(here, name):
    one = here.cluster("alone")
    values = {
        "db-cluster-id": one["DBClusterIdentifier"],
        "db-cluster-resource-id": one["DbClusterResourceId"],
        "engine": "aurora-postgresql",
        "arn": one["DBClusterArn"],
    }
    named = "db-cluster-id" if name == "arn" else name
    found = here.rds.describe_db_clusters(Filters=[{"Name": named, "Values": [values[name], "other"]}])["DBClusters"]
    expected = ["orders", "alone"] if name == "engine" else ["alone"]
    assert [cluster["DBClusterIdentifier"] for cluster in found] == expected


def test_an_arn_of_another_region_is_not_found(here):
    arn = here.cluster()["DBClusterArn"]
    assert here.rds.describe_db_clusters(DBClusterIdentifier=arn)["DBClusters"]
    assert here.refusal(here.east.describe_db_clusters, DBClusterIdentifier=arn)[0] == "DBClusterNotFoundFault"


def test_members_are_listed_with_the_writer_first(here):
    members = here.cluster()["DBClusterMembers"]
    assert [(one["DBInstanceIdentifier"], one["IsClusterWriter"]) for one in members] == [
        ("orders-1", True),
        ("orders-2", False),
    ]
    here.rds.delete_db_instance(DBInstanceIdentifier="orders-1", SkipFinalSnapshot=True)
    assert (
        here.cluster()["DBClusterMembers"][0]["DBInstanceIdentifier"] == "orders-2"
    )  # the other one is the writer now


# -- deletes -------------------------------------------------------------------------------------------------

BLOCKS = [
    (
        {"instances": 1}, "InvalidDBClusterStateFault",
        "Cluster cannot be deleted, it still contains DB instances in non-deleting state.",
    ),
    (
        {"protected": True}, "InvalidParameterCombination",
        "Cannot delete protected Cluster, please disable deletion protection and try again.",
    ),
    (
        {"global": "world"}, "InvalidDBClusterStateFault",
        "This cluster is a part of a global cluster, please remove it from globalcluster first",
    ),
    ({"status": "stopped"}, "InvalidDBClusterStateFault", "Db cluster c is in stopped state"),
    ({"status": "deleting"}, "InvalidDBClusterStateFault", "DB cluster c is already being deleted."),
]  # fmt: skip
BLOCKS += [
    (
        {"status": status},
        "InvalidDBClusterStateFault",
        f"DB cluster c is not currently in the available state: {status}",
    )
    for status in ("creating", "modifying", "renaming", "promoting", "starting", "upgrading", "backing-up")
]


@pytest.mark.parametrize(("said", "code", "text"), BLOCKS)
def test_what_blocks_a_delete(make, said, code, text):
    here = make({"rds.cluster/c@us-west-2": said})
    before = here.sandbox.resources()
    refusal = here.refusal(here.rds.delete_db_cluster, DBClusterIdentifier="c", SkipFinalSnapshot=True)
    assert refusal == (code, 400, text)
    assert here.sandbox.resources() == before


@pytest.mark.parametrize("status", ["failed", "restore-failed", "incompatible-network", "available"])
def test_broken_clusters_can_be_deleted(make, status):
    here = make({"rds.cluster/c@us-west-2": status})
    answer = here.rds.delete_db_cluster(DBClusterIdentifier="c", SkipFinalSnapshot=True)
    assert answer["DBCluster"]["Status"] == status  # not yet `deleting`
    assert here.cluster("c")["Status"] == "deleting"
    here.sleep(120)
    assert here.refusal(here.rds.describe_db_clusters, DBClusterIdentifier="c")[0] == "DBClusterNotFoundFault"


def test_members_that_are_being_deleted_do_not_block(here):
    for name in ("orders-2", "orders-1"):
        here.rds.delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)
    here.sleep(10)
    here.rds.delete_db_cluster(DBClusterIdentifier="orders", SkipFinalSnapshot=True)
    here.sleep(289)
    assert here.cluster()["Status"] == "deleting"  # it is deleted after them
    here.sleep(1)
    assert [row["name"] for row in here.sandbox.resources("rds.cluster", "rds.instance")] == ["alone"]


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({}, "InvalidParameterCombination"),
        ({"SkipFinalSnapshot": False}, "InvalidParameterCombination"),
        ({"SkipFinalSnapshot": True, "FinalDBSnapshotIdentifier": "final"}, "InvalidParameterCombination"),
        ({"FinalDBSnapshotIdentifier": "here"}, "DBClusterSnapshotAlreadyExistsFault"),
        ({"FinalDBSnapshotIdentifier": "rds:bad"}, "InvalidParameterValue"),
    ],
)
def test_wrong_final_snapshots_are_refused(here, more, code):
    assert here.refusal(here.rds.delete_db_cluster, DBClusterIdentifier="alone", **more)[0] == code
    assert here.cluster("alone")["Status"] == "available"


def test_a_final_snapshot_outlives_its_cluster(here):
    here.rds.delete_db_cluster(DBClusterIdentifier="alone", FinalDBSnapshotIdentifier="final")
    assert here.snapshot("final")["Status"] == "creating"
    here.sleep(419)
    assert here.cluster("alone")["Status"] == "deleting"
    here.sleep(1)
    assert here.refusal(here.rds.describe_db_clusters, DBClusterIdentifier="alone")[0] == "DBClusterNotFoundFault"
    assert (here.snapshot("final")["Status"], here.snapshot("final")["SnapshotType"]) == ("available", "manual")


@pytest.mark.parametrize(("kept", "names"), [(None, []), (True, []), (False, ["rds:own-2024-03-20-00-19"])])
def test_automatic_backups_have_the_tags_and_are_deleted_with_the_cluster(make, kept, names):
    here = make({"rds.cluster_snapshot/here@us-west-2": "available"})
    made = here.restore(name="own", CopyTagsToSnapshot=True, Tags=[{"Key": "runbook:operation", "Value": "op-1"}])
    here.sleep(720 + 60)
    (backup,) = here.rds.describe_db_cluster_snapshots(SnapshotType="automated")["DBClusterSnapshots"]
    assert backup["TagList"] == [{"Key": "runbook:operation", "Value": "op-1"}]
    assert backup["DbClusterResourceId"] == made["DbClusterResourceId"]
    here.rds.delete_db_cluster(
        DBClusterIdentifier="own", SkipFinalSnapshot=True, **({} if kept is None else {"DeleteAutomatedBackups": kept})
    )
    here.sleep(120)
    left = here.rds.describe_db_cluster_snapshots(SnapshotType="automated")["DBClusterSnapshots"]
    assert [one["DBClusterSnapshotIdentifier"] for one in left] == names


# -- starts and stops ----------------------------------------------------------------------------------------


def test_instances_stop_and_start_with_their_cluster(here):
    assert here.rds.stop_db_cluster(DBClusterIdentifier="orders")["DBCluster"]["Status"] == "stopping"
    here.sleep(300)
    assert (here.cluster()["Status"], here.instance("orders-1")["DBInstanceStatus"]) == ("stopped", "stopped")
    assert here.refusal(here.rds.stop_db_cluster, DBClusterIdentifier="orders")[0] == "InvalidDBClusterStateFault"
    refusal = here.refusal(here.rds.delete_db_instance, DBInstanceIdentifier="orders-1", SkipFinalSnapshot=True)
    assert refusal == ("InvalidDBClusterStateFault", 400, "Db cluster orders is in stopped state")
    assert here.rds.start_db_cluster(DBClusterIdentifier="orders")["DBCluster"]["Status"] == "starting"
    here.sleep(300)
    assert (here.cluster()["Status"], here.instance("orders-2")["DBInstanceStatus"]) == ("available", "available")


def test_stopping_does_not_revive_an_instance_that_is_being_deleted(here):
    here.rds.delete_db_instance(DBInstanceIdentifier="orders-2", SkipFinalSnapshot=True)
    here.rds.stop_db_cluster(DBClusterIdentifier="orders")
    here.sleep(300)
    assert [one["name"] for one in here.sandbox.resources("rds.instance")] == ["orders-1"]


def test_clusters_that_cannot_be_started(here):
    refusal = here.refusal(here.rds.start_db_cluster, DBClusterIdentifier="orders")
    text = "DB cluster orders is not currently in the stopped state: available"
    assert refusal == ("InvalidDBClusterStateFault", 400, text)
    assert here.refusal(here.rds.start_db_cluster, DBClusterIdentifier="nowhere")[0] == "DBClusterNotFoundFault"


def test_a_cluster_that_lost_its_key_starts_when_the_key_is_back(make):
    status = "inaccessible-encryption-credentials-recoverable"
    key = "arn:aws:kms:us-west-2:123456789012:key/k"
    here = make({"rds.cluster/c@us-west-2": {"status": status, "kms_key": key}, "kms.key/k@us-west-2": "Disabled"})
    assert here.refusal(here.rds.start_db_cluster, DBClusterIdentifier="c")[0] == "KMSKeyNotAccessibleFault"
    here.sandbox.put("kms.key/k@us-west-2", "Enabled")
    assert here.rds.start_db_cluster(DBClusterIdentifier="c")["DBCluster"]["Status"] == "starting"
