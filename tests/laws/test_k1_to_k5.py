"""K1 `pending` is total. K2 an illegal event changes nothing. K3, K4 the stored state is the operation. K5 keys of effects."""

from __future__ import annotations

import itertools
from collections import defaultdict
from dataclasses import replace
from typing import Any

import pytest

from engine.errors import Problem
from engine.kernel import IllegalEvent, Operation, evolve, pending
from engine.kernel import events as ev
from engine.kernel.apply.evolve import with_step
from engine.kernel.codec import States, decode, durable
from engine.kernel.effect import Effect, Seen
from engine.kernel.operation import Perform, Record, Target
from engine.runtime.load import Replay, events_of
from engine.values import changed
from tests.laws.end_state import check_log
from tests.laws.reached_states import reached_states
from tests.laws.scenario_parts import RESTORE
from tests.laws.scenario_run import ID, Scenario, Trial, parse, run
from tests.laws.scenarios import SCENARIOS

PROBLEM = Problem(name="X", category="internal", message="x")


def one_of_each(at: float) -> list[ev.Event]:
    """An event of every class."""
    seen = Seen(at=at, status="available", cls="available", id="x-1")
    given: dict[str, Any] = {
        "seen": seen, "entry": 0, "id": "x", "step": "x", "target": Target(id="x"), "row": "x", "verb": "done",
        "status": "x", "next": at, "until": at, "why": "x", "delay": 0.0, "state": "open",
        "effect": Effect(verb="look", name="x", key=""), "problem": PROBLEM, "rescue": 0, "settings": {},
        "changed": False, "queue": (), "kind": "row", "reason": "x", "path": "steps/0", "how": "undo",
        "operation": "x", "runbook": "x", "digest": "x", "inputs": {}, "targets": {}, "moves": {}, "deletions": (), "accounts": {},
    }  # fmt: skip
    classes = [cls for cls in vars(ev).values() if isinstance(cls, type) and issubclass(cls, ev.Event)]
    more = {ev.EndRecorded: {"status": "FAILED"}, ev.Intended: {"entry": None}}
    return [
        cls(at=at, **({name: given[name] for name in cls.__struct_fields__ if name in given} | more.get(cls, {})))
        for cls in classes
        if cls is not ev.Event
    ]


def test_k1_pending_is_total_and_pure() -> None:
    for state in reached_states():
        assert pending(state.runbook, state.operation, state.now) == state.command


def test_k1_the_pending_event_is_legal() -> None:
    for state in reached_states():
        if isinstance(state.command, Record):
            evolve(state.runbook, state.operation, state.command.event)


def test_k2_an_illegal_event_raises_and_changes_nothing() -> None:
    refused = 0
    for state in reached_states()[::11]:
        before = state.operation
        for event in one_of_each(state.now):
            try:
                evolve(state.runbook, before, event)
            except IllegalEvent:
                refused += 1
            except (AssertionError, IndexError, KeyError, StopIteration, AttributeError) as error:
                pytest.fail(f"{type(event).__name__} at {before.frames and before.top.path}: {error!r}")
            assert state.operation == before
    assert refused > 100


def test_k3_encoding_and_decoding_gives_the_same_operation() -> None:
    written_before = States()
    for state in reached_states()[::4]:
        encoded = States().encoded(state.operation)
        again = decode(encoded)
        assert isinstance(again, Operation)
        assert again == durable(state.operation)
        assert States().encoded(again) == encoded
        assert written_before.encoded(state.operation) == encoded


def test_k3_a_decoded_operation_has_the_same_pending() -> None:
    for state in reached_states()[3::4]:
        again = decode(States().encoded(state.operation))
        assert isinstance(again, Operation)
        later = state.now + 10_000
        assert pending(state.runbook, again, later) == pending(state.runbook, durable(state.operation), later)


