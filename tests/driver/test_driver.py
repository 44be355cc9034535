"""The loop of the driver: commits between effects, the cost of a poll, calls that are not sent, and how it stops."""

from __future__ import annotations

import datetime as dt
import json
import secrets
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import pytest
from msgspec.json import encode as write_json

from engine.errors import EffectFailed, EffectNotSent, EnvironmentProblem, Problem
from engine.kernel import Operation
from engine.kernel import events as ev
from engine.kernel.effect import Effect
from engine.language.model import ActionFacts
from engine.registry import Action, Context
from engine.reports.status import waits_for
from engine.runtime.driver import Interrupted
from engine.runtime.load import events_of
from engine.runtime.observer import Observer
from engine.runtime.performer import check_size, plain
from tests.laws.end_state import description
from tests.laws.scenario_parts import CAPACITY, CLUSTER, INSTANCE, INTERNAL, RESTORE, SNAPSHOT
from tests.laws.scenario_run import ID, INPUTS, Scenario, Trial, cancel, cleanup, fault, lifecycles, resume, run
from tests.laws.world import Thing, World

FOUR = """
runbook: four
region: us-west-2
inputs: {snapshot: {type: string}, cluster: {type: string}, source_region: {type: string}, target_region: {type: string}}
steps:
  - {id: a, call: test.note, with: {text: one}, repeatable: true}
  - {id: b, call: test.note, with: {text: two}, repeatable: true}
  - {id: c, call: test.note, with: {text: three}, repeatable: true}
  - {id: d, call: test.note, with: {text: four}, repeatable: true}
"""


def new_trial(text: str, *arrange: Callable[[Any], Any]) -> Trial:
    return Trial(Scenario(name="", text=text, arrange=arrange, ends=("",)))


def events(trial: Trial) -> list[list[ev.Event]]:
    return [[*events_of(record)] for record in trial.store.records(ID)]


def test_one_commit_between_two_effects() -> None:
    """N effects are N + 2 records: the start, one before each effect, and the end."""
    records = events(new_trial(FOUR).execute())
    assert len(records) == 1 + 4 + 1
    assert [sum(isinstance(event, ev.Intended) for event in some) for some in records] == [0, 1, 1, 1, 1, 0]


def test_an_outcome_goes_with_the_next_intent() -> None:
    second = events(new_trial(FOUR).execute())[2]
    assert isinstance(second[0], ev.Succeeded)
    assert isinstance(second[-1], ev.Intended)


def test_the_intent_is_on_the_log_before_the_effect() -> None:
    trial = new_trial(FOUR)
    seen: list[int] = []
    trial.world.send, send = (lambda *a, **k: (seen.append(len(events(trial))), send(*a, **k))[1]), trial.world.send
    trial.execute()
    assert seen == [2, 3, 4, 5]


def test_a_poll_that_sees_nothing_new_writes_nothing() -> None:
    quick = new_trial(RESTORE).execute()
    slow = new_trial(RESTORE, lifecycles(SNAPSHOT, [("copying", 6 * 3600)])).execute()
    assert len(events(quick)) == len(events(slow))
    assert slow.world.calls > quick.world.calls + 700


def test_a_throttled_call_uses_up_no_attempt_and_writes_nothing() -> None:
    trial = new_trial(RESTORE, fault(f"create {CLUSTER}", "not_sent", times=5)).execute()
    assert trial.operation is not None
    assert trial.operation.steps["restore-snapshot"].attempt == 1
    assert len(events(trial)) == len(events(new_trial(RESTORE).execute()))


def test_a_call_that_is_always_throttled_fails_in_the_end() -> None:
    trial = new_trial(RESTORE, fault(f"create {SNAPSHOT}", "not_sent", times=10_000)).execute()
    assert trial.operation is not None
    assert trial.operation.status == "FAILED", description(trial)
    assert trial.operation.steps["copy-snapshot"].attempt == 4


