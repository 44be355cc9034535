"""K6 every run ends. K7 after `take_back: all` no entry is open. K8 times never go back, whatever the clock does."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from engine.clock import VirtualClock
from engine.errors import Problem
from engine.kernel import Operation, evolve, pending
from engine.kernel import events as ev
from engine.kernel.effect import Effect, Seen
from engine.kernel.operation import Halt, Perform, Record, SleepUntil
from engine.language.model import Runbook
from engine.runtime.load import events_of
from tests.laws.reached_states import ReachedState, reached_states
from tests.laws.scenario_run import ID, Scenario, Trial
from tests.laws.scenarios import SCENARIOS, UNREPEATABLE
from tests.laws.world_kinds import CLASS

CATEGORIES = ("conflict", "capacity", "quota", "config", "denied", "not_found", "exists", "invalid", "timeout")
IN_ONE_MOMENT = 400
LONGEST = 100 * 86400.0


def outcome(effect: Effect, operation: Operation, now: float, dice: random.Random) -> ev.Event:
    """A random outcome that a world could give."""
    if effect.verb == "look":
        return ev.Looked(at=now, seen=seen(operation, now, dice))
    if effect.verb == "refresh":
        return ev.Refreshed(at=now, settings=operation.settings, changed=dice.random() < 0.5)
    match dice.choice(("succeeded", "failed", "unknown")):
        case "succeeded":
            return ev.Succeeded(at=now, output={}, id=dice.choice((None, "x-1", "x-2")))
        case "failed":
            return ev.Failed(at=now, problem=Problem(name="X", category=dice.choice(CATEGORIES), message="x"))
        case _:
            return ev.Unknown(at=now, why="x")


def seen(operation: Operation, now: float, dice: random.Random) -> Seen:
    status = dice.choice([*CLASS, "missing", "odd"])
    if status == "missing":
        return Seen(at=now, status="missing", cls="missing")
    if dice.random() < 0.1:
        problem = Problem(name="X", category=dice.choice(CATEGORIES), message="x")
        return Seen(at=now, status="unknown", cls="unknown", problem=problem)
    ids = [entry.id for entry in operation.ledger if entry.id] + [t.id for t in operation.targets.values() if t.id]
    tags = {"runbook:operation": ID, "runbook:step": operation.last_step, "runbook:attempt": "1.1"}
    return Seen(
        at=now, status=status, cls=CLASS.get(status, "unknown"), id=dice.choice([*ids, "x-1", "x-2"]),
        attributes={"name": "x", "arn": "arn:x", "encrypted": False, "endpoint": "e", "port": 1, "id": "x"},
        tags=tags if dice.random() < 0.7 else {},
    )  # fmt: skip


def walk(runbook: Runbook, operation: Operation, now: float, dice: random.Random) -> str:
    """Continue until it halts; every loop must wait, and must end."""
    moment, started = 0, now
    while True:
        command = pending(runbook, operation, now)
        moment += 1
        assert moment < IN_ONE_MOMENT, f"no wait at {operation.frames and operation.top}"
        assert now - started < LONGEST, f"no bound at {operation.frames and operation.top}"
        match command:
            case Record(event=event):
                operation = evolve(runbook, operation, event)
            case Perform(effect=effect):
                operation = evolve(runbook, operation, outcome(effect, operation, now, dice))
            case SleepUntil(at=at):
                assert at > now
                now, moment = at, 0
            case Halt(status=status):
                return status


@pytest.mark.parametrize("seed", range(8))
def test_k6_from_every_reachable_state_an_end_or_a_hold_is_reached(seed: int) -> None:
    dice = random.Random(seed)
    ends = {walk(s.runbook, s.operation, s.now, dice) for s in reached_states()[seed::12]}
    assert {"HELD", "SUCCEEDED", "FAILED"} <= ends


@pytest.mark.parametrize("seed", range(4))
def test_k6_a_cancel_at_any_moment_ends(seed: int) -> None:
    dice = random.Random(seed)
    for state in reached_states()[seed::16]:
        if may_cancel(state):
            asked = ev.Cancelled(at=state.now, undo=True, past=("delete-rds",))
            after = evolve(state.runbook, state.operation, asked)
            assert walk(state.runbook, after, state.now, dice) in ("CANCELLED", "STUCK")


def may_cancel(state: ReachedState) -> bool:
    return not state.operation.ended and state.operation.ending is None


def test_k7_after_take_back_all_nothing_is_open_or_it_is_stuck() -> None:
    taken = 0
    for state in reached_states():
        operation = state.operation
        if operation.ended in ("FAILED", "STUCK"):
            taken += 1
            left = [entry for entry in operation.ledger if entry.state in ("open", "stuck")]
            assert not left or operation.ended == "STUCK", left
    assert taken > 3


class Wayward(VirtualClock):
    """A wall clock that is set back, and forward, while time passes as it always does."""

    def __init__(self) -> None:
        super().__init__()
        self.dice = random.Random(8)
        self.passed = 0.0

    def now(self) -> float:
        return super().now() + self.dice.choice((0.0, 0.0, -3600.0, 45.0))

    def boot(self) -> float:
        return super().now()


@pytest.mark.parametrize("scenario", [*SCENARIOS[::4], *UNREPEATABLE], ids=str)
def test_k8_times_of_events_never_go_back(scenario: Scenario) -> None:
    trial = Trial(scenario)
    trial.clock = Wayward()
    trial.world.clock = VirtualClock()
    trial.world.clock.now = lambda: VirtualClock.now(trial.clock)  # type: ignore[method-assign]
    trial.scenario = replace(scenario, ends=())
    trial.execute()
    times = [event.at for record in trial.store.records(ID) for event in events_of(record)]
    assert times == sorted(times)
    operation = trial.operation
    assert operation is not None
    assert operation.status == scenario.ends[-1] or not scenario.ends[-1]