def test_k3_whoever_takes_it_up_does_the_same_from_what_is_stored() -> None:
    """A look is due at once, whether the last record has the state or events that lead to it."""
    for state in reached_states():
        stored = changed(durable(state.operation), at=state.operation.at)
        commands = []
        for operation in (state.operation, stored):
            try:
                taken = evolve(state.runbook, operation, ev.TakenUp(at=state.now, released=False))
            except IllegalEvent:  # it has ended
                assert operation.ended
            else:
                commands.append(pending(state.runbook, taken, state.now))
        assert not commands or commands[0] == commands[1]


def test_k4_a_log_can_be_read_after_a_cancel_at_any_look() -> None:
    """What was seen last is recorded with the cancel, though the looks before it, which changed nothing, were not."""
    for asked in itertools.count(1):
        trial = Trial(Scenario(name="", text=RESTORE))
        looks = cancel_at_look(trial, asked)
        run()(trial)
        check_log(trial)
        assert trial.operation is not None
        if len(looks) < asked:
            break
        assert trial.operation.ended in ("CANCELLED", "SUCCEEDED")  # it may have ended before it heard
    assert asked > 40


def test_k4_a_log_can_be_read_after_slow_looks_and_a_kill() -> None:
    """A proof that a killed runner had begun may be on the log, though the runner that continues looks first."""
    name = "the reply of the restore is lost and the cluster is not visible within the grace"
    scenario = replace(next(one for one in SCENARIOS if one.name == name), ends=())
    for point in range(20, 30):
        trial = Trial(scenario, [point])
        cancel_at_look(trial, 0)  # never: looks only take their time
        trial.execute()
        check_log(trial)


def cancel_at_look(trial: Trial, asked: int) -> list[str]:
    """Somebody asks for the end during that look; what was looked at is in the list."""
    looks: list[str] = []

    def looked(on: str, params: Any, do: Any, key: str = "", send: Any = trial.world.send) -> Any:
        if on.startswith("look "):
            looks.append(on)
            trial.clock.sleep(10)  # the runner asks every few seconds whether somebody has cancelled
            if len(looks) == asked:
                trial.store.ask_cancel(ID, {"actor": "anna", "at": 0.0, "undo": False, "past": []})
        return send(on, params, do, key)

    trial.world.send = looked  # type: ignore[method-assign]
    return looks


@pytest.mark.parametrize("scenario", SCENARIOS, ids=str)
def test_k5_two_requests_share_a_key_exactly_if_they_are_of_one_effect(scenario: Scenario) -> None:
    trial = Trial(scenario)
    trial.execute()
    for point in (0, trial.killer.count // 2):
        killed = Trial(scenario, [point]).execute()
        by_key: dict[str, set[str]] = defaultdict(set)
        for record in killed.store.records(ID):
            for event in events_of(record):
                if isinstance(event, ev.Intended):
                    by_key[event.effect.key].add(repr(event.effect))
        assert all(len(effects) == 1 for effects in by_key.values())
        effects = [effect for some in by_key.values() for effect in some]
        assert len(effects) == len(set(effects))


def test_k5_changing_effects_have_keys() -> None:
    for state in reached_states():
        if isinstance(state.command, Perform) and state.command.effect.verb in ("create", "delete", "call"):
            assert state.command.effect.key.startswith((f"{ID}/", "op-000/"))


@pytest.mark.parametrize("scenario", SCENARIOS[::5], ids=str)
def test_every_stored_event_has_the_key_of_its_step(scenario: Scenario) -> None:
    """A reader would otherwise have to fold the operation to learn it."""
    trial = Trial(scenario, [5]).execute()
    replay = Replay(lambda digest: parse(trial.store.blob(digest).decode()))
    for record in trial.store.records(ID):
        for transition in replay.read(record):
            event = transition.event
            if isinstance(event, ev.TargetSettled):  # settled by a person at a hold: the step of the hold
                assert event.step
            elif transition.before is not None:
                assert with_step(transition.runbook, transition.before, changed(event, step="")) == event
