"""The guide's 7.4: implement idempotent cleanup, track cleanup status, verify resource deletion, update audit trail."""

from __future__ import annotations

from actions.sandbox import Fault
from tests.seed.operator import COPY, RESTORED, SECURITY_GROUPS, Operator

DELETED = "DeleteDBClusterSnapshot"


def cancel_without_undo(operator: Operator) -> None:
    """Cancelled before anything was deleted, without --undo: the copy is left."""
    operator.world[SECURITY_GROUPS] = ["sg-elsewhere"]
    assert operator.run("op-004").code == 5
    assert operator.run_command("cancel", "op-004").code == 0
    status = operator.status("op-004")
    assert (status["status"], status["cleanup_required"], status["cleanup_status"]) == ("CANCELLED", True, "PENDING")
    assert len(status["orphaned_resources"]) == 1


def test_an_interrupted_cleanup_is_run_again(each_operator: Operator) -> None:
    cancel_without_undo(each_operator)
    each_operator.sandbox("op-004").fault(Fault(kind="credentials", call="rds.DescribeDBClusterSnapshots", nth=5))
    assert each_operator.run_command("cleanup", "op-004").code == 4
    assert each_operator.status("op-004")["cleanup_status"] == "IN_PROGRESS"
    assert each_operator.run_command("cleanup", "op-004").code == 0
    status = each_operator.status("op-004")
    assert (status["status"], status["cleanup_required"], status["cleanup_status"]) == ("CANCELLED", False, "COMPLETED")
    assert status["orphaned_resources"] == []
    assert each_operator.performed("op-004", DELETED) == [DELETED]
    assert each_operator.resources("op-004") == RESTORED

    assert each_operator.run_command("cleanup", "op-004").code == 0  # a third time: there is nothing to delete
    assert each_operator.performed("op-004", DELETED) == [DELETED]


def test_another_person_has_deleted_the_copy(operator: Operator) -> None:
    cancel_without_undo(operator)
    operator.sandbox("op-004").remove(f"rds.cluster_snapshot/{COPY}@us-west-2")
    assert operator.run_command("cleanup", "op-004").code == 0
    assert operator.status("op-004")["cleanup_status"] == "COMPLETED"
    assert operator.performed("op-004", DELETED) == []


def test_a_deletion_is_verified_by_a_look(operator: Operator) -> None:
    """Deletion takes time: the entry is closed by the look that finds nothing, not by the accepted delete."""
    operator.script = {"copy-snapshot": ["available", "deleting x5"]}
    cancel_without_undo(operator)
    assert operator.run_command("cleanup", "op-004").code == 0
    events = [one for one in operator.history("op-004") if one["step"].startswith("copy-snapshot")]
    accepted = max(number for number, one in enumerate(events) if one["event"] == "succeeded")
    (gone,) = [number for number, one in enumerate(events) if one["text"].endswith(" is gone")]
    assert [one["text"] for one in events[accepted + 1 : gone] if one["event"] == "looked"] == [
        "seen: deleting", "seen: missing", "seen: missing"
    ]  # fmt: skip
    assert events[gone]["at"] > events[accepted]["at"]


def test_the_last_copy_of_the_data_is_kept(operator: Operator) -> None:
    """The source has been deleted: the cleanup keeps the copy and reports it."""
    cancel_without_undo(operator)
    operator.sandbox("op-004").remove("rds.cluster_snapshot/daily-backup-2024-03-20@us-east-1")
    assert operator.run_command("cleanup", "op-004").code == 0
    status = operator.status("op-004")
    assert status["cleanup_status"] == "PARTIAL"
    (kept,) = status["resources"]
    assert (kept["state"], "this is the last copy of the data" in kept["why"]) == ("kept", True)
    assert operator.resources("op-004") == RESTORED | {COPY: "available"}
