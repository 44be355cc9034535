"""The guide's 2B: op-004 fails with InvalidVPCConfiguration: "VPC vpc-12345678 does not exist".

1. Verify VPC configuration in SSM. 2. Update VPC parameters if needed. 3. Retry restore operation.
"""

from __future__ import annotations

import pytest

from actions.sandbox import Fault
from tests.seed.operator import COPY, RESTORED, SECURITY_GROUPS, Operator

RESTORE = "RestoreDBClusterFromSnapshot"
REFUSED = Fault(
    kind="error", call=f"rds.{RESTORE}", code="InvalidVPCNetworkStateFault", message="VPC vpc-12345678 does not exist"
)


THIS_VPC = {"vpc": "vpc-12345678", "ingress": [{"port": 5432, "from": "10.0.0.0/16"}]}


def fix_setting(operator: Operator) -> None:
    """Put another security group into SSM."""
    operator.sandbox("op-004").put("security_group/sg-23456789@us-west-2", THIS_VPC)
    operator.sandbox("op-004").put(SECURITY_GROUPS, ["sg-23456789"])


def run_into_refusal(operator: Operator) -> None:
    """The network passes the check, and AWS refuses it at the restore: the error of the guide."""
    operator.use_guide_times()
    operator.script = {"delete-rds": ["credentials"]}
    assert operator.run("op-004").code == 4
    operator.sandbox("op-004").fault(REFUSED)
    assert operator.run_command("resume", "op-004").code == 5


def test_a_wrong_network_is_found_before_anything_is_deleted(operator: Operator) -> None:
    operator.world[SECURITY_GROUPS] = ["sg-elsewhere"]
    assert operator.run("op-004").code == 5
    status = operator.status("op-004")
    assert (status["step"], status["status"], status["error"]) == ("network-check", "HELD", "InvalidVPCConfiguration")
    assert status["error_message"] == (
        "the security group sg-elsewhere is in vpc-87654321, but the subnet group aurora-private is in vpc-12345678 "
        "(security_groups, from ssm:/aurora-restore/us-west-2/security-group-ids; "
        "subnet_group, from ssm:/aurora-restore/us-west-2/subnet-group)"
    )
    assert operator.resources("op-004") == RESTORED | {COPY: "available"}
    assert operator.subjects("op-004") == ["runbook aurora-restore op-004: HELD at network-check"]

    assert operator.run_command("resume", "op-004").code == 5  # it has not been fixed
    operator.sandbox("op-004").put("security_group/sg-elsewhere@us-west-2", THIS_VPC)
    assert operator.run_command("resume", "op-004").code == 0
    assert operator.resources("op-004") == RESTORED


def test_it_is_cancelled_and_run_again_with_other_parameters(operator: Operator) -> None:
    """Nothing had been deleted."""
    operator.world[SECURITY_GROUPS] = ["sg-elsewhere"]
    assert operator.run("op-004").code == 5
    assert operator.run_command("cancel", "op-004", "--undo").code == 0
    assert operator.resources("op-004") == RESTORED
    operator.world[SECURITY_GROUPS] = ["sg-12345678"]
    assert operator.run("op-004-again").code == 0


@pytest.mark.parametrize("command", [("resume", "op-004"), ("restart", "op-004", "--from", "network-check")])
def test_the_setting_is_fixed_in_ssm(each_operator: Operator, command: tuple[str, ...]) -> None:
    """Both commands read the settings again."""
    each_operator.world[SECURITY_GROUPS] = ["sg-elsewhere"]
    assert each_operator.run("op-004").code == 5
    fix_setting(each_operator)
    assert each_operator.run_command(*command).code == 0
    assert each_operator.resources("op-004") == RESTORED


def test_aws_refuses_the_network_at_the_restore(each_operator: Operator) -> None:
    run_into_refusal(each_operator)
    status = each_operator.status("op-004")
    assert (status["step"], status["status"], status["timestamp"]) == (
        "restore-snapshot", "HELD", "2024-03-20T00:17:00Z"
    )  # fmt: skip
    assert status["error"] == "InvalidVPCNetworkStateFault"  # AWS's word for the guide's InvalidVPCConfiguration
    assert status["error_message"].startswith("VPC vpc-12345678 does not exist (subnet_group, from ssm:/aurora-restore")
    assert (status["retry_count"], status["max_retries"]) == (0, 3)
    assert each_operator.resources("op-004") == {COPY: "available"}

    each_operator.sandbox("op-004").fault(REFUSED)
    assert each_operator.run_command("resume", "op-004").code == 5  # nothing has been mended: one more refusal
    assert len(each_operator.calls("op-004", RESTORE)) == 2
    fix_setting(each_operator)
    assert each_operator.run_command("resume", "op-004").code == 0
    assert each_operator.performed("op-004", RESTORE) == [RESTORE]
    assert each_operator.resources("op-004") == RESTORED


def test_the_setting_was_fixed_in_the_meantime(operator: Operator) -> None:
    operator.script = {"delete-rds": ["credentials"]}
    assert operator.run("op-004").code == 4
    operator.sandbox("op-004").fault(REFUSED)
    fix_setting(operator)
    assert operator.run_command("resume", "op-004").code == 0
    assert operator.retry_delays("op-004", "restore-snapshot") == [5]
    assert operator.subjects("op-004") == ["runbook aurora-restore op-004: SUCCEEDED"]
