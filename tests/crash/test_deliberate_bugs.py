"""Bugs on purpose, each of which this suite must catch: what it would say of a product that had one.

Each is put in the product's place for as long as its schedules are told; with the product as it is, all of them go well.
The kernel's rules, one by one, are in tests/laws/test_k12_rules.py.
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
from tests.crash.effect_faults import Noted
from tests.crash.sandbox_end_state import end_of, judge, keeps_the_laws
from tests.crash.sandbox_run import RealScene
from tests.crash.sandbox_world import Outage
from tests.crash.simulated_process import Process
from tests.crash.test_changes_while_down import not_meant
from tests.crash.test_crashes import points
from tests.crash.test_two_runners import alone, ends_as_with_one, in_the_air, stops
from tests.crash.two_runners import Duel
from tests.laws.scenario_run import Story
from tests.laws.scenarios import STORIES
from tests.laws.test_k9_changes_while_down import swaps
from tests.laws.test_k12_rules import Rule, still_in_hand, without

ALL = {story.name: story for story in STORIES}
WELL = ALL["all goes well"]
UNDONE = ALL["until: lost, and a later failure undoes it"]
NAMESAKE = ALL["a namesake is made before our delete"]

Telling = Callable[[], None]
"""One schedule, told and judged: raises where something is wrong."""


# -- schedules ------------------------------------------------------------------------------------------------


def killed(story: Story) -> Iterator[Telling]:
    """Undisturbed, then killed at each point; judged at its end, for the worst that is found to be told."""
    undisturbed = RealScene(story).tell()
    end = end_of(undisturbed)
    patient = replace(story, ends=())
    yield lambda: judge(RealScene(patient).tell(), end)
    for point in points(undisturbed):
        yield lambda point=point: judge(RealScene(patient, [point]).tell(), end)


def swapped_while_dead() -> Iterator[Telling]:
    """Killed at each point, and the old cluster is another when it is taken up."""

    def tell(point: int) -> None:
        scene = RealScene(replace(WELL, ends=("",)), [point], meanwhile=swaps).tell()
        operation = scene.operation
        assert operation is not None
        foreign = not_meant(scene, operation.targets["delete-rds"].id)
        assert not foreign, f"a foreign thing was touched: {foreign}"
        keeps_the_laws(scene)

    for point in points(RealScene(WELL).tell()):
        yield lambda point=point: tell(point)


def duels() -> Iterator[Telling]:
    """Two runners, the first stopped at each point in turn."""
    end = alone(WELL)
    for point, where in enumerate(stops(WELL), 1):
        if not in_the_air(where):
            yield lambda point=point: ends_as_with_one(Duel(WELL).play(point), end)


def woken() -> Iterator[Telling]:
    """The first is stopped after each of its appends, and wakes when the other has come to the end: it does nothing.

    No call passes botocore's `before-send` here, as those of other people's actions need not.
    """

    def tell(point: int) -> None:
        duel = Duel(WELL)
        with instead(simulated_process, "WITHOUT_BOTOCORE", ("ec2", "postgres", "rds", "secretsmanager", "sns", "ssm")):
            duel.first.advance(point)
            duel.second.advance()
            done = len(duel.world.sandbox.journal)
            duel.first.advance()
        late = [call.name for call in duel.world.sandbox.journal[done:]]
        assert not late, f"it went on when another had taken over: {late}"

    for point, where in enumerate(stops(WELL), 1):
        if where == "after append":
            yield lambda point=point: tell(point)


def answers_lost() -> Iterator[Telling]:
    """The store's answer to each write in turn is lost."""
    undisturbed = RealScene(WELL).tell()
    end = end_of(undisturbed)

    def tell(number: int) -> None:
        scene = RealScene(replace(WELL, arrange=(lambda world: world.outages.append(Outage(number)),)))
        judge(scene.tell(), end)

    for number in range(undisturbed.writes):
        yield lambda number=number: tell(number)


# -- bugs -----------------------------------------------------------------------------------------------------


@contextmanager
def instead(owner: Any, name: str, function: Any) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(owner, name, function)
        yield


def no_intent() -> AbstractContextManager[None]:
    """What is to be done is recorded with its outcome, and not before."""
    commits = Driver._commit

    def commit(driver: Driver) -> None:
        frames = driver.log.operation.frames
        phase = frames[-1].phase if frames else None
        if not (isinstance(phase, Acting) and phase.sent and phase.failed is None and not phase.unknown):
            commits(driver)

    return instead(Driver, "_commit", commit)


def no_look_before_a_delete() -> AbstractContextManager[None]:
    """What was seen of the old cluster at the start is believed when it is to be deleted, and the delete sent."""
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

    return instead(RegistryPerformer, "_look", look)


def no_look_after_a_crash() -> AbstractContextManager[None]:
    """Whoever takes it up sends what was in hand."""
    return without(Rule(function="apply.lifecycle.taken_up", instead=still_in_hand))


