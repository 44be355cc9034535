"""Scenarios of deletions that need a person's word: what is known before the start, what later, and what calls delete."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from engine.kernel import Operation
from engine.kernel.effect import Deletion
from engine.runtime.engine import Engine
from engine.runtime.observer import Observer, PlannedRemoval
from engine.runtime.protection import ProtectionPolicy
from tests.laws.scenario_parts import CLUSTER, SNAPSHOT, foreign, set_status
from tests.laws.scenario_run import Scenario, Trial, cancel, cleanup, fault, problem, restart, resume, run, while_down
from tests.laws.world import World

HEAD = """
runbook: take
region: us-west-2
notify: arn:aws:sns:us-west-2:123456789012:recovery
inputs: {snapshot: {type: string}, cluster: {type: string}, source_region: {type: string}, target_region: {type: string}}
steps:
  - {id: old, check: rds.cluster_snapshot, with: {name: old}}
  - {id: other, check: rds.cluster_snapshot, with: {name: other}}
"""
REMOVE = "remove: rds.cluster_snapshot, owner: any, states: {available: delete}"
LATER = HEAD + f'  - {{id: take, {REMOVE}, with: {{name: "${{old.name}}"}}}}\n'
EACH = (
    HEAD
    + f"""  - {{id: take, for_each: ["${{old.name}}", "${{other.name}}"], {REMOVE}, with: {{name: "${{each}}"}}}}\n"""
)
IN_A_ROW = (
    HEAD
    + f"""  - id: thing
    check: rds.cluster_snapshot
    with: {{name: other}}
    states: {{available: {{do: [{{id: take, {REMOVE}, with: {{name: "${{old.name}}"}}}}], then: done}}}}
"""
)
IN_A_RESCUE = (
    HEAD
    + f"""  - id: made
    ensure: rds.cluster_snapshot
    with: {{name: daily-copy, copy_of: "arn:aws:rds:us-east-1:123456789012:cluster_snapshot:daily"}}
    undo: delete
    rescue: [{{error: any, do: [{{id: take, {REMOVE}, with: {{name: "${{old.name}}"}}}}], then: retry}}]
    retry: [5m]
"""
)
IN_THE_END = HEAD + f'on_success: [{{{REMOVE}, with: {{name: "${{old.name}}"}}}}]\n'
REPLACE = (
    HEAD.replace("{name: old}", "{name: other}")
    + """  - id: ask
    hold: look at it
  - id: made
    ensure: rds.cluster_snapshot
    with: {name: old, copy_of: "arn:aws:rds:us-east-1:123456789012:cluster_snapshot:daily"}
    owner: any
    states: {broken: replace}
    retry: [5m]
    undo: keep
"""
)
TWO = """
runbook: two
region: us-west-2
inputs: {snapshot: {type: string}, cluster: {type: string}, source_region: {type: string}, target_region: {type: string}}
steps:
  - {id: ask, hold: look at it}
  - {id: first, remove: rds.cluster, owner: any, states: {available: delete}, with: {name: orders}}
  - {id: second, remove: rds.cluster, owner: any, states: {available: delete}, with: {name: other}}
"""
BOTH = (foreign(SNAPSHOT, "old"), foreign(SNAPSHOT, "other"))


def accept(most: int = 9) -> Callable[[Trial], None]:
    """A person's word about what the operation asks, or the first of it."""

    def act(trial: Trial) -> None:
        operation = trial.operation
        assert operation is not None
        assert operation.hold is not None
        ids = [one.id for one in operation.hold.deletions][:most]
        resume(accept_target=ids)(trial)

    return act


def names_swapped(world: World) -> None:
    for old, new in (("orders", "put-by"), ("other", "orders")):
        thing = world.named(CLUSTER, old, "us-west-2")
        assert thing is not None
        world.rename(thing, new)


