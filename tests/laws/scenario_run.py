"""Scenarios, and trials of them: a person runs commands, and the process is killed at chosen points and started again.

Everything above the registry is the product's own: engine, driver, kernel, store. There is a kill point after every append
and every change. A point before the next one leaves the same behind, so those are used in a soak only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from engine.clock import VirtualClock
from engine.errors import EnvironmentProblem, Problem, UsageError
from engine.kernel import Operation
from engine.kernel import events as ev
from engine.kernel.queries import is_running_on_hold
from engine.language.model import Runbook
from engine.language.parse.document import load as parsed
from engine.language.secret import Secret
from engine.registry import Reading
from engine.runtime.engine import Engine
from engine.runtime.load import events_of, load
from engine.runtime.performer import WorldAccess as EngineWorld
from engine.stores.memory import MemoryStore
from tests.laws.world import Fault, Thing, World
from tests.laws.world_kinds import registry

EVERY = False
"""Whether this is a soak."""

ID = "op-001"
INPUTS = {"snapshot": "daily", "cluster": "orders", "source_region": "us-east-1", "target_region": "us-west-2"}
SETTINGS = {
    "subnet-group": "private", "security-group-ids": ["sg-1"], "kms-key": "key-1",
    "notification-topic-arn": "arn:aws:sns:us-west-2:123456789012:recovery",
}  # fmt: skip
DOWNTIME = 5.0
"""Seconds between a kill and the next process."""


class Killed(BaseException):
    """Stands for SIGKILL: the process does nothing more."""


@dataclass(slots=True)
class Killer:
    """Counts the points, and kills the process at the chosen ones."""

    at: frozenset[int] = frozenset()
    count: int = 0
    dead: bool = False

    def point(self) -> None:
        self.count += 1
        if self.count in self.at:
            self.dead = True
            raise Killed

    def before(self) -> None:
        """A point that leaves the same behind as the previous one; counted in a soak only."""
        if EVERY:
            self.point()


class KillableStore(MemoryStore):
    """A store with kill points before and after each append."""

    def __init__(self, killer: Killer) -> None:
        super().__init__()
        self.killer = killer
        self.appended = 0
        self.points: list[tuple[Any, int]] = []  # each append, with the number of points before it

    def append(self, record: Any, seal: Any = None) -> None:
        self.points.append((record.events, self.killer.count))
        self.killer.before()
        super().append(record, seal)
        self.appended += record.operation == ID
        self.killer.point()

    def summarise(self, operation: str, summary: Mapping[str, Any]) -> None:
        if not self.killer.dead:
            super().summarise(operation, summary)

    def release_lock(self, lock: str, operation: str) -> None:
        if not self.killer.dead:
            super().release_lock(lock, operation)


class KillableWorld(World):
    """A world with kill points before and after each change."""

    def __init__(self, clock: VirtualClock, killer: Killer) -> None:
        super().__init__(clock)
        self.killer = killer

    def send(self, on: str, params: Mapping[str, Any], do: Callable[[], Thing | None], key: str = "") -> Thing | None:
        self.killer.before()
        if on.startswith("look "):
            return super().send(on, params, do, key)
        try:
            return super().send(on, params, do, key)
        finally:
            self.killer.point()  # whatever the reply, it is not recorded yet


@dataclass(slots=True)
class Lease:
    """The lease of a process that may have been killed; there is no other runner."""

    trial: Trial

    def acquire(self) -> bool:
        released, self.trial.released = self.trial.released, False
        return released

    def check(self) -> None: ...

    def renew_if_due(self) -> None: ...

    def release(self) -> None:
        self.trial.released = not self.trial.killer.dead


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A runbook and what happens to it. `acts`: the commands in order; `ends`: the status after each."""

    name: str
    text: str
    arrange: tuple[Callable[[World], None], ...] = ()
    acts: tuple[Callable[[Trial], None], ...] = ()
    ends: tuple[str, ...] = ("SUCCEEDED",)
    pairs: bool = False
    prologue: Callable[[Trial], None] = lambda trial: None  # what other operations do before

    def __str__(self) -> str:
        return self.name


