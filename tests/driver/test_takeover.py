"""Effects that were not sent before a takeover: the next runner checks the requirements again and assumes nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from engine.errors import Problem
from engine.kernel import events as ev
from engine.runtime.load import events_of
from tests.laws.drift_scenarios import NO_CREDENTIALS, NO_RENAME, UNTIL, logged_in, renamed_slowly, source_broken
from tests.laws.end_state import description
from tests.laws.scenario_parts import CLUSTER, INTERNAL, RESTORE, set_status
from tests.laws.scenario_run import ID, Scenario, Trial, cancel, cleanup, fault, resume, run, while_down
from tests.laws.world import World

NOTE = """
runbook: notes
region: us-west-2
notify: arn:aws:sns:us-west-2:123456789012:recovery
inputs: {snapshot: {type: string}, cluster: {type: string}, source_region: {type: string}, target_region: {type: string}}
steps:
  - {id: network, check: ec2.network, with: {subnet_group: a, security_groups: [b]}}
  - {id: noted, %s, requires: [network], retry: [1m]}
"""
CALL = NOTE % "call: test.note, with: {text: one}, repeatable: true"
NOTIFY = NOTE % "notify: 'arn:aws:sns:us-west-2:123456789012:recovery', text: one"
NO_NOTE = fault("call test.note", "not_sent", times=99, category="credentials")
NO_NOTICE = fault("call sns.publish", "not_sent", times=99, category="credentials")


def network_broken(world: World) -> None:
    world.broken_checks.add("ec2.network")


def swapped_out(world: World) -> None:
    """A person makes the change by hand that was not sent."""
    cluster = world.named(CLUSTER, "orders", "us-west-2")
    assert cluster is not None
    cluster.name = "orders-old"


def run_trial(text: str, *arrange: Callable[[World], None], then: Any, acts: tuple[Any, ...] = (resume(),)) -> Trial:
    """Run until the credentials expire; change the world with `then`; log in and run `acts`."""
    scenario = Scenario(
        name="", text=text, arrange=arrange, acts=(run(), while_down(logged_in, then), *acts), ends=("",)
    )
    return Trial(scenario).execute()


@pytest.mark.parametrize(
    ("text", "unsent", "breaks", "step"),
    [
        (RESTORE, NO_CREDENTIALS, set_status(CLUSTER, "orders", "failed"), "setup-db-users"),
        (CALL, NO_NOTE, network_broken, "noted"),
        (NOTIFY, NO_NOTICE, network_broken, "noted"),
        (UNTIL, NO_RENAME, source_broken, "swap-out"),
    ],
    ids=["the restore", "a call", "a notice", "until"],
)
def test_requirements_are_checked_before_an_unsent_call_is_sent(text: str, unsent: Any, breaks: Any, step: str) -> None:
    trial = run_trial(text, unsent, then=breaks)
    operation = trial.operation
    assert operation is not None
    assert operation.hold is not None, description(trial)
    assert (operation.hold.kind, operation.hold.step) == ("requires", step)
    assert not [act for act in trial.world.journal if act.verb == "call" and act.kind != "sns.publish"]
    assert not [one for one in trial.world.messages if one["text"] == "one"]


@pytest.mark.parametrize(("text", "unsent"), [(CALL, NO_NOTE), (NOTIFY, NO_NOTICE), (UNTIL, NO_RENAME)])
def test_with_its_requirements_an_unsent_call_is_sent_in_the_same_attempt(text: str, unsent: Any) -> None:
    trial = run_trial(text, unsent, then=lambda world: None)
    sendings = [
        (event.effect.key, event.takes)
        for record in trial.store.records(ID)
        for event in events_of(record)
        if isinstance(event, ev.Intended) and event.effect.key.startswith(f"{ID}/steps/{2 if text == UNTIL else 1}/")
    ]
    assert [takes for _, takes in sendings] == [True, False]
    assert len({key for key, _ in sendings}) == 1


def test_requirements_are_checked_before_the_call_of_a_dead_runner_is_repeated() -> None:
    """It is unknown whether it was sent; before it is sent again, its requirements are checked."""
    scenario = Scenario(name="", text=CALL, ends=("",))
    held = []
    for point in range(1, Trial(scenario).execute().killer.count + 1):
        trial = Trial(scenario, [point], while_down=network_broken).execute()
        assert len([act for act in trial.world.journal if act.kind == "test.note"]) <= 1, point
        operation = trial.operation
        assert operation is not None
        held += [operation.hold.kind] if operation.hold is not None else []
    assert "requires" in held


def test_an_unsent_change_that_another_person_makes_is_not_undone() -> None:
    trial = run_trial(UNTIL, NO_RENAME, then=swapped_out)
    operation = trial.operation
    assert operation is not None
    assert operation.ended == "FAILED", description(trial)
    assert [(entry.state, entry.why) for entry in operation.ledger] == [("void", "it was never sent")]
    assert not [act for act in trial.world.journal if act.kind == "test.rename"]


def test_an_unsent_call_is_sent_when_its_requirement_is_fixed() -> None:
    mended = while_down(lambda world: world.broken_checks.clear())
    trial = run_trial(CALL, NO_NOTE, then=network_broken, acts=(resume(), mended, resume()))
    operation = trial.operation
    assert operation is not None
    assert operation.ended == "SUCCEEDED", description(trial)
    assert operation.steps["noted"].attempt == 1


UNPROVED = UNTIL.replace("    requires: [source]\n", "")
PERHAPS = (
    fault("call test.rename", "not_sent", times=99, first=1, category="credentials"),
    fault("call test.rename", "nothing"),
)
"""The first request is performed late, after its runner has died; the credentials of the second runner have expired."""


@pytest.mark.parametrize("text", [UNTIL, UNPROVED], ids=["requires", "no requires"])
def test_a_call_of_a_dead_runner_is_undone_even_if_the_next_could_not_send_it(text: str) -> None:
    acts = (run(), while_down(swapped_out, logged_in), resume())
    scenario = Scenario(name="", text=text, arrange=PERHAPS, acts=acts, ends=("",))
    unsent = 0
    for point in range(1, 12):
        trial = Trial(scenario, [point]).execute()
        names = [type(event).__name__ for record in trial.store.records(ID) for event in events_of(record)]
        if names.count("TakenUp") < 2 or "NotSent" not in names or names.index("TakenUp") < names.index("Intended"):
            continue
        unsent += 1
        operation = trial.operation
        assert operation is not None
        assert operation.ended == "FAILED", description(trial)
        assert [entry.state for entry in operation.ledger] == ["gone"]
        assert trial.world.named(CLUSTER, "orders", "us-west-2") is not None
        assert [act.key for act in trial.world.journal] == [f"{ID}/undo/0//1/1/call/"]
    assert unsent


UNDONE = NOTE % (
    "call: test.note, with: {text: one}, repeatable: true, "
    "undo: {call: test.note, with: {text: back}, repeatable: true}"
) + "  - {id: end, fail: it was not to be}\n"  # fmt: skip
REFUSED = fault(
    "call test.note", Problem(name="Sour", category="denied", message="no"), only=lambda on: on["text"] == "one"
)


@pytest.mark.parametrize("retry", ["[1m]", "{schedule: [1m], errors: [Sour]}"], ids=["it fails", "it is tried again"])
def test_a_call_of_a_dead_runner_is_undone_once_even_if_its_repetition_was_refused(retry: str) -> None:
    scenario = Scenario(name="", text=UNDONE.replace("[1m]", retry), ends=("",))
    killed = 0
    for point in range(1, Trial(scenario).execute().killer.count + 1):
        trial = Trial(scenario, [point], while_down=refuse).execute()
        operation = trial.operation
        assert operation is not None
        done, undone = (
            {act.key for act in trial.world.journal if act.kind == "test.note" and f"/{where}/" in act.key}
            for where in ("steps", "undo")
        )
        assert bool(done) <= len(undone) <= 1, (point, description(trial))
        assert {entry.state for entry in operation.ledger} <= {"gone", "void"}
        killed += bool(done) and not any(entry.why == "it was refused" for entry in operation.ledger)
    assert killed


def refuse(world: World) -> None:
    """A fault for the next attempt; the one after it succeeds."""
    REFUSED(world)


@pytest.mark.parametrize(
    ("text", "unsent", "then"),
    [
        (UNDONE, NO_NOTE, (cancel(undo=True),)),
        (UNTIL, NO_RENAME, (cancel(undo=True),)),
        (UNDONE, NO_NOTE, (cancel(), cleanup())),
        (UNDONE, NO_NOTE, (resume(), cancel(undo=True))),
        (UNTIL, NO_RENAME, (resume(), cancel(undo=True))),
    ],
    ids=["a call", "until", "clean-up", "again unsent", "until, again unsent"],
)
def test_a_call_that_was_never_sent_is_not_undone(text: str, unsent: Any, then: Any) -> None:
    trial = Trial(Scenario(name="", text=text, arrange=(unsent,), acts=(run(), *then), ends=("",))).execute()
    operation = trial.operation
    assert operation is not None
    assert operation.ended == "CANCELLED", description(trial)
    assert [(entry.state, entry.why) for entry in operation.ledger] == [("void", "it was never sent")]
    assert not [act for act in trial.world.journal if act.kind in ("test.note", "test.rename")]


def test_a_cancel_undoes_a_call_that_a_dead_runner_may_have_sent() -> None:
    over = fault(
        "call test.note", "not_sent", times=99, first=1, category="credentials", only=lambda on: on["text"] == "one"
    )
    scenario = Scenario(
        name="",
        text=UNDONE,
        arrange=(over,),
        acts=(run(), while_down(logged_in), cancel(undo=True)),
        ends=("",),
    )
    done = 0
    for point in range(1, 8):
        trial = Trial(scenario, [point]).execute()
        assert trial.operation is not None
        keys = [act.key for act in trial.world.journal if act.kind == "test.note"]
        if not any("/steps/" in key for key in keys):
            continue
        done += 1
        assert any("/undo/" in key for key in keys), (point, description(trial))
    assert done


@pytest.mark.parametrize("first", range(8))
@pytest.mark.parametrize("outcome", ["known", "lost"])
def test_a_failed_look_decides_nothing_about_a_call(outcome: str, first: int) -> None:
    """Neither before the call nor after the grace of a dead runner: it looks again, and the call is not sent twice."""
    unanswered = fault(f"look {CLUSTER}", INTERNAL, first=first, times=6)
    arrange = (unanswered, *((fault("call test.rename", "lost", times=9),) if outcome == "lost" else ()))
    scenario = Scenario(name="", text=UNPROVED, arrange=arrange, ends=("",))
    for point in range(Trial(scenario).execute().killer.count + 1):
        trial = Trial(scenario, [point] if point else []).execute()
        operation = trial.operation
        assert operation is not None
        assert operation.ended == "FAILED", (point, description(trial))
        keys = [act.key for act in trial.world.journal if act.kind == "test.rename"]
        assert keys == [f"{ID}/steps/2//1/1/call/", f"{ID}/undo/0//1/1/call/"], (point, description(trial))


@pytest.mark.parametrize("status", ["renaming", "moonwalking"])
def test_a_change_under_way_is_polled_beyond_the_grace(status: str) -> None:
    """The reply is lost, and for five minutes the resource has a status that is pending or unknown."""
    lost = fault("call test.rename", "lost", after=lambda world: renamed_slowly(world, status))
    scenario = Scenario(name="", text=UNPROVED, arrange=(lost,), ends=("",))
    for point in range(Trial(scenario).execute().killer.count + 1):
        trial = Trial(scenario, [point] if point else []).execute()
        operation = trial.operation
        assert operation is not None
        assert operation.ending is not None
        assert operation.ending.error is not None
        assert operation.ending.error.name == "NotToBe", (point, description(trial))
        keys = [act.key for act in trial.world.journal if act.kind == "test.rename"]
        assert keys == [f"{ID}/steps/2//1/1/call/", f"{ID}/undo/0//1/1/call/"], (point, description(trial))
