"""Deliberate bugs, each of which this suite must catch.

Each bug is patched into the product while its schedules run; without it, all of them pass. The rules of the kernel are
tested likewise in tests/laws/test_k12_rules.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest

from actions.aws import call_errors
from actions.sandbox.calls import ApiCall
from engine.kernel.effect import Effect, Seen
from engine.kernel.frame import Acting
from engine.kernel.operation import Operation
from engine.runtime.driver import Driver
from engine.runtime.performer import RegistryPerformer
from engine.stores.memory import MemoryStore, _Row
from engine.stores.port import LogRecord
from engine.stores.serialization import StoredRecord, append_conflict
from engine.values import changed
from tests.crash import simulated_process
from tests.crash.conftest import Schedules
from tests.crash.effect_faults import InterceptedKind
from tests.crash.sandbox_end_state import check_end, check_laws, end_state
from tests.crash.sandbox_run import SandboxTrial
from tests.crash.sandbox_world import Outage
from tests.crash.simulated_process import Process
from tests.crash.test_changes_while_down import wrong_targets
from tests.crash.test_crashes import points
from tests.crash.test_two_runners import check_same_as_one_runner, end_with_one_runner, in_flight, points_of_first
from tests.crash.two_runners import TwoRunners
from tests.laws.scenario_run import Scenario
from tests.laws.scenarios import SCENARIOS
from tests.laws.test_k9_changes_while_down import replace_or_take_name
from tests.laws.test_k12_rules import Rule, send_again, without

ALL = {scenario.name: scenario for scenario in SCENARIOS}
WELL = ALL["everything succeeds"]
UNDONE = ALL["until: the reply is lost and a later failure undoes it"]
NAME_TAKEN = ALL["another cluster takes the name before the delete"]

Schedule = Callable[[], None]
"""Runs and checks one schedule; raises if something is wrong."""


# -- schedules ------------------------------------------------------------------------------------------------


def killed(scenario: Scenario) -> Iterator[Schedule]:
    """Without crashes, then killed at each point; only the end is checked, so that the worst finding is reported."""
    undisturbed = SandboxTrial(scenario).execute()
    end = end_state(undisturbed)
    patient = replace(scenario, ends=())
    yield lambda: check_end(SandboxTrial(patient).execute(), end)
    for point in points(undisturbed):
        yield lambda point=point: check_end(SandboxTrial(patient, [point]).execute(), end)


def swapped_while_dead() -> Iterator[Schedule]:
    """Killed at each point; the old cluster is replaced before the resume."""

    def execute(point: int) -> None:
        trial = SandboxTrial(replace(WELL, ends=("",)), [point], while_down=replace_or_take_name).execute()
        operation = trial.operation
        assert operation is not None
        foreign = wrong_targets(trial, operation.targets["delete-rds"].id)
        assert not foreign, f"a foreign resource was changed: {foreign}"
        check_laws(trial)

    for point in points(SandboxTrial(WELL).execute()):
        yield lambda point=point: execute(point)


def two_runners() -> Iterator[Schedule]:
    """Two runners; the first is stopped at each point in turn."""
    end = end_with_one_runner(WELL)
    for point, where in enumerate(points_of_first(WELL), 1):
        if not in_flight(where):
            yield lambda point=point: check_same_as_one_runner(TwoRunners(WELL).play(point), end)


def late_runner() -> Iterator[Schedule]:
    """The first is stopped after each of its appends, and wakes when the other has finished: it must do nothing.

    No call passes botocore's `before-send` here, because those of third-party actions may not.
    """

    def execute(point: int) -> None:
        runners = TwoRunners(WELL)
        with patched(simulated_process, "WITHOUT_BOTOCORE", ("ec2", "postgres", "rds", "secretsmanager", "sns", "ssm")):
            runners.first.advance(point)
            runners.second.advance()
            done = len(runners.world.sandbox.journal)
            runners.first.advance()
        late = [call.name for call in runners.world.sandbox.journal[done:]]
        assert not late, f"it continued after another had taken over: {late}"

    for point, where in enumerate(points_of_first(WELL), 1):
        if where == "after append":
            yield lambda point=point: execute(point)


def lost_replies() -> Iterator[Schedule]:
    """The store's reply to each write in turn is lost."""
    undisturbed = SandboxTrial(WELL).execute()
    end = end_state(undisturbed)

    def execute(number: int) -> None:
        trial = SandboxTrial(replace(WELL, arrange=(lambda world: world.outages.append(Outage(number)),)))
        check_end(trial.execute(), end)

    for number in range(undisturbed.writes):
        yield lambda number=number: execute(number)


# -- bugs -----------------------------------------------------------------------------------------------------


@contextmanager
def patched(owner: Any, name: str, function: Any) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(owner, name, function)
        yield


def no_intent() -> AbstractContextManager[None]:
    """An intent is recorded with its outcome, not before."""
    commits = Driver._commit

    def commit(driver: Driver) -> None:
        frames = driver.log.operation.frames
        phase = frames[-1].phase if frames else None
        if not (isinstance(phase, Acting) and phase.sent and phase.failed is None and not phase.unknown):
            commits(driver)

    return patched(Driver, "_commit", commit)


def no_look_before_a_delete() -> AbstractContextManager[None]:
    """The delete relies on what was seen of the old cluster at the start."""
    looks = RegistryPerformer._look
    known: dict[str, Seen] = {}

    def look(performer: RegistryPerformer, effect: Effect, operation: Operation, *rest: Any) -> Seen:
        name = str(effect.params.get("name"))
        begins = bool(operation.frames) and not operation.top.removal.routine and operation.last_step == "delete-rds"
        if effect.removal is not None and begins and name in known:
            return changed(known[name], at=operation.at, parts=())
        seen = looks(performer, effect, operation, *rest)
        if seen.id is not None:
            known[name] = seen
        return seen

    return patched(RegistryPerformer, "_look", look)


