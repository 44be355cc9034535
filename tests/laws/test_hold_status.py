"""The status of a held operation describes the resource as it is: not one that was replaced, and not an earlier look."""

from __future__ import annotations

import pytest

from engine.kernel.operation import Operation
from engine.language.model import Check, Ensure, Remove
from engine.reports.status import readable, status_document
from tests.laws.scenario_parts import BUSY, CLUSTER, COPY_FAILS, CREATE_FAILS, RESTORE, SNAPSHOT, edited
from tests.laws.scenario_run import Scenario, Trial, fault, lifecycles, problem
from tests.laws.scenarios import SCENARIOS

DENIED = problem("AccessDenied", "denied")
WATCHES = "    monitor: {every: 30s, for: 24h}\n"
RESCUES = f"{WATCHES}    retry: {{schedule: slow, then: hold}}\n    rescue: [{{error: denied, then: hold}}]\n"
HOLDS = edited((f"{WATCHES}    retry: slow\n", RESCUES))
REFRESHES = "        then: {retry_if: settings.changed, else: hold}\n"
KEPT = edited((f"{REFRESHES}    undo: delete\n", f"{REFRESHES}    undo: keep\n"))
REPLACED = (
    (Scenario(name="the second copy is refused", text=HOLDS, arrange=(
        lifecycles(SNAPSHOT, COPY_FAILS), fault(f"create {SNAPSHOT}", DENIED, first=1)), ends=("HELD",)), "missing"),
    (Scenario(name="the failed copy cannot be deleted", text=HOLDS, arrange=(
        lifecycles(SNAPSHOT, COPY_FAILS), fault(f"delete {SNAPSHOT}", DENIED)), ends=("HELD",)), "failed"),
    (Scenario(name="the second copy fails at once", text=HOLDS, arrange=(
        lifecycles(SNAPSHOT, *[[("failed", 9e9)]] * 4),), ends=("HELD",)), "failed"),
    (Scenario(name="the restored cluster always fails and is kept", text=KEPT, arrange=(
        lifecycles(CLUSTER, *[[("failed", 9e9)]] * 4),), ends=("HELD",)), "failed"),
    (Scenario(name="the restored cluster always fails and is undone", text=RESTORE, arrange=(
        lifecycles(CLUSTER, *[CREATE_FAILS] * 4),), ends=("HELD",)), "missing"),
    (Scenario(name="the second cluster is always refused", text=RESTORE, arrange=(
        lifecycles(CLUSTER, CREATE_FAILS), fault(f"create {CLUSTER}", BUSY, first=1, times=99)), ends=("HELD",)), "missing"),
)  # fmt: skip


class HoldRecorder(Trial):
    """Records at each new hold what the status says and what there is."""

    def __init__(self, *given: object, **more: object) -> None:
        super().__init__(*given, **more)  # type: ignore[arg-type]
        self.since = -1.0
        self.reported: list[tuple[str, str, str]] = []

    def check_status(self, number: int) -> None:
        super().check_status(number)
        operation = self.operation
        if operation is not None and operation.hold is not None and operation.hold.since > self.since:
            self.since = operation.hold.since
            self.record(operation)

    def record(self, operation: Operation) -> None:
        assert operation.hold is not None
        runbook = self.parse(self.scenario.text)
        assert operation.digest == runbook.digest
        record = operation.steps.get(operation.hold.step)
        step = runbook.index.get(record.path) if record is not None else None
        if record is None or step is None or not isinstance(step.body, (Ensure, Remove, Check)):
            return
        document = status_document(operation, runbook)
        name = document["details"].get("name")
        if name is None:
            return
        thing = self.world.named(step.body.kind, name.rpartition(":")[2], record.region)
        (row,) = [one["seen"] for one in document["steps"] if one["id"] == operation.hold.step]
        there = thing.shown(self.world.now) if thing is not None else "missing"
        self.reported.append((document["details"].get("status", ""), row, "missing" if there == "gone" else there))
        assert readable(operation, runbook)["details"].endswith(f"status={row}")


@pytest.mark.parametrize(("scenario", "status"), REPLACED, ids=str)
def test_status_after_a_replacement(scenario: Scenario, status: str) -> None:
    for point in range(Trial(scenario).execute().killer.count + 1):
        trial = HoldRecorder(scenario, [point])
        trial.execute()
        assert trial.reported == [(status, status, status)], point


@pytest.mark.parametrize("scenario", [one for one in SCENARIOS if "HELD" in one.ends], ids=str)
def test_status_at_every_hold(scenario: Scenario) -> None:
    trial = HoldRecorder(scenario)
    trial.execute()
    assert all(details == row == there for details, row, there in trial.reported), trial.reported
