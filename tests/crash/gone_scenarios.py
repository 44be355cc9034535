"""Scenarios of `until: {gone}`, with calls of AWS that delete: as the undo of a call, and as a step."""

from __future__ import annotations

from typing import Any

from tests.crash.sandbox_run import SandboxTrial
from tests.laws.scenario_parts import HOUR, SNAPSHOT, foreign
from tests.laws.scenario_run import Scenario, fault, problem

HEAD = """
runbook: aurora-restore
region: us-west-2
notify: arn:aws:sns:us-west-2:123456789012:recovery
inputs: {snapshot: {type: string}, cluster: {type: string}, source_region: {type: string}, target_region: {type: string}}
steps:
"""
UNDONE = (
    HEAD
    + """  - id: made
    call: aws.rds.create_db_cluster_snapshot
    with: {DBClusterIdentifier: "${cluster}", DBClusterSnapshotIdentifier: by-call}
    %s
    undo:
      call: aws.rds.delete_db_cluster_snapshot
      with: {DBClusterSnapshotIdentifier: by-call}
      until: {%s: rds.cluster_snapshot, with: {name: by-call}}
      retry: [1m]
  - {id: end, fail: it was not to be, error: NotToBe}
"""
)
MADE = "until: {check: rds.cluster_snapshot, with: {name: by-call}}"
TAKEN = (
    HEAD
    + """  - id: taken
    call: aws.rds.delete_db_cluster_snapshot
    with: {DBClusterSnapshotIdentifier: old}
    until: {gone: rds.cluster_snapshot, with: {name: old}}
    retry: [1m]
"""
)
CREATE, DELETE = "call aws.rds.create_db_cluster_snapshot", "call aws.rds.delete_db_cluster_snapshot"
NOT_FOUND = problem("DBClusterSnapshotNotFoundFault", "not_found")
OLD = foreign(SNAPSHOT, "old")


def deleted_by_somebody(world: Any) -> None:
    thing = world.named(SNAPSHOT, "by-call", "us-west-2")
    if thing is not None:
        thing.life = [("gone", 0.0)]


def snapshots_take_hours(world: Any) -> None:
    world.sandbox.world.takes["snapshot"] = 3 * HOUR


GONE = (
    Scenario(name="an undo deletes by a call what is made for three hours", text=UNDONE % ("repeatable: true", "gone"),
          arrange=(snapshots_take_hours,), ends=("FAILED",)),
    Scenario(name="an undo deletes by a call and waits until it is gone", text=UNDONE % (MADE, "gone"), ends=("FAILED",)),
    Scenario(name="an undo deletes by a call, and the reply is lost", text=UNDONE % (MADE, "gone"),
          arrange=(fault(DELETE, "lost"),), ends=("FAILED",)),
    Scenario(name="an undo deletes by a call, and the request is lost", text=UNDONE % (MADE, "gone"),
          arrange=(fault(DELETE, "nothing"),), ends=("FAILED",)),
    Scenario(name="an undo deletes what somebody has deleted just before", text=UNDONE % (MADE, "gone"),
          arrange=(fault(DELETE, NOT_FOUND, after=deleted_by_somebody),), ends=("FAILED",)),
    Scenario(name="an undo checks what it deletes", text=UNDONE % (MADE, "check"), ends=("FAILED",)),
    Scenario(name="a call waits until what it deletes is gone", text=TAKEN, arrange=(OLD,)),
    Scenario(name="a call waits until what it deletes is gone, and the reply is lost", text=TAKEN,
          arrange=(OLD, fault(DELETE, "lost"))),
    Scenario(name="what a call would delete is gone already", text=TAKEN),
)  # fmt: skip


def snapshots(trial: SandboxTrial, name: str) -> list[str]:
    """The statuses of the snapshots of this name, ten minutes later."""
    now = trial.clock.now() + 600
    found = [thing.status(now) for thing in trial.world.things if (thing.kind, thing.name) == (SNAPSHOT, name)]
    return [status for status in found if status != "gone"]


def nothing_stands_that_the_ledger_calls_gone(name: str) -> None:
    trial = SandboxTrial(next(one for one in GONE if one.name == name)).execute()
    assert trial.operation is not None
    assert [entry.state for entry in trial.operation.ledger] == ["gone"]
    assert snapshots(trial, "by-call") == []


def a_snapshot_that_is_late_in_lists_is_taken_back() -> None:
    """Its lists have it only after 45 s: missing does not mean gone before the grace is over."""
    scenario = Scenario(
        name="",
        text=UNDONE % ("repeatable: false", "gone"),
        arrange=(fault(CREATE, "invisible", seconds=45),),
        ends=("FAILED",),
    )
    trial = SandboxTrial(scenario).execute()
    assert snapshots(trial, "by-call") == []
