"""The stories of one runner: a restore with one thing that happens to it, from the first look to the last notice.

Each is told undisturbed, then killed at every point. `pairs` are killed twice, at every pair of points.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.laws.walking import (
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
from tests.laws.world import FOREVER, Thing, World, arn

SNAPSHOT, CLUSTER, INSTANCE = "rds.cluster_snapshot", "rds.cluster", "rds.instance"
RESTORE = (Path(__file__).parents[2] / "runbooks" / "restore.yaml").read_text(encoding="utf-8")
FAILS = [("copying", 60), ("failed", FOREVER)]
COPIES = [("copying", 90)]
BREAKS = [("creating", 60), ("failed", FOREVER)]
CAPACITY = problem("InsufficientDBClusterCapacityFault", "capacity")
BUSY = problem("InvalidDBClusterStateFault", "conflict")
NO_NETWORK = problem("DBSubnetGroupNotFoundFault", "config", "InvalidVPCConfiguration")
UNANSWERED = problem("ConnectionTimeout", "timeout")
GONE = problem("NotFound", "not_found")
INTERNAL = problem("InternalFailure", "internal")
HOUR = 3600.0


def edited(*changes: tuple[str, str], text: str = RESTORE) -> str:
    """The restore with some lines changed; each must be there once."""
    for before, after in changes:
        assert text.count(before) == 1, (text.count(before), before)
        text = text.replace(before, after)
    return text


def before(step: str, more: str) -> tuple[str, str]:
    """Steps put before a step."""
    return (f"  - id: {step}\n", f"{more}  - id: {step}\n")


HOLD = "  - {id: approval, hold: look at it}\n"
PAST = "on_failure: [{take_back: all, past: delete-rds}]\n"
WITH_PAST = edited(("outputs:\n", PAST + "outputs:\n"))
SLOWLY = ("monitor: {every: 30s, for: 24h}", "monitor: {every: 30m, for: 24h}")


def mend(**settings: Any) -> Any:
    return lambda world: world.settings.update({key.replace("_", "-"): value for key, value in settings.items()})


def without_old(world: World) -> None:
    """There is no cluster to be replaced."""
    world.things = [thing for thing in world.things if thing.kind == SNAPSHOT]


def old(world: World) -> Thing:
    return next(thing for thing in world.things if thing.kind == CLUSTER)


def set_old(**data: Any) -> Any:
    return lambda world: old(world).data.update(data)


def named(kind: str, name: str, status: str) -> Any:
    """Something takes a status behind our back."""

    def change(world: World) -> None:
        thing = world.named(kind, name, "us-west-2")
        assert thing is not None
        world.change(thing, status)

    return change


def foreign(kind: str, name: str, **data: Any) -> Any:
    return lambda world: world.put(kind, name, "us-west-2", **data)


def swapped(world: World) -> None:
    """The old cluster goes, and somebody makes another of its name."""
    for thing in world.things:
        if thing.kind != SNAPSHOT and thing.by == "somebody":
            thing.life = [("gone", 0.0)]
    world.put(CLUSTER, "orders", "us-west-2")


def vanishes(world: World) -> None:
    copy = world.named(SNAPSHOT, "daily-copy", "us-west-2")
    if copy is not None:
        copy.life = [("gone", 0.0)]


INVISIBLE = tuple(fault(f"create {kind}", "invisible", times=99, seconds=45) for kind in (SNAPSHOT, CLUSTER, INSTANCE))

COPY_AND_RESTORE = (
    Story(name="all goes well", text=RESTORE, pairs=True),
    Story(name="the copy fails once", text=RESTORE, arrange=(lives(SNAPSHOT, FAILS),), pairs=True),
    Story(
        name="the failed copy is stale after its delete", text=RESTORE,
        arrange=(lives(SNAPSHOT, FAILS), fault(f"delete {SNAPSHOT}", "stale", seconds=40)),
    ),
    Story(
        name="the old cluster's deletes are stale", text=RESTORE,
        arrange=(
            fault(f"delete {CLUSTER}", "stale", seconds=40), fault(f"delete {INSTANCE}", "stale", seconds=40, times=2),
        ),
    ),
    Story(name="everything made is invisible for a while", text=RESTORE, arrange=INVISIBLE),
    Story(name="the restore's reply is lost", text=RESTORE, arrange=(fault(f"create {CLUSTER}", "lost"),)),
    Story(
        name="the restore's reply is lost, and it is invisible for 45 s", text=RESTORE,
        arrange=(fault(f"create {CLUSTER}", "lost"), fault(f"create {CLUSTER}", "invisible", seconds=45)),
    ),
    Story(
        name="the restore's reply is lost, and it is invisible beyond the grace", text=RESTORE,
        arrange=(fault(f"create {CLUSTER}", "lost"), fault(f"create {CLUSTER}", "invisible", seconds=90)),
    ),
    Story(name="the restore is lost and nothing came of it", text=RESTORE,
          arrange=(fault(f"create {CLUSTER}", "nothing"),)),
    Story(
        name="the copy is lost four times", text=RESTORE, arrange=(fault(f"create {SNAPSHOT}", "nothing", times=4),),
        ends=("FAILED",),
    ),
    Story(
        name="the copy is lost, invisible beyond the grace, and then broken", text=RESTORE,
        arrange=(
            lives(SNAPSHOT, FAILS), fault(f"create {SNAPSHOT}", "lost"),
            fault(f"create {SNAPSHOT}", "invisible", seconds=90),
        ),
    ),
    Story(
        name="the old cluster is still going when its successor is due",
        text=edited(("    states:\n      available: delete\n    retry: slow\n    irreversible: true",
                     "    if: 1 == 2\n    states:\n      available: delete\n    retry: slow\n    irreversible: true"),
                    ("  - id: old\n", "  - id: old\n    if: 1 == 2\n")),
        arrange=(lambda world: setattr(old(world), "life", [("deleting", 0.0), ("gone", world.now + 300)]),
                 lambda world: [t.life.__setitem__(0, ("gone", 0.0)) for t in world.things if t.kind == INSTANCE]),
    ),
    Story(name="the restore is refused twice", text=RESTORE,
          arrange=(fault(f"create {CLUSTER}", CAPACITY, times=2),)),
    Story(name="the restore is refused for ever", text=RESTORE,
          arrange=(fault(f"create {CLUSTER}", CAPACITY, times=99),), ends=("HELD",), pairs=True),
    Story(name="the restore is refused for ever, with past", text=WITH_PAST,
          arrange=(fault(f"create {CLUSTER}", CAPACITY, times=99),), ends=("FAILED",), pairs=True),
    Story(name="the copy fails for ever", text=RESTORE,
          arrange=(lives(SNAPSHOT, FAILS, FAILS, FAILS, FAILS),), ends=("FAILED",)),
    Story(name="the copy fails three times", text=RESTORE, arrange=(lives(SNAPSHOT, FAILS, FAILS, FAILS),)),
    Story(name="the copy is lost three times", text=RESTORE,
          arrange=(fault(f"create {SNAPSHOT}", "nothing", times=3),)),
    Story(name="everything made is invisible, and nothing is tried twice",
          text=edited(("      broken: replace                  # exists and failed", "      broken: hold # exists and failed"),
                      ("    monitor: {every: 30s, for: 24h}\n    retry: slow", "    monitor: {every: 30s, for: 24h}")),
          arrange=INVISIBLE),
    Story(name="the old cluster's deletes are stale, and nothing is tried twice",
          text=edited(("    retry: slow\n    irreversible: true", "    irreversible: true")),
          arrange=(fault(f"delete {CLUSTER}", "stale", seconds=40),
                   fault(f"delete {INSTANCE}", "stale", seconds=40, times=2))),
    Story(name="looks answer with errors that pass", text=RESTORE,
          arrange=(fault(f"look {SNAPSHOT}", INTERNAL, first=2, times=2), fault(f"look {CLUSTER}", INTERNAL, first=1),
                   fault(f"look {INSTANCE}", INTERNAL, times=3))),
    Story(name="a status that nobody knows", text=RESTORE,
          arrange=(lives(CLUSTER, [("creating", 60), ("odd", 120)]), lives(INSTANCE, [("odd", 60)]))),
    Story(name="the copy vanishes before the old cluster goes", text=edited(before("delete-rds", HOLD)),
          acts=(run(), meanwhile(vanishes), resume()), ends=("HELD", "HELD", "HELD")),
    Story(name="a status with a row of its own", text=edited(
        ("      broken: replace\n      available: done\n    monitor: {every: 60s, for: 4h}",
         "      broken: replace\n      =odd: {hold: it is odd}\n      available: done\n    monitor: {every: 60s, for: 4h}")),
          arrange=(lives(CLUSTER, [("creating", 60), ("odd", 120)]),), ends=("HELD",)),
    Story(name="the replacement's delete is refused twice", text=RESTORE,
          arrange=(lives(SNAPSHOT, FAILS), fault(f"delete {SNAPSHOT}", BUSY, times=2))),
    Story(
        name="the replacement's delete is refused in the last attempt", text=RESTORE,
        arrange=(lives(SNAPSHOT, FAILS, FAILS, FAILS), fault(f"delete {SNAPSHOT}", BUSY, first=2)), ends=("FAILED",),
    ),
    Story(name="the reply of the replacement's delete is lost", text=RESTORE,
          arrange=(lives(SNAPSHOT, FAILS), fault(f"delete {SNAPSHOT}", "lost"))),
    Story(name="the replacement's delete is lost and nothing came of it", text=RESTORE,
          arrange=(lives(SNAPSHOT, FAILS), fault(f"delete {SNAPSHOT}", "nothing"))),
    Story(name="the reply of the second create is lost", text=RESTORE,
          arrange=(lives(SNAPSHOT, FAILS), fault(f"create {SNAPSHOT}", "lost", first=1))),
    Story(
        name="the copy takes 25 hours", text=edited(SLOWLY, ("time_limit: 36h\n", "")),
        arrange=(lives(SNAPSHOT, [("copying", 25 * HOUR)]),), acts=(run(), resume()), ends=("HELD", "SUCCEEDED"),
    ),
    Story(
        name="looks and the create are throttled", text=RESTORE,
        arrange=(
            fault(f"look {SNAPSHOT}", "not_sent", times=40), fault(f"look {SNAPSHOT}", "not_sent", first=43, times=40),
            fault(f"create {SNAPSHOT}", "not_sent", times=3),
        ),
    ),
    Story(
        name="a refreshed setting changes a parameter between attempts", text=RESTORE,
        arrange=(fault(f"create {CLUSTER}", NO_NETWORK, after=mend(subnet_group="mended")),),
    ),
    Story(
        name="the time limit passes during the copy", text=edited(SLOWLY, ("time_limit: 36h", "time_limit: 10h")),
        arrange=(lives(SNAPSHOT, [("copying", 15 * HOUR)]),), acts=(run(), resume()), ends=("HELD", "SUCCEEDED"),
    ),
)  # fmt: skip

CREDENTIALS = tuple(
    Story(name=f"credentials expire at: {on}", text=RESTORE,
          arrange=(fault(on, "not_sent", first=first, category="credentials"),),
          acts=(run(), resume()), ends=("", "SUCCEEDED"))
    for on, first in ((f"look {SNAPSHOT}", 3), (f"create {SNAPSHOT}", 0), (f"delete {INSTANCE}", 1),
                      ("call postgres.setup_users", 0))
)  # fmt: skip

PARTS = (
    Story(name="a part's delete loses its reply", text=RESTORE, arrange=(fault(f"delete {INSTANCE}", "lost"),)),
    Story(name="a part's delete is lost and nothing came of it", text=RESTORE,
          arrange=(fault(f"delete {INSTANCE}", "nothing"),)),
    Story(name="a part is stale for 40 s", text=RESTORE,
          arrange=(fault(f"delete {INSTANCE}", "stale", first=1, seconds=40),)),
    Story(name="a part's delete says not found", text=RESTORE, arrange=(fault(f"delete {INSTANCE}", GONE),)),
    Story(name="a part's delete is refused twice", text=RESTORE,
          arrange=(fault(f"delete {INSTANCE}", BUSY, times=2),), pairs=True),
    Story(name="protection is on, then off", text=RESTORE, arrange=(set_old(protected=True),),
          acts=(run(), meanwhile(set_old(protected=False)), resume()), ends=("HELD", "HELD", "SUCCEEDED")),
    Story(name="protection is on, and stays on", text=RESTORE, arrange=(set_old(protected=True),),
          acts=(run(), resume()), ends=("HELD", "HELD")),
    Story(name="the second instance fails once", text=RESTORE, arrange=(lives(INSTANCE, [("creating", 60)], BREAKS),)),
    Story(name="the second instance fails for ever", text=RESTORE,
          arrange=(lives(INSTANCE, [("creating", 60)], *[BREAKS] * 4),), ends=("HELD",)),
    Story(name="the second instance fails for ever, taken back", text=WITH_PAST,
          arrange=(lives(INSTANCE, [("creating", 60)], *[BREAKS] * 4),), ends=("FAILED",)),
    Story(name="the second instance fails for ever, resumed", text=RESTORE,
          arrange=(lives(INSTANCE, [("creating", 60)], *[BREAKS] * 4),), acts=(run(), resume()),
          ends=("HELD", "SUCCEEDED")),
    Story(name="the first instance's reply is lost and it is invisible", text=RESTORE,
          arrange=(fault(f"create {INSTANCE}", "lost"), fault(f"create {INSTANCE}", "invisible", seconds=45))),
    Story(name="the cluster is modifying while instances are added", text=RESTORE,
          arrange=(fault(f"create {INSTANCE}", BUSY),)),
    Story(
        name="a foreign instance sits in the own cluster at undo", text=RESTORE,
        arrange=(lives(INSTANCE, [("creating", 60)], *[BREAKS] * 4),),
        acts=(run(), meanwhile(foreign(INSTANCE, "theirs", cluster="orders")), cancel(undo=True, past=("delete-rds",))),
        ends=("HELD", "HELD", "STUCK"),
    ),
    Story(
        name="a cluster that was seen available breaks at a hold",
        text=edited(before("setup-db-users", HOLD)),
        acts=(run(), meanwhile(named(CLUSTER, "orders", "failed")), restart("restore-snapshot")),
        ends=("HELD", "HELD", "HELD"),
    ),
    Story(
        name="a cluster that was delivered breaks",
        text=edited(("    requires: [restore-snapshot, instances]\n", "    if: 1 == 2\n")),
        acts=(run(), meanwhile(named(CLUSTER, "orders", "failed")), restart("restore-snapshot")),
        ends=("SUCCEEDED", "SUCCEEDED", "HELD"),
    ),
)  # fmt: skip


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
             "on_failure:\n"
             "  - {call: test.note, with: {text: x}, repeatable: true}\n"
             "  - {check: ec2.port_open, with: {security_groups: [sg-1], port: 1}}\n"
             "  - {take_back: all}\n  - {notify: \"${settings.topic}\"}\noutputs:\n")
        ),
        arrange=(lives(SNAPSHOT, FAILS, FAILS, FAILS, FAILS), fault("call test.note", problem("Refused", "denied")),
                 lambda world: world.broken_checks.add("ec2.port_open")),
        ends=("FAILED",),
    ),
    Story(name="held past the point, then cancelled with undo", text=RESTORE,
          arrange=(fault(f"create {CLUSTER}", CAPACITY, times=99),),
          acts=(run(), cancel(undo=True, past=("delete-rds",))), ends=("HELD", "CANCELLED")),
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

STORIES = (*COPY_AND_RESTORE, *CREDENTIALS, *PARTS, *WHOSE, *KIN, *ERRORS, *ENDS)
