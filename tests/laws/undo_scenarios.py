"""Scenarios of an undo: the source of a copy, looks that fail, and what belongs to one item of a `for_each`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.laws.scenario_parts import (
    CLUSTER,
    HOLD,
    HOUR,
    INTERNAL,
    RESTORE,
    SNAPSHOT,
    UNANSWERED,
    before,
    edited,
    foreign,
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
from tests.laws.world import FOREVER, World

BEFORE_DELETE = edited(before("delete-rds", HOLD))
"""The restore holds when the copy is made and nothing has been deleted."""

CLUSTERS_FAIL = lifecycles(CLUSTER, *[[("creating", 60), ("failed", FOREVER)]] * 4)


def replace_source(world: World) -> None:
    """The source of the copy is deleted, and a later snapshot gets its name."""
    source = world.named(SNAPSHOT, "daily", "us-east-1")
    assert source is not None
    source.life = [("gone", 0.0)]
    world.clock.sleep(5)
    world.put(SNAPSHOT, "daily", "us-east-1")


def source_is_modified(world: World) -> None:
    """The source is pending for five minutes."""
    source = world.named(SNAPSHOT, "daily", "us-east-1")
    assert source is not None
    source.life = [("creating", world.now), ("available", world.now + 300)]


def source_look_fails(times: int = 1) -> Any:
    """Looks at the source, in another region, fail with an error that passes by itself."""
    return fault(f"look {SNAPSHOT}", INTERNAL, times=times, only=lambda on: "us-east-1" in str(on.get("name", "")))


def undone(name: str, *changes: Any) -> Scenario:
    """The restore is cancelled at the hold, after these changes, and its copy is taken back."""
    acts = (run(), while_down(*changes), cancel(undo=True))
    return Scenario(name=name, text=BEFORE_DELETE, acts=acts, ends=("HELD", "", "CANCELLED"))


SOURCES = (
    undone("undo: the source is there, so the copy is deleted"),
    undone("undo: another snapshot has the name of the source, so the copy is kept", replace_source),
    undone("undo: a look at the source fails once", source_look_fails()),
    undone("undo: the source is pending for five minutes", source_is_modified),
    replace(
        undone("undo: looks at the source fail until the watch ends", source_look_fails(times=9999)),
        ends=("HELD", "", "STUCK"),
    ),
    Scenario(
        name="a look at a broken cluster fails once, past the point of no return", text=RESTORE,
        arrange=(CLUSTERS_FAIL, fault(f"look {CLUSTER}", INTERNAL, only=lambda on: "id" in on and "name" not in on)),
        ends=("HELD",),
    ),
)  # fmt: skip

EACH = """
runbook: aurora-restore
region: us-west-2
notify: arn:aws:sns:us-west-2:123456789012:recovery
inputs: {snapshot: {type: string}, cluster: {type: string}, source_region: {type: string}, target_region: {type: string}}
steps:
  - id: each-one
    for_each: [one, two]
    check: rds.cluster
    with: {name: "${cluster}"}
    states:
      available:
        do:
%s        then: done
%s"""
"""A runbook that does something for each of two names."""

COPIES_EACH = """          - id: mine
            ensure: rds.cluster_snapshot
            with: {name: "${each}-copy", copy_of: "arn:aws:rds:us-east-1:123456789012:cluster_snapshot:daily"}
            undo: delete
          - call: test.note
            with: {text: "${mine.name}"}
            repeatable: true
            requires: [mine]
"""
REMOVES_EACH = """          - id: away
            remove: rds.cluster_snapshot
            with: {name: "${each}"}
            owner: any
            states: {available: delete}
"""
IN_RESCUE = """
  - id: notes
    for_each: [one, two]
    call: test.note
    with: {text: "${each}"}
    repeatable: true
    rescue:
      - error: [Refused]
        do:
          - id: put-by
            ensure: rds.cluster_snapshot
            with: {name: "${each}-by", copy_of: "arn:aws:rds:us-east-1:123456789012:cluster_snapshot:daily"}
            undo: delete
        then: retry
    retry: [1m, 1m]
