"""The guide's 1B: op-001 is interrupted at 00:17 while the new cluster is restored.

1. Check if cluster exists in target region. 2. If exists and status is "creating": continue monitoring. 3. If exists
and status is "failed": delete failed cluster, retry restore operation. 4. If doesn't exist: start new restore.
"""

from __future__ import annotations

from tests.seed.killed_process import run_and_kill
from tests.seed.operator import CLUSTER, RESTORED, Operator

LONG_TIMEOUTS = [("time_limit: 36h", "time_limit: 400d"), ("every: 60s, for: 4h", "every: 60s, for: 400d")]
RESTORE = "RestoreDBClusterFromSnapshot"


def check_status_of_guide(operator: Operator) -> str:
    """Check the status, and return the id of the cluster that is being created."""
    status = operator.status("op-001")
    assert (status["operation_id"], status["step"], status["status"]) == ("op-001", "restore-snapshot", "IN_PROGRESS")
    assert status["timestamp"] == "2024-03-20T00:17:00Z"
    assert status["details"] == {"name": CLUSTER, "status": "creating"}
    assert (status["retry_count"], status["max_retries"], status["error"]) == (0, 3, None)
    (made,) = [one for one in status["resources"] if one["step"] == "restore-snapshot"]
    assert made["id"].startswith("cluster-")
    return str(made["id"])


def interrupt(operator: Operator) -> str:
    operator.use_guide_times()
    operator.run_until_credentials_expire("op-001", "restore-snapshot", read_call="rds.DescribeDBClusters")
    return check_status_of_guide(operator)


def restored_cluster(operator: Operator) -> str:
    """The id of the cluster, which the ledger must have as delivered."""
    found = operator.sandbox("op-001").get(f"rds.cluster/{CLUSTER}@us-west-2")
    assert found is not None
    assert (found.id, "delivered") in [(one["id"], one["state"]) for one in operator.status("op-001")["resources"]]
    return str(found.id)


def test_the_cluster_is_still_creating_after_the_runner_was_killed(each_operator: Operator) -> None:
    each_operator.use_guide_times()
    each_operator.script = {"restore-snapshot": ["creating always"]}
    each_operator.edits = LONG_TIMEOUTS
    run_and_kill(*each_operator.run_args("op-001"), after="creating; checking")
    made = check_status_of_guide(each_operator)
    each_operator.sandbox("op-001").change(f"rds.cluster/{CLUSTER}@us-west-2", "creating", seconds=600)
    assert each_operator.run_command("resume", "op-001").code == 0
    assert each_operator.performed("op-001", RESTORE) == [RESTORE]
    assert restored_cluster(each_operator) == made
    assert each_operator.resources("op-001") == RESTORED


def test_the_cluster_is_still_creating(operator: Operator) -> None:
    made = interrupt(operator)
    assert operator.run_command("resume", "op-001").code == 0
    assert operator.performed("op-001", RESTORE) == [RESTORE]
    assert restored_cluster(operator) == made


def test_the_cluster_has_failed(operator: Operator) -> None:
    made = interrupt(operator)
    operator.sandbox("op-001").change(f"rds.cluster/{CLUSTER}@us-west-2", "failed")
    assert operator.run_command("resume", "op-001").code == 0
    assert operator.performed("op-001", RESTORE) == [RESTORE] * 2
    assert operator.retry_delays("op-001", "restore-snapshot") == [5]
    assert restored_cluster(operator) != made
    assert operator.resources("op-001") == RESTORED


def test_the_cluster_does_not_exist(operator: Operator) -> None:
    made = interrupt(operator)
    operator.sandbox("op-001").remove(f"rds.cluster/{CLUSTER}@us-west-2")
    assert operator.run_command("resume", "op-001").code == 0
    assert operator.performed("op-001", RESTORE) == [RESTORE] * 2
    assert restored_cluster(operator) != made
    assert operator.resources("op-001") == RESTORED