class Trial:
    """One run of a scenario, with its own clock, world and store, and one process after the other."""

    def __init__(
        self, scenario: Scenario, at: Iterable[int] = (), downtime: float = DOWNTIME,
        while_down: Callable[[World], None] = lambda world: None,
    ) -> None:  # fmt: skip
        self.scenario = scenario
        self.downtime = downtime
        self.while_down = while_down  # changes by others after a kill
        self.clock = VirtualClock()
        self.set_up()
        self.loaded: tuple[int, Operation | None] = (0, None)
        self.released = True
        self.stopped = ""  # the message of a runner that stopped with exit code 2 or 4
        self.kills = 0
        initial_world(self.world)
        for arrange in scenario.arrange:
            arrange(self.world)
        scenario.prologue(self)
        self.killer.at, self.killer.count = frozenset(at), 0
        self.before = {thing.id for thing in self.world.things}

    def set_up(self) -> None:
        """Create the world, the store and the registry; the crash suite overrides this."""
        self.killer = Killer()
        self.world = KillableWorld(self.clock, self.killer)
        self.store = KillableStore(self.killer)
        self.registry = registry(self.world)

    # -- a process ---------------------------------------------------------------------------------------

    def parse(self, text: str) -> Runbook:
        return parse(text)

    def engine(self) -> Engine:
        self.killer.dead = False
        world = EngineWorld(
            registry=self.registry, clients=_unused, secret=_unused, network=None, read_setting=self.read
        )  # fmt: skip
        return Engine(
            store=self.store, clock=self.clock, world=world, parse=self.parse, lease=lambda _: Lease(self),
            actor="anna", region="us-west-2",
        )  # fmt: skip

    def read(self, source: str, region: str, account: str | None) -> Reading:
        self.killer.before()
        if source.startswith("secret:"):
            return Reading(value=Secret(name=source.removeprefix("secret:"), version="1"), version="1")
        return Reading(value=self.world.settings[source.rpartition("/")[2]], version="1")

    @property
    def operation(self) -> Operation | None:
        """The operation by the log; loaded again only after an append."""
        if self.store.appended != self.loaded[0]:
            self.loaded = (self.store.appended, load(self.store, ID, self.parse).operation)
        return self.loaded[1]

    # -- commands ----------------------------------------------------------------------------------------

    def enter(self, command: Callable[[Engine], Any], recorded: Callable[[Operation | None], bool]) -> None:
        """Run a command; after a kill run it again, or `resume` if it was recorded."""
        while True:
            try:
                command(self.engine())
            except (EnvironmentProblem, UsageError) as stopped:
                self.stopped = str(stopped)
                if self.operation is None:
                    continue  # nothing was recorded: run it again
                return
            except Killed:
                self.after_kill()
            else:
                return
            if recorded(self.operation):
                self.resume_until_halt()
                return

    def resume_until_halt(self) -> None:
        """Resume after each kill until the operation halts."""
        while is_unfinished(self.operation):
            try:
                engine = self.engine()
                assert self.operation is not None
                engine.cleanup(ID) if self.operation.cleaning else engine.resume(ID)
            except EnvironmentProblem as stopped:
                self.stopped = str(stopped)
                return
            except Killed:
                self.after_kill()

    def after_kill(self) -> None:
        self.kills += 1
        self.while_down(self.world)
        self.clock.sleep(self.downtime)

    def execute(self) -> Trial:
        """Run all acts of the scenario."""
        for number, act in enumerate(self.scenario.acts or (run(),)):
            act(self)
            self.check_status(number)
        return self

    def check_status(self, number: int) -> None:
        if number < len(self.scenario.ends) and self.scenario.ends[number]:
            operation = self.operation
            assert operation is not None
            assert operation.status == self.scenario.ends[number], describe(operation)


def _unused(*_: Any, **__: Any) -> Any:
    raise AssertionError


def describe(operation: Operation) -> str:
    error = operation.ending.error if operation.ending else None
    return f"{operation.status} at {operation.last_step}: {operation.hold or error or operation.troubles}"


@cache
def parse(text: str) -> Runbook:
    return parsed(text, registry(World(VirtualClock())))


def is_unfinished(operation: Operation | None) -> bool:
    """Whether a process that resumes it has something to do."""
    if operation is None or operation.ended:
        return False
    return operation.hold is None or is_running_on_hold(operation)


# -- acts ------------------------------------------------------------------------------------


def run() -> Callable[[Trial], None]:
    def act(trial: Trial) -> None:
        runbook = trial.parse(trial.scenario.text)
        trial.enter(lambda engine: engine.run(runbook, ID, INPUTS), lambda operation: operation is not None)

    return act


def resume(text: str = "", **answer: Any) -> Callable[[Trial], None]:
    word = ev.RunbookEdited if text else ev.Resumed
    return retried_until(word, lambda engine: engine.resume(ID, answer, text))


def cancel(*, undo: bool = False, past: tuple[str, ...] = ()) -> Callable[[Trial], None]:
    return retried_until(ev.Cancelled, lambda engine: engine.cancel(ID, undo=undo, past=past))


def restart(step: str) -> Callable[[Trial], None]:
    return retried_until(ev.Restarted, lambda engine: engine.restart(ID, step))


def cleanup(past: tuple[str, ...] = ()) -> Callable[[Trial], None]:
    return retried_until(ev.CleanupBegun, lambda engine: engine.cleanup(ID, past=past))


def retried_until(word: type[ev.Event], command: Callable[[Engine], Any]) -> Callable[[Trial], None]:
    """A command that is repeated until the log has its event."""

    def act(trial: Trial) -> None:
        before = len(trial.store.load(ID)) and trial.store.load(ID)[-1].seq

        def recorded(_: Operation | None) -> bool:
            since = [record for record in trial.store.records(ID) if record.seq > before]
            return any(isinstance(event, word) for record in since for event in events_of(record))

        trial.enter(command, recorded)

    return act


def while_down(*changes: Callable[[World], None], seconds: float = 0.0) -> Callable[[Trial], None]:
    """Changes to the world while no process runs."""

    def act(trial: Trial) -> None:
        for change in changes:
            change(trial.world)
        trial.clock.sleep(seconds)

    return act


# -- arrangements of the world --------------------------------------------------------------------------------------


def initial_world(world: World) -> None:
    """The source snapshot, and the old cluster with two instances."""
    world.put("rds.cluster_snapshot", "daily", "us-east-1")
    world.put("rds.cluster", "orders", "us-west-2")
    for number in (1, 2):
        world.put("rds.instance", f"orders-{number}", "us-west-2", cluster="orders", **{"class": "db.r6g.large"})
    world.settings.update(SETTINGS)


def fault(on: str, do: str | Problem, **how: Any) -> Callable[[World], None]:
    return lambda world: world.faults.append(Fault(on=on, do=do, **how))


def lifecycles(kind: str, *each: list[tuple[str, float]]) -> Callable[[World], None]:
    return lambda world: world.lifecycles.setdefault(kind, []).extend(list(one) for one in each)


def problem(name: str, category: str, *also: str) -> Problem:
    return Problem(name=name, category=category, message=name, also=also)
