"""Names that steps inside rows and rescues can use: `seen`, `error`, `each`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.laws.end_state import description
from tests.laws.scenario_parts import CAPACITY, CLUSTER, CREATE_FAILS, INSTANCE
from tests.laws.scenario_run import Scenario, Trial, fault, lifecycles

HEAD = """
runbook: names
region: us-west-2
inputs: {snapshot: {type: string}, cluster: {type: string}, source_region: {type: string}, target_region: {type: string}}
steps:
"""

ROW = """
  - id: made
    for_each: [one]
    ensure: rds.instance
    with: {name: "${each}", cluster: "${cluster}", class: x}
    states:
      missing: create
      broken:
        do: [{call: test.note, with: {text: "${seen.id} is ${seen.status}, item ${each}"}, repeatable: true}]
        then: done
    undo: keep
"""

RESCUE = """
  - id: made
    ensure: rds.cluster
    with: {name: other}
    undo: keep
    retry: [1m]
    rescue:
      - error: capacity
        do: [{call: test.note, with: {text: "${error.name}: ${seen.status}"}, repeatable: true}]
        then: {retry_if: seen.status == 'missing', else: fail}
"""


@pytest.mark.parametrize(
    ("text", "arrange", "noted"),
    [
        (ROW, (lifecycles(INSTANCE, CREATE_FAILS),), "instance-5 is failed, item one"),
        (RESCUE, (fault(f"create {CLUSTER}", CAPACITY),), "InsufficientDBClusterCapacityFault: missing"),
    ],
)
def test_steps_inside_can_use_the_names(text: str, arrange: tuple[Callable[[Any], Any], ...], noted: str) -> None:
    scenario = Scenario(name="", text=HEAD + text, arrange=arrange, ends=("",))
    for point in range(Trial(scenario).execute().killer.count + 1):
        trial = Trial(scenario, [point]).execute()
        assert trial.operation is not None
        assert trial.operation.status == "SUCCEEDED", description(trial)
        assert {params["text"] for name, params in trial.world.called if name == "test.note"} == {noted}
