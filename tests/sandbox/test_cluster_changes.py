"""ModifyDBCluster, tags, global clusters, parameter groups (docs/aws.md, "Changing a cluster")."""

from __future__ import annotations

import pytest


def change(here, **params):
    return here.rds.modify_db_cluster(DBClusterIdentifier="orders", **params)["DBCluster"]


def refused(here, **params):
    return here.refusal(here.rds.modify_db_cluster, **({"DBClusterIdentifier": "orders"} | params))


@pytest.mark.parametrize(
    ("params", "status"),
    [
        ({"DeletionProtection": True}, "available"),
        ({"CopyTagsToSnapshot": False}, "available"),
        ({"Port": 6000, "ApplyImmediately": True}, "modifying"),
        ({"DBClusterParameterGroupName": "tuned"}, "modifying"),
        ({"MasterUserPassword": "long-enough"}, "resetting-master-credentials"),  # at once, whatever else waits
        ({"NewDBClusterIdentifier": "other", "ApplyImmediately": True}, "renaming"),
        ({"NewDBClusterIdentifier": "other"}, "available"),  # waits for the window
        ({"EngineVersion": "15.7"}, "available"),
        ({"EngineVersion": "15.7", "ApplyImmediately": True}, "modifying"),
    ],
)
def test_the_statuses_of_each_change(here, params, status):
    assert change(here, **params)["Status"] == status
    here.sleep(120)
    name = "other" if status == "renaming" else "orders"
    assert here.cluster(name)["Status"] == "available"


def test_pending_values_outlast_the_status(here):
    change(here, MasterUserPassword="long-enough")
    here.sleep(120)
    seen = here.cluster()
    assert (seen["Status"], seen["PendingModifiedValues"]) == ("available", {"MasterUserPassword": "****"})
    here.sleep(30)
    assert "PendingModifiedValues" not in here.cluster()


def test_changes_for_the_window_wait_until_apply_immediately(here):
    change(here, EngineVersion="15.7")
    here.sleep(86_400)
    seen = here.cluster()
    assert (seen["EngineVersion"], seen["PendingModifiedValues"]) == ("15.4", {"EngineVersion": "15.7"})
    change(here, DeletionProtection=True, ApplyImmediately=True)
    here.sleep(150)
    seen = here.cluster()
    assert (seen["EngineVersion"], seen.get("PendingModifiedValues")) == ("15.7", None)


def test_a_managed_secret_has_the_status_creating_first(here):
    made = change(here, ManageMasterUserPassword=True)
    assert made["MasterUserSecret"]["SecretStatus"] == "creating"
    here.sleep(120)
    assert (here.cluster()["Status"], here.cluster()["MasterUserSecret"]["SecretStatus"]) == ("available", "creating")
    here.sleep(30)
    assert here.cluster()["MasterUserSecret"]["SecretStatus"] == "active"
    refusal = refused(here, MasterUserPassword="long-enough")
    assert refusal[0] == "InvalidParameterCombination"
    assert change(here, RotateMasterUserPassword=True)["MasterUserSecret"]["SecretStatus"] == "rotating"
    here.sleep(150)
    assert "MasterUserSecret" not in change(here, ManageMasterUserPassword=False, MasterUserPassword="long-enough")


def test_renaming_keeps_the_id_and_the_instances(here):
    before = here.cluster()["DbClusterResourceId"]
    change(here, NewDBClusterIdentifier="Renamed", ApplyImmediately=True)
    assert here.cluster()["Status"] == "renaming"
    here.sleep(120)
    assert here.refusal(here.rds.describe_db_clusters, DBClusterIdentifier="orders")[0] == "DBClusterNotFoundFault"
    seen = here.cluster("renamed")
    assert seen["DbClusterResourceId"] == before
    assert [one["DBInstanceIdentifier"] for one in seen["DBClusterMembers"]] == ["orders-1", "orders-2"]
    assert here.instance("orders-1")["DBClusterIdentifier"] == "renamed"


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"DBClusterIdentifier": "nowhere", "DeletionProtection": True}, "DBClusterNotFoundFault"),
        ({"NewDBClusterIdentifier": "alone"}, "DBClusterAlreadyExistsFault"),
        ({"NewDBClusterIdentifier": "a--b"}, "InvalidParameterValue"),
        ({"MasterUserPassword": "short"}, "InvalidParameterValue"),
        ({"MasterUserPassword": "with@sign-in-it"}, "InvalidParameterValue"),
        ({"MasterUserPassword": "é" * 10}, "InvalidParameterValue"),
        ({"MasterUserPassword": "x" * 42}, "InvalidParameterValue"),
    ],
)
def test_wrong_changes_are_refused(here, params, code):
    before = here.cluster()
    assert refused(here, **params)[0] == code
    assert here.cluster() == before


def test_changes_need_an_available_cluster_except_protection(here):
    here.sandbox.change("rds.cluster/orders@us-west-2", "modifying")
    text = "DB cluster orders is not currently in the available state: modifying"
    assert refused(here, Port=6000) == ("InvalidDBClusterStateFault", 400, text)
    assert change(here, DeletionProtection=True)["DeletionProtection"] is True


def test_security_groups_of_another_vpc_are_refused(make):
    here = make(
        {
            "security_group/sg-1@us-west-2": {"vpc": "vpc-other"},
            "rds.cluster/orders@us-west-2": "available",
        }
    )
    assert refused(here, VpcSecurityGroupIds=["sg-1"])[0] == "InvalidParameterCombination"
    assert refused(here, VpcSecurityGroupIds=["sg-2"])[0] == "InvalidParameterValue"