def unconditional_write() -> AbstractContextManager[None]:
    """The store writes over what is there."""

    def append(store: MemoryStore, record: LogRecord) -> None:
        stored = StoredRecord(seq=record.seq, packed=record.packed(), digest=record.digest)
        rows = store._records.setdefault(record.operation, {})
        rows[record.seq] = _Row(stored=stored, write_id=record.write_id, has_state=record.state is not None)

    return instead(MemoryStore, "append", append)


def conflict_with_itself() -> AbstractContextManager[None]:
    """A write that worked, and is sent again because its answer was lost, is taken for another's."""
    appends = MemoryStore.append

    def append(store: MemoryStore, record: LogRecord) -> None:
        if record.seq in store._records.get(record.operation, {}):
            raise append_conflict(record, store.name)
        appends(store, record)

    return instead(MemoryStore, "append", append)


def name_for_an_identity() -> AbstractContextManager[None]:
    """A kind tells a thing's name where its id is asked for."""
    looks, creates = Noted.look, Noted.create

    def look(noted: Noted, identity: Mapping[str, Any], ctx: Any) -> Any:
        told = {"name": identity["id"]} if "id" in identity else identity
        seen = looks(noted, told, ctx)
        parts = tuple(changed(part, id=str(part.identity["name"])) for part in seen.parts)
        return changed(seen, id=seen.id and str(seen.attributes["name"]), parts=parts)

    def create(noted: Noted, params: Mapping[str, Any], tags: Mapping[str, str], ctx: Any) -> str:
        creates(noted, params, tags, ctx)
        return str(params["name"])

    @contextmanager
    def both() -> Iterator[None]:
        with instead(Noted, "look", look), instead(Noted, "create", create):
            yield

    return both()


def no_look_at_the_lease() -> AbstractContextManager[None]:
    """A call leaves without a look at the lease in the last instant, as if nothing hung at `before-send`."""

    def before(process: Process, call: ApiCall) -> None:
        process.point(f"before {call.name}")

    return instead(Process, "before", before)


def no_look_at_the_lease_after_a_commit() -> AbstractContextManager[None]:
    """What is committed is done, as if every call passed the last instant."""

    def commit(driver: Driver) -> None:
        driver.lease.renew_if_due()
        for transition in driver.log.commit():
            driver.observer.committed(transition)

    return instead(Driver, "_commit", commit)


@contextmanager
def no_answer_for_a_no() -> Iterator[None]:
    """A change that was answered by a 5xx, a time-out or a cut connection is taken for one that was refused."""
    answered, unanswered = call_errors._answered, call_errors._unanswered

    def no(translate: Any) -> Any:
        return lambda *given, **how: translate(*given, **(how | {"changes": False}))

    with instead(call_errors, "_answered", no(answered)), instead(call_errors, "_unanswered", no(unanswered)):
        yield


@dataclass(frozen=True, slots=True, kw_only=True)
class Bug:
    """What stands in the product's place, and the schedules of which one at least must fail."""

    is_there: Callable[[], AbstractContextManager[None]]
    schedules: Callable[[], Iterable[Telling]]
    says: str  # what is found: that it is this bug, and not the way in which it was put there

    def __str__(self) -> str:
        return self.is_there.__name__


FOREIGN = "a foreign thing was touched: .*rds.DeleteDBCluster"
TWICE = "made twice: .*op-001/steps/2"
BUGS = (
    Bug(is_there=no_intent, schedules=lambda: killed(WELL), says="the ledger does not name .*daily-copy"),
    Bug(is_there=no_look_before_a_delete, schedules=lambda: killed(NAMESAKE), says=FOREIGN),
    Bug(is_there=no_look_after_a_crash, schedules=swapped_while_dead, says=FOREIGN),
    Bug(is_there=unconditional_write, schedules=duels, says=TWICE),
    Bug(is_there=conflict_with_itself, schedules=answers_lost, says="StoreConflict: .* another runner"),
    Bug(is_there=name_for_an_identity, schedules=lambda: killed(NAMESAKE), says=FOREIGN),
    Bug(is_there=no_look_at_the_lease, schedules=duels, says=TWICE),
    Bug(is_there=no_look_at_the_lease_after_a_commit, schedules=woken, says="had taken over: .*rds"),
    Bug(is_there=no_answer_for_a_no, schedules=lambda: killed(UNDONE), says="another end: .*things: .*orders-old"),
)


@pytest.mark.parametrize("bug", BUGS, ids=str)
def test_a_bug_is_caught(bug: Bug, schedules: Schedules) -> None:
    for tell in bug.schedules():
        schedules.one()
        with bug.is_there():
            caught = why(tell)
        if caught is not None:
            assert re.search(bug.says, caught), caught
            tell()  # it is the bug, and not the schedule
            return
    raise AssertionError(bug)


def why(tell: Telling) -> str | None:
    """What is wrong in this telling; None where nothing is."""
    try:
        tell()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return None


def test_the_answer_to_any_write_may_be_lost(schedules: Schedules) -> None:
    for tell in schedules.of(list(answers_lost()), 4):
        tell()
