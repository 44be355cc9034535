"""K12: every rule is one small function with a name; without it some story goes wrong.

Each row puts a kernel without the rule in its place, and tells stories until one ends otherwise than it should.
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
from tests.laws import scenario_run
from tests.laws.end_state import End, end_of, judge, made_twice, not_in_the_ledger
from tests.laws.scenario_parts import INVISIBLE, RESTORE
from tests.laws.scenario_run import Killed, Scene, Story, cancel, run
from tests.laws.scenarios import STORIES, UNREPEATABLE

MOST_COMMANDS = 20_000
ALL = {story.name: story for story in (*STORIES, *UNREPEATABLE)}
WELL = ALL["all goes well"]


@pytest.fixture(autouse=True)
def _points_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """The scenarios name points by their numbers, which in a soak are others."""
    monkeypatch.setattr(scenario_run, "EVERY", False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule as a function, what stands in its place without it, and what shows that it is missed."""

    function: str
    instead: Callable[..., Any]
    stories: tuple[str, ...] = ()
    scenario: Callable[[], None] | None = None  # raises where the rule is missed

    def __str__(self) -> str:
        return self.function


def no(*_: Any, **__: Any) -> bool:
    return False


def yes(*_: Any, **__: Any) -> bool:
    return True


def nothing(*_: Any, **__: Any) -> None:
    return None


# -- what stands in a rule's place ---------------------------------------------------------------------------


def failed_instead(runbook: Runbook, operation: Operation, event: ev.NotSent | ev.Unknown) -> Operation:
    """What was not sent, or has no answer, taken for a no."""
    problem = event.problem if isinstance(event, ev.NotSent) else Problem(name="X", category="timeout", message="x")
    return outcomes.failed(runbook, operation, ev.Failed(at=event.at, problem=problem))


def used_up(runbook: Runbook, operation: Operation, phase: Acting, event: ev.TakenUp) -> Operation:
    """A dead runner's attempt, taken for one that has been used up."""
    return outcomes.unknown(runbook, operation, ev.Unknown(at=event.at, why="it died"))


def still_in_hand(runbook: Runbook, operation: Operation, event: ev.TakenUp) -> Operation:
    """Who takes it up sends again what was in hand, without a look."""
    return operation


def unknown_is_available(view: View, seen: Seen, cls: str) -> Row:
    return row_for(view, changed(seen, status="available"), "available" if cls == "unknown" else cls)


def classes_only(view: View, seen: Seen, cls: str) -> Row:
    body = view.step.body
    assert isinstance(body, Ensure) or hasattr(body, "states")
    return next(row for row in body.states if cls in row.names)


def as_it_was(frame: Any) -> Any:
    return changed(frame, failed=None)


def begins_anew(runbook: Runbook, operation: Operation, frame: Any) -> Operation:
    from engine.kernel.apply.stack import first_phase, in_phase
    from engine.kernel.queries import step_of

    return in_phase(operation, first_phase(step_of(runbook, operation, frame)))


def never_exhausted(view: View) -> float:
    return 0.0


def before_the_look(view: View, seen: Seen) -> ev.Event:
    """The deadline, asked whatever was seen."""
    over = view.frame.observed.watching is not None and view.now - view.frame.observed.watching >= (
        view.monitor.longest or 0.0
    )
    return ev.Held(at=view.now, kind="monitor_over", reason="late") if over else decided(view, seen)


decided: Callable[[View, Seen], ev.Event] = sys.modules["engine.kernel.decide.decision"].decide
asks_rows: Callable[..., ev.Event] = sys.modules["engine.kernel.decide.verbs"].by_verb


def rows_instead(view: View, seen: Seen, cls: str) -> ev.Event:
    """`replace`, once begun, asks the rows again."""
    return asks_rows(view, seen, row_for(view, seen, cls), cls)


def whatever_was_deleted(runbook: Runbook, operation: Operation) -> Operation:
    """Gone is all whose delete was sent, whichever step sent it, and whatever came of it."""
    for number, entry in enumerate(operation.ledger):
        if entry.id is not None and entry.id in operation.deletes:
            operation = with_entry(operation, number, changed(entry, state="gone"))
    return operation


# -- scenarios ------------------------------------------------------------------------------------------------


def a_cancel_while_everything_is_invisible() -> None:
    story = Story(name="late", text=RESTORE, arrange=INVISIBLE)
    for point in range(1, 40):
        scene = Scene(story, [point])
        dies(scene)
        if scene.operation is None:
            continue
        cancel()(scene)
        scene.clock.sleep(600)
        assert not not_in_the_ledger(scene)


