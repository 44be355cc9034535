"""The guide's 1A: op-001 is interrupted while daily-backup-2024-03-20 is copied.

1. Check if copy operation exists in target region. 2. If exists and status is "creating": continue monitoring.
3. If exists and status is "failed": delete failed copy, retry copy operation. 4. If doesn't exist: start new copy.
"""

from __future__ import annotations

from tests.seed.killed_process import run_and_kill
from tests.seed.operator import COPY, COPY_ARN, RESTORED, Operator

FIRST = f"{COPY_ARN}#op-001/copy-snapshot/1.1"
MADE, DELETED = "CopyDBClusterSnapshot", "DeleteDBClusterSnapshot"
LONG_TIMEOUTS = [("time_limit: 36h", "time_limit: 400d"), ("every: 30s, for: 24h", "every: 30s, for: 400d")]


def check_status_of_guide(operator: Operator) -> None:
    status = operator.status("op-001")
    assert (status["operation_id"], status["step"], status["status"]) == ("op-001", "copy-snapshot", "IN_PROGRESS")
    assert status["timestamp"] == "2024-03-20T00:06:00Z"
    assert status["details"] == {"name": COPY, "status": "copying"}
    assert (status["retry_count"], status["max_retries"], status["error"]) == (0, 3, None)
    assert [(one["name"], one["id"], one["state"]) for one in status["resources"]] == [(COPY, FIRST, "open")]
    assert (status["cleanup_status"], status["orphaned_resources"]) == ("PENDING", [])


def interrupt(operator: Operator) -> None:
    operator.run_until_credentials_expire("op-001", "copy-snapshot", read_call="rds.DescribeDBClusterSnapshots")
    check_status_of_guide(operator)


def test_the_copy_is_still_creating_after_the_runner_was_killed(each_operator: Operator) -> None:
    each_operator.script = {"copy-snapshot": ["copying always"]}
    each_operator.edits = LONG_TIMEOUTS
    run_and_kill(*each_operator.run_args("op-001"), after="copying; checking")
    check_status_of_guide(each_operator)
    each_operator.sandbox("op-001").change(f"rds.cluster_snapshot/{COPY}@us-west-2", "creating", seconds=300)
    result = each_operator.run_command("resume", "op-001")
    assert result.code == 0, result.err
    assert "the previous runner exited without releasing it" in result.err
    assert each_operator.performed("op-001", MADE) == [MADE]
    assert each_operator.resources("op-001") == RESTORED
    assert each_operator.subjects("op-001") == ["runbook aurora-restore op-001: SUCCEEDED"]
    assert each_operator.status("op-001")["status"] == "SUCCEEDED"


def test_the_copy_is_still_creating(operator: Operator) -> None:
    interrupt(operator)
    assert operator.run_command("resume", "op-001").code == 0
    assert operator.performed("op-001", MADE) == [MADE]
    assert operator.step("op-001", "copy-snapshot")["retry_count"] == 0


def test_the_copy_has_failed(operator: Operator) -> None:
    interrupt(operator)
    operator.sandbox("op-001").change(f"rds.cluster_snapshot/{COPY}@us-west-2", "failed")
    assert operator.run_command("resume", "op-001").code == 0
    assert operator.performed("op-001", MADE, DELETED) == [
        MADE, DELETED,  # the failed one
        MADE, DELETED,  # by archive-snapshot, at the end
    ]  # fmt: skip
    assert operator.retry_delays("op-001", "copy-snapshot") == [5]
    assert operator.step("op-001", "copy-snapshot")["retry_count"] == 1
    assert operator.resources("op-001") == RESTORED


def test_the_copy_does_not_exist(operator: Operator) -> None:
    interrupt(operator)
    operator.sandbox("op-001").remove(f"rds.cluster_snapshot/{COPY}@us-west-2")
    assert operator.run_command("resume", "op-001").code == 0
    assert operator.performed("op-001", MADE) == [MADE] * 2
    assert operator.retry_delays("op-001", "copy-snapshot") == [5]
    assert operator.resources("op-001") == RESTORED
