"""A restart: what is superseded can be named no more, and an operation's own thing elsewhere is not what is asked for."""

from __future__ import annotations

from typing import Any

import pytest

from tests.driver.test_names import HEAD
from tests.laws.drift_scenarios import RENAMED, cluster_renamed
from tests.laws.end_state import told_of
from tests.laws.scenario_parts import CAPACITY, CLUSTER, INSTANCE
from tests.laws.scenario_run import Scene, Story, cancel, fault, meanwhile, restart, run
from tests.laws.world import World

ROW = """
  - id: made
    check: rds.cluster
    with: {name: "${cluster}"}
    states:
      available: done
      blocked: {do: [{id: helper, call: test.note, with: {text: in}, repeatable: true}], then: done}
"""
RESCUE = """
  - id: made
    call: test.rename
    with: {name: "${cluster}", new_name: "${cluster}"}
    repeatable: true
    retry: [1m]
    rescue:
      - error: capacity
        do: [{id: helper, call: test.note, with: {text: in}, repeatable: true}]
        then: retry
"""
READS = """
  - {id: reader, call: test.note, with: {text: "${'stale' if helper.ok | default(false) else 'nothing'}"}, repeatable: true}
"""


def stopped(world: World) -> None:
    cluster = world.named(CLUSTER, "orders", "us-west-2")
    assert cluster is not None
    world.change(cluster, "stopped")


def started(world: World) -> None:
    cluster = world.named(CLUSTER, "orders", "us-west-2")
    assert cluster is not None
    world.change(cluster, "available")


@pytest.mark.parametrize(
    ("text", "arrange"),
    [(ROW, stopped), (RESCUE, fault("call test.rename", CAPACITY))],
    ids=["of a row", "of a rescue"],
)
def test_the_result_of_a_step_within_is_superseded_with_it(text: str, arrange: Any) -> None:
    acts = (run(), meanwhile(started), restart("made"))
    story = Story(name="", text=HEAD + text + READS, arrange=(arrange,), acts=acts, ends=("SUCCEEDED", "", "SUCCEEDED"))
    for point in range(Scene(story).tell().killer.count + 1):
        scene = Scene(story, [point]).tell()
        operation = scene.operation
        assert operation is not None
        assert "helper" not in operation.results
        assert operation.steps["helper"].status == "SUPERSEDED"
        assert scene.world.called[-1] == ("test.note", {"text": "nothing"}), point


@pytest.mark.parametrize("step", ["reader"])
def test_what_is_within_an_earlier_step_stays(step: str) -> None:
    story = Story(name="", text=HEAD + ROW + READS, arrange=(stopped,), acts=(run(), restart(step)), ends=())
    scene = Scene(story).tell()
    assert [params for name, params in scene.world.called] == [{"text": "in"}, {"text": "stale"}, {"text": "stale"}]
    assert scene.operation is not None
    assert scene.operation.steps["helper"].status == "DONE", told_of(scene)


def test_an_own_instance_in_a_cluster_that_was_renamed_away_is_not_done() -> None:
    """The name is taken, and not ours to remove: it holds, and names both clusters."""
    story = RENAMED[0]
    acts = (run(), meanwhile(cluster_renamed, seconds=100), restart("restore-snapshot"))
    scene = Scene(Story(name="", text=story.text, acts=acts, ends=())).tell()
    operation = scene.operation
    assert operation is not None
    assert operation.hold is not None
    assert (operation.hold.step, operation.hold.kind) == ("instances[0]", "owner")
    for named in ("orders-1", "orders-put-by", "the one in orders:", "Rename or remove"):
        assert named in operation.hold.reason
    assert not [act for act in scene.world.journal if act.verb == "delete" and act.id == operation.hold.found]
    assert operation.steps["instances[0]"].status == "HELD"


def test_what_is_in_the_cluster_that_was_renamed_away_is_not_undone_without_its_word() -> None:
    """It was seen available, and may serve by now: without `--past`, it and its instances stay."""
    refused = fault(f"create {CLUSTER}", CAPACITY, first=1, times=99)
    acts = (run(), meanwhile(cluster_renamed, seconds=100), restart("restore-snapshot"), cancel(undo=True))
    scene = Scene(Story(name="", text=RENAMED[0].text, arrange=(refused,), acts=acts, ends=())).tell()
    operation = scene.operation
    assert operation is not None
    assert operation.ended == "CANCELLED", told_of(scene)
    there = {thing.name for thing in scene.world.alive(INSTANCE, CLUSTER)}
    assert {"orders-put-by", "orders-1", "orders-2"} <= there
    kept = [entry.step for entry in operation.ledger if entry.state == "kept"]
    assert kept == ["restore-snapshot", "instances[0]", "instances[1]"]
