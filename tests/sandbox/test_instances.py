"""Instances of clusters (docs/aws.md, "Instances", and the modelled errors of their calls)."""

from __future__ import annotations

import pytest


def test_an_instance_is_creating_and_then_available(here):
    made = here.add_instance("alone-1", Tags=[{"Key": "a", "Value": "b"}])
    assert (made["DBInstanceStatus"], made["DBClusterIdentifier"]) == ("creating", "alone")
    assert made["TagList"] == [{"Key": "a", "Value": "b"}]
    assert "Endpoint" not in made
    assert here.cluster("alone")["DBClusterMembers"][0]["DBInstanceIdentifier"] == "alone-1"
    here.sleep(360)
    assert here.instance("alone-1")["DBInstanceStatus"] == "configuring-enhanced-monitoring"
    here.sleep(120)
    done = here.instance("alone-1")
    assert (done["DBInstanceStatus"], done["DbiResourceId"]) == ("available", made["DbiResourceId"])
    assert done["Endpoint"]["Port"] == 5432


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"name": "orders-1"}, "DBInstanceAlreadyExists"),
        ({"name": "a--b"}, "InvalidParameterValue"),
        ({"cluster": "nowhere"}, "DBClusterNotFoundFault"),
        ({"Engine": "aurora-mysql"}, "InvalidParameterCombination"),
        ({"DBInstanceClass": "db.serverless"}, "InvalidDBClusterStateFault"),
        ({"AvailabilityZone": "us-east-1a"}, "InvalidVPCNetworkStateFault"),
    ],
)
def test_wrong_instances_are_refused(here, params, code):
    before = here.sandbox.resources()
    assert here.refusal(here.add_instance, **({"name": "new"} | params))[0] == code
    assert here.sandbox.resources() == before


@pytest.mark.parametrize("status", ["creating", "modifying", "stopped", "deleting"])
def test_a_cluster_that_is_not_available_accepts_no_instance(make, status):
    here = make({"rds.cluster/c@us-west-2": status})
    assert here.refusal(here.add_instance, name="new", cluster="c")[0] == "InvalidDBClusterStateFault"


def test_serverless_instances_need_scaling_on_the_cluster(make):
    here = make({"rds.cluster/c@us-west-2": {"serverless": {"min": 0.5, "max": 2}}})
    assert here.add_instance("new", "c", DBInstanceClass="db.serverless")["DBInstanceClass"] == "db.serverless"


def test_the_quota_of_forty_instances(make):
    here = make({"rds.cluster/c@us-west-2": {"instances": 40}})
    assert here.refusal(here.add_instance, name="new", cluster="c")[0] == "InstanceQuotaExceeded"


def test_parameter_groups_of_instances(make):
    here = make({"parameter_group/tuned@us-west-2": "available", "rds.cluster/c@us-west-2": "available"})
    refusal = here.refusal(here.add_instance, name="new", cluster="c", DBParameterGroupName="no")
    assert refusal == ("DBParameterGroupNotFound", 404, "DBParameterGroup not found: no")
    here.add_instance("new", "c", DBParameterGroupName="tuned")


def test_a_deleted_instance_is_deleting_and_then_gone(here):
    gone = here.rds.delete_db_instance(DBInstanceIdentifier="orders-1", SkipFinalSnapshot=True)
    assert gone["DBInstance"]["DBInstanceStatus"] == "deleting"
    refusal = here.refusal(here.rds.delete_db_instance, DBInstanceIdentifier="orders-1", SkipFinalSnapshot=True)
    assert refusal == ("InvalidDBInstanceState", 400, "Instance orders-1 is already being deleted.")
    here.sleep(300)
    refusal = here.refusal(here.rds.describe_db_instances, DBInstanceIdentifier="orders-1")
    assert refusal == ("DBInstanceNotFound", 404, "DBInstance orders-1 not found.")


@pytest.mark.parametrize(
    ("name", "more", "code"),
    [
        ("nowhere", {}, "DBInstanceNotFound"),
        ("orders-1", {"FinalDBSnapshotIdentifier": "x"}, "InvalidParameterCombination"),
        ("young", {}, "InvalidDBInstanceState"),
    ],
)
def test_wrong_deletes_are_refused(here, name, more, code):
    here.sandbox.put("rds.instance/young@us-west-2", {"status": "creating", "cluster": "alone"})
    params = {"SkipFinalSnapshot": not more} | more
    assert here.refusal(here.rds.delete_db_instance, DBInstanceIdentifier=name, **params)[0] == code


def test_filters(here):
    arn = here.cluster()["DBClusterArn"]
    id = here.instance("orders-2")["DbiResourceId"]
    for name, value, names in (
        ("db-cluster-id", "orders", ["orders-1", "orders-2"]),
        ("db-cluster-id", arn, ["orders-1", "orders-2"]),
        ("dbi-resource-id", id, ["orders-2"]),
        ("db-instance-id", "orders-1", ["orders-1"]),
    ):
        found = here.rds.describe_db_instances(Filters=[{"Name": name, "Values": [value]}])["DBInstances"]
        assert [one["DBInstanceIdentifier"] for one in found] == names, name


def test_modifying_an_instance(here):
    ask = here.rds.modify_db_instance
    changed = ask(DBInstanceIdentifier="orders-1", DBInstanceClass="db.r6g.xlarge", ApplyImmediately=True)["DBInstance"]
    assert (changed["DBInstanceStatus"], changed["DBInstanceClass"]) == ("modifying", "db.r6g.xlarge")
    refusal = here.refusal(ask, DBInstanceIdentifier="orders-1", PromotionTier=0)
    assert refusal == ("InvalidDBInstanceState", 400, "Instance orders-1 is not in available state.")
    here.sleep(120)
    ask(DBInstanceIdentifier="orders-1", NewDBInstanceIdentifier="first", ApplyImmediately=True)
    here.sleep(120)
    assert here.instance("first")["DBClusterIdentifier"] == "orders"


def test_renaming_an_instance_does_not_rename_a_cluster_of_that_name(make):
    here = make({"rds.cluster/c@us-west-2": {"instances": ["c", "d"]}})
    here.rds.modify_db_instance(DBInstanceIdentifier="c", NewDBInstanceIdentifier="e", ApplyImmediately=True)
    here.sleep(120)
    assert [here.instance(name)["DBClusterIdentifier"] for name in ("d", "e")] == ["c", "c"]
