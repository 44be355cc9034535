"""A restart: superseded results cannot be used, and an own resource in another cluster does not count."""

from __future__ import annotations

from typing import Any

import pytest

from tests.driver.test_names import HEAD
from tests.laws.drift_scenarios import RENAMED, cluster_renamed
from tests.laws.end_state import description
from tests.laws.scenario_parts import CAPACITY, CLUSTER, INSTANCE
from tests.laws.scenario_run import Scenario, Trial, cancel, fault, restart, run, while_down
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
def test_the_result_of_an_inner_step_is_superseded_with_its_step(text: str, arrange: Any) -> None:
    acts = (run(), while_down(started), restart("made"))
    scenario = Scenario(
        name="", text=HEAD + text + READS, arrange=(arrange,), acts=acts, ends=("SUCCEEDED", "", "SUCCEEDED")
    )
    for point in range(Trial(scenario).execute().killer.count + 1):
        trial = Trial(scenario, [point]).execute()
        operation = trial.operation
        assert operation is not None
        assert "helper" not in operation.results
        assert operation.steps["helper"].status == "SUPERSEDED"
        assert trial.world.called[-1] == ("test.note", {"text": "nothing"}), point


@pytest.mark.parametrize("step", ["reader"])
def test_the_result_inside_an_earlier_step_stays(step: str) -> None:
    scenario = Scenario(name="", text=HEAD + ROW + READS, arrange=(stopped,), acts=(run(), restart(step)), ends=())
    trial = Trial(scenario).execute()
    assert [params for name, params in trial.world.called] == [{"text": "in"}, {"text": "stale"}, {"text": "stale"}]
    assert trial.operation is not None
    assert trial.operation.steps["helper"].status == "DONE", description(trial)


def test_an_own_instance_in_a_renamed_cluster_does_not_count() -> None:
    """The name is taken and must not be removed: it holds, with both clusters in the reason."""
    scenario = RENAMED[0]
    acts = (run(), while_down(cluster_renamed, seconds=100), restart("restore-snapshot"))
    trial = Trial(Scenario(name="", text=scenario.text, acts=acts, ends=())).execute()
    operation = trial.operation
    assert operation is not None
    assert operation.hold is not None
    assert (operation.hold.step, operation.hold.kind) == ("instances[0]", "owner")
    for named in ("orders-1", "orders-put-by", "the one in orders:", "Rename or remove"):
        assert named in operation.hold.reason
    assert not [act for act in trial.world.journal if act.verb == "delete" and act.id == operation.hold.found]
    assert operation.steps["instances[0]"].status == "HELD"


def test_a_renamed_cluster_is_not_undone_without_past() -> None:
    """It was available and may be in use: without `--past`, it and its instances are kept."""
    refused = fault(f"create {CLUSTER}", CAPACITY, first=1, times=99)
    acts = (run(), while_down(cluster_renamed, seconds=100), restart("restore-snapshot"), cancel(undo=True))
    trial = Trial(Scenario(name="", text=RENAMED[0].text, arrange=(refused,), acts=acts, ends=())).execute()
    operation = trial.operation
    assert operation is not None
    assert operation.ended == "CANCELLED", description(trial)
    there = {thing.name for thing in trial.world.alive(INSTANCE, CLUSTER)}
    assert {"orders-put-by", "orders-1", "orders-2"} <= there
    kept = [entry.step for entry in operation.ledger if entry.state == "kept"]
    assert kept == ["restore-snapshot", "instances[0]", "instances[1]"]
