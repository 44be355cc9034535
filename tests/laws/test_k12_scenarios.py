"""K12 for rules that need a test of their own: about the recorded end, durable state, time and checks.

Each scenario goes well with its rule, and raises without it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from engine.kernel import Operation
from engine.kernel import events as ev
from engine.kernel.frame import Acting
from engine.language.model import Runbook
from engine.runtime.driver import POLLING, Driver, Interrupted, OperationLog
from engine.runtime.load import events_of
from engine.runtime.observer import Observer
from engine.values import changed
from tests.laws import resume_rules
from tests.laws.scenario_parts import RESTORE, edited, old_cluster, replace_old_cluster
from tests.laws.scenario_run import ID, INPUTS, Scenario, Trial, fault, resume, run
from tests.laws.test_k6_to_k8 import test_k8_times_of_events_never_go_back as times_never_go_back
from tests.laws.test_k12_rules import Rule, fails, polling_writes_nothing, without, yes
from tests.laws.world import Thing

DELETE = "delete rds.cluster"
ENDS = edited(("outputs:\n", "on_success: [{id: told, wait: 1h}]\noutputs:\n"))
ONLY = edited(("    owner: any ", "    only: seen.name == 'another'\n    owner: any "))
UNPROVED = edited(("    requires: [copy-snapshot, network-check]      # checked again before every delete", ""))
"""A removal without `requires`: only its own look protects the target."""
WELL = Scenario(name="everything succeeds", text=RESTORE)

taken_up: Callable[..., Operation] = sys.modules["engine.kernel.apply.lifecycle"].taken_up


# -- replacements of rules ------------------------------------------------------------------------------


def list_first(runbook: Runbook, operation: Operation, event: ev.EndRecorded) -> Operation:
    """The operation ends before its list has run."""
    assert "on_success/0" in runbook.index
    return changed(operation, ended=event.status, frames=())


def send_without_a_look(runbook: Runbook, operation: Operation, event: ev.TakenUp) -> Operation:
    """An unsent effect is sent at a resume because of an earlier look."""
    phase = operation.top.phase if operation.frames else None
    if isinstance(phase, Acting) and not phase.sent:
        return operation
    return taken_up(runbook, operation, event)


def no_look_is_news(log: OperationLog) -> bool:
    """Results of looks are written only with the next intent."""
    return log.committed is not None and all(type(one.event) in POLLING for one in log.uncommitted)


def with_time(operation: Operation) -> Operation:
    """The time of the last look is part of the durable state."""
    return changed(operation, since=operation.at)


def by_the_wall_clock(driver: Driver) -> float:
    return driver.clock.now()


def cancel_after_the_end(driver: Driver) -> bool:
    """A cancel is obeyed at any time, even after the end."""
    head = driver.log.store.head(ID)
    if head is None or head.cancel_asked is None:
        return False
    driver.log.store.ask_cancel(ID, None)
    driver.log.fold(ev.Cancelled(at=driver.now(), undo=True))
    return True


# -- scenarios --------------------------------------------------------------------------------------------------


def old_clusters(trial: Trial) -> list[Thing]:
    return [thing for thing in trial.world.things if thing.name == "orders" and thing.by == "somebody"]


def a_crash_in_the_end_list_keeps_the_end() -> None:
    """Killed when its end is recorded and the list has begun: the list continues."""
    last = Trial(Scenario(name="", text=ENDS)).execute().killer.count
    trial = Trial(Scenario(name="", text=ENDS), [last - 1]).execute()
    assert trial.kills == 1
    names = [type(event).__name__ for record in trial.store.records(ID) for event in events_of(record)]
    assert names[names.index("EndRecorded") :].count("TakenUp") == 1
    assert names[-1] == "Ended"


def a_cancel_after_the_end_is_ignored() -> None:
    """Requested while its list runs: the status is SUCCEEDED all the same."""
    trial = Trial(Scenario(name="", text=ENDS))
    engine = trial.engine

    def asking() -> Any:
        made = engine()
        begun = trial.clock.sleep

        def sleep(seconds: float) -> None:
            begun(seconds)
            if trial.operation is not None and trial.operation.ending is not None:
                trial.store.ask_cancel(ID, {"actor": "anna", "at": 0.0, "undo": True, "past": []})

        trial.clock.sleep = sleep  # type: ignore[method-assign]
        return made

    trial.engine = asking  # type: ignore[method-assign]
    trial.execute()
    assert trial.operation is not None
    assert trial.operation.ended == "SUCCEEDED"


def a_replaced_target_is_not_deleted() -> None:
    """Credentials expire at the delete of the old cluster; before the resume, another cluster takes its name."""
    expires = fault(DELETE, "not_sent", category="credentials")
    trial = Trial(Scenario(name="", text=UNPROVED, arrange=(expires,)))
    run()(trial)
    assert trial.stopped
    replace_old_cluster(trial.world)
    resume()(trial)
    operation = trial.operation
    assert operation is not None
    assert operation.hold is not None
    assert operation.hold.kind == "target"
    assert old_clusters(trial)[-1].there(trial.clock.now())


def a_stop_does_not_lengthen_a_wait() -> None:
    """A deletion is polled for a limited time; a stop and an immediate resume do not extend it."""
    scenario = Scenario(
        name="", text=RESTORE, arrange=(lambda world: world.change(old_cluster(world), "deleting"),), ends=("",)
    )
    over = held_at(Trial(scenario).execute())
    trial = Trial(scenario)
    engine, began = trial.engine(), trial.clock.now()

    class Stopping(Observer):
        def stop_code(self) -> int:
            return 130 if trial.clock.now() > (began + over) / 2 else 0

    engine.observer = Stopping()
    with pytest.raises(Interrupted):
        engine.run(trial.parse(RESTORE), ID, INPUTS)
    resume()(trial)
    assert held_at(trial) < over + 600


def held_at(trial: Trial) -> float:
    operation = trial.operation
    assert operation is not None
    assert operation.hold is not None
    assert operation.hold.kind == "monitor_over"
    return operation.at


def a_target_outside_only_is_left_alone() -> None:
    """`only` is false for the old cluster, although it is the target by its id."""
    trial = Trial(replace(WELL, text=ONLY, ends=("HELD",))).execute()
    operation = trial.operation
    assert operation is not None
    assert operation.hold is not None
    assert operation.hold.kind == "owner"
    assert old_clusters(trial)[0].there(trial.clock.now())


RULES = (
    Rule(function="decide.decision.is_within", instead=yes, scenario=a_target_outside_only_is_left_alone),
    Rule(function="engine.runtime.driver.OperationLog._changes_nothing", instead=no_look_is_news, scenario=a_stop_does_not_lengthen_a_wait),
    Rule(function="apply.lifecycle.taken_up", instead=send_without_a_look, scenario=a_replaced_target_is_not_deleted),
    Rule(function="apply.lifecycle.end_recorded", instead=list_first, scenario=a_crash_in_the_end_list_keeps_the_end),
    Rule(function="engine.runtime.driver.Driver.take_cancel_request", instead=cancel_after_the_end,
         scenario=a_cancel_after_the_end_is_ignored),
    Rule(function="engine.runtime.driver.Driver.now", instead=by_the_wall_clock, scenario=lambda: times_never_go_back(WELL)),
    Rule(function="codec.durable", instead=with_time, scenario=polling_writes_nothing),
)  # fmt: skip


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_without_the_rule_its_scenario_fails(rule: Rule) -> None:
    assert rule.scenario is not None
    rule.scenario()
    with without(rule):
        assert fails(rule.scenario)


def test_a_token_that_aws_may_have_forgotten_asks_a_person() -> None:
    resume_rules.a_token_that_aws_may_have_forgotten_asks_a_person()
