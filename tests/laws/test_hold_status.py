"""What is told of a hold is of what is there: not of what a replacement has deleted, and not of an earlier look."""

from __future__ import annotations

import pytest

from engine.kernel.operation import Operation
from engine.language.model import Check, Ensure, Remove
from engine.reports.status import readable, status_document
from tests.laws.scenario_parts import BREAKS, BUSY, CLUSTER, FAILS, RESTORE, SNAPSHOT, edited
from tests.laws.scenario_run import Scene, Story, fault, lives, problem
from tests.laws.scenarios import STORIES

DENIED = problem("AccessDenied", "denied")
WATCHES = "    monitor: {every: 30s, for: 24h}\n"
RESCUES = f"{WATCHES}    retry: {{schedule: slow, then: hold}}\n    rescue: [{{error: denied, then: hold}}]\n"
HOLDS = edited((f"{WATCHES}    retry: slow\n", RESCUES))
REFRESHES = "        then: {retry_if: settings.changed, else: hold}\n"
KEPT = edited((f"{REFRESHES}    undo: delete\n", f"{REFRESHES}    undo: keep\n"))
REPLACED = (
    (Story(name="the second copy is refused", text=HOLDS, arrange=(
        lives(SNAPSHOT, FAILS), fault(f"create {SNAPSHOT}", DENIED, first=1)), ends=("HELD",)), "missing"),
    (Story(name="the failed copy cannot be deleted", text=HOLDS, arrange=(
        lives(SNAPSHOT, FAILS), fault(f"delete {SNAPSHOT}", DENIED)), ends=("HELD",)), "failed"),
    (Story(name="the second copy fails at once", text=HOLDS, arrange=(
        lives(SNAPSHOT, *[[("failed", 9e9)]] * 4),), ends=("HELD",)), "failed"),
    (Story(name="the restored cluster fails for ever, and is kept", text=KEPT, arrange=(
        lives(CLUSTER, *[[("failed", 9e9)]] * 4),), ends=("HELD",)), "failed"),
    (Story(name="the restored cluster fails for ever, and is taken back", text=RESTORE, arrange=(
        lives(CLUSTER, *[BREAKS] * 4),), ends=("HELD",)), "missing"),
    (Story(name="the second cluster is refused for ever", text=RESTORE, arrange=(
        lives(CLUSTER, BREAKS), fault(f"create {CLUSTER}", BUSY, first=1, times=99)), ends=("HELD",)), "missing"),
)  # fmt: skip


class Watchful(Scene):
    """Sees what is told at each new hold, and what is there at that moment."""

    def __init__(self, *given: object, **more: object) -> None:
        super().__init__(*given, **more)  # type: ignore[arg-type]
        self.since = -1.0
        self.told: list[tuple[str, str, str]] = []

    def ended_as(self, number: int) -> None:
        super().ended_as(number)
        operation = self.operation
        if operation is not None and operation.hold is not None and operation.hold.since > self.since:
            self.since = operation.hold.since
            self.compared(operation)

    def compared(self, operation: Operation) -> None:
        assert operation.hold is not None
        runbook = self.parse(self.story.text)
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
        self.told.append((document["details"].get("status", ""), row, "missing" if there == "gone" else there))
        assert readable(operation, runbook)["details"].endswith(f"status={row}")


@pytest.mark.parametrize(("story", "status"), REPLACED, ids=str)
def test_of_what_replaced_another(story: Story, status: str) -> None:
    for point in range(Scene(story).tell().killer.count + 1):
        scene = Watchful(story, [point])
        scene.tell()
        assert scene.told == [(status, status, status)], point


@pytest.mark.parametrize("story", [one for one in STORIES if "HELD" in one.ends], ids=str)
def test_of_any_hold(story: Story) -> None:
    scene = Watchful(story)
    scene.tell()
    assert all(details == row == there for details, row, there in scene.told), scene.told
