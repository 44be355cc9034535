"""The guide's 4B: op-005 has failed at check-restore-status at 00:45, ClusterNotFound, and has left copy-snapshot-123.

1. Identify orphaned resources. 2. Delete unused snapshots. 3. Update audit trail. 4. Notify user.
"""

from __future__ import annotations

from actions.sandbox import Fault
from tests.seed.operator import CLUSTER, COPY, Desk

ORPHAN = "copy-snapshot-123"
GUIDE = [
    ("copy: ${snapshot | replace('rds:', '')}-copy", f"copy: {ORPHAN}"),
    ("\noutputs:\n", "\non_failure: [{take_back: all, past: delete-rds}, {notify: '${settings.topic}'}]\n\noutputs:\n"),
    (
        "  - id: instances ",
        """\
  - id: check-restore-status
    check: rds.cluster
    with: {name: "${cluster}"}
    states:
      missing: {fail: "the cluster ${cluster} is gone", error: ClusterNotFound}

  - id: instances """,
    ),
]
"""The guide's names, its step of its own, and its rule that a failure cleans up past the point of no return too."""
REFUSED = Fault(kind="error", call="rds.DeleteDBClusterSnapshot", code="AccessDenied", message="no permission")


def orphaned(desk: Desk) -> None:
    """The restored cluster is gone when its status is checked, and the copy may not be deleted."""
    desk.edits = GUIDE
    desk.at_the_guide_s_times(restore="28m")  # it is over at 00:45
    desk.stopped("op-005", "restore-snapshot", looks_by="rds.DescribeDBClusters")
    hand = desk.hand("op-005")
    hand.fault(Fault(kind="credentials", call="rds.DescribeDBClusters", step="check-restore-status"))
    assert desk.type("resume", "op-005").code == 4
    hand.remove(f"rds.cluster/{CLUSTER}@us-west-2")
    hand.fault(REFUSED)
    assert desk.type("resume", "op-005").code == 7


def test_it_is_named_and_can_be_cleaned_up(either: Desk) -> None:
    orphaned(either)
    status = either.status("op-005")
    assert (status["step"], status["status"], status["error"]) == ("check-restore-status", "STUCK", "ClusterNotFound")
    assert status["timestamp"] == "2024-03-20T00:45:00Z"
    (orphan,) = status["orphaned_resources"]
    assert f":cluster-snapshot:{ORPHAN}#op-005/" in orphan
    assert (status["cleanup_required"], status["cleanup_status"]) == (True, "STUCK")
    assert either.there("op-005") == {ORPHAN: "available"}
    (why,) = [one["why"] for one in status["resources"] if one["id"] == orphan]
    assert why.startswith("AccessDenied: no permission")
    assert either.told("op-005") == ["runbook aurora-restore op-005: STUCK"]
    assert f"left: rds.cluster_snapshot {orphan} in us-west-2 (stuck)" in either.messages("op-005")[0]

    found = either.orphans()
    assert (found.code, [one["name"] for one in found.document["orphans"]]) == (1, [ORPHAN])

    told = either.type("cleanup", "op-005")
    assert told.code == 0, told.err
    status = either.status("op-005")
    assert (status["status"], status["cleanup_required"], status["cleanup_status"]) == ("FAILED", False, "COMPLETED")
    assert status["orphaned_resources"] == []
    assert either.there("op-005") == {}
    assert either.told("op-005")[-1] == "runbook aurora-restore op-005: FAILED"
    events = [one["event"] for one in either.history("op-005")]
    assert events.index("cleanup_begun") > events.index("ended")
    assert either.orphans().code == 0


def test_it_is_found_by_its_tags_and_deleted(desk: Desk) -> None:
    """Whoever knows of no operation looks for what bears the tool's tags, and has it cleaned up."""
    orphaned(desk)
    told = desk.orphans("--delete", "--yes")
    assert (told.code, [one["name"] for one in told.document["deleted"]]) == (0, [ORPHAN])
    assert desk.there("op-005") == {}
    assert desk.status("op-005")["cleanup_status"] == "COMPLETED"


def test_a_copy_that_somebody_else_made_is_never_taken_for_an_orphan(desk: Desk) -> None:
    """It bears the name; it has neither the id nor the tags: the operation holds, and no clean-up touches it."""
    desk.edits = GUIDE
    desk.world[f"rds.cluster_snapshot/{ORPHAN}@us-west-2"] = {"cluster": "orders", "encrypted": True}
    assert desk.run("op-005").code == 5
    assert desk.status("op-005")["hold"]["kind"] == "owner"
    assert desk.type("cancel", "op-005", "--undo").code == 0
    assert desk.there("op-005")[ORPHAN] == "available"
    assert COPY not in desk.there("op-005")
