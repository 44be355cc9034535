"""`rds.instance` in the sandbox."""

from __future__ import annotations

from typing import Any

import pytest

from engine.registry import MISSING
from tests.actions.rds_world import TAGS, Rds, new_rds, only_declared

KIND = "rds.instance"
WORLD: dict[str, Any] = {
    "rds.cluster/orders@us-west-2": {"instances": 2, "engine": "aurora-mysql"},
    "rds.cluster/small@us-west-2": "available",
    "rds.cluster/elastic@us-west-2": {"serverless": {"min": 1, "max": 4}},
}


@pytest.fixture
def rds() -> Rds:
    return new_rds(WORLD)


def test_an_instance_is_created_and_deleted(rds: Rds) -> None:
    id = rds.create(KIND, name="third", cluster="orders", class_="db.r6g.large")
    assert str(id).startswith("db-")
    seen = rds.look(KIND, name="third")
    assert (seen.id, seen.cls, seen.tags) == (id, "pending", TAGS)
    assert (seen.attributes["endpoint"], seen.attributes["writer"]) == (None, None)
    request = rds.sent("rds.CreateDBInstance")
    assert (request["Engine"], request["PubliclyAccessible"]) == ("aurora-mysql", False)
    assert not {"AvailabilityZone", "PromotionTier", "DBParameterGroupName"} & set(request)
    rds.sleep(900)
    done = rds.look(KIND, name="third")
    assert (done.cls, done.attributes["cluster"], done.attributes["writer"]) == ("available", "orders", False)
    assert done.attributes["endpoint"].startswith("third.")
    rds.delete(KIND, name="third")
    assert rds.look(KIND, name="third").cls == "leaving"
    assert rds.refused(rds.delete, KIND, name="third").answers_to("BeingDeleted")
    rds.sleep(600)
    assert rds.look(KIND, id=id) == MISSING
    assert rds.refused(rds.delete, KIND, name="third").category == "not_found"
    assert only_declared(rds, KIND)


def test_parameters_are_sent(rds: Rds) -> None:
    rds.create(
        KIND, name="third", cluster="Orders", class_="db.r6g.large", zone="us-west-2b", tier=0, public=True,
        parameter_group="mine", engine="aurora-mysql",
    )  # fmt: skip
    request = rds.sent("rds.CreateDBInstance")
    wanted = {
        "DBClusterIdentifier": "orders", "DBInstanceClass": "db.r6g.large", "AvailabilityZone": "us-west-2b",
        "PromotionTier": 0, "PubliclyAccessible": True, "DBParameterGroupName": "mine",
    }  # fmt: skip
    assert request.items() >= wanted.items()
    assert rds.called() == ["rds.CreateDBInstance"]


def test_the_cluster_says_which_instance_is_the_writer(rds: Rds) -> None:
    assert rds.look(KIND, name="Orders-1").attributes["writer"] is True
    assert rds.look(KIND, name="orders-2").attributes["writer"] is False


def test_an_id_finds_no_other_resource_of_the_same_name(rds: Rds) -> None:
    id = rds.look(KIND, name="orders-2").id
    assert rds.look(KIND, id=id).attributes["name"] == "orders-2"
    rds.sandbox.put("rds.instance/orders-2@us-west-2", {"cluster": "orders"})
    assert rds.look(KIND, id=id) == MISSING


@pytest.mark.parametrize(
    ("params", "code", "text"),
    [
        ({"class": "db.r6g.large"}, "MissingParameter", "`cluster`"),
        ({"cluster": "orders"}, "MissingParameter", "`class`"),
        ({"cluster": "gone", "class": "db.r6g.large"}, "DBClusterNotFoundFault", "gone"),
        ({"name": "1st", "cluster": "orders", "class": "db.r6g.large"}, "InvalidParameterValue", "begin with a letter"),
    ],
)
def test_wrong_parameters_are_refused_before_the_call(rds: Rds, params: Any, code: str, text: str) -> None:
    problem = rds.refused(rds.create, KIND, **{"name": "third", **params})
    assert (problem.name, text in problem.message) == (code, True)
    assert "rds.CreateDBInstance" not in rds.called()


def test_a_serverless_instance_needs_a_serverless_cluster(rds: Rds) -> None:
    problem = rds.refused(rds.create, KIND, name="third", cluster="small", class_="db.serverless")
    assert (problem.category, "serverless: {min, max}" in problem.message) == ("config", True)
    assert rds.create(KIND, name="third", cluster="elastic", class_="db.serverless")


def test_a_cluster_that_is_not_available_is_a_conflict(rds: Rds) -> None:
    rds.sandbox.change("rds.cluster/small@us-west-2", "modifying", seconds=60)
    problem = rds.refused(rds.create, KIND, name="third", cluster="small", class_="db.r6g.large")
    assert (problem.name, problem.category) == ("InvalidDBClusterStateFault", "conflict")
    rds.sleep(90)
    assert rds.create(KIND, name="third", cluster="small", class_="db.r6g.large")


def test_nothing_is_in_the_way_of_an_instance(rds: Rds) -> None:
    assert rds.in_the_way(KIND, "orders-1") is None