def test_a_cluster_can_be_deleted_once_protection_is_off(make):
    here = make({"rds.cluster/orders@us-west-2": {"protected": True}})
    change(here, DeletionProtection=False, ApplyImmediately=True)
    here.rds.delete_db_cluster(DBClusterIdentifier="orders", SkipFinalSnapshot=True)
    assert refused(here, DeletionProtection=True)[0] == "InvalidDBClusterStateFault"


def test_missing_parameter_groups_have_their_own_codes(make):
    here = make({"parameter_group/tuned@us-west-2": "available"})
    ask = here.rds.describe_db_cluster_parameter_groups
    assert ask(DBClusterParameterGroupName="tuned")["DBClusterParameterGroups"]
    assert here.refusal(ask, DBClusterParameterGroupName="no")[:2] == ("DBParameterGroupNotFound", 404)


# -- tags ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:rds:us-west-2:123456789012:cluster:orders",
        "arn:aws:rds:us-west-2:123456789012:db:orders-1",
        "arn:aws:rds:us-west-2:123456789012:cluster-snapshot:here",
    ],
)
def test_tags_are_added_listed_and_removed(here, arn):
    here.rds.add_tags_to_resource(ResourceName=arn, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    here.rds.remove_tags_from_resource(ResourceName=arn, TagKeys=["a", "team", "none"])
    assert here.rds.list_tags_for_resource(ResourceName=arn)["TagList"] == [{"Key": "b", "Value": "2"}]


@pytest.mark.parametrize(
    ("arn", "code"),
    [
        ("arn:aws:rds:us-west-2:123456789012:cluster:no", "DBClusterNotFoundFault"),
        ("arn:aws:rds:us-west-2:123456789012:db:no", "DBInstanceNotFound"),
        ("arn:aws:rds:us-west-2:123456789012:cluster-snapshot:no", "DBClusterSnapshotNotFoundFault"),
        ("arn:aws:rds:us-east-1:123456789012:cluster-snapshot:nightly", "DBClusterSnapshotNotFoundFault"),
        ("orders", "InvalidParameterValue"),
    ],
)
def test_tags_of_a_missing_resource(here, arn, code):
    assert here.refusal(here.rds.list_tags_for_resource, ResourceName=arn)[0] == code


@pytest.mark.parametrize(
    "tags", [[("aws:x", "1")], [("k", "a[0]")], [("k", "v" * 257)], [(f"k{n}", "") for n in range(51)]]
)
def test_wrong_tags_are_refused(here, tags):
    arn = here.cluster()["DBClusterArn"]
    wire = [{"Key": key, "Value": value} for key, value in tags]
    refusal = here.refusal(here.rds.add_tags_to_resource, ResourceName=arn, Tags=wire)
    assert refusal[0] == "InvalidParameterValue"


# -- global clusters -----------------------------------------------------------------------------------------

WORLD = {
    "rds.cluster/first@us-west-2": {"global": "world"},
    "rds.cluster/second@us-east-1": {"global": "world"},
    "rds.cluster/apart@us-west-2": "available",
}
ARN = "arn:aws:rds:{}:123456789012:cluster:{}"


def test_members_of_a_global_cluster(make):
    here = make(WORLD)
    (one,) = here.rds.describe_global_clusters(GlobalClusterIdentifier="world")["GlobalClusters"]
    refusal = [(member["DBClusterArn"], member["IsWriter"]) for member in one["GlobalClusterMembers"]]
    assert refusal == [(ARN.format("us-west-2", "first"), True), (ARN.format("us-east-1", "second"), False)]
    assert here.cluster("first")["GlobalClusterIdentifier"] == "world"
    refusal = here.refusal(here.rds.describe_global_clusters, GlobalClusterIdentifier="no")
    assert refusal[:2] == ("GlobalClusterNotFoundFault", 404)


def test_a_cluster_that_leaves_is_promoting_and_then_available(make):
    here = make(WORLD)
    here.east.remove_from_global_cluster(
        GlobalClusterIdentifier="world", DbClusterIdentifier=ARN.format("us-east-1", "second")
    )
    delete = {"DBClusterIdentifier": "second", "SkipFinalSnapshot": True}
    text = "DB cluster second is not currently in the available state: promoting"
    assert here.refusal(here.east.delete_db_cluster, **delete) == ("InvalidDBClusterStateFault", 400, text)
    here.sleep(120)
    here.east.delete_db_cluster(**delete)
    here.rds.remove_from_global_cluster(
        GlobalClusterIdentifier="world", DbClusterIdentifier=ARN.format("us-west-2", "first")
    )


@pytest.mark.parametrize(
    ("name", "arn", "code"),
    [
        ("no", ARN.format("us-west-2", "first"), "GlobalClusterNotFoundFault"),
        ("world", ARN.format("us-west-2", "first"), "InvalidGlobalClusterStateFault"),  # primary, with a secondary
        ("world", ARN.format("us-west-2", "apart"), "DBClusterNotFoundFault"),
        ("world", "first", "InvalidParameterValue"),
    ],
)
def test_wrong_removals_from_a_global_cluster_are_refused(make, name, arn, code):
    here = make(WORLD)
    ask = here.rds.remove_from_global_cluster
    assert here.refusal(ask, GlobalClusterIdentifier=name, DbClusterIdentifier=arn)[0] == code