def held(
    name: str, text: str, *acts: Callable[[Trial], None], ends: tuple[str, ...] = ("HELD", "HELD", "SUCCEEDED")
) -> Scenario:
    """A plain resume holds again; the word is what continues it."""
    return Scenario(name=name, text=text, arrange=BOTH, acts=acts or (run(), resume(), accept()), ends=ends)


CONFIRMED = (
    held("a removal whose name is known later", LATER),
    held("a removal whose name is known later, rejected", LATER, run(), resume(reject="no"), ends=("HELD", "FAILED")),
    held("a removal whose name is known later, cancelled", LATER, run(), cancel(undo=True), ends=("HELD", "CANCELLED")),
    held("a word outlives a restart", LATER, run(), accept(), restart("take"), ends=("HELD", "SUCCEEDED")),
    held("the items of a list are asked about at once", EACH),
    held("one of the items of a list is confirmed", EACH, run(), accept(1), accept(), ends=("HELD", "HELD", "SUCCEEDED")),
    held("a removal in a row, known later", IN_A_ROW),
    replace(
        held("a removal in a rescue, known later", IN_A_RESCUE),
        arrange=(*BOTH, fault(f"create {SNAPSHOT}", problem("X", "config"))),
    ),
    held("a removal in on_success, known later, is left out", IN_THE_END, run(), ends=("SUCCEEDED",)),
    held("a foreign resource breaks after the start and would be replaced", REPLACE,
         run(), while_down(set_status(SNAPSHOT, "old", "failed")), resume(), accept(), ends=("HELD", "HELD", "HELD", "SUCCEEDED")),
    replace(
        held("a foreign resource is broken at the start and is replaced", REPLACE, run(), resume(), ends=("HELD", "SUCCEEDED")),
        arrange=(*BOTH, set_status(SNAPSHOT, "old", "failed")),
    ),
    Scenario(name="two clusters that go swap their names", text=TWO, arrange=(foreign(CLUSTER, "other"),),
          acts=(run(), while_down(names_swapped), resume()), ends=("HELD", "HELD", "HELD")),
)  # fmt: skip


# -- calls that delete, in the laws' world alone ---------------------------------------------------------------

CALL = (
    HEAD
    + """  - {id: take, call: test.delete, with: {name: "${old.name}"}, repeatable: true}
  - {id: end, fail: it was not to be}
"""
)
KNOWN_CALL = CALL.replace("${old.name}", "old")
OWN_CALL = (
    HEAD
    + """  - {id: made, call: test.make, with: {name: made}, repeatable: true}
  - {id: take, call: test.delete, with: {name: "${made.name}"}, repeatable: true}
"""
)
KNOWN_OWN_CALL = OWN_CALL.replace("${made.name}", "made")
IN_THE_LEDGER = (
    HEAD
    + """  - id: made
    call: test.make_silently
    with: {name: made}
    repeatable: true
    undo: {call: test.delete, with: {name: made}, repeatable: true}
  - {id: take, call: test.delete, with: {name: made}, repeatable: true}
"""
)
UNDO_CALL = (
    HEAD
    + """  - id: made
    call: test.note
    with: {text: made}
    repeatable: true
    undo: {call: test.delete, with: {name: old}, repeatable: true}
  - {id: end, fail: it was not to be}
"""
)


class Asked(Observer):
    """A person at a terminal, who says yes and is asked `questions`."""

    def __init__(self) -> None:
        self.questions: list[tuple[str, ...]] = []

    def confirms_late(self, operation: Operation, deletions: tuple[Deletion, ...]) -> bool:
        self.questions.append(tuple(one.name for one in deletions))
        return True


class Refuses(Observer):
    """A person who agrees to no deletion."""

    def confirms(self, removals: list[PlannedRemoval]) -> bool:
        return not removals


