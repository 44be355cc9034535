"""Scenarios of changes by others while no runner is active: state is checked again, and foreign resources are left alone."""

from __future__ import annotations

from tests.laws.failure_scenarios import SWAP, THEN_FAILS
from tests.laws.scenario_parts import (
    CLUSTER,
    COPY_FAILS,
    HOLD,
    INSTANCE,
    INTERNAL,
    RESTORE,
    SNAPSHOT,
    before,
    edited,
    set_status,
)
from tests.laws.scenario_run import (
    Scenario,
    Trial,
    cancel,
    fault,
    lifecycles,
    problem,
    restart,
    resume,
    run,
    while_down,
)
from tests.laws.world import World
from tests.seed.guide_page import runbook_of


def cluster_renamed(world: World) -> None:
    """Rename the cluster; its instances stay in it and keep their names."""
    cluster = world.named(CLUSTER, "orders", "us-west-2")
    assert cluster is not None
    world.rename(cluster, "orders-put-by")


def instances_renamed(world: World) -> None:
    for name in ("orders-1", "orders-2"):
        instance = world.named(INSTANCE, name, "us-west-2")
        assert instance is not None
        world.rename(instance, f"{name}-put-by")


RENAMED = (
    Scenario(
        name="the restored cluster is renamed and restored again",
        text=edited(before("archive-snapshot", HOLD)),
        acts=(run(), while_down(cluster_renamed, seconds=100), restart("restore-snapshot"), resume(),
              while_down(instances_renamed), resume(), resume()),
        ends=("HELD", "HELD", "HELD", "HELD", "HELD", "HELD", "SUCCEEDED"),
    ),
)  # fmt: skip

NO_CREDENTIALS = fault("call postgres.setup_users", "not_sent", times=99, category="credentials")


def logged_in(world: World) -> None:
    world.faults.clear()


UNTIL = """
runbook: swap
region: us-west-2
inputs: {snapshot: {type: string}, cluster: {type: string}, source_region: {type: string}, target_region: {type: string}}
steps:
  - {id: blue, check: rds.cluster, with: {name: "${cluster}"}}
  - {id: source, check: rds.cluster_snapshot, region: us-east-1, with: {name: daily}}
  - id: swap-out
    call: test.rename
    with: {name: "${cluster}", new_name: "${cluster}-old"}
    until: {check: rds.cluster, with: {name: "${cluster}-old"}, is: seen.id == blue.id}
    monitor: {every: 15s, for: 30m}
    requires: [source]
    undo:
      call: test.rename
      with: {name: "${cluster}-old", new_name: "${cluster}"}
      until: {check: rds.cluster, with: {name: "${cluster}"}, is: seen.id == blue.id}
      monitor: {every: 15s, for: 30m}
  - {id: end, fail: it was not to be, error: NotToBe}
"""


NO_RENAME = fault("call test.rename", "not_sent", times=99, category="credentials")


def source_broken(world: World) -> None:
    source = world.named(SNAPSHOT, "daily", "us-east-1")
    assert source is not None
    world.change(source, "failed")


UNSENT = (
    Scenario(
        name="a requirement of an unsent call fails before it is sent", text=RESTORE, arrange=(NO_CREDENTIALS,),
        acts=(run(), while_down(logged_in, set_status(CLUSTER, "orders", "failed")), resume()), ends=("", "", "HELD"),
    ),
    Scenario(
        name="a requirement of an unsent call fails and recovers", text=RESTORE, arrange=(NO_CREDENTIALS,),
        acts=(run(), while_down(logged_in, set_status(CLUSTER, "orders", "failed")), resume(),
              while_down(set_status(CLUSTER, "orders", "available")), resume()),
        ends=("", "", "HELD", "HELD", "SUCCEEDED"),
    ),
    Scenario(
        name="until: a requirement of an unsent call has failed", text=UNTIL,
        arrange=(NO_RENAME,), acts=(run(), while_down(logged_in, source_broken), resume()), ends=("", "", "HELD"),
    ),
)  # fmt: skip

