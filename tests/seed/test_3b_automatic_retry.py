"""The guide's 3B: op-003, delete-rds, ClusterNotFound, retry_count 0, max_retries 3.

1. Implement exponential backoff. 2. Maximum 3 retries per step. 3. Different retry strategies per step: copy and
restore 5, 10, 15 minutes; user setup 1, 2, 3 minutes.
"""

from __future__ import annotations

import pytest

from actions.sandbox import Fault
from tests.seed.operator import CLUSTER, COPY, RESTORED, Operator

SLOW, FAST = [5, 10, 15], [1, 2, 3]


def test_a_missing_cluster_counts_as_deleted(operator: Operator) -> None:
    """It looks before it deletes: a missing cluster is no failure."""
    operator.script = {"rds.DeleteDBCluster": ["credentials"]}
    assert operator.run("op-003").code == 4
    status = operator.status("op-003")
    assert (status["step"], status["retry_count"], status["max_retries"]) == ("delete-rds", 0, 3)
    operator.sandbox("op-003").remove(f"rds.cluster/{CLUSTER}@us-west-2")  # by another person
    assert operator.run_command("resume", "op-003").code == 0
    assert operator.calls("op-003", "DeleteDBCluster") == ["DeleteDBCluster ExpiredToken"]
    step = operator.step("op-003", "delete-rds")
    assert (step["status"], step["retry_count"], step["max_retries"]) == ("DONE", 0, 3)
    assert operator.resources("op-003") == RESTORED


def test_another_cluster_with_the_name_is_not_deleted(operator: Operator) -> None:
    """The delete was not sent. The look before it finds another cluster with that name, which is not the target."""
    operator.script = {"rds.DeleteDBCluster": ["credentials"]}
    assert operator.run("op-003").code == 4
    operator.sandbox("op-003").put(f"rds.cluster/{CLUSTER}@us-west-2", {"instances": 0})
    assert operator.run_command("resume", "op-003").code == 5
    assert operator.status("op-003")["hold"]["kind"] == "target"
    assert operator.performed("op-003", "DeleteDBCluster") == []
    assert operator.resources("op-003")[CLUSTER] == "available"


@pytest.mark.parametrize("gone", [True, False])
def test_not_found_from_a_delete_leads_to_a_look(operator: Operator, gone: bool) -> None:
    """The error of the guide. If the cluster is gone, that is all; if not, the delete is retried after 5 minutes."""
    operator.script = {"rds.DeleteDBCluster": ["credentials"]}
    assert operator.run("op-003").code == 4
    here = operator.sandbox("op-003")
    here.fault(Fault(kind="error", call="rds.DeleteDBCluster", code="DBClusterNotFoundFault", performed=gone))
    assert operator.run_command("resume", "op-003").code == 0
    assert "DeleteDBCluster DBClusterNotFoundFault" in operator.calls("op-003", "DeleteDBCluster")
    assert operator.retry_delays("op-003", "delete-rds") == ([] if gone else [5])
    assert operator.resources("op-003") == RESTORED


def test_a_failing_copy_is_made_four_times_and_undone(each_operator: Operator) -> None:
    """Three retries are four attempts. The undo comes after the last, and the old cluster is untouched."""
    each_operator.script = {"copy-snapshot": ["failed x4"]}
    result = each_operator.run("op-003")
    assert result.code == 1
    for number, delay in enumerate(SLOW, 2):
        assert f"failed; deleting it, then attempt {number} of 4 after {delay}m" in result.err
    assert each_operator.retry_delays("op-003", "copy-snapshot") == SLOW
    status = each_operator.status("op-003")
    assert (status["step"], status["status"], status["error"]) == ("copy-snapshot", "FAILED", "AttemptsExhausted")
    assert (status["retry_count"], status["max_retries"]) == (3, 3)
    assert (status["cleanup_required"], status["cleanup_status"]) == (False, "COMPLETED")
    assert status["orphaned_resources"] == []
    assert each_operator.resources("op-003") == RESTORED
    assert each_operator.subjects("op-003") == ["runbook aurora-restore op-003: FAILED"]


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
def test_the_retry_schedule_of_each_step(operator: Operator, step: str, answers: str, delays: list[int]) -> None:
    """Past the point of no return it holds when the retries are used up; `resume` starts the schedule again."""
    operator.script = {step: [answers]}
    assert operator.run("op-003").code == 5
    status = operator.status("op-003")
    assert (status["hold"]["kind"], status["error"]) == ("failure", "AttemptsExhausted")
    assert (status["retry_count"], status["max_retries"]) == (3, 3)
    assert operator.retry_delays("op-003", status["step"]) == delays
    assert operator.resources("op-003").get(COPY) == "available"
    assert operator.run_command("resume", "op-003").code == 0
    assert operator.resources("op-003") == RESTORED


def test_the_last_retry_succeeds(operator: Operator) -> None:
    operator.script = {"copy-snapshot": ["failed x3"]}
    assert operator.run("op-003").code == 0
    assert operator.retry_delays("op-003", "copy-snapshot") == SLOW
    assert operator.step("op-003", "copy-snapshot")["retry_count"] == 3


def test_exponential_backoff(operator: Operator) -> None:
    operator.edits = [("slow: [5m, 10m, 15m]", "slow: {first: 5m, factor: 2, max: 15m, jitter: none, attempts: 4}")]
    operator.script = {"copy-snapshot": ["failed x4"]}
    assert operator.run("op-003").code == 1
    assert operator.retry_delays("op-003", "copy-snapshot") == [5, 10, 15]
