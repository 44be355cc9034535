"""K12: every rule is one small function with a name, and without it some scenario fails.

Each row puts a kernel without the rule in its place, and tells scenarios until one ends otherwise than it should.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from itertools import count
from typing import Any

import pytest

from engine.errors import Problem
from engine.kernel import events as ev
from engine.kernel import pending
from engine.kernel.apply import outcomes
from engine.kernel.apply.stack import with_entry
from engine.kernel.decide.classes import row_for
from engine.kernel.decide.view import View
from engine.kernel.effect import Seen
from engine.kernel.frame import Acting
from engine.kernel.operation import Command, Operation
from engine.language.model import Ensure, Row, Runbook
from engine.values import changed
from tests.laws import drift_scenarios as mending
from tests.laws import ownership_scenarios as ownership
from tests.laws import resume_rules as resuming
from tests.laws import scenario_run
from tests.laws.end_state import EndState, check_end, end_state, not_in_ledger, performed_twice
from tests.laws.scenario_parts import INVISIBLE, RESTORE
from tests.laws.scenario_run import Killed, Scenario, Trial, cancel, run
from tests.laws.scenarios import SCENARIOS, UNREPEATABLE

MOST_COMMANDS = 20_000
ALL = {scenario.name: scenario for scenario in (*SCENARIOS, *UNREPEATABLE)}
WELL = ALL["everything succeeds"]


@pytest.fixture(autouse=True)
def _points_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests below use numbers of kill points, which differ in a soak."""
    monkeypatch.setattr(scenario_run, "EVERY", False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """The function of a rule, its replacement, and the scenarios that must fail with the replacement."""

    function: str
    instead: Callable[..., Any]
    scenarios: tuple[str, ...] = ()
    scenario: Callable[[], None] | None = None  # raises if the rule is missing

    def __str__(self) -> str:
        return self.function


def no(*_: Any, **__: Any) -> bool:
    return False


def yes(*_: Any, **__: Any) -> bool:
    return True


def nothing(*_: Any, **__: Any) -> None:
    return None


# -- replacements of rules ---------------------------------------------------------------------------


def failed_instead(runbook: Runbook, operation: Operation, event: ev.NotSent | ev.Unknown) -> Operation:
    """A call that was not sent, or has no reply, counts as failed."""
    problem = event.problem if isinstance(event, ev.NotSent) else Problem(name="X", category="timeout", message="x")
    return outcomes.failed(runbook, operation, ev.Failed(at=event.at, problem=problem))


def used_up(runbook: Runbook, operation: Operation, phase: Acting, event: ev.TakenUp) -> Operation:
    """The attempt of a dead runner counts as used up."""
    return outcomes.unknown(runbook, operation, ev.Unknown(at=event.at, why="it died"))


def send_again(runbook: Runbook, operation: Operation, event: ev.TakenUp) -> Operation:
    """A resume sends the interrupted effect again without a look."""
    return operation


def unknown_is_available(view: View, seen: Seen, cls: str) -> Row:
    return row_for(view, changed(seen, status="available"), "available" if cls == "unknown" else cls)


def classes_only(view: View, seen: Seen, cls: str) -> Row:
    body = view.step.body
    assert isinstance(body, Ensure) or hasattr(body, "states")
    return next(row for row in body.states if cls in row.names)


def unchanged(frame: Any) -> Any:
    return changed(frame, failed=None)


def never_exhausted(view: View) -> float:
    return 0.0


def before_the_look(view: View, seen: Seen) -> ev.Event:
    """The deadline is checked before the look is used."""
    over = view.frame.observed.watching is not None and view.now - view.frame.observed.watching >= (
        view.monitor.longest or 0.0
    )
    return ev.Held(at=view.now, kind="monitor_over", reason="late") if over else decided(view, seen)


decided: Callable[[View, Seen], ev.Event] = sys.modules["engine.kernel.decide.decision"].decide
asks_rows: Callable[..., ev.Event] = sys.modules["engine.kernel.decide.verbs"].by_verb


def rows_instead(view: View, seen: Seen, cls: str) -> ev.Event:
    """A `replace` that has begun follows the rows again."""
    return asks_rows(view, seen, row_for(view, seen, cls), cls)


def whatever_was_deleted(runbook: Runbook, operation: Operation) -> Operation:
    """Every entry whose delete was sent counts as gone, whichever step sent it and whatever the outcome."""
    for number, entry in enumerate(operation.ledger):
        if entry.id is not None and entry.id in operation.deletes:
            operation = with_entry(operation, number, changed(entry, state="gone"))
    return operation


# -- scenarios ------------------------------------------------------------------------------------------------


def a_cancel_while_resources_are_not_visible() -> None:
    scenario = Scenario(name="late", text=RESTORE, arrange=INVISIBLE)
    for point in range(1, 40):
        trial = Trial(scenario, [point])
        start_and_kill(trial)
        if trial.operation is None:
            continue
        cancel()(trial)
        trial.clock.sleep(600)
        assert not not_in_ledger(trial)


def a_call_is_never_sent_twice() -> None:
    """Killed at any point, with its reply lost: a person states the outcome."""
    scenario = ALL["the reply of a call that is not repeatable is lost"]
    for point in range(Trial(scenario).execute().killer.count + 1):
        trial = Trial(scenario, [point])
        for act in scenario.acts:
            if trial.operation is None or not trial.operation.ended:
                act(trial)
        assert not performed_twice(trial)


def an_unsent_call_whose_requirement_broke() -> None:
    """It holds at the call, which is not made."""
    trial = Trial(ALL["a requirement of an unsent call fails before it is sent"]).execute()
    assert not trial.world.users


def a_log_that_kills_every_runner() -> None:
    """Every process that resumes it is killed before an outcome."""
    trial = Trial(WELL, [7])
    start_and_kill(trial)
    for _ in range(30):
        trial.killer.count, trial.killer.at = 0, frozenset({1})
        try:
            trial.engine().resume("op-001")
        except Killed:
            continue
        break
    operation = trial.operation
    assert operation is not None
    assert operation.hold is not None
    assert operation.hold.kind == "trouble"


def credentials_expire() -> None:
    trial = Trial(ALL["credentials expire at: create rds.cluster_snapshot"])
    run()(trial)
    assert trial.stopped


def resumed_after_30_hours() -> None:
    end = end_state(Trial(WELL).execute())
    for point in range(12, 24):
        check_end(Trial(WELL, [point], downtime=30 * 3600.0).execute(), end)


def polling_writes_nothing() -> None:
    """A copy that is polled 900 times has no more records than one that is polled three times."""
    quick = Trial(WELL).execute()
    scenario = ALL["the time limit passes during the copy"]
    slow = Trial(replace(scenario, text=RESTORE, acts=(), ends=("SUCCEEDED",))).execute()
    assert len([*slow.store.records("op-001")]) == len([*quick.store.records("op-001")])


def start_and_kill(trial: Trial) -> None:
    trial.resume_until_halt = lambda: None  # type: ignore[method-assign]
    run()(trial)
    del trial.resume_until_halt


RULES = (
    # 1 whose
    Rule(function="ownership.adoptable", instead=nothing, scenarios=("the reply of the restore is lost",)),
    Rule(function="ownership.adoptable", instead=ownership.whichever_store, scenario=ownership.another_store_has_an_operation_of_this_id),
    Rule(function="ownership.unfinished", instead=no,
         scenarios=("kin of an operation that has not ended, with any", "kin of an operation that has not ended, with kin")),
    # 2 grace
    Rule(function="decide.classes.created_lately", instead=no, scenarios=("created resources are not visible at first, without retries",)),
    Rule(function="decide.classes.deleted_lately", instead=no,
         scenarios=("stale reads after the deletes of the old cluster, without retries",)),
    # 3 leaving
    Rule(function="decide.classes.is_leaving", instead=no,
         scenarios=("the old cluster is still being deleted when the restore begins",)),
    # 4 owned, meant
    Rule(function="ownership.may_take", instead=yes, scenarios=("a foreign copy has our name",)),
    Rule(function="decide.decision.is_meant", instead=yes, scenarios=("two clusters that go swap their names",)),
    Rule(function="decide.decision.another_whole", instead=nothing,
         scenarios=("the restored cluster is renamed and restored again",)),
    # 5 the row
    Rule(function="decide.classes.row_for", instead=unknown_is_available, scenarios=("an unknown status",)),
    Rule(function="decide.classes.row_for", instead=classes_only, scenarios=("a row for an unknown status",)),
    Rule(function="decide.decision.is_another_row", instead=yes, scenarios=("the old cluster is stopped and a row starts it",)),
    # 6 the verb
    Rule(function="decide.decision.decide", instead=before_the_look, scenario=resumed_after_30_hours),
    Rule(function="decide.errors.delay_of_next", instead=never_exhausted, scenarios=("the copy always fails",)),
    Rule(function="decide.verbs.never_replaced", instead=no,
         scenarios=("a delivered cluster fails", "a cluster that was available fails during a hold")),
    Rule(function="decide.verbs.continue_replace", instead=rows_instead, scenarios=("the copy fails once",)),
    Rule(function="decide.verbs.obstacle_of", instead=nothing, scenarios=("protection stays on",)),
    Rule(function="decide.requirements.must_prove", instead=no, scenarios=("the copy is deleted before the old cluster",)),
    Rule(function="decide.requirements.needs_source", instead=no, scenarios=("undo: the source is gone, so the copy is kept",)),
    Rule(function="decide.verbs.needed_later", instead=lambda view: [],
         scenarios=("the copy is removed before the restore that needs it",)),
    # outcomes
    Rule(function="apply.outcomes.not_sent", instead=failed_instead,
         scenarios=("credentials expire at: create rds.cluster_snapshot",)),
    Rule(function="engine.runtime.driver.stops_runner", instead=no, scenario=credentials_expire),
    Rule(function="apply.outcomes.needs_a_look", instead=no,
         scenarios=("the delete of a part fails with not found", "the reply of the restore is lost and the cluster is not visible within the grace")),
    Rule(function="apply.outcomes.unknown", instead=failed_instead, scenario=a_call_is_never_sent_twice),
    Rule(function="apply.lifecycle._from_a_dead_runner", instead=used_up, scenarios=("the request for the copy is lost three times",)),
    Rule(function="decide.classes.passes_by_itself", instead=no, scenarios=("looks fail with transient errors",)),
    Rule(function="apply.steps._mark_gone", instead=whatever_was_deleted,
         scenarios=("a failed copy cannot be deleted and another name is used",)),
    Rule(function="decide.decision.look_failed", instead=no,
         scenario=mending.no_call_while_looks_fail_and_until_is_true),
    Rule(function="decide.decision.is_under_way", instead=no, scenario=mending.a_slow_call_is_made_once),
    Rule(function="engine.runtime.driver.lost_reply", instead=nothing,
         scenarios=("the replies of a repeatable call without retry are lost for a while",)),
    Rule(function="apply.outcomes.may_repeat", instead=resuming.only_if_repeatable, scenario=resuming.a_call_with_a_token_is_made_once),
    Rule(function="decide.pending.too_late_to_repeat", instead=no, scenario=resuming.a_token_is_not_used_after_its_hour),
    Rule(function="apply.outcomes.with_known_reply", instead=lambda runbook, operation, *_: operation,
         scenarios=("an undo uses the reply of its call",)),
    # resuming
    Rule(function="apply.lifecycle.begin_again", instead=resuming.rescue_again,
         scenarios=("a rescue holds, and what is mended is not a setting",)),
    Rule(function="apply.lifecycle._reset_schedule", instead=unchanged, scenarios=("the copy takes 25 hours",)),
    Rule(function="apply.lifecycle.taken_up", instead=send_again, scenario=a_call_is_never_sent_twice),
    Rule(function="decide.pending.proves_again", instead=no, scenario=an_unsent_call_whose_requirement_broke),
    Rule(function="decide.pending.is_poison", instead=no, scenario=a_log_that_kills_every_runner),
    Rule(function="queries.is_running_on_hold", instead=no, scenarios=("the copy takes 25 hours",)),
    # the end
    Rule(function="apply.lifecycle._without_unsent", instead=lambda operation: operation,
         scenario=mending.an_unsent_call_is_not_undone),
    Rule(function="decide.ends.unsettled", instead=nothing, scenario=a_cancel_while_resources_are_not_visible),
    Rule(function="decide.ends.used_past_return", instead=no,
         scenarios=("held with a used cluster, then cancelled with undo",)),
    Rule(function="apply.steps._mark_used", instead=lambda operation, seen: operation,
         scenarios=("held with a used cluster, then cancelled with undo",)),
    Rule(function="decide.errors.holds_on_failure", instead=no, scenarios=("the restore is always refused",)),
    # what is durable
    Rule(function="engine.runtime.driver.OperationLog._changes_nothing", instead=no, scenario=polling_writes_nothing),
)  # fmt: skip


@contextmanager
def without(rule: Rule) -> Iterator[None]:
    """Within, the function of the rule is replaced in every module and table that has it."""
    module, _, name = rule.function.rpartition(".")
    module, _, cls = (
        module.rpartition(".") if module.endswith(("Log", "Driver", "View", "Performer")) else (module, "", "")
    )
    owner: Any = sys.modules[module if module.startswith("engine.") else f"engine.kernel.{module}"]
    owner = getattr(owner, cls) if cls else owner
    function = getattr(owner, name)
    folds = {cls: (fold if fold is not function else rule.instead, at) for cls, (fold, at) in evolving_folds().items()}
    asked = count()

    def bounded(runbook: Runbook, operation: Operation, now: float) -> Command:
        assert next(asked) < MOST_COMMANDS, "the operation never ends"
        return pending(runbook, operation, now)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys.modules["engine.runtime.driver"], "pending", bounded)
        patch.setattr(owner, name, rule.instead)
        patch.setattr(sys.modules["engine.kernel.apply.evolve"], "_FOLDS", folds)
        for other in list(sys.modules.values()):
            ours = getattr(other, "__name__", "").startswith("engine.")
            if ours and other.__dict__.get(name) is function:
                patch.setattr(other, name, rule.instead)
        yield


def evolving_folds() -> Any:
    return sys.modules["engine.kernel.apply.evolve"]._FOLDS


@cache
def expected_end(name: str) -> tuple[EndState, int]:
    trial = Trial(ALL[name]).execute()
    return end_state(trial), trial.killer.count


def fails_without(rule: Rule, name: str) -> bool:
    """Whether the scenario fails without crashes, or killed at some point."""
    end, points = expected_end(name)
    for at in range(points + 1):
        with without(rule):
            if fails(lambda at=at: check_end(Trial(ALL[name], [at]).execute(), end)):
                return True
    return False


def fails(execute: Callable[[], None]) -> bool:
    try:
        execute()
    except Exception:
        return True
    return False


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_without_the_rule_some_scenario_fails(rule: Rule) -> None:
    if rule.scenario is not None:
        rule.scenario()  # passes with the rule
        with without(rule):
            assert fails(rule.scenario)
    else:
        assert all(fails_without(rule, name) for name in rule.scenarios), rule.scenarios
