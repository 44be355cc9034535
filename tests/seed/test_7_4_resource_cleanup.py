"""The guide's 7.4: implement idempotent cleanup, track cleanup status, verify resource deletion, update audit trail."""

from __future__ import annotations

from actions.sandbox import Fault
from tests.seed.operator import COPY, SECURITY_GROUPS, THERE, Desk

DELETED = "DeleteDBClusterSnapshot"


def left_behind(desk: Desk) -> None:
    """Cancelled before anything was deleted, without --undo: the copy is left."""
    desk.world[SECURITY_GROUPS] = ["sg-elsewhere"]
    assert desk.run("op-004").code == 5
    assert desk.type("cancel", "op-004").code == 0
    status = desk.status("op-004")
    assert (status["status"], status["cleanup_required"], status["cleanup_status"]) == ("CANCELLED", True, "PENDING")
    assert len(status["orphaned_resources"]) == 1


def test_it_is_interrupted_and_typed_again(either: Desk) -> None:
    left_behind(either)
    either.hand("op-004").fault(Fault(kind="credentials", call="rds.DescribeDBClusterSnapshots", nth=5))
    assert either.type("cleanup", "op-004").code == 4
    assert either.status("op-004")["cleanup_status"] == "IN_PROGRESS"
    assert either.type("cleanup", "op-004").code == 0
    status = either.status("op-004")
    assert (status["status"], status["cleanup_required"], status["cleanup_status"]) == ("CANCELLED", False, "COMPLETED")
    assert status["orphaned_resources"] == []
    assert either.done("op-004", DELETED) == [DELETED]
    assert either.there("op-004") == THERE

    assert either.type("cleanup", "op-004").code == 0  # once more: nothing is there, nothing is asked for
    assert either.done("op-004", DELETED) == [DELETED]


def test_somebody_else_has_deleted_it(desk: Desk) -> None:
    left_behind(desk)
    desk.hand("op-004").remove(f"rds.cluster_snapshot/{COPY}@us-west-2")
    assert desk.type("cleanup", "op-004").code == 0
    assert desk.status("op-004")["cleanup_status"] == "COMPLETED"
    assert desk.done("op-004", DELETED) == []


def test_it_is_gone_when_it_is_seen_to_be_gone(desk: Desk) -> None:
    """AWS takes its time: the entry is closed by the look that sees nothing, not by the accepted delete."""
    desk.script = {"copy-snapshot": ["available", "deleting x5"]}
    left_behind(desk)
    assert desk.type("cleanup", "op-004").code == 0
    events = [one for one in desk.history("op-004") if one["step"].startswith("copy-snapshot")]
    accepted = max(number for number, one in enumerate(events) if one["event"] == "succeeded")
    (gone,) = [number for number, one in enumerate(events) if one["text"].endswith(" is gone")]
    assert [one["text"] for one in events[accepted + 1 : gone] if one["event"] == "looked"] == [
        "seen: deleting", "seen: missing", "seen: missing"
    ]  # fmt: skip
    assert events[gone]["at"] > events[accepted]["at"]


def test_the_last_copy_of_the_data_is_kept(desk: Desk) -> None:
    """Its source has gone meanwhile: the clean-up keeps the copy, and says so."""
    left_behind(desk)
    desk.hand("op-004").remove("rds.cluster_snapshot/daily-backup-2024-03-20@us-east-1")
    assert desk.type("cleanup", "op-004").code == 0
    status = desk.status("op-004")
    assert status["cleanup_status"] == "PARTIAL"
    (kept,) = status["resources"]
    assert (kept["state"], "this is the last copy of the data" in kept["why"]) == ("kept", True)
    assert desk.there("op-004") == THERE | {COPY: "available"}
