"""The guide's 1B: op-001 is interrupted at 00:17 while the new cluster is restored.

1. Check if cluster exists in target region. 2. If exists and status is "creating": continue monitoring. 3. If exists
and status is "failed": delete failed cluster, retry restore operation. 4. If doesn't exist: start new restore.
"""

from __future__ import annotations

from tests.seed.killed_process import killed
from tests.seed.operator import CLUSTER, THERE, Desk

FOR_EVER = [("time_limit: 36h", "time_limit: 400d"), ("every: 60s, for: 4h", "every: 60s, for: 400d")]
RESTORE = "RestoreDBClusterFromSnapshot"


def as_the_guide_has_it(desk: Desk) -> str:
    """The id of the cluster that is being made."""
    status = desk.status("op-001")
    assert (status["operation_id"], status["step"], status["status"]) == ("op-001", "restore-snapshot", "IN_PROGRESS")
    assert status["timestamp"] == "2024-03-20T00:17:00Z"
    assert status["details"] == {"name": CLUSTER, "status": "creating"}
    assert (status["retry_count"], status["max_retries"], status["error"]) == (0, 3, None)
    (made,) = [one for one in status["resources"] if one["step"] == "restore-snapshot"]
    assert made["id"].startswith("cluster-")
    return str(made["id"])


def interrupted(desk: Desk) -> str:
    desk.at_the_guide_s_times()
    desk.stopped("op-001", "restore-snapshot", looks_by="rds.DescribeDBClusters")
    return as_the_guide_has_it(desk)


def there_now(desk: Desk) -> str:
    """The id of the cluster that is there, which the ledger names as delivered."""
    found = desk.hand("op-001").get(f"rds.cluster/{CLUSTER}@us-west-2")
    assert found is not None
    assert (found.id, "delivered") in [(one["id"], one["state"]) for one in desk.status("op-001")["resources"]]
    return str(found.id)


def test_it_exists_and_is_being_made_the_runner_was_killed(either: Desk) -> None:
    either.at_the_guide_s_times()
    either.script = {"restore-snapshot": ["creating always"]}
    either.edits = FOR_EVER
    killed(*either.words_of_run("op-001"), after="creating; checking")
    made = as_the_guide_has_it(either)
    either.hand("op-001").change(f"rds.cluster/{CLUSTER}@us-west-2", "creating", seconds=600)
    assert either.type("resume", "op-001").code == 0
    assert either.done("op-001", RESTORE) == [RESTORE]
    assert there_now(either) == made
    assert either.there("op-001") == THERE


def test_it_exists_and_is_being_made(desk: Desk) -> None:
    made = interrupted(desk)
    assert desk.type("resume", "op-001").code == 0
    assert desk.done("op-001", RESTORE) == [RESTORE]
    assert there_now(desk) == made


def test_it_exists_and_has_failed(desk: Desk) -> None:
    made = interrupted(desk)
    desk.hand("op-001").change(f"rds.cluster/{CLUSTER}@us-west-2", "failed")
    assert desk.type("resume", "op-001").code == 0
    assert desk.done("op-001", RESTORE) == [RESTORE] * 2
    assert desk.waited("op-001", "restore-snapshot") == [5]
    assert there_now(desk) != made
    assert desk.there("op-001") == THERE


def test_it_does_not_exist(desk: Desk) -> None:
    made = interrupted(desk)
    desk.hand("op-001").remove(f"rds.cluster/{CLUSTER}@us-west-2")
    assert desk.type("resume", "op-001").code == 0
    assert desk.done("op-001", RESTORE) == [RESTORE] * 2
    assert there_now(desk) != made
    assert desk.there("op-001") == THERE
