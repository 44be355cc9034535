"""Stories of what has changed while nobody drove: what it takes up is proved anew, and what is another's is left alone."""

from __future__ import annotations

from tests.laws.failure_scenarios import SWAP, THEN_FAILS
from tests.laws.scenario_parts import (
    CLUSTER,
    FAILS,
    HOLD,
    INSTANCE,
    INTERNAL,
    RESTORE,
    SNAPSHOT,
    before,
    edited,
    named,
)
from tests.laws.scenario_run import Scene, Story, cancel, fault, lives, meanwhile, problem, restart, resume, run
from tests.laws.world import World
from tests.seed.guide_page import runbook_of


def cluster_renamed(world: World) -> None:
    """A person puts it by; its instances go with it, and keep their names."""
    cluster = world.named(CLUSTER, "orders", "us-west-2")
    assert cluster is not None
    world.rename(cluster, "orders-put-by")


def instances_renamed(world: World) -> None:
    for name in ("orders-1", "orders-2"):
        instance = world.named(INSTANCE, name, "us-west-2")
        assert instance is not None
        world.rename(instance, f"{name}-put-by")


RENAMED = (
    Story(
        name="the restored cluster is renamed away with its instances, and restored anew",
        text=edited(before("archive-snapshot", HOLD)),
        acts=(run(), meanwhile(cluster_renamed, seconds=100), restart("restore-snapshot"), resume(),
              meanwhile(instances_renamed), resume(), resume()),
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
    Story(
        name="what an unsent call requires breaks before it is sent", text=RESTORE, arrange=(NO_CREDENTIALS,),
        acts=(run(), meanwhile(logged_in, named(CLUSTER, "orders", "failed")), resume()), ends=("", "", "HELD"),
    ),
    Story(
        name="what an unsent call requires breaks, and is mended", text=RESTORE, arrange=(NO_CREDENTIALS,),
        acts=(run(), meanwhile(logged_in, named(CLUSTER, "orders", "failed")), resume(),
              meanwhile(named(CLUSTER, "orders", "available")), resume()),
        ends=("", "", "HELD", "HELD", "SUCCEEDED"),
    ),
    Story(
        name="until: unsent, and what it requires is broken", text=UNTIL,
        arrange=(NO_RENAME,), acts=(run(), meanwhile(logged_in, source_broken), resume()), ends=("", "", "HELD"),
    ),
)  # fmt: skip

DENIED = problem("AccessDenied", "denied")
UNDELETABLE = (
    Story(
        name="a failed copy cannot be deleted, and another name is taken",
        text=runbook_of("7.1.1 A failed copy that cannot be deleted"),
        arrange=(
            lives(SNAPSHOT, FAILS, FAILS),
            fault(f"delete {SNAPSHOT}", DENIED, times=99, only=lambda params: params["name"] == "daily-copy"),
        ),
        acts=(run(), meanwhile(logged_in), resume()), ends=("HELD", "HELD", "SUCCEEDED"),
    ),
    Story(
        name="a failed copy cannot be deleted", text=RESTORE,
        arrange=(lives(SNAPSHOT, FAILS), fault(f"delete {SNAPSHOT}", DENIED, times=99)),
        acts=(run(), meanwhile(logged_in), restart("copy-snapshot")), ends=("STUCK", "STUCK", "SUCCEEDED"),
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
    Story(
        name="until: the reply is lost, and looks do not come back", text=SWAP % THEN_FAILS,
        arrange=(fault("call test.rename", "lost"), fault(f"look {CLUSTER}", INTERNAL, first=2, times=8)), ends=("FAILED",),
    ),
    Story(
        name="until: looks do not come back, before it and after", text=SWAP % THEN_FAILS,
        arrange=(fault(f"look {CLUSTER}", INTERNAL, first=1, times=12),), ends=("FAILED",),
    ),
)  # fmt: skip


def what_was_never_sent_is_not_undone() -> None:
    """By one runner: where one has died, nobody knows whether it was sent."""
    unsent = fault("call test.note", "not_sent", times=99, category="credentials", only=lambda on: on["text"] == "one")
    story = Story(name="", text=NOTED, arrange=(unsent,), acts=(run(), cancel(undo=True)), ends=("", "CANCELLED"))
    assert Scene(story).tell().world.called == []


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


def what_is_so_already_is_not_called_while_looks_do_not_come_back() -> None:
    unanswered = fault(f"look {CLUSTER}", INTERNAL, first=1, times=3)
    assert Scene(Story(name="", text=TRUE_ALREADY, arrange=(unanswered,))).tell().world.called == []


def what_is_under_way_beyond_the_grace_is_called_once() -> None:
    lost = fault("call test.rename", "lost", after=renamed_slowly)
    scene = Scene(Story(name="", text=SWAP % "", arrange=(lost,))).tell()
    assert len(scene.world.called) == 1


MENDING = (*RENAMED, *UNSENT, *UNDELETABLE, *UNANSWERED_LOOKS)
