"""Stories of whose a thing is, of errors and holds, and of ends."""

from __future__ import annotations

from typing import Any

from tests.laws.scenario_parts import (
    BREAKS,
    CAPACITY,
    CLUSTER,
    FAILS,
    HOLD,
    HOUR,
    INSTANCE,
    INVISIBLE,
    RESTORE,
    SNAPSHOT,
    UNANSWERED,
    WITH_PAST,
    before,
    edited,
    foreign,
    mend,
    old,
    swapped,
    without_old,
)
from tests.laws.scenario_run import (
    Scene,
    Story,
    cancel,
    cleanup,
    fault,
    lives,
    meanwhile,
    problem,
    restart,
    resume,
    run,
)
from tests.laws.world import Thing, World


def automatic_backups(world: World) -> None:
    """AWS copies a cluster's tags to its automated backups."""

    def backup(world: World, thing: Thing) -> None:
        if thing.kind == CLUSTER:
            world.put(SNAPSHOT, "rds:orders-auto", "us-west-2", tags=thing.tags)

    world.on_create.append(backup)


TAGS = {
    "runbook:operation": "op-001", "runbook:runbook": "aurora-restore", "runbook:step": "copy-snapshot",
    "runbook:attempt": "1.1",
}  # fmt: skip

WHOSE = (
    Story(name="a foreign copy has our name", text=RESTORE, arrange=(foreign(SNAPSHOT, "daily-copy"),), ends=("HELD",)),
    Story(name="a foreign copy has our name and our copied tags", text=RESTORE,
          arrange=(foreign(SNAPSHOT, "daily-copy", tags=TAGS),), ends=("HELD",)),
    Story(name="a namesake is made before our delete", text=edited(before("delete-rds", HOLD)),
          acts=(run(), meanwhile(swapped), resume()), ends=("HELD", "HELD", "HELD")),
    Story(name="a namesake is made after our delete", text=edited(before("restore-snapshot", HOLD)),
          acts=(run(), meanwhile(foreign(CLUSTER, "orders")), resume()), ends=("HELD", "HELD", "HELD")),
    Story(name="the old cluster is swapped, and it is restarted", text=edited(before("delete-rds", HOLD)),
          acts=(run(), meanwhile(swapped), restart("copy-snapshot"), resume()),
          ends=("HELD", "HELD", "HELD", "HELD")),
    Story(
        name="no target at the start, one later", text=edited(before("delete-rds", HOLD)), arrange=(without_old,),
        acts=(run(), meanwhile(lambda world: world.put(CLUSTER, "orders", "us-west-2", id="new-1")), resume(),
              resume(), resume(accept_target="new-1")),
        ends=("HELD", "HELD", "HELD", "HELD", "SUCCEEDED"),
    ),
    Story(name="a foreign backup bears our copied tags", text=WITH_PAST,
          arrange=(automatic_backups, fault("call postgres.setup_users", UNANSWERED, times=99)), ends=("FAILED",)),
)  # fmt: skip

ANOTHERS = """
runbook: aurora-restore
region: us-west-2
steps:
  - id: copy-snapshot
    ensure: rds.cluster_snapshot
    with: {name: daily-copy, copy_of: "arn:aws:rds:us-east-1:123456789012:cluster_snapshot:daily"}
    undo: delete
%s"""


def another(more: str = "") -> Any:
    """Another operation of a runbook of this name has made the copy, and has ended, or not."""

    def prologue(scene: Scene) -> None:
        scene.engine().run(scene.parse(ANOTHERS % more), "op-000", {})

    return prologue


def copy_of(owner: str) -> tuple[str, str]:
    return (
        "      available: done\n    monitor: {every: 30s, for: 24h}",
        f"      available: done\n    owner: {owner}\n    monitor: {{every: 30s, for: 24h}}",
    )


NOT_ENDED = another("  - {id: wait-for-me, hold: look at it}\n")
KIN = (
    *(
        Story(name=f"kin of an operation that has not ended, with {owner}", text=edited(copy_of(owner)),
              prologue=NOT_ENDED, ends=("HELD",))
        for owner in ("kin", "any")
    ),
    Story(name="kin of one that has ended, with own", text=RESTORE, prologue=another(), ends=("HELD",)),
    Story(name="kin of one that has ended is taken over, and is not ours to archive", text=edited(copy_of("kin")),
          prologue=another(), ends=("HELD",)),
    Story(name="kin of one that has ended is taken over, and is never undone",
          text=edited(copy_of("kin"), text=WITH_PAST), prologue=another(),
          arrange=(fault(f"create {CLUSTER}", CAPACITY, times=99),), ends=("FAILED",)),
    Story(
        name="kin of one that has ended is taken over, and archived by its word",
        text=edited(copy_of("kin"), ("    requires: [restore-snapshot, instances]\n",
                                     "    requires: [restore-snapshot, instances]\n    owner: kin\n")),
        prologue=another(),
    ),
)  # fmt: skip

STARTS = """    states:
      blocked:
        do:
          - call: test.start
            with: {name: "${cluster}"}
            until: {check: rds.cluster, with: {name: "${cluster}"}, is: seen.status != 'stopped'}
            monitor: {every: 10s, for: 10m}
            retry: fast
        then: monitor
      available: delete
    retry: slow
    irreversible: true"""

