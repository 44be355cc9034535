"""The guide's 2B: op-004 fails with InvalidVPCConfiguration: "VPC vpc-12345678 does not exist".

1. Verify VPC configuration in SSM. 2. Update VPC parameters if needed. 3. Retry restore operation.
"""

from __future__ import annotations

from actions.sandbox import Fault
from tests.seed.operator import COPY, SECURITY_GROUPS, THERE, Desk

RESTORE = "RestoreDBClusterFromSnapshot"
REFUSED = Fault(
    kind="error", call=f"rds.{RESTORE}", code="InvalidVPCNetworkStateFault", message="VPC vpc-12345678 does not exist"
)


THIS_VPC = {"vpc": "vpc-12345678", "ingress": [{"port": 5432, "from": "10.0.0.0/16"}]}


def mended(desk: Desk) -> None:
    """Somebody names another security group in SSM."""
    desk.hand("op-004").put("security_group/sg-23456789@us-west-2", THIS_VPC)
    desk.hand("op-004").put(SECURITY_GROUPS, ["sg-23456789"])


def refused(desk: Desk) -> None:
    """The network was right when it was looked at, and is refused when it counts: the guide's own error."""
    desk.at_the_guide_s_times()
    desk.script = {"delete-rds": ["credentials"]}
    assert desk.run("op-004").code == 4
    desk.hand("op-004").fault(REFUSED)
    assert desk.type("resume", "op-004").code == 5


def test_it_is_found_before_anything_is_deleted(desk: Desk) -> None:
    desk.world[SECURITY_GROUPS] = ["sg-elsewhere"]
    assert desk.run("op-004").code == 5
    status = desk.status("op-004")
    assert (status["step"], status["status"], status["error"]) == ("network-check", "HELD", "InvalidVPCConfiguration")
    assert status["error_message"] == (
        "the security group sg-elsewhere is in vpc-87654321, but the subnet group aurora-private is in vpc-12345678 "
        "(security_groups, from ssm:/aurora-restore/us-west-2/security-group-ids; "
        "subnet_group, from ssm:/aurora-restore/us-west-2/subnet-group)"
    )
    assert desk.there("op-004") == THERE | {COPY: "available"}
    assert desk.told("op-004") == ["runbook aurora-restore op-004: HELD at network-check"]

    assert desk.type("resume", "op-004").code == 5  # nobody has mended it
    desk.hand("op-004").put("security_group/sg-elsewhere@us-west-2", THIS_VPC)
    assert desk.type("resume", "op-004").code == 0
    assert desk.there("op-004") == THERE


def test_it_is_given_up_and_begun_anew_with_other_parameters(desk: Desk) -> None:
    """Nothing has been deleted yet."""
    desk.world[SECURITY_GROUPS] = ["sg-elsewhere"]
    assert desk.run("op-004").code == 5
    assert desk.type("cancel", "op-004", "--undo").code == 0
    assert desk.there("op-004") == THERE
    desk.world[SECURITY_GROUPS] = ["sg-12345678"]
    assert desk.run("op-004-again").code == 0


def test_the_setting_is_mended_in_ssm_and_the_step_restarted(either: Desk) -> None:
    """What SSM said when it began holds at `resume`; a restart reads it again."""
    either.world[SECURITY_GROUPS] = ["sg-elsewhere"]
    assert either.run("op-004").code == 5
    mended(either)
    assert either.type("resume", "op-004").code == 5
    assert either.type("restart", "op-004", "--from", "network-check").code == 0
    assert either.there("op-004") == THERE


def test_it_is_refused_when_the_cluster_is_restored(either: Desk) -> None:
    refused(either)
    status = either.status("op-004")
    assert (status["step"], status["status"], status["timestamp"]) == (
        "restore-snapshot", "HELD", "2024-03-20T00:17:00Z"
    )  # fmt: skip
    assert status["error"] == "InvalidVPCNetworkStateFault"  # AWS's word for the guide's InvalidVPCConfiguration
    assert status["error_message"].startswith("VPC vpc-12345678 does not exist (subnet_group, from ssm:/aurora-restore")
    assert (status["retry_count"], status["max_retries"]) == (0, 3)
    assert either.there("op-004") == {COPY: "available"}

    assert either.type("resume", "op-004").code == 5  # SSM says what it said: nothing is asked of AWS
    assert len(either.asked("op-004", RESTORE)) == 1
    mended(either)
    assert either.type("resume", "op-004").code == 0
    assert either.done("op-004", RESTORE) == [RESTORE]
    assert either.there("op-004") == THERE


def test_somebody_has_mended_it_meanwhile(desk: Desk) -> None:
    desk.script = {"delete-rds": ["credentials"]}
    assert desk.run("op-004").code == 4
    desk.hand("op-004").fault(REFUSED)
    mended(desk)
    assert desk.type("resume", "op-004").code == 0
    assert desk.waited("op-004", "restore-snapshot") == [5]
    assert desk.told("op-004") == ["runbook aurora-restore op-004: SUCCEEDED"]