@pytest.mark.parametrize("written", ["[1s, 2s]", "{first: 1s, factor: 2, max: 4s, jitter: none, attempts: 3}"])
def test_a_runbook_can_limit_the_requests_of_a_throttled_call(written: str) -> None:
    text = RESTORE.replace("\nschedules:", f"\nretry: {{throttled: {written}}}\n\nschedules:")
    trial = new_trial(text, fault(f"create {SNAPSHOT}", "not_sent", times=3))
    started = trial.clock.now()
    trial.execute()
    assert trial.operation is not None
    assert trial.operation.steps["copy-snapshot"].attempt == 2  # three sendings were one attempt
    assert trial.operation.status == "SUCCEEDED"
    assert trial.clock.now() - started > 300


def test_a_signal_ends_a_wait_and_loses_nothing() -> None:
    trial = new_trial(RESTORE, fault(f"create {CLUSTER}", CAPACITY))
    engine = trial.engine()
    asked = iter([*[0] * 60, *[143] * 1000])

    class Stopping(Observer):
        def stop_code(self) -> int:
            return next(asked)

    engine.observer = Stopping()
    with pytest.raises(Interrupted) as stopped:
        engine.run(trial.parse(RESTORE), ID, INPUTS)
    assert stopped.value.code == 143
    assert trial.operation is not None
    assert trial.operation.status == "IN_PROGRESS"
    trial.engine().resume(ID)
    assert trial.operation.status == "SUCCEEDED"


def test_credentials_stop_the_runner_and_say_so() -> None:
    trial = new_trial(RESTORE, fault(f"create {SNAPSHOT}", "not_sent", category="credentials"))
    with pytest.raises(EnvironmentProblem):
        trial.engine().run(trial.parse(RESTORE), ID, INPUTS)
    assert trial.operation is not None
    assert trial.operation.top.attempts.number == 1
    trial.engine().resume(ID)
    assert trial.operation.status == "SUCCEEDED"
    assert trial.operation.steps["copy-snapshot"].attempt == 1


@pytest.mark.parametrize("steps", [1_200])
def test_a_long_runbook_runs_to_its_end(steps: int) -> None:
    """An engine that recurses would stop at Python's recursion limit."""
    text = FOUR + "".join(
        f"  - {{id: s{n}, call: test.note, with: {{text: t{n}}}, repeatable: true}}\n" for n in range(steps)
    )
    trial = new_trial(text).execute()
    assert trial.operation is not None
    assert trial.operation.status == "SUCCEEDED"
    assert len(trial.world.called) == steps + 4


def answering(trial: Trial, output: Mapping[str, Any]) -> None:
    def run(params: Mapping[str, Any], ctx: Context) -> Mapping[str, Any]:
        return output

    trial.registry.actions["test.note"] = Action(
        name="test.note", doc="", facts=ActionFacts(name="test.note"), params={}, output={}, calls={}, errors=(), run=run
    )  # fmt: skip


def test_an_output_that_is_too_large_for_a_record_is_refused() -> None:
    trial = new_trial(FOUR)
    answering(trial, {"much": secrets.token_hex(700_000)})
    trial.execute()
    assert trial.operation is not None
    record = trial.operation.steps["a"]
    assert record.error is not None
    assert record.error.name == "OutputTooLarge"
    assert "test.note returned 1367 KB" in record.error.message


def test_a_large_output_that_compresses_well_is_kept() -> None:
    assert check_size("x", {"much": "ab" * 500_000}) == {"much": "ab" * 500_000}
    with pytest.raises(EffectFailed, match="Request less"):
        check_size("x", secrets.token_hex(700_000))


def test_an_output_is_json() -> None:
    """Values that JSON lacks become text: a database has infinities, which would be written as null."""
    there = dt.datetime(2024, 3, 20, 1, 2, 3, tzinfo=dt.timezone(dt.timedelta(hours=1)))
    answer = {"a": float("nan"), "b": [float("-inf"), 1.5, 2**70], "c": Decimal("NaN"), "d": Decimal("1.5"), 5: {there}}
    trial = {"a": "nan", "b": ["-inf", 1.5, 2**70], "c": "nan", "d": 1.5, "5": ["2024-03-20T00:02:03Z"]}
    assert plain(answer) == trial
    assert write_json(plain(answer)) == json.dumps(trial, separators=(",", ":")).encode()