"""
THEN_FAIL = "  - {id: end, fail: it was not to be, error: NotToBe}\n"
REFUSED = problem("Refused", "denied")

ITEMS = (
    Scenario(name="each item of a for_each makes a copy in its do", text=EACH % (COPIES_EACH, "")),
    Scenario(
        name="each item of a for_each makes a copy in its do, and all are taken back",
        text=EACH % (COPIES_EACH, THEN_FAIL), ends=("FAILED",),
    ),
    Scenario(
        name="each item of a for_each makes a copy in its do, and replies are lost",
        text=EACH % (COPIES_EACH, ""),
        arrange=(fault(f"create {SNAPSHOT}", "lost", times=2), fault(f"create {SNAPSHOT}", "invisible", times=2, seconds=45)),
    ),
    Scenario(
        name="each item of a for_each removes a snapshot in its do", text=EACH % (REMOVES_EACH, ""),
        arrange=(foreign(SNAPSHOT, "one"), foreign(SNAPSHOT, "two")),
    ),
    Scenario(
        name="each item of a for_each makes a copy in its rescue",
        text=(EACH % (COPIES_EACH, "")).partition("steps:")[0] + "steps:" + IN_RESCUE,
        arrange=(fault("call test.note", REFUSED, only=lambda on: on["text"] == "one"),
                 fault("call test.note", REFUSED, only=lambda on: on["text"] == "two")),
    ),
)  # fmt: skip

TWO_NOTES = """
runbook: aurora-restore
region: us-west-2
inputs: {snapshot: {type: string}, cluster: {type: string}, source_region: {type: string}, target_region: {type: string}}
steps:
  - id: noted
    call: test.note
    with: {text: one}
    repeatable: true
    undo: {call: test.note, with: {text: back}, repeatable: true}
  - {id: second, call: test.note, with: {text: two}, repeatable: true}
