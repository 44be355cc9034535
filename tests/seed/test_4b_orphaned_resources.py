"""The guide's 4B: op-005 has failed at check-restore-status at 00:45, ClusterNotFound, and has left copy-snapshot-123.

1. Identify orphaned resources. 2. Delete unused snapshots. 3. Update audit trail. 4. Notify user.
"""

from __future__ import annotations

from actions.sandbox import Fault
from tests.seed.operator import CLUSTER, COPY, Operator

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
"""The names of the guide, its additional step, and its rule to clean up past the point of no return too."""
REFUSED = Fault(kind="error", call="rds.DeleteDBClusterSnapshot", code="AccessDenied", message="no permission")


def leave_orphan(operator: Operator) -> None:
    """The restored cluster is gone when its status is checked, and the copy may not be deleted."""
    operator.edits = GUIDE
    operator.use_guide_times(restore="28m")  # it ends at 00:45
    operator.run_until_credentials_expire("op-005", "restore-snapshot", read_call="rds.DescribeDBClusters")
    hand = operator.sandbox("op-005")
    hand.fault(Fault(kind="credentials", call="rds.DescribeDBClusters", step="check-restore-status"))
    assert operator.run_command("resume", "op-005").code == 4
    hand.remove(f"rds.cluster/{CLUSTER}@us-west-2")
    hand.fault(REFUSED)
    assert operator.run_command("resume", "op-005").code == 7


def test_the_orphan_is_reported_and_cleaned_up(each_operator: Operator) -> None:
    leave_orphan(each_operator)
    status = each_operator.status("op-005")
    assert (status["step"], status["status"], status["error"]) == ("check-restore-status", "STUCK", "ClusterNotFound")
    assert status["timestamp"] == "2024-03-20T00:45:00Z"
    (orphan,) = status["orphaned_resources"]
    assert f":cluster-snapshot:{ORPHAN}#op-005/" in orphan
    assert (status["cleanup_required"], status["cleanup_status"]) == (True, "STUCK")
    assert each_operator.resources("op-005") == {ORPHAN: "available"}
    (why,) = [one["why"] for one in status["resources"] if one["id"] == orphan]
    assert why.startswith("AccessDenied: no permission")
    assert each_operator.subjects("op-005") == ["runbook aurora-restore op-005: STUCK"]
    assert f"left: rds.cluster_snapshot {orphan} in us-west-2 (stuck)" in each_operator.messages("op-005")[0]

    found = each_operator.orphans()
    assert (found.code, [one["name"] for one in found.document["orphans"]]) == (1, [ORPHAN])

    result = each_operator.run_command("cleanup", "op-005")
    assert result.code == 0, result.err
    status = each_operator.status("op-005")
    assert (status["status"], status["cleanup_required"], status["cleanup_status"]) == ("FAILED", False, "COMPLETED")
    assert status["orphaned_resources"] == []
    assert each_operator.resources("op-005") == {}
    assert each_operator.subjects("op-005")[-1] == "runbook aurora-restore op-005: FAILED"
    events = [one["event"] for one in each_operator.history("op-005")]
    assert events.index("cleanup_begun") > events.index("ended")
    assert each_operator.orphans().code == 0


def test_the_orphan_is_found_by_its_tags_and_deleted(operator: Operator) -> None:
    """`runbook orphans` finds tagged resources without an operation id, and deletes them."""
    leave_orphan(operator)
    result = operator.orphans("--delete", "--yes")
    assert (result.code, [one["name"] for one in result.document["deleted"]]) == (0, [ORPHAN])
    assert operator.resources("op-005") == {}
    assert operator.status("op-005")["cleanup_status"] == "COMPLETED"


def test_a_foreign_copy_is_not_an_orphan(operator: Operator) -> None:
    """It has the name, but not the id and the tags: the operation holds, and no cleanup touches it."""
    operator.edits = GUIDE
    operator.world[f"rds.cluster_snapshot/{ORPHAN}@us-west-2"] = {"cluster": "orders", "encrypted": True}
    assert operator.run("op-005").code == 5
    assert operator.status("op-005")["hold"]["kind"] == "owner"
    assert operator.run_command("cancel", "op-005", "--undo").code == 0
    assert operator.resources("op-005")[ORPHAN] == "available"
    assert COPY not in operator.resources("op-005")
