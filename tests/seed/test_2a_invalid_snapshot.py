"""The guide's 2A: op-002 fails with InvalidSnapshot.NotFound: "Snapshot daily-backup-2024-03-19 not found".

1. Verify snapshot exists in source region. 2. If snapshot exists: retry copy operation. 3. If snapshot doesn't exist:
notify user, end operation.
"""

from __future__ import annotations

from tests.seed.operator import ADMIN, THERE, TOPIC, Desk

MISSING = "daily-backup-2024-03-19"
COPIED = "CopyDBClusterSnapshot"

ASKED_AGAIN = (
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
"""The guide's rule for a copy that is refused so, though the snapshot was there a moment ago."""


def test_it_does_not_exist_then_it_does(either: Desk) -> None:
    told = either.run("op-002", snapshot=MISSING)
    assert told.code == 1
    status = either.status("op-002")
    assert (status["step"], status["status"], status["error"]) == (
        "snapshot-check", "FAILED", "InvalidSnapshot.NotFound"
    )  # fmt: skip
    assert status["error_message"] == f"no snapshot {MISSING} in us-east-1"
    assert (status["retry_count"], status["cleanup_status"], status["orphaned_resources"]) == (0, "NOT_NEEDED", [])
    assert either.told("op-002") == ["runbook aurora-restore op-002: FAILED"]
    assert f"InvalidSnapshot.NotFound: no snapshot {MISSING} in us-east-1" in either.messages("op-002")[0]
    assert [one["topic"] for one in status["notifications"]] == [TOPIC]
    assert [call.name for call in either.hand("op-002").journal if call.changes] == ["sns.Publish"]
    assert either.there("op-002") == THERE

    either.hand("op-002").put(f"rds.cluster_snapshot/{MISSING}@us-east-1", {"cluster": "orders", "admin": ADMIN})
    told = either.type("restart", "op-002", "--from", "snapshot-check")
    assert told.code == 0
    assert either.done("op-002", COPIED) == [COPIED]
    assert either.status("op-002")["status"] == "SUCCEEDED"
    assert "\nmade: rds.cluster cluster-" in either.messages("op-002")[-1]
    assert "left: " not in either.messages("op-002")[-1]


def test_it_exists_and_the_copy_is_asked_for_again(desk: Desk) -> None:
    desk.edits = [ASKED_AGAIN]
    desk.script = {"copy-snapshot": ["InvalidSnapshot.NotFound"]}
    assert desk.run("op-002").code == 0
    assert desk.asked("op-002", COPIED) == [f"{COPIED} DBClusterSnapshotNotFoundFault", f"{COPIED} ok"]
    assert desk.waited("op-002", "copy-snapshot") == [5]


def test_it_went_after_it_was_looked_at(desk: Desk) -> None:
    desk.edits = [ASKED_AGAIN]
    desk.script = {"copy-snapshot": ["credentials"]}
    assert desk.run("op-002").code == 4
    desk.hand("op-002").remove("rds.cluster_snapshot/daily-backup-2024-03-20@us-east-1")
    assert desk.type("resume", "op-002").code == 1
    status = desk.status("op-002")
    assert (status["step"], status["status"], status["retry_count"]) == ("copy-snapshot", "FAILED", 0)
    assert status["error"] == "DBClusterSnapshotNotFoundFault"  # the first error, in AWS's word for it
    assert "Snapshot daily-backup-2024-03-20 not found" in desk.ask("history", "op-002", *desk.options).out
    assert desk.there("op-002") == THERE


def test_as_it_is_shipped_it_ends_there_too(desk: Desk) -> None:
    """Without the rescue the refusal ends it at once: what is not there is not asked for twice."""
    desk.script = {"copy-snapshot": ["InvalidSnapshot.NotFound"]}
    assert desk.run("op-002").code == 1
    status = desk.status("op-002")
    assert (status["step"], status["error"]) == ("copy-snapshot", "DBClusterSnapshotNotFoundFault")
    assert desk.there("op-002") == THERE
