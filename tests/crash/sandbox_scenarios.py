"""Stories that only the real actions can tell: removals of several calls, keys, databases, renames, a lock that was left."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from tests.crash.sandbox_run import RealScene
from tests.laws.failure_scenarios import THEN_FAILS
from tests.laws.scenario_parts import CLUSTER, HOLD, RESTORE, SNAPSHOT, WITH_PAST, before, edited, old, set_old
from tests.laws.scenario_run import INPUTS, Killed, Story, fault, meanwhile, problem, restart, run
from tests.laws.scenarios import STORIES
from tests.laws.world import Thing

UNTELLABLE = {"what was made is renamed away, and made anew": "AWS has no call that renames a cluster snapshot"}
"""Stories of the laws that cannot happen to AWS's own things, and why."""

TOLD = tuple(story for story in STORIES if story.name not in UNTELLABLE)

USERS = "call postgres.setup_users"
RENAMES = "call aws.rds.modify_db_cluster"


def removal(*more: str) -> tuple[str, str]:
    """The old cluster's removal says more."""
    lines = "".join(f"      {one}\n" for one in more)
    return ("      name: ${cluster}\n    owner: any", f"      name: ${{cluster}}\n{lines}    owner: any")


def in_a_global_cluster(world: Any) -> None:
    world.sandbox.put("rds.global_cluster/world", "available")
    thing: Thing = old(world)
    thing.data.update(in_global="world")


def source(**said: Any) -> Any:
    """The snapshot that is copied is another."""
    return lambda world: world.put(SNAPSHOT, "daily", "us-east-1", **said)


def left_its_lock(scene: RealScene) -> None:
    """Another operation has done the same before, and died in the last instant, with its lock."""
    process = scene.begins()
    passes = process.point
    process.point = lambda where: process.dies() if where == "before release_lock" else passes(where)  # type: ignore[method-assign]
    with suppress(Killed):
        scene.engine_of(process).run(scene.parse(RESTORE), "op-000", INPUTS)


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
    """The cluster that was made takes another name, and its instances with it."""
    thing = world.named(CLUSTER, "orders", "us-west-2")
    thing.name = "orders-of-yesterday"


BUSY = problem("InvalidDBClusterStateFault", "conflict")
ENCRYPTED = {"encrypted": True, "cluster": "orders", "admin": {"username": "admin", "password": "not-a-real-one"}}
ANOTHERS = {
    "team": "shop", "runbook:operation": "op-000", "runbook:runbook": "aurora-restore", "runbook:step": "copy-snapshot",
    "runbook:attempt": "1.1",
}  # fmt: skip

REAL = (
    Story(name="protection is switched off by the step's word", text=edited(removal("unprotect: true")),
          arrange=(set_old(protected=True),)),
    Story(name="… and the reply to that is lost", text=edited(removal("unprotect: true")),
          arrange=(set_old(protected=True), fault(f"delete {CLUSTER}", "lost"))),
    Story(name="it is taken out of its global cluster by the step's word", text=edited(removal("detach: true")),
          arrange=(in_a_global_cluster,)),
    Story(name="it is in a global cluster, and that is in the way", text=RESTORE, arrange=(in_a_global_cluster,),
          ends=("HELD",)),
    Story(name="a last snapshot is taken of the old cluster", text=edited(removal("final_snapshot: orders-last"))),
    Story(name="… and the reply to that is lost", text=edited(removal("final_snapshot: orders-last")),
          arrange=(fault(f"delete {CLUSTER}", "lost"),)),
    Story(name="… and nothing came of it", text=edited(removal("final_snapshot: orders-last")),
          arrange=(fault(f"delete {CLUSTER}", "nothing"),)),
    Story(name="an encrypted snapshot", text=RESTORE, arrange=(source(**ENCRYPTED),), pairs=True),
    Story(name="the source bears another operation's tags, which are not copied", text=COPY_TAGS,
          arrange=(source(tags=ANOTHERS),)),
    Story(name="the answer to the users' commit is lost", text=RESTORE, arrange=(fault(USERS, "lost"),)),
    Story(name="the users' commit is lost, and nothing came of it", text=RESTORE, arrange=(fault(USERS, "nothing"),)),
    Story(name="the lock of one that died at its end is taken over", text=RESTORE, prologue=left_its_lock),
    Story(name="rewound by two renames", text=REWIND % ""),
    Story(name="rewound, and then it fails", text=REWIND % THEN_FAILS, ends=("FAILED",), pairs=True),
    Story(name="rewound, and the replies to the renames are lost", text=REWIND % THEN_FAILS,
          arrange=(fault(RENAMES, "lost", times=9),), ends=("FAILED",)),
    Story(name="rewound, and nothing comes of the first renames", text=REWIND % THEN_FAILS,
          arrange=(fault(RENAMES, "nothing", times=1), fault(RENAMES, "nothing", first=2)), ends=("FAILED",)),
    Story(name="rewound, and a rename is refused at undo", text=REWIND % THEN_FAILS,
          arrange=(fault(RENAMES, BUSY, first=2, times=9),), ends=("STUCK",)),
    Story(name="the cluster that was made is renamed away", text=edited(before("setup-db-users", HOLD)),
          acts=(run(), meanwhile(renamed_away, seconds=100), restart("restore-snapshot")), ends=("HELD", "HELD", "")),
    Story(name="with past, the users' connection is for ever refused", text=WITH_PAST,
          arrange=(fault(USERS, problem("ConnectionTimeout", "timeout"), times=99),), acts=(run(),), ends=("FAILED",)),
)  # fmt: skip