def no_look_after_a_crash() -> AbstractContextManager[None]:
    """A resume sends the interrupted effect again without a look."""
    return without(Rule(function="apply.lifecycle.taken_up", instead=send_again))


def unconditional_write() -> AbstractContextManager[None]:
    """The store overwrites records."""

    def append(store: MemoryStore, record: LogRecord, seal: Any = None) -> None:
        stored = StoredRecord(seq=record.seq, packed=record.packed(), digest=record.digest)
        rows = store._records.setdefault(record.operation, {})
        rows[record.seq] = _Row(
            stored=stored, write_id=record.write_id, has_state=record.state is not None, timestamp=""
        )

    return patched(MemoryStore, "append", append)


def conflict_with_itself() -> AbstractContextManager[None]:
    """A write that is repeated after a lost reply counts as a conflict."""
    appends = MemoryStore.append

    def append(store: MemoryStore, record: LogRecord, seal: Any = None) -> None:
        if record.seq in store._records.get(record.operation, {}):
            raise append_conflict(record, store.name)
        appends(store, record, seal)

    return patched(MemoryStore, "append", append)


def name_for_an_identity() -> AbstractContextManager[None]:
    """A kind returns the name of a resource as its id."""
    looks, creates = InterceptedKind.look, InterceptedKind.create

    def look(kind: InterceptedKind, identity: Mapping[str, Any], ctx: Any) -> Any:
        by_name = {"name": identity["id"]} if "id" in identity else identity
        seen = looks(kind, by_name, ctx)
        parts = tuple(changed(part, id=str(part.identity["name"])) for part in seen.parts)
        return changed(seen, id=seen.id and str(seen.attributes["name"]), parts=parts)

    def create(kind: InterceptedKind, params: Mapping[str, Any], tags: Mapping[str, str], ctx: Any) -> str:
        creates(kind, params, tags, ctx)
        return str(params["name"])

    @contextmanager
    def both() -> Iterator[None]:
        with patched(InterceptedKind, "look", look), patched(InterceptedKind, "create", create):
            yield

    return both()


def no_look_at_the_lease() -> AbstractContextManager[None]:
    """A call is sent without the last check of the lease in `before-send`."""

    def before(process: Process, call: ApiCall) -> None:
        process.point(f"before {call.name}")

    return patched(Process, "before", before)


def no_look_at_the_lease_after_a_commit() -> AbstractContextManager[None]:
    """The lease is not checked after a commit, as if `before-send` checked it for every call."""

    def commit(driver: Driver) -> None:
        driver.lease.renew_if_due()
        for transition in driver.log.commit():
            driver.observer.committed(transition)

    return patched(Driver, "_commit", commit)


@contextmanager
def no_answer_for_a_no() -> Iterator[None]:
    """A change that ends in a 5xx, a timeout or a cut connection counts as refused."""
    answered, unanswered = call_errors._answered, call_errors._unanswered

    def no(translate: Any) -> Any:
        return lambda *given, **how: translate(*given, **(how | {"changes": False}))

    with patched(call_errors, "_answered", no(answered)), patched(call_errors, "_unanswered", no(unanswered)):
        yield


@dataclass(frozen=True, slots=True, kw_only=True)
class Bug:
    """A patch of the product, and the schedules of which at least one must fail."""

    injected: Callable[[], AbstractContextManager[None]]
    schedules: Callable[[], Iterable[Schedule]]
    finding: str  # the expected failure, so that it is this bug and not the patch

    def __str__(self) -> str:
        return self.injected.__name__


FOREIGN = "a foreign resource was changed: .*rds.DeleteDBCluster"
TWICE = "performed twice: .*op-001/steps/2"
BUGS = (
    Bug(injected=no_intent, schedules=lambda: killed(WELL), finding="not in the ledger: .*daily-copy"),
    Bug(injected=no_look_before_a_delete, schedules=lambda: killed(NAME_TAKEN), finding=FOREIGN),
    Bug(injected=no_look_after_a_crash, schedules=swapped_while_dead, finding=FOREIGN),
    Bug(injected=unconditional_write, schedules=two_runners, finding=TWICE),
    Bug(injected=conflict_with_itself, schedules=lost_replies, finding="StoreConflict: .* another runner"),
    Bug(injected=name_for_an_identity, schedules=lambda: killed(NAME_TAKEN), finding=FOREIGN),
    Bug(injected=no_look_at_the_lease, schedules=two_runners, finding=TWICE),
    Bug(injected=no_look_at_the_lease_after_a_commit, schedules=late_runner, finding="had taken over: .*rds"),
    Bug(
        injected=no_answer_for_a_no,
        schedules=lambda: killed(UNDONE),
        finding="another end state: .*things: .*orders-old",
    ),
)


@pytest.mark.parametrize("bug", BUGS, ids=str)
def test_the_suite_catches_the_bug(bug: Bug, schedules: Schedules) -> None:
    for execute in bug.schedules():
        schedules.one()
        with bug.injected():
            caught = failure_of(execute)
        if caught is not None:
            assert re.search(bug.finding, caught), caught
            execute()  # without the bug the schedule passes
            return
    raise AssertionError(bug)


def failure_of(execute: Schedule) -> str | None:
    """The failure of a schedule; None if it passes."""
    try:
        execute()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return None


def test_the_reply_to_any_write_may_be_lost(schedules: Schedules) -> None:
    for execute in schedules.of(list(lost_replies()), 4):
        execute()
