"""Scenarios that need the real actions: removals in several calls, keys, databases, renames, a lock that was not released."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from tests.crash.gone_scenarios import GONE
from tests.crash.sandbox_run import SandboxTrial
from tests.laws.confirmation_scenarios import BOTH, HEAD, accept
from tests.laws.failure_scenarios import THEN_FAILS
from tests.laws.scenario_parts import (
    CLUSTER,
    HOLD,
    RESTORE,
    SNAPSHOT,
    WITH_PAST,
    before,
    edited,
    old_cluster,
    set_old_cluster,
)
from tests.laws.scenario_run import INPUTS, Killed, Scenario, fault, problem, restart, resume, run, while_down
from tests.laws.scenarios import SCENARIOS
from tests.laws.world import Thing

IMPOSSIBLE = {"a created copy is renamed and created again": "AWS has no call that renames a cluster snapshot"}
"""Scenarios of the laws that are impossible on AWS, and why."""

POSSIBLE = tuple(scenario for scenario in SCENARIOS if scenario.name not in IMPOSSIBLE)

USERS = "call postgres.setup_users"
RENAMES = "call aws.rds.modify_db_cluster"


def removal(*more: str) -> tuple[str, str]:
    """An edit that adds parameters to the removal of the old cluster."""
    lines = "".join(f"      {one}\n" for one in more)
    return ("      name: ${cluster}\n    owner: any", f"      name: ${{cluster}}\n{lines}    owner: any")


def in_a_global_cluster(world: Any) -> None:
    world.sandbox.put("rds.global_cluster/world", "available")
    thing: Thing = old_cluster(world)
    thing.data.update(in_global="world")


def with_a_secondary(world: Any) -> None:
    """Another cluster in the global cluster of the old one, in another region."""
    world.put(CLUSTER, "orders-east", "us-east-1", **{"global": "world"})


def with_a_replica(world: Any) -> None:
    world.put(CLUSTER, "orders-east", "us-east-1", replica_of="arn:aws:rds:us-west-2:123456789012:cluster:orders")


def source(**said: Any) -> Any:
    """Replace the source snapshot by another."""
    return lambda world: world.put(SNAPSHOT, "daily", "us-east-1", **said)


def leave_a_lock(trial: SandboxTrial) -> None:
    """Another operation did the same before, and was killed just before it released its lock."""
    process = trial.new_process()
    point = process.point
    process.point = lambda where: process.kill() if where == "before release_lock" else point(where)  # type: ignore[method-assign]
    with suppress(Killed):
        trial.engine_of(process).run(trial.parse(RESTORE), "op-000", INPUTS)


REWIND = """
runbook: rewind
region: us-west-2
notify: arn:aws:sns:us-west-2:123456789012:recovery
inputs: {snapshot: {type: string}, cluster: {type: string}, source_region: {type: string}, target_region: {type: string}}
steps:
  - {id: blue, check: rds.cluster, with: {name: "${cluster}"}}
  - id: green
    ensure: rds.cluster
    with: {name: "${cluster}-green", from_cluster: "${cluster}", restore_to: latest}
    states: {broken: replace}
    retry: [5m, 10m]
    undo: delete
  - id: writer
    ensure: rds.instance
    with: {name: "${cluster}-green-1", cluster: "${cluster}-green", class: db.r6g.large}
    states: {broken: replace}
    retry: [5m, 10m]
    undo: delete
  - id: swap-out
    call: aws.rds.modify_db_cluster
    with: {DBClusterIdentifier: "${cluster}", NewDBClusterIdentifier: "${cluster}-old", ApplyImmediately: true}
    until: {check: rds.cluster, with: {name: "${cluster}-old"}, is: seen.id == blue.id}
    monitor: {every: 15s, for: 30m}
    retry: [1m, 2m, 3m]
    undo:
      call: aws.rds.modify_db_cluster
      with: {DBClusterIdentifier: "${cluster}-old", NewDBClusterIdentifier: "${cluster}", ApplyImmediately: true}
      until: {check: rds.cluster, with: {name: "${cluster}"}, is: seen.id == blue.id}
      monitor: {every: 15s, for: 30m}
  - id: swap-in
    call: aws.rds.modify_db_cluster
    with: {DBClusterIdentifier: "${cluster}-green", NewDBClusterIdentifier: "${cluster}", ApplyImmediately: true}
    until: {check: rds.cluster, with: {name: "${cluster}"}, is: seen.id == green.id}
    monitor: {every: 15s, for: 30m}
    retry: [1m, 2m, 3m]
    undo:
      call: aws.rds.modify_db_cluster
      with: {DBClusterIdentifier: "${cluster}", NewDBClusterIdentifier: "${cluster}-green", ApplyImmediately: true}
      until: {check: rds.cluster, with: {name: "${cluster}-green"}, is: seen.id == green.id}
      monitor: {every: 15s, for: 30m}
%s"""
COPY_TAGS = edited(("      kms_key:", "      copy_tags: true\n      kms_key:"))


def renamed_away(world: Any) -> None:
    """Rename the restored cluster."""
    thing = world.named(CLUSTER, "orders", "us-west-2")
    thing.name = "orders-of-yesterday"


DELETES = (
    HEAD
    + """  - id: take
    for_each: ["${old.name}", "${other.name}"]
    call: aws.rds.delete_db_cluster_snapshot
    with: {DBClusterSnapshotIdentifier: "${each}"}
    repeatable: true
    retry: [1m, 2m]
    rescue: [{error: not_found, then: done}]