def test_the_observer_learns_of_calls_that_were_not_sent() -> None:
    trial = new_trial(RESTORE, fault(f"create {SNAPSHOT}", "not_sent", times=2))
    engine = trial.engine()
    pauses: list[tuple[str, float]] = []

    class Watching(Observer):
        def resending(self, operation: Operation, effect: Effect, problem: Problem, delay: float) -> None:
            pauses.append((effect.verb, delay))

    engine.observer = Watching()
    engine.run(trial.parse(RESTORE), ID, INPUTS)
    assert [verb for verb, _ in pauses] == ["create", "create"]
    assert all(delay > 0 for _, delay in pauses)


def test_the_observer_learns_of_a_wait_for_a_requirement_which_is_not_written() -> None:
    trial = new_trial(RESTORE)
    engine, waits = trial.engine(), []

    def modified(world: World, thing: Thing) -> None:
        """The cluster is modified while its first instance is made: the second one waits for it."""
        cluster = world.named(CLUSTER, "orders", "us-west-2")
        if cluster is not None and thing.kind == INSTANCE:
            cluster.life = [("modifying", world.now), ("available", world.now + 200)]

    class Watching(Observer):
        def awaiting(self, operation: Operation) -> None:
            waits.append(waits_for(operation, trial.parse(RESTORE)))

    engine.observer = Watching()
    trial.world.on_create.append(modified)
    engine.run(trial.parse(RESTORE), "op-001", INPUTS)
    assert set(waits) == {"restore-snapshot, which is modifying"}
    assert trial.operation is not None
    assert trial.operation.status == "SUCCEEDED"
    written = [event for some in events(trial) for event in some if isinstance(event, ev.Watched)]
    assert "modifying" not in [event.status for event in written]


def test_the_causes_of_not_sent_are_distinguished() -> None:
    error = EffectNotSent(Problem(name="Throttling", category="throttled", message="slow down"))
    assert str(error) == "Throttling: slow down"


def test_records_of_many_events_have_the_state() -> None:
    """Steps without an effect are one record, with the state, so that a load need not fold them one by one."""
    inputs = FOUR.partition("steps:")[0]
    waits = "".join(f"  - {{id: s{number}, wait: 0s}}\n" for number in range(300))
    calls = FOUR.partition("steps:\n")[2]
    for steps in (waits, calls, waits + calls):
        records = new_trial(f"{inputs}steps:\n{steps}").execute().store.load(ID)
        assert records[0].state is not None
        folded = sum(len(record.packed()) for record in records[1:])
        assert folded <= 2 * len(records[0].packed())


def test_a_cleanup_notifies_when_it_is_done() -> None:
    """The notification has the status after the cleanup."""
    failed = (fault(f"create {CLUSTER}", INTERNAL, times=99), fault(f"delete {SNAPSHOT}", INTERNAL, times=99))
    scenario = Scenario(name="", text=RESTORE, arrange=failed, acts=(run(), cancel(undo=True)), ends=("HELD", "STUCK"))
    trial = Trial(scenario).execute()
    before = len(trial.world.messages)
    trial.world.faults.clear()
    cleanup()(trial)
    assert trial.operation is not None
    assert trial.operation.status == "CANCELLED"
    assert [one["subject"] for one in trial.world.messages[before:]] == ["runbook aurora-restore op-001: CANCELLED"]


UNKNOWN_WAIT = (
    FOUR.partition("steps:")[0]
    + """steps:
  - {id: a, call: test.note, with: {text: one}, repeatable: true, irreversible: true}
  - {id: b, wait: "${snapshot}"}
"""
)


def test_a_step_that_holds_before_it_is_entered_is_entered_at_the_resume() -> None:
    """Its duration is invalid: it holds again and does not count as having waited."""
    scenario = Scenario(name="", text=UNKNOWN_WAIT, acts=(run(), resume()), ends=("HELD", "HELD"))
    trial = Trial(scenario).execute()
    assert trial.operation is not None
    assert trial.operation.hold is not None
    assert trial.operation.hold.error is not None
    assert (trial.operation.hold.step, trial.operation.hold.error.name) == ("b", "ExpressionError")
