"""The guide's 2C: op-005 fails at 00:46 with ConnectionTimeout: "Could not connect to database".

1. Verify cluster is available. 2. Check security group rules. 3. Verify network connectivity. 4. Retry user setup.
"""

from __future__ import annotations

import pytest

from tests.seed.operator import CLUSTER, COPY, THERE, Desk, minutes

GROUP = "security_group/sg-12345678@us-west-2"
CLOSED = {"vpc": "vpc-12345678", "ingress": [{"port": 22, "from": "10.0.0.0/16"}]}
OPEN = {"vpc": "vpc-12345678", "ingress": [{"port": 5432, "from": "10.0.0.0/16"}]}

PORT = (
    "              port: ${restore_snapshot.port}\n          - check: net.endpoint",
    "              port: ${restore_snapshot.port}\n              from: sg-lambda\n          - check: net.endpoint",
)


def test_it_looks_at_the_four_things_and_tries_again(desk: Desk) -> None:
    desk.at_the_guide_s_times()
    desk.script = {"setup-db-users": ["ConnectionTimeout x2"]}
    told = desk.run("op-005")
    assert told.code == 0
    assert desk.waited("op-005", "setup-db-users") == [1, 2]
    begun = [one for one in desk.history("op-005") if one["step"].startswith("setup-db-users")]
    assert begun[0]["at"] == "2024-03-20T00:46:00Z"
    looked = [one["step"].partition(" > ")[2] for one in begun if one["event"] == "step_done"]
    assert looked == ["check rds.cluster", "check ec2.port_open", "check net.endpoint"] * 2
    assert desk.step("op-005", "setup-db-users")["retry_count"] == 2
    assert desk.status("op-005")["status"] == "SUCCEEDED"


def test_the_retries_are_used_up(either: Desk) -> None:
    either.at_the_guide_s_times()
    either.script = {"setup-db-users": ["ConnectionTimeout x4"]}
    assert either.run("op-005").code == 5
    status = either.status("op-005")
    assert (status["step"], status["status"], status["error"]) == ("setup-db-users", "HELD", "AttemptsExhausted")
    assert status["error_message"].startswith("ConnectionTimeout: ")
    assert (status["retry_count"], status["max_retries"]) == (3, 3)
    assert status["timestamp"] == "2024-03-20T00:52:00Z"  # 00:46, and 1, 2 and 3 minutes later
    assert either.waited("op-005", "setup-db-users") == [1, 2, 3]
    assert either.there("op-005") == THERE | {COPY: "available"}

    assert either.type("resume", "op-005").code == 0  # the schedule begins afresh, for a person has acted
    assert either.there("op-005") == THERE


@pytest.mark.parametrize("timeouts", ["ConnectionTimeout", "ConnectionRefused", "StartingUp", "TooManyConnections"])
def test_what_counts_as_a_timeout(desk: Desk, timeouts: str) -> None:
    desk.script = {"setup-db-users": [timeouts]}
    assert desk.run("op-005").code == 0
    assert desk.waited("op-005", "setup-db-users") == [1]


def test_the_port_is_closed(desk: Desk) -> None:
    desk.world[GROUP] = CLOSED
    desk.script = {"setup-db-users": ["ConnectionTimeout"]}
    assert desk.run("op-005").code == 5
    hold = desk.status("op-005")["hold"]
    assert hold["step"] == "setup-db-users"
    assert hold["reason"] == (
        "sg-12345678: no rule allows port 5432 (security_groups, from ssm:/aurora-restore/us-west-2/security-group-ids)"
    )
    desk.hand("op-005").put(GROUP, OPEN)
    assert desk.type("resume", "op-005").code == 0
    assert desk.there("op-005") == THERE


def test_the_port_is_closed_and_the_runbook_is_edited(desk: Desk) -> None:
    """An operation that holds in a rescue goes on with an edited one: here, somebody says whom the port is for."""
    desk.world[GROUP] = {"vpc": "vpc-12345678", "ingress": [{"port": 5432, "from": "sg-lambda"}]}
    desk.script = {"setup-db-users": ["ConnectionTimeout"]}
    desk.edits = [PORT, (PORT[1], PORT[1].replace("sg-lambda", "10.0.0.0/16"))]
    assert desk.run("op-005").code == 5
    assert desk.status("op-005")["step"] == "setup-db-users"
    desk.edits = [PORT]
    assert desk.type("resume", "op-005", "--with", str(desk.runbook())).code == 0


def test_the_cluster_is_not_available(desk: Desk) -> None:
    """What is being changed is watched until it is available again, for fifteen minutes here; then it is tried."""
    desk.world[GROUP] = CLOSED
    desk.script = {"setup-db-users": ["ConnectionTimeout x2"]}
    assert desk.run("op-005").code == 5
    desk.hand("op-005").put(GROUP, OPEN)
    desk.hand("op-005").change(f"rds.cluster/{CLUSTER}@us-west-2", "modifying", seconds=900)
    assert desk.type("resume", "op-005").code == 0
    called = [
        minutes("2024-03-20T00:06:00Z", one["at"])
        for one in desk.history("op-005")
        if one["text"].startswith("call postgres.setup_users")
    ]
    assert [round(at - called[0]) for at in called] == [0, 15, 16]