"""
)
UNPROTECTS = (
    HEAD
    + """  - {id: whole, check: rds.cluster, with: {name: "${cluster}"}}
  - id: take
    call: aws.rds.modify_db_cluster
    with: {DBClusterIdentifier: "${whole.name}", DeletionProtection: false}
    repeatable: true
"""
)
BUSY = problem("InvalidDBClusterStateFault", "conflict")
ENCRYPTED = {"encrypted": True, "cluster": "orders", "admin": {"username": "admin", "password": "not-a-real-one"}}
ANOTHERS = {
    "team": "shop", "runbook:operation": "op-000", "runbook:runbook": "aurora-restore", "runbook:step": "copy-snapshot",
    "runbook:attempt": "1.1",
}  # fmt: skip

SANDBOX_ONLY = (
    Scenario(name="calls that delete what is known later", text=DELETES, arrange=BOTH,
          acts=(run(), resume(), accept()), ends=("HELD", "HELD", "SUCCEEDED"), pairs=True),
    Scenario(name="calls that delete what is known later, confirmed one by one", text=DELETES, arrange=BOTH,
          acts=(run(), accept(1), accept()), ends=("HELD", "HELD", "SUCCEEDED")),
    Scenario(name="a call that switches protection off, known later", text=UNPROTECTS,
          arrange=(*BOTH, set_old_cluster(protected=True)), acts=(run(), resume(), accept()),
          ends=("HELD", "HELD", "SUCCEEDED")),
    Scenario(name="the step switches protection off", text=edited(removal("unprotect: true")),
          arrange=(set_old_cluster(protected=True),)),
    Scenario(name="the step switches protection off and the reply is lost", text=edited(removal("unprotect: true")),
          arrange=(set_old_cluster(protected=True), fault(f"delete {CLUSTER}", "lost"))),
    Scenario(name="the step detaches it from its global cluster", text=edited(removal("detach: true")),
          arrange=(in_a_global_cluster,)),
    Scenario(name="a global cluster blocks the removal", text=RESTORE, arrange=(in_a_global_cluster,),
          ends=("HELD",)),
    Scenario(name="a final snapshot of the old cluster", text=edited(removal("final_snapshot: orders-last"))),
    Scenario(name="a final snapshot of the old cluster, and the reply is lost", text=edited(removal("final_snapshot: orders-last")),
          arrange=(fault(f"delete {CLUSTER}", "lost"),)),
    Scenario(name="a final snapshot of the old cluster, and the request is lost", text=edited(removal("final_snapshot: orders-last")),
          arrange=(fault(f"delete {CLUSTER}", "nothing"),)),
    Scenario(name="the name of the final snapshot is taken", text=edited(removal("final_snapshot: orders-last")),
          arrange=(lambda world: world.put(SNAPSHOT, "orders-last", "us-west-2"),), ends=("HELD",)),
    Scenario(name="the old cluster is the primary of a global cluster with a secondary", text=edited(removal("detach: true")),
          arrange=(in_a_global_cluster, with_a_secondary), ends=("HELD",)),
    Scenario(name="the old cluster is a replica", text=RESTORE,
          arrange=(set_old_cluster(replica_of="arn:aws:rds:us-east-1:123456789012:cluster:origin"),), ends=("HELD",)),
    Scenario(name="the old cluster has a replica", text=RESTORE, arrange=(with_a_replica,), ends=("HELD",)),
    Scenario(name="an encrypted snapshot", text=RESTORE, arrange=(source(**ENCRYPTED),), pairs=True),
    Scenario(name="the source has tags of another operation", text=COPY_TAGS,
          arrange=(source(tags=ANOTHERS),)),
    Scenario(name="the reply of the users' commit is lost", text=RESTORE, arrange=(fault(USERS, "lost"),)),
    Scenario(name="the request for the users' commit is lost", text=RESTORE, arrange=(fault(USERS, "nothing"),)),
    Scenario(name="the lock of an operation killed at its end is taken over", text=RESTORE, prologue=leave_a_lock),
    Scenario(name="rewound by two renames", text=REWIND % ""),
    Scenario(name="rewound, then failed", text=REWIND % THEN_FAILS, ends=("FAILED",), pairs=True),
    Scenario(name="rewound, and the replies to the renames are lost", text=REWIND % THEN_FAILS,
          arrange=(fault(RENAMES, "lost", times=9),), ends=("FAILED",)),
    Scenario(name="rewound, and the requests for the first renames are lost", text=REWIND % THEN_FAILS,
          arrange=(fault(RENAMES, "nothing", times=1), fault(RENAMES, "nothing", first=2)), ends=("FAILED",)),
    Scenario(name="rewound, and a rename is refused at undo", text=REWIND % THEN_FAILS,
          arrange=(fault(RENAMES, BUSY, first=2, times=9),), ends=("STUCK",)),
    Scenario(name="the restored cluster is renamed", text=edited(before("setup-db-users", HOLD)),
          acts=(run(), while_down(renamed_away, seconds=100), restart("restore-snapshot")), ends=("HELD", "HELD", "")),
    Scenario(name="the users always time out, undone past the point of no return", text=WITH_PAST,
          arrange=(fault(USERS, problem("ConnectionTimeout", "timeout"), times=99),), acts=(run(),), ends=("FAILED",)),
    *GONE,
)  # fmt: skip
