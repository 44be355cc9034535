"""The guide's 4A: op-004 has failed at restore-snapshot at 00:17, InvalidVPCConfiguration, cleanup_required: true.

1. Delete any created resources: copied snapshots, partially restored clusters. 2. Update audit trail. 3. Notify user
of cleanup.

The guide cleans up at once, which leaves neither the old cluster nor the copy. The shipped runbook holds, undoes what is
broken, and cleans up on request; one line makes it do what the guide says. See docs/decisions.
"""

from __future__ import annotations

from tests.seed.operator import CLUSTER, COPY, RESTORED, Operator

UNDO_ON_FAILURE = (
    "\noutputs:\n",
    "\non_failure: [{take_back: all, past: delete-rds}, {notify: '${settings.topic}'}]\n\noutputs:\n",
)
FAIL_AT_ONCE = ("then: {retry_if: settings.changed, else: hold}", "then: {retry_if: settings.changed, else: fail}")


def test_a_configuration_error_holds_and_is_cleaned_up_on_request(each_operator: Operator) -> None:
    each_operator.use_guide_times()
    each_operator.script = {"restore-snapshot": ["InvalidVPCConfiguration"]}
    assert each_operator.run("op-004").code == 5
    status = each_operator.status("op-004")
    assert (status["step"], status["status"], status["timestamp"]) == (
        "restore-snapshot", "HELD", "2024-03-20T00:17:00Z"
    )  # fmt: skip
    assert (status["cleanup_required"], status["cleanup_status"]) == (True, "PENDING")
    assert each_operator.resources("op-004") == {COPY: "available"}

    result = each_operator.run_command("cancel", "op-004", "--undo")
    assert result.code == 0
    status = each_operator.status("op-004")
    assert (status["status"], status["cleanup_required"], status["cleanup_status"]) == ("CANCELLED", False, "COMPLETED")
    assert status["orphaned_resources"] == []
    assert each_operator.resources("op-004") == {}
    assert each_operator.subjects("op-004") == [
        "runbook aurora-restore op-004: HELD at restore-snapshot",
        "runbook aurora-restore op-004: CANCELLED",
    ]
    assert "taken back: rds.cluster_snapshot arn:" in each_operator.messages("op-004")[-1]
    settled = [one["text"] for one in each_operator.history("op-004") if one["event"] == "entry_settled"]
    assert any(text.startswith("rds.cluster_snapshot arn:") and text.endswith(" is gone") for text in settled)


def test_only_broken_resources_are_undone_without_a_request(operator: Operator) -> None:
    """The partially restored cluster is deleted when the retries are used up; the copy stays."""
    operator.script = {"restore-snapshot": ["creating x2", "failed x4"]}
    assert operator.run("op-004").code == 5
    status = operator.status("op-004")
    assert (status["hold"]["kind"], status["retry_count"], status["max_retries"]) == ("failure", 3, 3)
    assert (status["cleanup_required"], status["cleanup_status"]) == (True, "PENDING")
    assert sorted((one["kind"], one["state"]) for one in status["resources"]) == [
        ("rds.cluster", "gone"), ("rds.cluster", "gone"), ("rds.cluster", "gone"), ("rds.cluster", "gone"),
        ("rds.cluster_snapshot", "open"),
    ]  # fmt: skip
    assert operator.resources("op-004") == {COPY: "available"}
    assert (
        f"left: rds.cluster_snapshot arn:aws:rds:us-west-2:123456789012:cluster-snapshot:{COPY}"
        in (operator.messages("op-004")[0])
    )


def test_the_guide_s_rule_in_one_line(each_operator: Operator) -> None:
    each_operator.edits = [UNDO_ON_FAILURE]
    each_operator.script = {"restore-snapshot": ["creating x2", "failed x4"]}
    assert each_operator.run("op-004").code == 1
    status = each_operator.status("op-004")
    assert (status["step"], status["status"], status["error"]) == ("restore-snapshot", "FAILED", "AttemptsExhausted")
    assert (status["retry_count"], status["max_retries"]) == (3, 3)
    assert (status["cleanup_required"], status["cleanup_status"]) == (False, "COMPLETED")
    assert each_operator.resources("op-004") == {}
    assert each_operator.subjects("op-004") == ["runbook aurora-restore op-004: FAILED"]


def test_the_guide_s_rule_at_the_first_configuration_error(operator: Operator) -> None:
    operator.use_guide_times()
    operator.edits = [UNDO_ON_FAILURE, FAIL_AT_ONCE]
    operator.script = {"restore-snapshot": ["InvalidVPCConfiguration"]}
    assert operator.run("op-004").code == 1
    status = operator.status("op-004")
    assert (status["status"], status["timestamp"]) == ("FAILED", "2024-03-20T00:18:30Z")
    assert status["error"] == "InvalidVPCNetworkStateFault"
    assert status["cleanup_status"] == "COMPLETED"
    assert operator.resources("op-004") == {}


def test_a_failure_before_anything_is_deleted_undoes_everything(operator: Operator) -> None:
    operator.world["ssm:/aurora-restore/us-west-2/subnet-group"] = "not-there"
    operator.edits = [("broken: {hold: ", "broken: {fail: ")]
    assert operator.run("op-004").code == 1
    status = operator.status("op-004")
    assert (status["step"], status["error"]) == ("network-check", "InvalidVPCConfiguration")
    assert status["cleanup_status"] == "COMPLETED"
    assert operator.resources("op-004") == RESTORED


def test_a_cluster_that_was_seen_available_is_kept(operator: Operator) -> None:
    """It may have new data: it is deleted only if `--past` names the point of no return."""
    operator.script = {"setup-db-users": ["AuthenticationFailed"]}
    assert operator.run("op-004").code == 5
    result = operator.run_command("cancel", "op-004", "--undo")
    assert result.code == 0
    status = operator.status("op-004")
    assert status["cleanup_status"] == "PARTIAL"
    assert {one["name"]: one["state"] for one in status["resources"]} == {
        COPY: "gone", CLUSTER: "kept", f"{CLUSTER}-1": "kept", f"{CLUSTER}-2": "kept"
    }  # fmt: skip
    assert operator.resources("op-004") == RESTORED
    assert operator.run_command("cleanup", "op-004", "--past", "delete-rds", "--yes").code == 0
    assert operator.status("op-004")["cleanup_status"] == "COMPLETED"
    assert operator.resources("op-004") == {}
