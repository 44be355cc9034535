"""`rds.cluster` in the sandbox: look, restore, delete."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from engine.registry import MISSING
from tests.actions.rds_world import EAST, TAGS, WEST, Rds, arn, new_rds, only_declared

KIND, INSTANCE = "rds.cluster", "rds.instance"

WORLD: dict[str, Any] = {
    "rds.cluster/orders@us-west-2": {
        "instances": [
            {"name": "orders-w", "class": "db.r6g.xlarge", "zone": "us-west-2a", "tier": 0},
            {"name": "orders-a", "class": "db.r6g.large", "zone": "us-west-2b", "tier": 2},
            {"name": "orders-b", "class": "db.r6g.large", "zone": "us-west-2c"},
        ],
        "security_groups": ["sg-1"],
        "tags": {"team": "shop"},
    },
    "rds.cluster/alone@us-west-2": "available",
    "rds.cluster/kept@us-west-2": {"protected": True},
    "rds.cluster/worldwide@us-west-2": {"global": "planet"},
    "rds.cluster_snapshot/here@us-west-2": {"cluster": "orders", "engine": "aurora-mysql"},
    "rds.cluster_snapshot/young@us-west-2": "creating",
    "subnet_group/private@us-west-2": {"vpc": "vpc-1", "subnets": ["us-west-2a", "us-west-2b"]},
    "subnet_group/narrow@us-west-2": {"vpc": "vpc-1", "subnets": ["us-west-2a"]},
    "security_group/sg-1@us-west-2": {"vpc": "vpc-1"},
    "security_group/sg-2@us-west-2": {"vpc": "vpc-2"},
}
PLACED = {"subnet_group": "private", "security_groups": ["sg-1"]}


@pytest.fixture
def rds() -> Rds:
    return new_rds(WORLD)


# -- looking -----------------------------------------------------------------------------------------------


def test_a_look_lists_the_instances_with_the_writer_first(rds: Rds) -> None:
    seen = rds.look(KIND, name="Orders")
    assert (seen.status, seen.cls, seen.tags) == ("available", "available", {"team": "shop"})
    assert str(seen.id).startswith("cluster-")
    names = [
        (one["name"], one["writer"], one["class"], one["zone"], one["tier"]) for one in seen.attributes["instances"]
    ]
    assert names == [
        ("orders-w", True, "db.r6g.xlarge", "us-west-2a", 0),
        ("orders-a", False, "db.r6g.large", "us-west-2b", 2),
        ("orders-b", False, "db.r6g.large", "us-west-2c", 1),
    ]
    assert seen.attributes["security_groups"] == ["sg-1"]
    assert seen.attributes["settled"] is True


def test_parts_are_the_readers_then_the_writer(rds: Rds) -> None:
    rds.delete(INSTANCE, name="orders-b")
    parts = rds.look(KIND, name="orders").parts
    assert [(part.identity["name"], part.cls) for part in parts] == [
        ("orders-b", "leaving"),
        ("orders-a", "available"),
        ("orders-w", "available"),
    ]
    assert all(part.kind == INSTANCE and part.id.startswith("db-") for part in parts)
    assert parts[1].tags == {"team": "shop"}


def test_a_look_at_a_cluster_without_instances_makes_one_call(rds: Rds) -> None:
    assert rds.look(KIND, name="alone").parts == ()
    assert rds.called() == ["rds.DescribeDBClusters"]


def test_a_renamed_cluster_is_found_by_id(rds: Rds) -> None:
    id = rds.look(KIND, name="alone").id
    rds.sandbox.clients("rds", WEST).modify_db_cluster(
        DBClusterIdentifier="alone", NewDBClusterIdentifier="renamed", ApplyImmediately=True
    )
    rds.sleep(300)
    rds.sandbox.put("rds.cluster/alone@us-west-2")
    seen = rds.look(KIND, id=id)
    assert (seen.id, seen.attributes["name"]) == (id, "renamed")
    assert rds.look(KIND, name="alone").id != id
    assert rds.look(KIND, id="cluster-NOBODY") == MISSING


@pytest.mark.parametrize(
    ("status", "cls"),
    [("stopped", "blocked"), ("preparing-data-migration", "pending"), ("failed", "broken"), ("deleting", "leaving")],
)
def test_a_status_has_its_class(rds: Rds, status: str, cls: str) -> None:
    rds.sandbox.change("rds.cluster/alone@us-west-2", status)
    assert rds.look(KIND, name="alone").cls == cls


@pytest.mark.parametrize(
    "more",
    [
        {"PendingModifiedValues": {"EngineVersion": "15.5"}},
        {"MasterUserSecret": {"SecretArn": "arn", "SecretStatus": "rotating"}},
        {"MasterUserSecret": {"SecretArn": "arn", "SecretStatus": "impaired"}},
    ],
)
def test_an_available_cluster_with_pending_changes_is_not_settled(rds: Rds, more: Any) -> None:
    rds.sandbox.change("rds.cluster/alone@us-west-2", **more)
    seen = rds.look(KIND, name="alone")
    assert (seen.cls, seen.attributes["settled"]) == ("available", False)


def test_a_cluster_is_settled_once_its_secret_is_active(rds: Rds) -> None:
    rds.sandbox.change("rds.cluster/alone@us-west-2", MasterUserSecret={"SecretArn": "arn", "SecretStatus": "active"})
    assert rds.look(KIND, name="alone").attributes["settled"] is True
    rds.sandbox.change("rds.cluster/alone@us-west-2", "modifying")
    assert rds.look(KIND, name="alone").attributes["settled"] is False


# -- restoring ---------------------------------------------------------------------------------------------


def test_a_cluster_is_restored_and_deleted(rds: Rds) -> None:
    id = rds.create(KIND, name="fresh", from_snapshot=arn("here"), **PLACED)
    seen = rds.look(KIND, name="fresh")
    assert (seen.id, seen.cls, seen.tags) == (id, "pending", TAGS)
    request = rds.sent("rds.RestoreDBClusterFromSnapshot")
    assert request["Engine"] == "aurora-mysql"
    assert request["DeletionProtection"] is False
    assert not {"EngineVersion", "KmsKeyId", "Port", "DBClusterParameterGroupName"} & set(request)
    rds.sleep(1200)
    done = rds.look(KIND, name="fresh")
    assert (done.cls, done.attributes["subnet_group"], done.attributes["instances"]) == ("available", "private", [])
    rds.delete(KIND, name="fresh")
    assert rds.sent("rds.DeleteDBCluster")["SkipFinalSnapshot"] is True
    assert rds.look(KIND, name="fresh").cls == "leaving"
    rds.sleep(600)
    assert rds.look(KIND, id=id) == MISSING
    assert only_declared(rds, KIND)


def test_parameters_are_sent(rds: Rds) -> None:
    rds.create(
        KIND, name="fresh", from_snapshot="Here", engine="aurora-mysql", engine_version="8.0.mysql_aurora.3.04.0", kms_key="alias/k",
        parameter_group="default.mine", port=3307, serverless={"min": 0.5, "max": 4}, iam_auth=True, protected=True,
        subnet_group="private", security_groups="sg-1, sg-1",
    )  # fmt: skip
    request = dict(rds.sent("rds.RestoreDBClusterFromSnapshot"))
    del request["Tags"]
    assert request == {
        "DBClusterIdentifier": "fresh", "SnapshotIdentifier": "here", "Engine": "aurora-mysql", "EngineVersion": "8.0.mysql_aurora.3.04.0",
        "KmsKeyId": "alias/k", "DBClusterParameterGroupName": "default.mine", "Port": 3307,
        "ServerlessV2ScalingConfiguration": {"MinCapacity": 0.5, "MaxCapacity": 4},
        "EnableIAMDatabaseAuthentication": True, "DeletionProtection": True, "DBSubnetGroupName": "private",
        "VpcSecurityGroupIds": ["sg-1"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("moment", "wire"),
    [
        ("latest", {"UseLatestRestorableTime": True}),
        ("2024-03-01T00:00:00Z", {"RestoreToTime": dt.datetime(2024, 3, 1, tzinfo=dt.UTC)}),
        ("2024-03-01T01:00:00+01:00", {"RestoreToTime": dt.datetime(2024, 3, 1, tzinfo=dt.UTC)}),
    ],
)
def test_a_cluster_is_restored_to_a_point_in_time(rds: Rds, moment: str, wire: Any) -> None:
    id = rds.create(KIND, name="fresh", from_cluster="Orders", restore_to=moment, **PLACED)
    assert rds.look(KIND, name="fresh").id == id
    request = rds.sent("rds.RestoreDBClusterToPointInTime")
    assert request.items() >= {"SourceDBClusterIdentifier": "orders", **wire}.items()
    assert "Engine" not in request


@pytest.mark.parametrize(
    ("params", "code", "text"),
    [
        ({"name": "fresh"}, "InvalidParameterCombination", "from_snapshot"),
        ({"from_snapshot": "here", "from_cluster": "orders"}, "InvalidParameterCombination", "from_snapshot"),
        ({"from_cluster": "orders"}, "InvalidParameterCombination", "restore_to"),
        ({"restore_to": "latest"}, "InvalidParameterCombination", "from_cluster"),
        ({"from_cluster": "orders", "restore_to": "2024-03-01T00:00:00"}, "InvalidParameterValue", "zone"),
        ({"from_cluster": "orders", "restore_to": "noon"}, "InvalidParameterValue", "zone"),
        (
            {"from_cluster": "orders", "restore_to": "latest", "engine": "aurora-mysql"},
            "InvalidParameterCombination",
            "`engine`",
        ),
        ({"from_snapshot": arn("here", EAST)}, "InvalidParameterValue", "copy it to us-west-2"),
        ({"from_snapshot": "gone"}, "DBClusterSnapshotNotFoundFault", "gone"),
        ({"from_snapshot": "young"}, "InvalidDBClusterSnapshotStateFault", "creating"),
        ({"name": "Fresh", "from_snapshot": "here"}, "InvalidParameterValue", "write 'fresh'"),
        ({"name": "a" * 64, "from_snapshot": "here"}, "InvalidParameterValue", "at most 63"),
    ],
)
def test_wrong_parameters_are_refused_before_the_call(rds: Rds, params: Any, code: str, text: str) -> None:
    problem = rds.refused(rds.create, KIND, **{"name": "fresh", **params})
    assert (problem.name, text in problem.message) == (code, True)
    assert not any(name.startswith("rds.Restore") for name in rds.called())


@pytest.mark.parametrize(
    ("params", "code", "about"),
    [
        ({"subnet_group": "nowhere"}, "DBSubnetGroupNotFoundFault", ["subnet_group"]),
        ({"subnet_group": "narrow"}, "DBSubnetGroupDoesNotCoverEnoughAZs", ["subnet_group"]),
        ({"security_groups": ["sg-2"]}, None, ["subnet_group", "security_groups"]),
        ({"security_groups": ["sg-404"]}, None, ["security_groups"]),
    ],
)
def test_a_wrong_network_has_a_wider_name_and_names_the_setting(rds: Rds, params: Any, code: Any, about: Any) -> None:
    sources = {"subnet_group": "ssm:/west/subnet-group", "security_groups": "ssm:/west/groups", "name": "ssm:/name"}
    problem = rds.refused(rds.create, KIND, sources=sources, name="fresh", from_snapshot="here", **(PLACED | params))
    assert problem.answers_to("InvalidVPCConfiguration")
    assert problem.category == "config"
    assert code in (None, problem.name)
    for name in about:
        assert f"{name}, from {sources[name]}" in problem.message
    assert "ssm:/name" not in problem.message


def test_a_taken_name_is_in_the_category_exists(rds: Rds) -> None:
    assert rds.refused(rds.create, KIND, name="orders", from_snapshot="here", **PLACED).category == "exists"


def test_a_lost_reply_is_unknown_and_the_cluster_exists(rds: Rds) -> None:
    rds.fault("lost", "rds.RestoreDBClusterFromSnapshot")
    rds.unknown(rds.create, KIND, name="fresh", from_snapshot="here", **PLACED)
    assert rds.look(KIND, name="fresh").tags == TAGS


# -- removing ----------------------------------------------------------------------------------------------


def test_aws_deletes_a_cluster_only_after_its_instances(rds: Rds) -> None:
    problem = rds.refused(rds.delete, KIND, name="orders")
    assert (problem.name, problem.category) == ("InvalidDBClusterStateFault", "conflict")
    for part in rds.look(KIND, name="orders").parts:
        rds.delete(INSTANCE, **part.identity)
    rds.delete(KIND, name="orders")
    assert rds.refused(rds.delete, KIND, name="orders").answers_to("BeingDeleted")
    rds.sleep(900)
    assert rds.look(KIND, name="orders") == MISSING
    assert rds.refused(rds.delete, KIND, name="orders").answers_to("ClusterNotFound")
    assert only_declared(rds, KIND, INSTANCE)


def test_a_stopped_cluster_must_be_started_first(rds: Rds) -> None:
    rds.sandbox.change("rds.cluster/alone@us-west-2", "stopped")
    assert "start it first" in str(rds.in_the_way(KIND, "alone"))


def test_deletion_protection_is_in_the_way_unless_the_step_says_unprotect(rds: Rds) -> None:
    assert rds.in_the_way(KIND, "alone") is None
    assert "`unprotect: true`" in str(rds.in_the_way(KIND, "kept"))
    assert rds.in_the_way(KIND, "kept", unprotect=True) is None
    problem = rds.refused(rds.delete, KIND, name="kept")
    assert problem.answers_to("DeletionProtected")
    assert "rds.ModifyDBCluster" not in rds.called()
    rds.delete(KIND, name="kept", unprotect=True)
    assert rds.look(KIND, name="kept").cls == "leaving"
    request = rds.sent("rds.ModifyDBCluster")
    assert request == {"DBClusterIdentifier": "kept", "DeletionProtection": False, "ApplyImmediately": True}


@pytest.mark.parametrize(
    ("needed", "stays"),
    [
        ("rds:alone-2024-03-20-05-10", True),  # deleted by AWS with its cluster
        ("arn:aws:rds:us-west-2:123456789012:cluster-snapshot:rds:alone-2024-03-20-05-10", True),
        ("arn:aws:rds:us-east-1:123456789012:cluster-snapshot:rds:alone-2024-03-20-05-10", False),
        ("rds:alone2-2024-03-20-05-10", False),
        ("alone-2024-03-20-05-10", False),  # a manual one outlives it
    ],
)
def test_an_automated_snapshot_that_a_later_step_needs_is_in_the_way(rds: Rds, needed: str, stays: bool) -> None:
    why = rds.in_the_way(KIND, "alone", needed=[needed])
    assert (why is not None) == stays
    assert not stays or "copy that snapshot first" in str(why)


def test_an_unprotected_cluster_is_not_modified(rds: Rds) -> None:
    rds.delete(KIND, name="alone", unprotect=True, detach=True)
    assert rds.called() == ["rds.DescribeDBClusters", "rds.DeleteDBCluster"]


def test_a_cluster_leaves_its_global_cluster_only_if_the_step_says_detach(rds: Rds) -> None:
    assert "`detach: true`" in str(rds.in_the_way(KIND, "worldwide"))
    assert rds.in_the_way(KIND, "worldwide", detach=True) is None
    assert rds.refused(rds.delete, KIND, name="worldwide").answers_to("GlobalClusterMember")
    problem = rds.refused(rds.delete, KIND, name="worldwide", detach=True)
    assert problem.category == "conflict"  # it is promoting: what `retry` is for
    rds.sleep(300)
    assert rds.look(KIND, name="worldwide").attributes["global"] is None
    rds.delete(KIND, name="worldwide", detach=True)
    assert rds.called().count("rds.RemoveFromGlobalCluster") == 1
    assert only_declared(rds, KIND)


def test_a_final_snapshot_is_taken_if_it_is_named(rds: Rds) -> None:
    rds.delete(KIND, name="alone", final_snapshot="the-last")
    request = rds.sent("rds.DeleteDBCluster")
    assert (request["SkipFinalSnapshot"], request["FinalDBSnapshotIdentifier"]) == (False, "the-last")
    rds.sleep(900)
    assert rds.look("rds.cluster_snapshot", name="the-last").cls == "available"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("here", "DBClusterSnapshotAlreadyExistsFault"),
        ("a--b", "InvalidParameterValue"),
        ("x" * 64, "InvalidParameterValue"),
    ],
)
def test_an_impossible_final_snapshot_is_refused(rds: Rds, name: str, code: str) -> None:
    assert rds.refused(rds.delete, KIND, name="alone", final_snapshot=name).name == code
    assert rds.look(KIND, name="alone").cls == "available"


def test_a_lost_reply_to_a_delete_is_unknown(rds: Rds) -> None:
    rds.fault("lost", "rds.DeleteDBCluster")
    rds.unknown(rds.delete, KIND, name="alone")
    assert rds.look(KIND, name="alone").cls == "leaving"