def a_call_is_never_sent_twice() -> None:
    """Killed anywhere, with its reply lost: a person says what became of it."""
    story = ALL["a call that is not repeatable loses its reply, and was done"]
    for point in range(Scene(story).tell().killer.count + 1):
        scene = Scene(story, [point])
        for act in story.acts:
            if scene.operation is None or not scene.operation.ended:
                act(scene)
        assert not made_twice(scene)


def an_unsent_call_whose_requirement_broke() -> None:
    """It holds where the call is, and the call is not made."""
    scene = Scene(ALL["what an unsent call requires breaks before it is sent"]).tell()
    assert not scene.world.users


def a_poison_document() -> None:
    """Whatever takes it up dies before any outcome."""
    scene = Scene(WELL, [7])
    dies(scene)
    for _ in range(30):
        scene.killer.count, scene.killer.at = 0, frozenset({1})
        try:
            scene.engine().resume("op-001")
        except Killed:
            continue
        break
    operation = scene.operation
    assert operation is not None
    assert operation.hold is not None
    assert operation.hold.kind == "trouble"


def credentials_expire() -> None:
    scene = Scene(ALL["credentials expire at: create rds.cluster_snapshot"])
    run()(scene)
    assert scene.stopped


def finished_while_nobody_ran() -> None:
    end = end_of(Scene(WELL).tell())
    for point in range(12, 24):
        judge(Scene(WELL, [point], away=30 * 3600.0).tell(), end)


def polling_writes_nothing() -> None:
    """A copy that is looked at 900 times has no more records than one that is looked at thrice."""
    quick = Scene(WELL).tell()
    story = ALL["the time limit passes during the copy"]
    slow = Scene(replace(story, text=RESTORE, acts=(), ends=("SUCCEEDED",))).tell()
    assert len([*slow.store.records("op-001")]) == len([*quick.store.records("op-001")])


def dies(scene: Scene) -> None:
    scene.go_on = lambda: None  # type: ignore[method-assign]
    run()(scene)
    del scene.go_on


