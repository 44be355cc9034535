"""The guide's 3A: op-001 is restarted from copy-snapshot, by `runbook restart op-001 --from copy-snapshot`.

1. Load last successful state from DynamoDB. 2. Validate prerequisites for restart step. 3. Execute from specified
step. 4. Continue normal flow.
"""

from __future__ import annotations

import pytest

from tests.seed.operator import CLUSTER, COPY, RESTORED, Operator

COPIED = "CopyDBClusterSnapshot"


def test_restart_a_held_operation_from_the_copy(each_operator: Operator) -> None:
    """Each step looks first: nothing is created twice or deleted twice."""
    each_operator.script = {"restore-snapshot": ["InvalidVPCConfiguration"]}
    assert each_operator.run("op-001").code == 5
    result = each_operator.run_command("restart", "op-001", "--from", "copy-snapshot")
    assert result.code == 0
    assert each_operator.performed("op-001", COPIED) == [COPIED]
    assert each_operator.performed("op-001", "DeleteDBCluster") == ["DeleteDBCluster"]
    events = [one["event"] for one in each_operator.history("op-001")]
    at = events.index("restarted")
    assert "held" in events[:at]  # the history is kept
    assert each_operator.status("op-001")["status"] == "SUCCEEDED"
    assert each_operator.resources("op-001") == RESTORED


def test_restart_a_failed_operation_from_the_copy(operator: Operator) -> None:
    operator.script = {"copy-snapshot": ["failed x4"]}
    assert operator.run("op-001").code == 1
    assert operator.resources("op-001") == RESTORED
    result = operator.run_command("restart", "op-001", "--from", "copy-snapshot")
    assert result.code == 0
    assert operator.performed("op-001", COPIED) == [COPIED] * 5
    assert operator.step("op-001", "copy-snapshot")["retry_count"] == 0  # of this visit; the history has the others


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("setup-db-users", "cannot restart from setup-db-users: restore-snapshot has not been done; restart from"),
        (
            "check-copy-status",
            "there is no step check-copy-status in aurora-restore; expected one of: archive-snapshot, ",
        ),
    ],
)
def test_a_step_that_it_requires_has_not_run(operator: Operator, step: str, said: str) -> None:
    operator.script = {"restore-snapshot": ["InvalidVPCConfiguration"]}
    operator.run("op-001")
    before = operator.history("op-001")
    result = operator.run_command("restart", "op-001", "--from", step)
    assert result.code == 2
    assert said in result.err
    assert operator.history("op-001") == before


def test_a_resource_that_it_requires_is_gone(operator: Operator) -> None:
    operator.script = {"setup-db-users": ["ConnectionTimeout x4"]}
    assert operator.run("op-001").code == 5
    operator.sandbox("op-001").remove(f"rds.cluster_snapshot/{COPY}@us-west-2")
    result = operator.run_command("restart", "op-001", "--from", "restore-snapshot")
    assert result.code == 2
    assert (
        "cannot restart from restore-snapshot: restore-snapshot requires copy-snapshot, and copy-snapshot is missing; "
        "restart from copy-snapshot instead"
    ) in result.err


def test_after_the_restore_the_new_cluster_is_not_taken_for_the_old_one(operator: Operator) -> None:
    """The operation targets the old cluster. The restored one has the same name, and is kept until a person accepts it."""
    operator.script = {"setup-db-users": ["ConnectionTimeout x4"]}
    assert operator.run("op-001").code == 5
    assert operator.run_command("restart", "op-001", "--from", "copy-snapshot").code == 5
    status = operator.status("op-001")
    assert (status["step"], status["hold"]["kind"]) == ("delete-rds", "target")
    assert [one["status"] for one in status["steps"] if one["id"] in ("restore-snapshot", "setup-db-users")] == [
        "SUPERSEDED", "SUPERSEDED"
    ]  # fmt: skip
    assert operator.resources("op-001") == RESTORED | {COPY: "available"}
    restored = operator.sandbox("op-001").get(f"rds.cluster/{CLUSTER}@us-west-2")
    assert restored is not None
    assert operator.run_command("resume", "op-001", "--accept-target", restored.id).code == 0
    assert operator.resources("op-001") == RESTORED


def test_the_restored_cluster_is_renamed_and_keeps_its_instances(operator: Operator) -> None:
    """The names of the instances are taken. Instances in another cluster do not count as done, and are never removed."""
    operator.script = {"setup-db-users": ["ConnectionTimeout x4"]}
    assert operator.run("op-001").code == 5
    renamed = "renamed"
    rename(operator, "modify_db_cluster", DBClusterIdentifier=CLUSTER, NewDBClusterIdentifier=renamed)
    assert operator.run_command("restart", "op-001", "--from", "restore-snapshot").code == 5
    status = operator.status("op-001")
    assert (status["step"], status["hold"]["kind"]) == ("instances[0]", "owner")
    for named in (
        f"{CLUSTER}-1",
        f"is in the cluster {renamed}",
        f"means the one in {CLUSTER}:",
        "Rename or remove that",
    ):
        assert named in status["hold"]["reason"]
    assert operator.resources("op-001") == RESTORED | {renamed: "available", COPY: "available"}
    for number in (1, 2):
        name = f"{CLUSTER}-{number}"
        rename(operator, "modify_db_instance", DBInstanceIdentifier=name, NewDBInstanceIdentifier=f"{renamed}-{number}")
    assert operator.run_command("resume", "op-001").code == 0
    assert operator.resources("op-001") == RESTORED | {
        renamed: "available",
        f"{renamed}-1": "available",
        f"{renamed}-2": "available",
    }


def rename(operator: Operator, call: str, **names: str) -> None:
    """Rename by AWS's own call, and wait until it is done."""
    here = operator.sandbox("op-001")
    rds = here.clients("rds", "us-west-2")
    getattr(rds, call)(**names, ApplyImmediately=True)
    here.clock.sleep(600)
    rds.describe_db_clusters()
