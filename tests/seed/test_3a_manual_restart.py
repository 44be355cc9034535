"""The guide's 3A: op-001 is restarted from copy-snapshot, by `runbook restart op-001 --from copy-snapshot`.

1. Load last successful state from DynamoDB. 2. Validate prerequisites for restart step. 3. Execute from specified
step. 4. Continue normal flow.
"""

from __future__ import annotations

import pytest

from tests.seed.operator import CLUSTER, COPY, THERE, Desk

COPIED = "CopyDBClusterSnapshot"


def test_from_the_copy_of_one_that_holds(either: Desk) -> None:
    """Each step looks first: what is there is not made twice, what is gone is not deleted twice."""
    either.script = {"restore-snapshot": ["InvalidVPCConfiguration"]}
    assert either.run("op-001").code == 5
    told = either.type("restart", "op-001", "--from", "copy-snapshot")
    assert told.code == 0
    assert either.done("op-001", COPIED) == [COPIED]
    assert either.done("op-001", "DeleteDBCluster") == ["DeleteDBCluster"]
    events = [one["event"] for one in either.history("op-001")]
    at = events.index("restarted")
    assert "held" in events[:at]  # nothing of what was is erased
    assert either.status("op-001")["status"] == "SUCCEEDED"
    assert either.there("op-001") == THERE


def test_from_the_copy_of_one_that_has_failed(desk: Desk) -> None:
    desk.script = {"copy-snapshot": ["failed x4"]}
    assert desk.run("op-001").code == 1
    assert desk.there("op-001") == THERE
    told = desk.type("restart", "op-001", "--from", "copy-snapshot")
    assert told.code == 0
    assert desk.done("op-001", COPIED) == [COPIED] * 5
    assert desk.step("op-001", "copy-snapshot")["retry_count"] == 0  # of this visit; the history has the others


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
def test_what_it_needs_has_not_been_done(desk: Desk, step: str, said: str) -> None:
    desk.script = {"restore-snapshot": ["InvalidVPCConfiguration"]}
    desk.run("op-001")
    before = desk.history("op-001")
    told = desk.type("restart", "op-001", "--from", step)
    assert told.code == 2
    assert said in told.err
    assert desk.history("op-001") == before


def test_what_it_needs_is_no_longer_there(desk: Desk) -> None:
    desk.script = {"setup-db-users": ["ConnectionTimeout x4"]}
    assert desk.run("op-001").code == 5
    desk.hand("op-001").remove(f"rds.cluster_snapshot/{COPY}@us-west-2")
    told = desk.type("restart", "op-001", "--from", "restore-snapshot")
    assert told.code == 2
    assert (
        "cannot restart from restore-snapshot: restore-snapshot requires copy-snapshot, and copy-snapshot is missing; "
        "restart from copy-snapshot instead"
    ) in told.err


def test_past_the_restore_the_new_cluster_is_not_taken_for_the_old_one(desk: Desk) -> None:
    """The old cluster was meant when it began. The restored one bears its name, and is kept until a person says so."""
    desk.script = {"setup-db-users": ["ConnectionTimeout x4"]}
    assert desk.run("op-001").code == 5
    assert desk.type("restart", "op-001", "--from", "copy-snapshot").code == 5
    status = desk.status("op-001")
    assert (status["step"], status["hold"]["kind"]) == ("delete-rds", "target")
    assert [one["status"] for one in status["steps"] if one["id"] in ("restore-snapshot", "setup-db-users")] == [
        "SUPERSEDED", "SUPERSEDED"
    ]  # fmt: skip
    assert desk.there("op-001") == THERE | {COPY: "available"}
    restored = desk.hand("op-001").get(f"rds.cluster/{CLUSTER}@us-west-2")
    assert restored is not None
    assert desk.type("resume", "op-001", "--accept-target", restored.id).code == 0
    assert desk.there("op-001") == THERE


def test_a_restored_cluster_that_was_renamed_away_has_taken_its_instances_along(desk: Desk) -> None:
    """They keep their names, which are taken: what was made in another cluster is not done, and is never removed."""
    desk.script = {"setup-db-users": ["ConnectionTimeout x4"]}
    assert desk.run("op-001").code == 5
    put_by = "put-by"
    rename(desk, "modify_db_cluster", DBClusterIdentifier=CLUSTER, NewDBClusterIdentifier=put_by)
    assert desk.type("restart", "op-001", "--from", "restore-snapshot").code == 5
    status = desk.status("op-001")
    assert (status["step"], status["hold"]["kind"]) == ("instances[0]", "owner")
    for named in (
        f"{CLUSTER}-1",
        f"is in the cluster {put_by}",
        f"means the one in {CLUSTER}:",
        "Rename or remove that",
    ):
        assert named in status["hold"]["reason"]
    assert desk.there("op-001") == THERE | {put_by: "available", COPY: "available"}
    for number in (1, 2):
        name = f"{CLUSTER}-{number}"
        rename(desk, "modify_db_instance", DBInstanceIdentifier=name, NewDBInstanceIdentifier=f"{put_by}-{number}")
    assert desk.type("resume", "op-001").code == 0
    assert desk.there("op-001") == THERE | {put_by: "available", f"{put_by}-1": "available", f"{put_by}-2": "available"}


def rename(desk: Desk, call: str, **names: str) -> None:
    """A person does, by AWS's own call, and sees to it that it is done."""
    here = desk.hand("op-001")
    rds = here.clients("rds", "us-west-2")
    getattr(rds, call)(**names, ApplyImmediately=True)
    here.clock.sleep(600)
    rds.describe_db_clusters()
