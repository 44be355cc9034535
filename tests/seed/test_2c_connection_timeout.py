"""The guide's 2C: op-005 fails at 00:46 with ConnectionTimeout: "Could not connect to database".

1. Verify cluster is available. 2. Check security group rules. 3. Verify network connectivity. 4. Retry user setup.
"""

from __future__ import annotations

import pytest

from tests.seed.operator import CLUSTER, COPY, RESTORED, Operator, minutes_between

GROUP = "security_group/sg-12345678@us-west-2"
CLOSED = {"vpc": "vpc-12345678", "ingress": [{"port": 22, "from": "10.0.0.0/16"}]}
OPEN = {"vpc": "vpc-12345678", "ingress": [{"port": 5432, "from": "10.0.0.0/16"}]}

PORT = (
    "              port: ${restore_snapshot.port}\n          - check: net.endpoint",
    "              port: ${restore_snapshot.port}\n              from: sg-lambda\n          - check: net.endpoint",
)


def test_it_checks_the_cluster_the_port_and_the_endpoint_and_retries(operator: Operator) -> None:
    operator.use_guide_times()
    operator.script = {"setup-db-users": ["ConnectionTimeout x2"]}
    result = operator.run("op-005")
    assert result.code == 0
    assert operator.retry_delays("op-005", "setup-db-users") == [1, 2]
    begun = [one for one in operator.history("op-005") if one["step"].startswith("setup-db-users")]
    assert begun[0]["at"] == "2024-03-20T00:46:00Z"
    looked = [one["step"].partition(" > ")[2] for one in begun if one["event"] == "step_done"]
    assert looked == ["check rds.cluster", "check ec2.port_open", "check net.endpoint"] * 2
    assert operator.step("op-005", "setup-db-users")["retry_count"] == 2
    assert operator.status("op-005")["status"] == "SUCCEEDED"


def test_the_retries_are_used_up(each_operator: Operator) -> None:
    each_operator.use_guide_times()
    each_operator.script = {"setup-db-users": ["ConnectionTimeout x4"]}
    assert each_operator.run("op-005").code == 5
    status = each_operator.status("op-005")
    assert (status["step"], status["status"], status["error"]) == ("setup-db-users", "HELD", "AttemptsExhausted")
    assert status["error_message"].startswith("ConnectionTimeout: ")
    assert (status["retry_count"], status["max_retries"]) == (3, 3)
    assert status["timestamp"] == "2024-03-20T00:52:00Z"  # 00:46, and 1, 2 and 3 minutes later
    assert each_operator.retry_delays("op-005", "setup-db-users") == [1, 2, 3]
    assert each_operator.resources("op-005") == RESTORED | {COPY: "available"}

    assert each_operator.run_command("resume", "op-005").code == 0  # a resume starts the schedule again
    assert each_operator.resources("op-005") == RESTORED


@pytest.mark.parametrize("timeouts", ["ConnectionTimeout", "ConnectionRefused", "StartingUp", "TooManyConnections"])
def test_what_counts_as_a_timeout(operator: Operator, timeouts: str) -> None:
    operator.script = {"setup-db-users": [timeouts]}
    assert operator.run("op-005").code == 0
    assert operator.retry_delays("op-005", "setup-db-users") == [1]


def test_the_port_is_closed(operator: Operator) -> None:
    operator.world[GROUP] = CLOSED
    operator.script = {"setup-db-users": ["ConnectionTimeout"]}
    assert operator.run("op-005").code == 5
    hold = operator.status("op-005")["hold"]
    assert hold["step"] == "setup-db-users"
    assert hold["reason"] == (
        "sg-12345678: no rule allows port 5432 (security_groups, from ssm:/aurora-restore/us-west-2/security-group-ids)"
    )
    operator.sandbox("op-005").put(GROUP, OPEN)
    assert operator.run_command("resume", "op-005").code == 0
    assert operator.resources("op-005") == RESTORED


def test_the_port_is_closed_and_the_runbook_is_edited(operator: Operator) -> None:
    """An operation that holds in a rescue continues with an edited rescue, which here checks another source of traffic."""
    operator.world[GROUP] = {"vpc": "vpc-12345678", "ingress": [{"port": 5432, "from": "sg-lambda"}]}
    operator.script = {"setup-db-users": ["ConnectionTimeout"]}
    operator.edits = [PORT, (PORT[1], PORT[1].replace("sg-lambda", "10.0.0.0/16"))]
    assert operator.run("op-005").code == 5
    assert operator.status("op-005")["step"] == "setup-db-users"
    operator.edits = [PORT]
    assert operator.run_command("resume", "op-005", "--with", str(operator.runbook())).code == 0


def test_the_cluster_is_not_available(operator: Operator) -> None:
    """A cluster that is being modified is polled until it is available, here for 15 minutes; then the call is retried."""
    operator.world[GROUP] = CLOSED
    operator.script = {"setup-db-users": ["ConnectionTimeout x2"]}
    assert operator.run("op-005").code == 5
    operator.sandbox("op-005").put(GROUP, OPEN)
    operator.sandbox("op-005").change(f"rds.cluster/{CLUSTER}@us-west-2", "modifying", seconds=900)
    assert operator.run_command("resume", "op-005").code == 0
    called = [
        minutes_between("2024-03-20T00:06:00Z", one["at"])
        for one in operator.history("op-005")
        if one["text"].startswith("call postgres.setup_users")
    ]
    assert [round(at - called[0]) for at in called] == [0, 15, 16]
