"""The guide's 7.2: verify VPC configuration, check subnet availability, validate security groups, ensure capacity."""

from __future__ import annotations

from typing import Any

import pytest

from tests.seed.operator import CLUSTER, COPY, SECURITY_GROUPS, THERE, Desk

SUBNETS = "subnet_group/aurora-private@us-west-2"


@pytest.mark.parametrize(
    ("key", "value", "problem"),
    [
        (
            "ssm:/aurora-restore/us-west-2/subnet-group", "not-there",
            "there is no subnet group not-there in us-west-2 (subnet_group, from ssm:/aurora-restore/",
        ),
        (
            SUBNETS, {"vpc": "vpc-12345678", "subnets": ["us-west-2a"]},
            "the subnet group aurora-private has free addresses in 1 zone (us-west-2a)",
        ),
        (SECURITY_GROUPS, ["sg-99999999"], "there is no security group sg-99999999 in us-west-2"),
        (SECURITY_GROUPS, ["sg-elsewhere"], "the security group sg-elsewhere is in vpc-87654321"),
    ],
)  # fmt: skip
def test_the_network_is_verified_before_anything_is_deleted(desk: Desk, key: str, value: Any, problem: str) -> None:
    desk.world[key] = value
    assert desk.run("op-004").code == 5
    status = desk.status("op-004")
    assert (status["step"], status["error"]) == ("network-check", "InvalidVPCConfiguration")
    assert status["error_message"].startswith(problem)
    assert desk.there("op-004") == THERE | {COPY: "available"}


def test_it_is_verified_again_just_before_the_delete(desk: Desk) -> None:
    """An hour may lie between the check and the delete; here the security group goes meanwhile."""
    desk.script = {"delete-rds": ["credentials"]}
    assert desk.run("op-004").code == 4
    desk.hand("op-004").remove("security_group/sg-12345678@us-west-2")
    assert desk.type("resume", "op-004").code == 5
    status = desk.status("op-004")
    assert (status["step"], status["hold"]["kind"]) == ("delete-rds", "requires")
    assert status["hold"]["reason"] == (
        "delete-rds requires network-check, and network-check is wrong: there is no security group sg-12345678 in "
        "us-west-2 (security_groups, from ssm:/aurora-restore/us-west-2/security-group-ids)"
    )
    assert desk.there("op-004") == THERE | {COPY: "available"}


@pytest.mark.parametrize(
    ("step", "error"),
    [
        ("restore-snapshot", "InsufficientDBClusterCapacityFault"),
        ("restore-snapshot", "InsufficientStorageClusterCapacity"),
        ("instances", "InsufficientDBInstanceCapacity"),
    ],
)
def test_capacity_comes_back(desk: Desk, step: str, error: str) -> None:
    desk.script = {step: [f"{error} x2"]}
    assert desk.run("op-004").code == 0
    assert desk.waited("op-004", "instances[0]" if step == "instances" else step) == [5, 10]
    assert desk.there("op-004") == THERE


def test_a_network_that_aws_finds_incompatible_is_for_a_person(either: Desk) -> None:
    """`incompatible-network` exists unharmed and is unusable until somebody acts: it is never deleted for that."""
    either.script = {"instances[0]": ["creating x2", "incompatible-network"]}
    assert either.run("op-004").code == 5
    status = either.status("op-004")
    assert (status["step"], status["hold"]["kind"]) == ("instances[0]", "row")
    assert "incompatible-network" in status["hold"]["reason"]
    assert either.there("op-004")[f"{CLUSTER}-1"] == "incompatible-network"
    either.hand("op-004").change(f"rds.instance/{CLUSTER}-1@us-west-2", "available")
    assert either.type("resume", "op-004").code == 0