def with_engine(trial: Trial, observer: Observer | None = None, *allowed: str, protected: str = "") -> Trial:
    """The trial with an observer of its engine, and protected names."""
    engine = trial.engine
    policy = ProtectionPolicy(protected=(protected,) if protected else (), allowed=allowed)

    def made() -> Engine:
        return replace(engine(), observer=observer or Observer(), protection=policy)

    trial.engine = made  # type: ignore[method-assign]
    return trial


def trial_of(text: str, at: int = 0) -> Trial:
    return Trial(Scenario(name="", text=text, arrange=BOTH), [at])


def status_of(trial: Trial) -> str:
    assert trial.operation is not None
    return trial.operation.status


def deleted(trial: Trial) -> list[str]:
    return [act.name for act in trial.world.journal if act.verb == "delete"]


def a_foreign_call_holds() -> None:
    trial = trial_of(CALL)
    run()(trial)
    assert status_of(trial) == "HELD"
    assert deleted(trial) == []
    accept()(trial)
    assert deleted(trial) == ["old"]


def an_own_call_needs_no_word() -> None:
    for text in (OWN_CALL, KNOWN_OWN_CALL, IN_THE_LEDGER):
        trial = with_engine(trial_of(text), Refuses())
        run()(trial)
        assert status_of(trial) == "SUCCEEDED"
        assert deleted(trial) == ["made"]


def a_protected_call_holds_although_it_is_own_or_confirmed() -> None:
    for text, name in ((OWN_CALL, "made"), (KNOWN_CALL, "old")):
        trial = with_engine(trial_of(text), protected=name)
        run()(trial)
        assert status_of(trial) == "HELD"
        accept()(trial)
        assert status_of(trial) == "HELD"
        assert deleted(trial) == []
        resume()(with_engine(trial, None, name, protected=name))
        assert deleted(trial) == [name]


def a_protected_undo_is_stuck() -> None:
    trial = with_engine(trial_of(UNDO_CALL), protected="old")
    run()(trial)
    assert status_of(trial) == "STUCK"
    assert deleted(trial) == []
    cleanup()(with_engine(trial, None, "old", protected="old"))
    assert status_of(trial) == "FAILED"
    assert deleted(trial) == ["old"]


def a_protected_undo_is_stuck_although_the_runbook_has_lost_it() -> None:
    """The operation continues with an edited runbook that has no `undo` any more; the ledger has its call."""
    before = UNDO_CALL.replace("  - {id: end", "  - {id: stop, hold: look at it}\n  - {id: end")
    trial = with_engine(trial_of(before), protected="old")
    run()(trial)
    resume(before.replace("    undo: {call: test.delete, with: {name: old}, repeatable: true}\n", ""))(trial)
    resume()(trial)
    assert status_of(trial) == "STUCK"
    assert deleted(trial) == []


def a_restart_brings_the_names_that_its_runner_allows() -> None:
    trial = with_engine(trial_of(KNOWN_CALL), protected="old")
    run()(trial)
    resume(reject="not now")(trial)
    assert status_of(trial) == "FAILED"
    restart("take")(with_engine(trial, None, "old", protected="old"))
    assert deleted(trial) == ["old"]


def the_word_for_a_call_is_used_up() -> None:
    """Somebody makes a snapshot of that name after ours was deleted; a restart asks again."""
    trial = trial_of(KNOWN_CALL)
    run()(trial)
    assert deleted(trial) == ["old"]
    trial.world.put(SNAPSHOT, "old", "us-west-2")
    restart("take")(trial)
    assert status_of(trial) == "HELD"
    assert deleted(trial) == ["old"]


def a_person_at_a_terminal_is_asked_once() -> None:
    for at in range(30):
        observer = Asked()
        trial = with_engine(trial_of(EACH, at), observer)
        run()(trial)
        assert status_of(trial) == "SUCCEEDED"
        assert sorted(deleted(trial)) == ["old", "other"]
        assert set(observer.questions) == {("old", "other")}
        assert len(observer.questions) <= 1 + trial.kills
