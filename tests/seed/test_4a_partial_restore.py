"""The guide's 4A: op-004 has failed at restore-snapshot at 00:17, InvalidVPCConfiguration, cleanup_required: true.

1. Delete any created resources: copied snapshots, partially restored clusters. 2. Update audit trail. 3. Notify user
of cleanup.

The guide cleans up at once; then neither the old cluster is there nor the copy. See docs/decisions: it holds, takes
back what is broken, and cleans up on request; one line of the runbook has it the guide's way.
"""

from __future__ import annotations

from tests.seed.operator import CLUSTER, COPY, THERE, Desk

LITERALLY = (
    "\noutputs:\n",
    "\non_failure: [{take_back: all, past: delete-rds}, {notify: '${settings.topic}'}]\n\noutputs:\n",
)
AT_ONCE = ("then: {retry_if: settings.changed, else: hold}", "then: {retry_if: settings.changed, else: fail}")


def test_a_configuration_error_holds_and_is_cleaned_up_on_request(either: Desk) -> None:
    either.at_the_guide_s_times()
    either.script = {"restore-snapshot": ["InvalidVPCConfiguration"]}
    assert either.run("op-004").code == 5
    status = either.status("op-004")
    assert (status["step"], status["status"], status["timestamp"]) == (
        "restore-snapshot", "HELD", "2024-03-20T00:17:00Z"
    )  # fmt: skip
    assert (status["cleanup_required"], status["cleanup_status"]) == (True, "PENDING")
    assert either.there("op-004") == {COPY: "available"}

    told = either.type("cancel", "op-004", "--undo")
    assert told.code == 0
    status = either.status("op-004")
    assert (status["status"], status["cleanup_required"], status["cleanup_status"]) == ("CANCELLED", False, "COMPLETED")
    assert status["orphaned_resources"] == []
    assert either.there("op-004") == {}
    assert either.told("op-004") == [
        "runbook aurora-restore op-004: HELD at restore-snapshot",
        "runbook aurora-restore op-004: CANCELLED",
    ]
    assert "taken back: rds.cluster_snapshot arn:" in either.messages("op-004")[-1]
    settled = [one["text"] for one in either.history("op-004") if one["event"] == "entry_settled"]
    assert any(text.startswith("rds.cluster_snapshot arn:") and text.endswith(" is gone") for text in settled)


def test_only_what_is_broken_is_taken_back_unasked(desk: Desk) -> None:
    """The partially restored cluster goes when the retries are used up; the copy, now the only one here, stays."""
    desk.script = {"restore-snapshot": ["creating x2", "failed x4"]}
    assert desk.run("op-004").code == 5
    status = desk.status("op-004")
    assert (status["hold"]["kind"], status["retry_count"], status["max_retries"]) == ("failure", 3, 3)
    assert (status["cleanup_required"], status["cleanup_status"]) == (True, "PENDING")
    assert sorted((one["kind"], one["state"]) for one in status["resources"]) == [
        ("rds.cluster", "gone"), ("rds.cluster", "gone"), ("rds.cluster", "gone"), ("rds.cluster", "gone"),
        ("rds.cluster_snapshot", "open"),
    ]  # fmt: skip
    assert desk.there("op-004") == {COPY: "available"}
    assert (
        f"left: rds.cluster_snapshot arn:aws:rds:us-west-2:123456789012:cluster-snapshot:{COPY}"
        in (desk.messages("op-004")[0])
    )


def test_the_guide_s_rule_in_one_line(either: Desk) -> None:
    either.edits = [LITERALLY]
    either.script = {"restore-snapshot": ["creating x2", "failed x4"]}
    assert either.run("op-004").code == 1
    status = either.status("op-004")
    assert (status["step"], status["status"], status["error"]) == ("restore-snapshot", "FAILED", "AttemptsExhausted")
    assert (status["retry_count"], status["max_retries"]) == (3, 3)
    assert (status["cleanup_required"], status["cleanup_status"]) == (False, "COMPLETED")
    assert either.there("op-004") == {}
    assert either.told("op-004") == ["runbook aurora-restore op-004: FAILED"]


def test_the_guide_s_rule_at_the_first_configuration_error(desk: Desk) -> None:
    desk.at_the_guide_s_times()
    desk.edits = [LITERALLY, AT_ONCE]
    desk.script = {"restore-snapshot": ["InvalidVPCConfiguration"]}
    assert desk.run("op-004").code == 1
    status = desk.status("op-004")
    assert (status["status"], status["timestamp"]) == ("FAILED", "2024-03-20T00:18:30Z")
    assert status["error"] == "InvalidVPCNetworkStateFault"
    assert status["cleanup_status"] == "COMPLETED"
    assert desk.there("op-004") == {}


def test_before_anything_is_deleted_all_of_it_is_taken_back(desk: Desk) -> None:
    desk.world["ssm:/aurora-restore/us-west-2/subnet-group"] = "not-there"
    desk.edits = [("broken: {hold: ", "broken: {fail: ")]
    assert desk.run("op-004").code == 1
    status = desk.status("op-004")
    assert (status["step"], status["error"]) == ("network-check", "InvalidVPCConfiguration")
    assert status["cleanup_status"] == "COMPLETED"
    assert desk.there("op-004") == THERE


def test_a_cluster_that_was_seen_available_is_kept(desk: Desk) -> None:
    """Somebody may have written to it: it is given up only where `past` names the point of no return."""
    desk.script = {"setup-db-users": ["AuthenticationFailed"]}
    assert desk.run("op-004").code == 5
    told = desk.type("cancel", "op-004", "--undo")
    assert told.code == 0
    status = desk.status("op-004")
    assert status["cleanup_status"] == "PARTIAL"
    assert {one["name"]: one["state"] for one in status["resources"]} == {
        COPY: "gone", CLUSTER: "kept", f"{CLUSTER}-1": "kept", f"{CLUSTER}-2": "kept"
    }  # fmt: skip
    assert desk.there("op-004") == THERE
    assert desk.type("cleanup", "op-004", "--past", "delete-rds", "--yes").code == 0
    assert desk.status("op-004")["cleanup_status"] == "COMPLETED"
    assert desk.there("op-004") == {}