DENIED = problem("AccessDenied", "denied")
UNDELETABLE = (
    Scenario(
        name="a failed copy cannot be deleted and another name is used",
        text=runbook_of("7.1.1 A failed copy that cannot be deleted"),
        arrange=(
            lifecycles(SNAPSHOT, COPY_FAILS, COPY_FAILS),
            fault(f"delete {SNAPSHOT}", DENIED, times=99, only=lambda params: params["name"] == "daily-copy"),
        ),
        acts=(run(), while_down(logged_in), resume()), ends=("HELD", "HELD", "SUCCEEDED"),
    ),
    Scenario(
        name="a failed copy cannot be deleted", text=RESTORE,
        arrange=(lifecycles(SNAPSHOT, COPY_FAILS), fault(f"delete {SNAPSHOT}", DENIED, times=99)),
        acts=(run(), while_down(logged_in), restart("copy-snapshot")), ends=("STUCK", "STUCK", "SUCCEEDED"),
    ),
)  # fmt: skip

NOTED = """
runbook: noted
region: us-west-2
inputs: {snapshot: {type: string}, cluster: {type: string}, source_region: {type: string}, target_region: {type: string}}
steps:
  - id: noted
    call: test.note
    with: {text: one}
    repeatable: true
    undo: {call: test.note, with: {text: back}, repeatable: true}
  - {id: end, fail: it was not to be, error: NotToBe}
"""


def renamed_slowly(world: World, status: str = "renaming") -> None:
    cluster = world.named(CLUSTER, "orders", "us-west-2")
    if cluster is not None:
        cluster.life = [(status, world.now), ("available", world.now + 300)]


UNANSWERED_LOOKS = (
    Scenario(
        name="until: the reply is lost and looks fail", text=SWAP % THEN_FAILS,
        arrange=(fault("call test.rename", "lost"), fault(f"look {CLUSTER}", INTERNAL, first=2, times=8)), ends=("FAILED",),
    ),
    Scenario(
        name="until: looks fail before and after the call", text=SWAP % THEN_FAILS,
        arrange=(fault(f"look {CLUSTER}", INTERNAL, first=1, times=12),), ends=("FAILED",),
    ),
)  # fmt: skip


def an_unsent_call_is_not_undone() -> None:
    """With one runner only: after a crash it is unknown whether the call was sent."""
    unsent = fault("call test.note", "not_sent", times=99, category="credentials", only=lambda on: on["text"] == "one")
    scenario = Scenario(name="", text=NOTED, arrange=(unsent,), acts=(run(), cancel(undo=True)), ends=("", "CANCELLED"))
    assert Trial(scenario).execute().world.called == []


TRUE_ALREADY = """
runbook: noted
region: us-west-2
inputs: {snapshot: {type: string}, cluster: {type: string}, source_region: {type: string}, target_region: {type: string}}
steps:
  - {id: blue, check: rds.cluster, with: {name: "${cluster}"}}
  - id: noted
    call: test.once
    with: {text: one}
    until: {check: rds.cluster, with: {name: "${cluster}"}, is: seen.id == blue.id}
"""


def no_call_while_looks_fail_and_until_is_true() -> None:
    unanswered = fault(f"look {CLUSTER}", INTERNAL, first=1, times=3)
    assert Trial(Scenario(name="", text=TRUE_ALREADY, arrange=(unanswered,))).execute().world.called == []


def a_slow_call_is_made_once() -> None:
    lost = fault("call test.rename", "lost", after=renamed_slowly)
    trial = Trial(Scenario(name="", text=SWAP % "", arrange=(lost,))).execute()
    assert len(trial.world.called) == 1


MENDING = (*RENAMED, *UNSENT, *UNDELETABLE, *UNANSWERED_LOOKS)
