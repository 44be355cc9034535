"""The guide's 7.2: verify VPC configuration, check subnet availability, validate security groups, ensure capacity."""

from __future__ import annotations

from typing import Any

import pytest

from tests.seed.operator import CLUSTER, COPY, RESTORED, SECURITY_GROUPS, Operator

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
def test_the_network_is_verified_before_anything_is_deleted(
    operator: Operator, key: str, value: Any, problem: str
) -> None:
    operator.world[key] = value
    assert operator.run("op-004").code == 5
    status = operator.status("op-004")
    assert (status["step"], status["error"]) == ("network-check", "InvalidVPCConfiguration")
    assert status["error_message"].startswith(problem)
    assert operator.resources("op-004") == RESTORED | {COPY: "available"}


def test_the_network_is_verified_again_just_before_the_delete(operator: Operator) -> None:
    """An hour may pass between the check and the delete; here the security group is removed in between."""
    operator.script = {"delete-rds": ["credentials"]}
    assert operator.run("op-004").code == 4
    operator.sandbox("op-004").remove("security_group/sg-12345678@us-west-2")
    assert operator.run_command("resume", "op-004").code == 5
    status = operator.status("op-004")
    assert (status["step"], status["hold"]["kind"]) == ("delete-rds", "requires")
    assert status["hold"]["reason"] == (
        "delete-rds requires network-check, and network-check is wrong: there is no security group sg-12345678 in "
        "us-west-2 (security_groups, from ssm:/aurora-restore/us-west-2/security-group-ids)"
    )
    assert operator.resources("op-004") == RESTORED | {COPY: "available"}


@pytest.mark.parametrize(
    ("step", "error"),
    [
        ("restore-snapshot", "InsufficientDBClusterCapacityFault"),
        ("restore-snapshot", "InsufficientStorageClusterCapacity"),
        ("instances", "InsufficientDBInstanceCapacity"),
    ],
)
def test_missing_capacity_is_retried(operator: Operator, step: str, error: str) -> None:
    operator.script = {step: [f"{error} x2"]}
    assert operator.run("op-004").code == 0
    assert operator.retry_delays("op-004", "instances[0]" if step == "instances" else step) == [5, 10]
    assert operator.resources("op-004") == RESTORED


def test_an_incompatible_network_holds(each_operator: Operator) -> None:
    """An instance with `incompatible-network` has its data and cannot be used until a person acts: it is never deleted."""
    each_operator.script = {"instances[0]": ["creating x2", "incompatible-network"]}
    assert each_operator.run("op-004").code == 5
    status = each_operator.status("op-004")
    assert (status["step"], status["hold"]["kind"]) == ("instances[0]", "row")
    assert "incompatible-network" in status["hold"]["reason"]
    assert each_operator.resources("op-004")[f"{CLUSTER}-1"] == "incompatible-network"
    each_operator.sandbox("op-004").change(f"rds.instance/{CLUSTER}-1@us-west-2", "available")
    assert each_operator.run_command("resume", "op-004").code == 0