NOTE = """
runbook: notes
region: us-west-2
notify: arn:aws:sns:us-west-2:123456789012:recovery
inputs: {snapshot: {type: string}, cluster: {type: string}, source_region: {type: string}, target_region: {type: string}}
steps:
  - {id: first, call: %s, with: {text: one}, retry: [1m, 2m]}
  - {id: second, call: test.note, with: {text: two}, repeatable: true}
"""

SWAP = """
runbook: swap
region: us-west-2
inputs: {snapshot: {type: string}, cluster: {type: string}, source_region: {type: string}, target_region: {type: string}}
steps:
  - {id: blue, check: rds.cluster, with: {name: "${cluster}"}}
  - id: swap-out
    call: test.rename
    with: {name: "${cluster}", new_name: "${cluster}-old"}
    until: {check: rds.cluster, with: {name: "${cluster}-old"}, is: seen.id == blue.id}
    monitor: {every: 15s, for: 30m}
    retry: [1m, 2m, 3m]
    undo:
      call: test.rename
      with: {name: "${cluster}-old", new_name: "${cluster}"}
      until: {check: rds.cluster, with: {name: "${cluster}"}, is: seen.id == blue.id}
      monitor: {every: 15s, for: 30m}
%s"""
THEN_FAILS = "  - {id: end, fail: it was not to be, error: NotToBe}\n"
RENAME = "call test.rename"

ERRORS = (
    Story(
        name="a wrong network, not mended, then mended over a weekend", text=RESTORE,
        arrange=(mend(subnet_group="wrong"),),
        acts=(run(), resume(), meanwhile(mend(subnet_group="right"), seconds=48 * HOUR), resume()),
        ends=("HELD", "HELD", "HELD", "SUCCEEDED"),
    ),
    Story(name="users time out twice", text=RESTORE,
          arrange=(fault("call postgres.setup_users", UNANSWERED, times=2),)),
    Story(name="users time out for ever", text=RESTORE,
          arrange=(fault("call postgres.setup_users", UNANSWERED, times=99),), ends=("HELD",)),
    Story(
        name="an old cluster is stopped, and a row starts it",
        text=edited(
            ("    states:\n      available: delete\n    retry: slow\n    irreversible: true", STARTS),
            ("      missing: done\n\n  - id: copy-snapshot", "      missing: done\n      blocked: done\n\n  - id: copy-snapshot"),
        ),
        arrange=(lambda world: world.change(old(world), "stopped"),),
    ),
    Story(name="an approval", text=edited(before("delete-rds", HOLD)), acts=(run(), resume(why="looked at")),
          ends=("HELD", "SUCCEEDED")),
    Story(name="an approval is refused", text=edited(before("delete-rds", HOLD)),
          acts=(run(), resume(reject="not today")), ends=("HELD", "FAILED")),
    Story(name="a repeatable call loses its reply", text=NOTE % "test.note, repeatable: true",
          arrange=(fault("call test.note", "lost", only=lambda params: params["text"] == "one"),)),
    Story(name="until: the reply is lost", text=SWAP % "", arrange=(fault(RENAME, "lost"),)),
    Story(name="until: lost and nothing came of it", text=SWAP % "", arrange=(fault(RENAME, "nothing"),)),
    Story(name="until: a later failure undoes it", text=SWAP % THEN_FAILS, ends=("FAILED",), pairs=True),
    Story(name="until: lost, and a later failure undoes it", text=SWAP % THEN_FAILS,
          arrange=(fault(RENAME, "lost"),), ends=("FAILED",)),
    Story(name="until: true already", text=SWAP % "",
          arrange=(lambda world: setattr(old(world), "name", "orders-old"),), acts=(), ends=("HELD",)),
)  # fmt: skip

ARCHIVED_TOO_SOON = before(
    "restore-snapshot",
    '  - {id: too-soon, remove: rds.cluster_snapshot, with: {name: "${copy}"}, states: {available: delete}}\n',
)
RESCUE = RESTORE[
    RESTORE.index("    rescue:\n      - error: InvalidVPC") : RESTORE.index("    undo: delete\n\n  - id: instances")
]


def renamed(world: World) -> None:
    copy = world.named(SNAPSHOT, "daily-copy", "us-west-2")
    assert copy is not None
    copy.name = "daily-copy-of-yesterday"


