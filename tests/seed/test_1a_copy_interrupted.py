"""The guide's 1A: op-001 is interrupted while daily-backup-2024-03-20 is copied.

1. Check if copy operation exists in target region. 2. If exists and status is "creating": continue monitoring.
3. If exists and status is "failed": delete failed copy, retry copy operation. 4. If doesn't exist: start new copy.
"""

from __future__ import annotations

from tests.seed.killed_process import killed
from tests.seed.operator import COPY, COPY_ARN, THERE, Desk

FIRST = f"{COPY_ARN}#op-001/copy-snapshot/1.1"
MADE, DELETED = "CopyDBClusterSnapshot", "DeleteDBClusterSnapshot"
FOR_EVER = [("time_limit: 36h", "time_limit: 400d"), ("every: 30s, for: 24h", "every: 30s, for: 400d")]


def as_the_guide_has_it(desk: Desk) -> None:
    status = desk.status("op-001")
    assert (status["operation_id"], status["step"], status["status"]) == ("op-001", "copy-snapshot", "IN_PROGRESS")
    assert status["timestamp"] == "2024-03-20T00:06:00Z"
    assert status["details"] == {"name": COPY, "status": "copying"}
    assert (status["retry_count"], status["max_retries"], status["error"]) == (0, 3, None)
    assert [(one["name"], one["id"], one["state"]) for one in status["resources"]] == [(COPY, FIRST, "open")]
    assert (status["cleanup_status"], status["orphaned_resources"]) == ("PENDING", [])


def interrupted(desk: Desk) -> None:
    desk.stopped("op-001", "copy-snapshot", looks_by="rds.DescribeDBClusterSnapshots")
    as_the_guide_has_it(desk)


def test_it_exists_and_is_being_made_the_runner_was_killed(either: Desk) -> None:
    either.script = {"copy-snapshot": ["copying always"]}
    either.edits = FOR_EVER
    killed(*either.words_of_run("op-001"), after="copying; checking")
    as_the_guide_has_it(either)
    either.hand("op-001").change(f"rds.cluster_snapshot/{COPY}@us-west-2", "creating", seconds=300)
    told = either.type("resume", "op-001")
    assert told.code == 0, told.err
    assert "the previous runner exited without releasing it" in told.err
    assert either.done("op-001", MADE) == [MADE]
    assert either.there("op-001") == THERE
    assert either.told("op-001") == ["runbook aurora-restore op-001: SUCCEEDED"]
    assert either.status("op-001")["status"] == "SUCCEEDED"


def test_it_exists_and_is_being_made(desk: Desk) -> None:
    interrupted(desk)
    assert desk.type("resume", "op-001").code == 0
    assert desk.done("op-001", MADE) == [MADE]
    assert desk.step("op-001", "copy-snapshot")["retry_count"] == 0


def test_it_exists_and_has_failed(desk: Desk) -> None:
    interrupted(desk)
    desk.hand("op-001").change(f"rds.cluster_snapshot/{COPY}@us-west-2", "failed")
    assert desk.type("resume", "op-001").code == 0
    assert desk.done("op-001", MADE, DELETED) == [
        MADE, DELETED,  # the failed one
        MADE, DELETED,  # by archive-snapshot, at the end
    ]  # fmt: skip
    assert desk.waited("op-001", "copy-snapshot") == [5]
    assert desk.step("op-001", "copy-snapshot")["retry_count"] == 1
    assert desk.there("op-001") == THERE


def test_it_does_not_exist(desk: Desk) -> None:
    interrupted(desk)
    desk.hand("op-001").remove(f"rds.cluster_snapshot/{COPY}@us-west-2")
    assert desk.type("resume", "op-001").code == 0
    assert desk.done("op-001", MADE) == [MADE] * 2
    assert desk.waited("op-001", "copy-snapshot") == [5]
    assert desk.there("op-001") == THERE
