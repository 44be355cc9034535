"""The guide's 3B: op-003, delete-rds, ClusterNotFound, retry_count 0, max_retries 3.

1. Implement exponential backoff. 2. Maximum 3 retries per step. 3. Different retry strategies per step: copy and
restore 5, 10, 15 minutes; user setup 1, 2, 3 minutes.
"""

from __future__ import annotations

import pytest

from actions.sandbox import Fault
from tests.seed.operator import CLUSTER, COPY, THERE, Desk

SLOW, FAST = [5, 10, 15], [1, 2, 3]


def test_a_cluster_that_is_not_there_is_deleted_already(desk: Desk) -> None:
    """It looks before it deletes: what is gone is done, and no failure."""
    desk.script = {"rds.DeleteDBCluster": ["credentials"]}
    assert desk.run("op-003").code == 4
    status = desk.status("op-003")
    assert (status["step"], status["retry_count"], status["max_retries"]) == ("delete-rds", 0, 3)
    desk.hand("op-003").remove(f"rds.cluster/{CLUSTER}@us-west-2")  # by somebody else
    assert desk.type("resume", "op-003").code == 0
    assert desk.asked("op-003", "DeleteDBCluster") == ["DeleteDBCluster ExpiredToken"]
    step = desk.step("op-003", "delete-rds")
    assert (step["status"], step["retry_count"], step["max_retries"]) == ("DONE", 0, 3)
    assert desk.there("op-003") == THERE


def test_a_namesake_is_not_deleted_in_its_place(desk: Desk) -> None:
    """The delete was not sent; before it is, it looks, and another cluster under that name was never meant."""
    desk.script = {"rds.DeleteDBCluster": ["credentials"]}
    assert desk.run("op-003").code == 4
    desk.hand("op-003").put(f"rds.cluster/{CLUSTER}@us-west-2", {"instances": 0})
    assert desk.type("resume", "op-003").code == 5
    assert desk.status("op-003")["hold"]["kind"] == "target"
    assert desk.done("op-003", "DeleteDBCluster") == []
    assert desk.there("op-003")[CLUSTER] == "available"


@pytest.mark.parametrize("gone", [True, False])
def test_not_found_from_a_delete_means_look_again(desk: Desk, gone: bool) -> None:
    """The guide's error. Where AWS is right, that is all; where it was not, the delete is sent again in 5 minutes."""
    desk.script = {"rds.DeleteDBCluster": ["credentials"]}
    assert desk.run("op-003").code == 4
    here = desk.hand("op-003")
    here.fault(Fault(kind="error", call="rds.DeleteDBCluster", code="DBClusterNotFoundFault", performed=gone))
    assert desk.type("resume", "op-003").code == 0
    assert "DeleteDBCluster DBClusterNotFoundFault" in desk.asked("op-003", "DeleteDBCluster")
    assert desk.waited("op-003", "delete-rds") == ([] if gone else [5])
    assert desk.there("op-003") == THERE


def test_copies_that_fail_are_made_four_times_and_taken_back(either: Desk) -> None:
    """Three retries are four attempts; the clean-up comes after the last, and the old cluster was never touched."""
    either.script = {"copy-snapshot": ["failed x4"]}
    told = either.run("op-003")
    assert told.code == 1
    for number, delay in enumerate(SLOW, 2):
        assert f"failed; deleting it, then attempt {number} of 4 after {delay}m" in told.err
    assert either.waited("op-003", "copy-snapshot") == SLOW
    status = either.status("op-003")
    assert (status["step"], status["status"], status["error"]) == ("copy-snapshot", "FAILED", "AttemptsExhausted")
    assert (status["retry_count"], status["max_retries"]) == (3, 3)
    assert (status["cleanup_required"], status["cleanup_status"]) == (False, "COMPLETED")
    assert status["orphaned_resources"] == []
    assert either.there("op-003") == THERE
    assert either.told("op-003") == ["runbook aurora-restore op-003: FAILED"]


@pytest.mark.parametrize(
    ("step", "answers", "delays"),
    [
        ("delete-rds", "InvalidDBClusterStateFault x4", SLOW),
        ("restore-snapshot", "InsufficientDBClusterCapacityFault x4", SLOW),
        ("restore-snapshot", "failed x4", SLOW),
        ("instances", "InsufficientDBInstanceCapacity x4", SLOW),
        ("setup-db-users", "ConnectionTimeout x4", FAST),
        ("archive-snapshot", "InvalidDBClusterSnapshotStateFault x4", SLOW),
    ],
)
def test_the_strategy_of_each_step(desk: Desk, step: str, answers: str, delays: list[int]) -> None:
    """Past the point of no return it holds when the retries are used up, and `resume` begins them afresh."""
    desk.script = {step: [answers]}
    assert desk.run("op-003").code == 5
    status = desk.status("op-003")
    assert (status["hold"]["kind"], status["error"]) == ("failure", "AttemptsExhausted")
    assert (status["retry_count"], status["max_retries"]) == (3, 3)
    assert desk.waited("op-003", status["step"]) == delays
    assert desk.there("op-003").get(COPY) == "available"
    assert desk.type("resume", "op-003").code == 0
    assert desk.there("op-003") == THERE


def test_the_last_retry_may_be_the_one(desk: Desk) -> None:
    desk.script = {"copy-snapshot": ["failed x3"]}
    assert desk.run("op-003").code == 0
    assert desk.waited("op-003", "copy-snapshot") == SLOW
    assert desk.step("op-003", "copy-snapshot")["retry_count"] == 3


def test_exponential_backoff_is_written_so(desk: Desk) -> None:
    desk.edits = [("slow: [5m, 10m, 15m]", "slow: {first: 5m, factor: 2, max: 15m, jitter: none, attempts: 4}")]
    desk.script = {"copy-snapshot": ["failed x4"]}
    assert desk.run("op-003").code == 1
    assert desk.waited("op-003", "copy-snapshot") == [5, 10, 15]
