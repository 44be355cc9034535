"""The guide's 2A: op-002 fails with InvalidSnapshot.NotFound: "Snapshot daily-backup-2024-03-19 not found".

1. Verify snapshot exists in source region. 2. If snapshot exists: retry copy operation. 3. If snapshot doesn't exist:
notify user, end operation.
"""

from __future__ import annotations

from tests.seed.operator import ADMIN, RESTORED, TOPIC, Operator

MISSING = "daily-backup-2024-03-19"
COPIED = "CopyDBClusterSnapshot"

RETRY_COPY = (
    """    monitor: {every: 30s, for: 24h}
    retry: slow
""",
    """    monitor: {every: 30s, for: 24h}
    retry: slow
    rescue:
      - error: InvalidSnapshot.NotFound
        do:
          - check: rds.cluster_snapshot
            region: ${source_region}
            with: {name: "${snapshot}"}
            states:
              missing: {fail: "Snapshot ${snapshot} not found", error: InvalidSnapshot.NotFound}
        then: retry
""",
)
"""The guide's rule: check the snapshot again, then retry the copy or fail."""


def test_the_snapshot_does_not_exist_until_a_restart(each_operator: Operator) -> None:
    result = each_operator.run("op-002", snapshot=MISSING)
    assert result.code == 1
    status = each_operator.status("op-002")
    assert (status["step"], status["status"], status["error"]) == (
        "snapshot-check", "FAILED", "InvalidSnapshot.NotFound"
    )  # fmt: skip
    assert status["error_message"] == f"no snapshot {MISSING} in us-east-1"
    assert (status["retry_count"], status["cleanup_status"], status["orphaned_resources"]) == (0, "NOT_NEEDED", [])
    assert each_operator.subjects("op-002") == ["runbook aurora-restore op-002: FAILED"]
    assert f"InvalidSnapshot.NotFound: no snapshot {MISSING} in us-east-1" in each_operator.messages("op-002")[0]
    assert [one["topic"] for one in status["notifications"]] == [TOPIC]
    assert [call.name for call in each_operator.sandbox("op-002").journal if call.changes] == ["sns.Publish"]
    assert each_operator.resources("op-002") == RESTORED

    each_operator.sandbox("op-002").put(
        f"rds.cluster_snapshot/{MISSING}@us-east-1", {"cluster": "orders", "admin": ADMIN}
    )
    result = each_operator.run_command("restart", "op-002", "--from", "snapshot-check")
    assert result.code == 0
    assert each_operator.performed("op-002", COPIED) == [COPIED]
    assert each_operator.status("op-002")["status"] == "SUCCEEDED"
    assert "\nmade: rds.cluster cluster-" in each_operator.messages("op-002")[-1]
    assert "left: " not in each_operator.messages("op-002")[-1]


def test_the_snapshot_exists_and_the_copy_is_retried(operator: Operator) -> None:
    operator.edits = [RETRY_COPY]
    operator.script = {"copy-snapshot": ["InvalidSnapshot.NotFound"]}
    assert operator.run("op-002").code == 0
    assert operator.calls("op-002", COPIED) == [f"{COPIED} DBClusterSnapshotNotFoundFault", f"{COPIED} ok"]
    assert operator.retry_delays("op-002", "copy-snapshot") == [5]


def test_the_snapshot_is_deleted_after_it_was_checked(operator: Operator) -> None:
    operator.edits = [RETRY_COPY]
    operator.script = {"copy-snapshot": ["credentials"]}
    assert operator.run("op-002").code == 4
    operator.sandbox("op-002").remove("rds.cluster_snapshot/daily-backup-2024-03-20@us-east-1")
    assert operator.run_command("resume", "op-002").code == 1
    status = operator.status("op-002")
    assert (status["step"], status["status"], status["retry_count"]) == ("copy-snapshot", "FAILED", 0)
    assert status["error"] == "DBClusterSnapshotNotFoundFault"  # the first error, in AWS's word for it
    assert "Snapshot daily-backup-2024-03-20 not found" in operator.cli("history", "op-002", *operator.options).out
    assert operator.resources("op-002") == RESTORED


def test_the_shipped_runbook_fails_at_once(operator: Operator) -> None:
    """Without the rescue, the error fails the operation: a missing snapshot is not retried."""
    operator.script = {"copy-snapshot": ["InvalidSnapshot.NotFound"]}
    assert operator.run("op-002").code == 1
    status = operator.status("op-002")
    assert (status["step"], status["error"]) == ("copy-snapshot", "DBClusterSnapshotNotFoundFault")
    assert operator.resources("op-002") == RESTORED