"""

RESTARTS = (
    Scenario(
        name="a restart after a clean-up does not skip a call that was undone", text=TWO_NOTES,
        arrange=(fault("call test.note", REFUSED, only=lambda on: on["text"] == "two"),),
        acts=(run(), restart("second"), restart("noted"), restart("second")),
        ends=("FAILED", "FAILED", "SUCCEEDED", "SUCCEEDED"),
    ),
    Scenario(
        name="a restart after a cancel does not skip what a do has made",
        text=EACH % (COPIES_EACH, HOLD), acts=(run(), cancel(undo=True), restart("approval"), restart("each-one"), resume()),
        ends=("HELD", "CANCELLED", "CANCELLED", "HELD", "SUCCEEDED"),
    ),
    Scenario(
        name="a restart with a kept cluster does not copy again", text=RESTORE,
        arrange=(fault("call postgres.setup_users", UNANSWERED, times=4),),
        acts=(run(), cancel(undo=True), restart("setup-db-users")), ends=("HELD", "CANCELLED", "SUCCEEDED"),
    ),
)  # fmt: skip

STEP_MONITOR = "    monitor: {every: 30s, for: 24h}"
LIMIT = ("time_limit: 36h", "time_limit: 2h")

WATCHES = (
    Scenario(
        name="undo: a copy is being made for three hours", text=edited((STEP_MONITOR, "    monitor: {every: 10m}"), LIMIT),
        arrange=(lifecycles(SNAPSHOT, [("copying", 3 * HOUR)]),), acts=(run(), cancel(undo=True)), ends=("HELD", "CANCELLED"),
    ),
    Scenario(
        name="undo: a copy is being made for 30 hours, and its step may take 48",
        text=edited((STEP_MONITOR, "    monitor: {every: 30m, for: 48h}"), LIMIT),
        arrange=(lifecycles(SNAPSHOT, [("copying", 30 * HOUR)]),), acts=(run(), cancel(undo=True)), ends=("HELD", "CANCELLED"),
    ),
)  # fmt: skip


def snapshot_is_being_made(world: World) -> None:
    """Somebody takes a snapshot of the old cluster, which takes an hour."""
    snapshot = world.put(SNAPSHOT, "by-hand", "us-west-2", cluster="orders")
    snapshot.life = [("creating", world.now), ("available", world.now + HOUR)]


def protect(world: World) -> None:
    cluster = world.named(CLUSTER, "orders", "us-west-2")
    assert cluster is not None
    cluster.data.update(protected=True)


def unprotect(world: World) -> None:
    cluster = world.named(CLUSTER, "orders", "us-west-2")
    assert cluster is not None
    cluster.data.update(protected=False)


BLOCKED = (
    Scenario(
        name="a snapshot of the old cluster is being made before its removal", text=RESTORE,
        arrange=(snapshot_is_being_made,), pairs=True,
    ),
    Scenario(
        name="undo: a cluster that somebody has protected keeps its instances", text=RESTORE,
        arrange=(fault("call postgres.setup_users", UNANSWERED, times=4),),
        acts=(run(), while_down(protect), cancel(undo=True, past=("delete-rds",)), while_down(unprotect), cleanup(("delete-rds",))),
        ends=("HELD", "", "STUCK", "STUCK", "CANCELLED"),
    ),
    Scenario(
        name="undo: a look at a cluster fails before its instances go", text=RESTORE,
        arrange=(fault("call postgres.setup_users", UNANSWERED, times=4),
                 fault(f"look {CLUSTER}", INTERNAL, only=lambda on: "id" in on and "name" not in on)),
        acts=(run(), cancel(undo=True, past=("delete-rds",))), ends=("HELD", "CANCELLED"),
    ),
)  # fmt: skip

UNDO = (*SOURCES, *ITEMS, *RESTARTS, *WATCHES, *BLOCKED)


def a_copy_is_taken_back() -> None:
    """Its source is there, so nothing is lost with it."""
    operation = Trial(SOURCES[0]).execute().operation
    assert operation is not None
    assert [entry.state for entry in operation.ledger] == ["gone"]


def instances_of_a_protected_cluster_stand() -> None:
    scenario = next(one for one in BLOCKED if "protected" in one.name)
    trial = Trial(replace(scenario, acts=scenario.acts[:3], ends=scenario.ends[:3])).execute()
    assert trial.operation is not None
    assert [entry.state for entry in trial.operation.ledger if entry.kind == "rds.instance"] == ["stuck", "stuck"]
    assert trial.world.named("rds.instance", "orders-1", "us-west-2") is not None


def what_each_item_makes_is_delivered() -> None:
    operation = Trial(ITEMS[0]).execute().operation
    assert operation is not None
    assert [(entry.step, entry.state) for entry in operation.ledger] == [
        ("mine[0]", "delivered"),
        ("mine[1]", "delivered"),
    ]


def a_do_makes_another_name_each_time() -> None:
    """The same step of a `do` runs twice, for two names: what it made first is not lost."""
    text = (
        (EACH % (COPIES_EACH, "")).partition("steps:")[0]
        + "steps:"
        + IN_RESCUE.replace("${each}-by", "by-${operation.elapsed}")
    )
    scenario = Scenario(name="", text=text, arrange=(fault("call test.note", REFUSED, times=2),))
    operation = Trial(scenario).execute().operation
    assert operation is not None
    assert [entry.state for entry in operation.ledger] == ["delivered", "delivered"]


def a_late_copy_is_found_within_the_grace_of_its_step() -> None:
    """The reply of the copy is lost, and it is visible after 10 minutes; it is cancelled before, and named all the same."""
    scenario = Scenario(
        name="", text=edited((STEP_MONITOR, "    monitor: {every: 30s, for: 24h, grace: 15m}"), ("time_limit: 36h", "time_limit: 1m")),
        arrange=(fault(f"create {SNAPSHOT}", "lost"), fault(f"create {SNAPSHOT}", "invisible", seconds=600)),
        acts=(run(), cancel(undo=True)), ends=("HELD", "CANCELLED"),
    )  # fmt: skip
    operation = Trial(scenario).execute().operation
    assert operation is not None
    assert [(entry.id is not None, entry.state) for entry in operation.ledger] == [(True, "gone")]
