"""Rules about sending again, and replacements of them: kernels without them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from engine.kernel import begun, evolve, pending, start
from engine.kernel import events as ev
from engine.kernel.apply.lifecycle import begin_again
from engine.kernel.apply.stack import in_phase
from engine.kernel.effect import Effect
from engine.kernel.frame import Refreshing
from engine.kernel.operation import Operation, Perform, Record
from engine.language.model import Call, Runbook
from tests.laws.failure_scenarios import NOTE
from tests.laws.scenario_parts import fault
from tests.laws.scenario_run import Scenario, Trial, parse, run


def rescue_again(runbook: Runbook, operation: Operation, frame: Any) -> Operation:
    """A step held by a rescue takes that rescue's refresh and `then` again, instead of an attempt."""
    if isinstance(frame.phase, Refreshing):
        return in_phase(operation, Refreshing(rescue=frame.phase.rescue))
    return begin_again(runbook, operation, frame)


def only_if_repeatable(call: Call, effect: Effect, at: float) -> bool:
    """Idempotency tokens do not count."""
    return call.repeatable


TOKEN = Scenario(
    name="the reply of a call with a token is lost", text=NOTE % "test.token",
    arrange=(fault("call test.token", "lost", lasts=10),), acts=(run(),), ends=("SUCCEEDED",),
)  # fmt: skip


def a_call_with_a_token_is_made_once() -> None:
    """Killed at any point, with its reply lost: it is sent again with the same token, and nobody is asked."""
    points = Trial(TOKEN).execute().killer.count
    for point in range(points + 1):
        trial = Trial(TOKEN, [point]).execute()
        assert trial.operation is not None
        assert trial.operation.status == "SUCCEEDED", trial.operation.hold
        made = [act for act in trial.world.journal if act.kind == "test.token"]
        assert len(made) == 1, f"killed at {point}: made {len(made)} times"


def a_token_that_aws_may_have_forgotten_asks_a_person() -> None:
    """The runner is away for two hours after the call was sent."""
    trial = Trial(replace(TOKEN, ends=("HELD",)), [_sent(TOKEN)], downtime=7200.0).execute()
    assert trial.operation is not None
    assert trial.operation.hold is not None
    assert trial.operation.hold.kind == "unknown_outcome"


def a_token_is_not_used_after_its_hour() -> None:
    """A signal stops the runner while it waits to send the call again, and the next one comes two hours later."""
    runbook = parse(TOKEN.text)
    operation = begun(runbook, start(runbook, "op", {}, {}, {}, 0.0)[0])
    while not isinstance(command := pending(runbook, operation, 0.0), Perform):
        assert isinstance(command, Record)
        operation = evolve(runbook, operation, command.event)
    later = 7200.0
    for event in (ev.Unknown(at=1.0, why="the reply was lost", again=True), ev.TakenUp(at=later, runner="another")):
        operation = evolve(runbook, operation, event)
    command = pending(runbook, operation, later)
    assert isinstance(command, Record)
    assert isinstance(command.event, ev.Held)
    assert command.event.kind == "unknown_outcome"


def _sent(scenario: Scenario) -> int:
    """The kill point after the call was made, before its reply is recorded."""
    for point in range(1, Trial(scenario).execute().killer.count + 1):
        trial = Trial(scenario, [point])
        trial.resume_until_halt = lambda: None  # type: ignore[method-assign]
        scenario.acts[0](trial)
        if any(act.kind == "test.token" for act in trial.world.journal):
            return point
    raise AssertionError
