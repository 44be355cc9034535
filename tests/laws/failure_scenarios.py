"""Scenarios of ownership, of errors and holds, of edits, and of ends."""

from __future__ import annotations

from typing import Any

from tests.laws.scenario_parts import (
    CAPACITY,
    CLUSTER,
    COPY_FAILS,
    CREATE_FAILS,
    HOLD,
    HOUR,
    INSTANCE,
    INVISIBLE,
    NO_NETWORK,
    RESTORE,
    SNAPSHOT,
    UNANSWERED,
    WITH_PAST,
    before,
    edited,
    foreign,
    old_cluster,
    replace_old_cluster,
    set_settings,
    without_old_cluster,
)
from tests.laws.scenario_run import (
    Scenario,
    Trial,
    cancel,
    cleanup,
    fault,
    lifecycles,
    problem,
    restart,
    resume,
    run,
    while_down,
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
    Scenario(name="a foreign copy has our name", text=RESTORE, arrange=(foreign(SNAPSHOT, "daily-copy"),), ends=("HELD",)),
    Scenario(name="a foreign copy has our name and our copied tags", text=RESTORE,
          arrange=(foreign(SNAPSHOT, "daily-copy", tags=TAGS),), ends=("HELD",)),
    Scenario(name="another cluster takes the name before the delete", text=edited(before("delete-rds", HOLD)),
          acts=(run(), while_down(replace_old_cluster), resume()), ends=("HELD", "HELD", "HELD")),
    Scenario(name="another cluster takes the name after the delete", text=edited(before("restore-snapshot", HOLD)),
          acts=(run(), while_down(foreign(CLUSTER, "orders")), resume()), ends=("HELD", "HELD", "HELD")),
    Scenario(name="the old cluster is replaced before a restart", text=edited(before("delete-rds", HOLD)),
          acts=(run(), while_down(replace_old_cluster), restart("copy-snapshot"), resume()),
          ends=("HELD", "HELD", "HELD", "HELD")),
    Scenario(
        name="a target that did not exist at the start", text=edited(before("delete-rds", HOLD)), arrange=(without_old_cluster,),
        acts=(run(), while_down(lambda world: world.put(CLUSTER, "orders", "us-west-2", id="new-1")), resume(),
              resume(), resume(accept_target=["new-1"])),
        ends=("HELD", "HELD", "HELD", "HELD", "SUCCEEDED"),
    ),
    Scenario(name="a foreign backup has our copied tags", text=WITH_PAST,
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
    """Another operation of a runbook with this name has created the copy; `more` may keep it from ending."""

    def prologue(trial: Trial) -> None:
        trial.engine().run(trial.parse(ANOTHERS % more), "op-000", {})

    return prologue


def copy_of(owner: str) -> tuple[str, str]:
    return (
        "      available: done\n    monitor: {every: 30s, for: 24h}",
        f"      available: done\n    owner: {owner}\n    monitor: {{every: 30s, for: 24h}}",
    )


NOT_ENDED = another("  - {id: wait-for-me, hold: look at it}\n")
KIN = (
    *(
        Scenario(name=f"kin of an operation that has not ended, with {owner}", text=edited(copy_of(owner)),
              prologue=NOT_ENDED, ends=("HELD",))
        for owner in ("kin", "any")
    ),
    Scenario(name="kin of an operation that has ended, with own", text=RESTORE, prologue=another(), ends=("HELD",)),
    Scenario(name="kin of an operation that has ended is adopted but not archived", text=edited(copy_of("kin")),
          prologue=another(), ends=("HELD",)),
    Scenario(name="kin of an operation that has ended is adopted and never undone",
          text=edited(copy_of("kin"), text=WITH_PAST), prologue=another(),
          arrange=(fault(f"create {CLUSTER}", CAPACITY, times=99),), ends=("FAILED",)),
    Scenario(
        name="kin of an operation that has ended is adopted and archived with owner: kin",
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

BY_RESULT = """
runbook: by-result
region: us-west-2
inputs: {snapshot: {type: string}, cluster: {type: string}, source_region: {type: string}, target_region: {type: string}}
steps:
  - id: first
    call: %s
    with: {text: one}
    undo: {call: test.note, with: {text: "not ${result.text}"}, repeatable: true}
  - {id: end, fail: it was not to be}
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
    Scenario(
        name="a wrong network is fixed after a weekend", text=RESTORE,
        arrange=(set_settings(subnet_group="wrong"),),
        acts=(run(), resume(), while_down(set_settings(subnet_group="right"), seconds=48 * HOUR), resume()),
        ends=("HELD", "HELD", "HELD", "SUCCEEDED"),
    ),
    Scenario(
        name="a rescue holds, and what is mended is not a setting", text=RESTORE,
        arrange=(fault(f"create {CLUSTER}", NO_NETWORK),), acts=(run(), resume()), ends=("HELD", "SUCCEEDED"),
    ),
    Scenario(name="users time out twice", text=RESTORE,
          arrange=(fault("call postgres.setup_users", UNANSWERED, times=2),)),
    Scenario(name="users always time out", text=RESTORE,
          arrange=(fault("call postgres.setup_users", UNANSWERED, times=99),), ends=("HELD",)),
    Scenario(
        name="the old cluster is stopped and a row starts it",
        text=edited(
            ("    states:\n      available: delete\n    retry: slow\n    irreversible: true", STARTS),
            ("      missing: done\n\n  - id: copy-snapshot", "      missing: done\n      blocked: done\n\n  - id: copy-snapshot"),
        ),
        arrange=(lambda world: world.change(old_cluster(world), "stopped"),),
    ),
    Scenario(name="an approval", text=edited(before("delete-rds", HOLD)), acts=(run(), resume(why="looked at")),
          ends=("HELD", "SUCCEEDED")),
    Scenario(name="an approval is refused", text=edited(before("delete-rds", HOLD)),
          acts=(run(), resume(reject="not today")), ends=("HELD", "FAILED")),
    Scenario(name="the reply of a repeatable call is lost", text=NOTE % "test.note, repeatable: true",
          arrange=(fault("call test.note", "lost", only=lambda params: params["text"] == "one"),)),
    Scenario(name="the replies of a repeatable call without retry are lost for a while", text=NOTE % "test.note, repeatable: true",
          arrange=(fault("call test.note", "lost", lasts=10, only=lambda params: params["text"] == "two"),)),
    Scenario(name="a repeatable call without retry is never answered", text=NOTE % "test.note, repeatable: true",
          arrange=(fault("call test.note", "lost", times=99, only=lambda params: params["text"] == "two"),), ends=("FAILED",)),
    Scenario(name="an undo uses the reply of its call", text=BY_RESULT % "test.note\n    repeatable: true", ends=("FAILED",)),
    Scenario(name="until: the reply is lost", text=SWAP % "", arrange=(fault(RENAME, "lost"),)),
    Scenario(name="until: the request is lost", text=SWAP % "", arrange=(fault(RENAME, "nothing"),)),
    Scenario(name="until: a later failure undoes it", text=SWAP % THEN_FAILS, ends=("FAILED",), pairs=True),
    Scenario(name="until: the reply is lost and a later failure undoes it", text=SWAP % THEN_FAILS,
          arrange=(fault(RENAME, "lost"),), ends=("FAILED",)),
    Scenario(name="until: already true", text=SWAP % "",
          arrange=(lambda world: setattr(old_cluster(world), "name", "orders-old"),), acts=(), ends=("HELD",)),
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
    Scenario(
        name="a created copy is renamed and created again", text=edited(before("delete-rds", HOLD)),
        acts=(run(), while_down(renamed, seconds=100), restart("copy-snapshot"), resume()),
        ends=("HELD", "HELD", "HELD", "SUCCEEDED"),
    ),
    Scenario(
        name="a setting is fixed before a restart", text=edited((RESCUE, "")), arrange=(set_settings(subnet_group="wrong"),),
        acts=(run(), while_down(set_settings(subnet_group="right")), restart("restore-snapshot")),
        ends=("HELD", "HELD", "SUCCEEDED"),
    ),
    Scenario(
        name="steps are added during a hold", text=edited((RESCUE, "")),
        arrange=(set_settings(subnet_group="wrong"),),
        acts=(
            run(),
            while_down(set_settings(subnet_group="right")),
            resume(text=edited(before("instances", "  - {id: pause, wait: 1m}\n"))),
        ),
        ends=("HELD", "HELD", "SUCCEEDED"),
    ),
    Scenario(
        name="steps move during a hold and one fails",
        text=edited((RESCUE, ""), before("setup-db-users", HOLD), text=WITH_PAST),
        acts=(
            run(),
            resume(text=edited((RESCUE, ""), before("instances", "  - {id: pause, wait: 1m}\n"),
                               before("setup-db-users", "  - {id: approval, fail: no, error: No}\n"), text=WITH_PAST)),
        ),
        ends=("HELD", ""),
    ),
    Scenario(
        name="the runbook is edited during a copy", text=edited((RESCUE, ""), ("time_limit: 36h", "time_limit: 2m")),
        arrange=(*INVISIBLE, lifecycles(SNAPSHOT, [("copying", 600)])),
        acts=(run(), resume(text=edited((RESCUE, ""), ("time_limit: 36h", "time_limit: 10h")))),
        ends=("HELD", "SUCCEEDED"),
    ),
)  # fmt: skip

UNREPEATABLE = (
    Scenario(name="the reply that an undo needs is lost", text=BY_RESULT % "test.once\n    repeatable: false",
          arrange=(fault("call test.once", "lost"),),
          acts=(run(), resume(outcome="done")), ends=("HELD", "STUCK")),
    Scenario(name="the reply that an undo needs is lost, and a person knows it", text=BY_RESULT % "test.once\n    repeatable: false",
          arrange=(fault("call test.once", "lost"),),
          acts=(run(), resume(outcome="done", output={"text": "one"})), ends=("HELD", "FAILED")),
    Scenario(name="the reply of a call that is not repeatable is lost", text=NOTE % "test.once, repeatable: false",
          arrange=(fault("call test.once", "lost"),),
          acts=(run(), resume(), resume(outcome="done")), ends=("HELD", "HELD", "SUCCEEDED")),
    Scenario(name="the request of a call that is not repeatable is lost", text=NOTE % "test.once, repeatable: false",
          arrange=(fault("call test.once", "nothing"),),
          acts=(run(), resume(outcome="not-done")), ends=("HELD", "SUCCEEDED")),
)  # fmt: skip
"""Here a crash may end in the hold `unknown_outcome`: the one exception to K9."""


def source_gone(world: World) -> None:
    next(t for t in world.things if t.name == "daily").life = [("gone", 0.0)]


ENDS = (
    Scenario(name="undo: the reply of the delete is lost", text=WITH_PAST,
          arrange=(fault(f"create {CLUSTER}", CAPACITY, times=99), fault(f"delete {SNAPSHOT}", "lost")),
          ends=("FAILED",), pairs=True),
    Scenario(name="undo: the source is gone, so the copy is kept", text=WITH_PAST,
          arrange=(fault(f"create {CLUSTER}", CAPACITY, times=99, after=source_gone),), ends=("FAILED",)),
    Scenario(
        name="on_failure has a call that fails and a check that holds",
        text=edited(
            ("outputs:\n",
             ("on_failure:\n"
             "  - {call: test.note, with: {text: x}, repeatable: true}\n"
             "  - {check: ec2.port_open, with: {security_groups: [sg-1], port: 1}}\n"
             '  - {take_back: all}\n  - {notify: "${settings.topic}"}\noutputs:\n'))
        ),
        arrange=(lifecycles(SNAPSHOT, COPY_FAILS, COPY_FAILS, COPY_FAILS, COPY_FAILS), fault("call test.note", problem("Refused", "denied")),
                 lambda world: world.broken_checks.add("ec2.port_open")),
        ends=("FAILED",),
    ),
    Scenario(name="held past the point of no return, then cancelled with undo", text=RESTORE,
          arrange=(fault(f"create {CLUSTER}", CAPACITY, times=99),),
          acts=(run(), cancel(undo=True, past=("delete-rds",))), ends=("HELD", "CANCELLED")),
    Scenario(name="the copy is removed before the restore that needs it", text=edited(ARCHIVED_TOO_SOON), ends=("HELD",)),
    Scenario(name="held with a used cluster, then cancelled with undo", text=RESTORE,
          arrange=(lifecycles(INSTANCE, [("creating", 60)], *[CREATE_FAILS] * 4),), acts=(run(), cancel(undo=True)),
          ends=("HELD", "CANCELLED")),
    Scenario(name="a notification fails and is sent at the resume", text=edited(before("delete-rds", HOLD)),
          arrange=(fault("call sns.publish", problem("AuthorizationError", "denied")),), acts=(run(), resume()),
          ends=("HELD", "SUCCEEDED")),
    Scenario(name="cancelled, then cleaned up", text=RESTORE, arrange=(fault(f"create {CLUSTER}", CAPACITY, times=99),),
          acts=(run(), cancel(), cleanup(("delete-rds",))), ends=("HELD", "CANCELLED", "CANCELLED")),
    Scenario(name="cancelled, then restarted with success", text=RESTORE, arrange=(fault(f"create {CLUSTER}", CAPACITY, times=4),),
          acts=(run(), cancel(), restart("restore-snapshot")), ends=("HELD", "CANCELLED", "SUCCEEDED")),
    *(
        Scenario(name=f"success, then restarted from {step}", text=RESTORE, acts=(run(), restart(step)),
              ends=("SUCCEEDED", ""))
        for step in ("snapshot-check", "old", "copy-snapshot", "network-check", "delete-rds", "restore-snapshot",
                     "instances", "setup-db-users", "archive-snapshot")
    ),
)  # fmt: skip