RULES = (
    # 1 whose
    Rule(function="ownership.adoptable", instead=nothing, stories=("the restore's reply is lost",)),
    Rule(function="ownership.unfinished", instead=no,
         stories=("kin of an operation that has not ended, with any", "kin of an operation that has not ended, with kin")),
    # 2 grace
    Rule(function="decide.classes.created_lately", instead=no, stories=("everything made is invisible, and nothing is tried twice",)),
    Rule(function="decide.classes.deleted_lately", instead=no,
         stories=("the old cluster's deletes are stale, and nothing is tried twice",)),
    # 3 leaving
    Rule(function="decide.classes.is_leaving", instead=no,
         stories=("the old cluster is still going when its successor is due",)),
    # 4 owned, meant
    Rule(function="ownership.may_take", instead=yes, stories=("a foreign copy has our name",)),
    Rule(function="decide.decision.is_meant", instead=yes, stories=("a namesake is made before our delete",)),
    Rule(function="decide.decision.another_whole", instead=nothing,
         stories=("the restored cluster is renamed away with its instances, and restored anew",)),
    # 5 the row
    Rule(function="decide.classes.row_for", instead=unknown_is_available, stories=("a status that nobody knows",)),
    Rule(function="decide.classes.row_for", instead=classes_only, stories=("a status with a row of its own",)),
    Rule(function="decide.decision.is_another_row", instead=yes, stories=("an old cluster is stopped, and a row starts it",)),
    # 6 the verb
    Rule(function="decide.decision.decide", instead=before_the_look, scenario=finished_while_nobody_ran),
    Rule(function="decide.errors.delay_of_next", instead=never_exhausted, stories=("the copy fails for ever",)),
    Rule(function="decide.verbs.never_replaced", instead=no,
         stories=("a cluster that was delivered breaks", "a cluster that was seen available breaks at a hold")),
    Rule(function="decide.verbs.continue_replace", instead=rows_instead, stories=("the copy fails once",)),
    Rule(function="decide.verbs.obstacle_of", instead=nothing, stories=("protection is on, and stays on",)),
    Rule(function="decide.requirements.must_prove", instead=no, stories=("the copy vanishes before the old cluster goes",)),
    Rule(function="decide.requirements.needs_source", instead=no, stories=("undo: the source is gone, so the copy is kept",)),
    Rule(function="decide.verbs.needed_later", instead=lambda view: [],
         stories=("the copy is to go before the restore that needs it",)),
    # outcomes
    Rule(function="apply.outcomes.not_sent", instead=failed_instead,
         stories=("credentials expire at: create rds.cluster_snapshot",)),
    Rule(function="engine.runtime.driver.stops_runner", instead=no, scenario=credentials_expire),
    Rule(function="apply.outcomes.needs_a_look", instead=no,
         stories=("a part's delete says not found", "the restore's reply is lost, and it is invisible beyond the grace")),
    Rule(function="apply.outcomes.unknown", instead=failed_instead, scenario=a_call_is_never_sent_twice),
    Rule(function="apply.lifecycle._from_a_dead_runner", instead=used_up, stories=("the copy is lost three times",)),
    Rule(function="decide.classes.passes_by_itself", instead=no, stories=("looks answer with errors that pass",)),
    Rule(function="apply.steps._mark_gone", instead=whatever_was_deleted,
         stories=("a failed copy cannot be deleted, and another name is taken",)),
    Rule(function="decide.decision.look_failed", instead=no,
         scenario=mending.what_is_so_already_is_not_called_while_looks_do_not_come_back),
    Rule(function="decide.decision.is_under_way", instead=no, scenario=mending.what_is_under_way_beyond_the_grace_is_called_once),
    # resuming
    Rule(function="apply.lifecycle._rescue_again", instead=begins_anew,
         stories=("a wrong network, not mended, then mended over a weekend",)),
    Rule(function="apply.lifecycle._reset_schedule", instead=as_it_was, stories=("the copy takes 25 hours",)),
    Rule(function="apply.lifecycle.taken_up", instead=still_in_hand, scenario=a_call_is_never_sent_twice),
    Rule(function="decide.pending.proves_again", instead=no, scenario=an_unsent_call_whose_requirement_broke),
    Rule(function="decide.pending.is_poison", instead=no, scenario=a_poison_document),
    Rule(function="queries.is_running_on_hold", instead=no, stories=("the copy takes 25 hours",)),
    # the end
    Rule(function="apply.lifecycle._without_unsent", instead=lambda operation: operation,
         scenario=mending.what_was_never_sent_is_not_undone),
    Rule(function="decide.ends.unsettled", instead=nothing, scenario=a_cancel_while_everything_is_invisible),
    Rule(function="decide.ends.used_past_return", instead=no,
         stories=("held past the point with a used cluster, then cancelled with undo",)),
    Rule(function="apply.steps._mark_used", instead=lambda operation, seen: operation,
         stories=("held past the point with a used cluster, then cancelled with undo",)),
    Rule(function="decide.errors.holds_on_failure", instead=no, stories=("the restore is refused for ever",)),
    # what is durable
    Rule(function="engine.runtime.driver.OperationLog._changes_nothing", instead=no, scenario=polling_writes_nothing),
)  # fmt: skip


@contextmanager
def without(rule: Rule) -> Iterator[None]:
    """Within, the rule's function is another, in every module and table that has it."""
    module, _, name = rule.function.rpartition(".")
    module, _, cls = module.rpartition(".") if module.endswith(("Log", "Driver")) else (module, "", "")
    owner: Any = sys.modules[module if module.startswith("engine.") else f"engine.kernel.{module}"]
    owner = getattr(owner, cls) if cls else owner
    function = getattr(owner, name)
    folds = {cls: (fold if fold is not function else rule.instead, at) for cls, (fold, at) in evolving_folds().items()}
    asked = count()

    def bounded(runbook: Runbook, operation: Operation, now: float) -> Command:
        assert next(asked) < MOST_COMMANDS, "it goes round in circles"
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
def good_end(name: str) -> tuple[End, int]:
    scene = Scene(ALL[name]).tell()
    return end_of(scene), scene.killer.count


def goes_wrong(rule: Rule, name: str) -> bool:
    """Undisturbed, or killed at some point."""
    end, points = good_end(name)
    for at in range(points + 1):
        with without(rule):
            if is_wrong(lambda at=at: judge(Scene(ALL[name], [at]).tell(), end)):
                return True
    return False


def is_wrong(tell: Callable[[], None]) -> bool:
    try:
        tell()
    except Exception:
        return True
    return False


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_without_the_rule_some_story_goes_wrong(rule: Rule) -> None:
    if rule.scenario is not None:
        rule.scenario()  # with the rule it goes well
        with without(rule):
            assert is_wrong(rule.scenario)
    else:
        assert all(goes_wrong(rule, name) for name in rule.stories), rule.stories