EDITS = (
    Story(
        name="what was made is renamed away, and made anew", text=edited(before("delete-rds", HOLD)),
        acts=(run(), meanwhile(renamed, seconds=100), restart("copy-snapshot"), resume()),
        ends=("HELD", "HELD", "HELD", "SUCCEEDED"),
    ),
    Story(
        name="a setting is mended, and it is restarted", text=edited((RESCUE, "")), arrange=(mend(subnet_group="wrong"),),
        acts=(run(), meanwhile(mend(subnet_group="right")), restart("restore-snapshot")),
        ends=("HELD", "HELD", "SUCCEEDED"),
    ),
    Story(
        name="a recovery branch is added while it holds", text=edited((RESCUE, "")),
        arrange=(mend(subnet_group="wrong"),),
        acts=(
            run(),
            meanwhile(mend(subnet_group="right")),
            resume(text=edited(before("instances", "  - {id: pause, wait: 1m}\n"))),
        ),
        ends=("HELD", "HELD", "SUCCEEDED"),
    ),
    Story(
        name="steps move while it holds, and it fails",
        text=edited((RESCUE, ""), before("setup-db-users", HOLD), text=WITH_PAST),
        acts=(
            run(),
            resume(text=edited((RESCUE, ""), before("instances", "  - {id: pause, wait: 1m}\n"),
                               before("setup-db-users", "  - {id: approval, fail: no, error: No}\n"), text=WITH_PAST)),
        ),
        ends=("HELD", ""),
    ),
    Story(
        name="it is edited while a copy is made", text=edited((RESCUE, ""), ("time_limit: 36h", "time_limit: 2m")),
        arrange=(*INVISIBLE, lives(SNAPSHOT, [("copying", 600)])),
        acts=(run(), resume(text=edited((RESCUE, ""), ("time_limit: 36h", "time_limit: 10h")))),
        ends=("HELD", "SUCCEEDED"),
    ),
)  # fmt: skip

UNREPEATABLE = (
    Story(name="a call that is not repeatable loses its reply, and was done", text=NOTE % "test.once, repeatable: false",
          arrange=(fault("call test.once", "lost"),),
          acts=(run(), resume(), resume(outcome="done")), ends=("HELD", "HELD", "SUCCEEDED")),
    Story(name="a call that is not repeatable loses its reply, and was not done", text=NOTE % "test.once, repeatable: false",
          arrange=(fault("call test.once", "nothing"),),
          acts=(run(), resume(outcome="not-done")), ends=("HELD", "SUCCEEDED")),
)  # fmt: skip
"""Where a crash may end in a hold of its own, `unknown_outcome`: the one exception of K9."""


def source_gone(world: World) -> None:
    next(t for t in world.things if t.name == "daily").life = [("gone", 0.0)]


ENDS = (
    Story(name="undo: the delete's reply is lost", text=WITH_PAST,
          arrange=(fault(f"create {CLUSTER}", CAPACITY, times=99), fault(f"delete {SNAPSHOT}", "lost")),
          ends=("FAILED",), pairs=True),
    Story(name="undo: the source is gone, so the copy is kept", text=WITH_PAST,
          arrange=(fault(f"create {CLUSTER}", CAPACITY, times=99, after=source_gone),), ends=("FAILED",)),
    Story(
        name="on_failure has a call that fails and a check that holds",
        text=edited(
            ("outputs:\n",
             ("on_failure:\n"
             "  - {call: test.note, with: {text: x}, repeatable: true}\n"
             "  - {check: ec2.port_open, with: {security_groups: [sg-1], port: 1}}\n"
             '  - {take_back: all}\n  - {notify: "${settings.topic}"}\noutputs:\n'))
        ),
        arrange=(lives(SNAPSHOT, FAILS, FAILS, FAILS, FAILS), fault("call test.note", problem("Refused", "denied")),
                 lambda world: world.broken_checks.add("ec2.port_open")),
        ends=("FAILED",),
    ),
    Story(name="held past the point, then cancelled with undo", text=RESTORE,
          arrange=(fault(f"create {CLUSTER}", CAPACITY, times=99),),
          acts=(run(), cancel(undo=True, past=("delete-rds",))), ends=("HELD", "CANCELLED")),
    Story(name="the copy is to go before the restore that needs it", text=edited(ARCHIVED_TOO_SOON), ends=("HELD",)),
    Story(name="held past the point with a used cluster, then cancelled with undo", text=RESTORE,
          arrange=(lives(INSTANCE, [("creating", 60)], *[BREAKS] * 4),), acts=(run(), cancel(undo=True)),
          ends=("HELD", "CANCELLED")),
    Story(name="a notice is not sent, and sent at the resume", text=edited(before("delete-rds", HOLD)),
          arrange=(fault("call sns.publish", problem("AuthorizationError", "denied")),), acts=(run(), resume()),
          ends=("HELD", "SUCCEEDED")),
    Story(name="cancelled, then cleaned up", text=RESTORE, arrange=(fault(f"create {CLUSTER}", CAPACITY, times=99),),
          acts=(run(), cancel(), cleanup(("delete-rds",))), ends=("HELD", "CANCELLED", "CANCELLED")),
    Story(name="cancelled, restarted, and well", text=RESTORE, arrange=(fault(f"create {CLUSTER}", CAPACITY, times=4),),
          acts=(run(), cancel(), restart("restore-snapshot")), ends=("HELD", "CANCELLED", "SUCCEEDED")),
    *(
        Story(name=f"success, then restarted from {step}", text=RESTORE, acts=(run(), restart(step)),
              ends=("SUCCEEDED", ""))
        for step in ("snapshot-check", "old", "copy-snapshot", "network-check", "delete-rds", "restore-snapshot",
                     "instances", "setup-db-users", "archive-snapshot")
    ),
)  # fmt: skip
