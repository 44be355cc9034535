"""Walking a story: persons act, processes are killed at chosen points and started again, and the end is judged.

Everything above the registry is the product's own: Engine, Driver, kernel, a store. Points are after every append and
every change; before the next one nothing durable is different, so those are points in a soak alone.
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
from engine.runtime.performer import WorldAccess as Surroundings
from engine.stores.memory import MemoryStore
from tests.laws.world import Fault, Thing, World
from tests.laws.world_kinds import registry

EVERY = False
"""Is it a soak?"""

ID = "op-001"
INPUTS = {"snapshot": "daily", "cluster": "orders", "source_region": "us-east-1", "target_region": "us-west-2"}
SETTINGS = {
    "subnet-group": "private", "security-group-ids": ["sg-1"], "kms-key": "key-1",
    "notification-topic-arn": "arn:aws:sns:us-west-2:123456789012:recovery",
}  # fmt: skip
AWAY = 5.0
"""Seconds between a death and the next process."""


class Killed(BaseException):
    """SIGKILL: nothing after it happens in this process."""


@dataclass(slots=True)
class Killer:
    """Counts points, and kills at those that were chosen."""

    at: frozenset[int] = frozenset()
    count: int = 0
    dead: bool = False

    def point(self) -> None:
        self.count += 1
        if self.count in self.at:
            self.dead = True
            raise Killed

    def before(self) -> None:
        """Durably, before something is after the last thing: counted in a soak alone."""
        if EVERY:
            self.point()


class MortalStore(MemoryStore):
    """A store whose process can be killed before and after each append."""

    def __init__(self, killer: Killer) -> None:
        super().__init__()
        self.killer = killer
        self.appended = 0
        self.points: list[tuple[Any, int]] = []  # what was appended, and the points that were passed before

    def append(self, record: Any) -> None:
        self.points.append((record.events, self.killer.count))
        self.killer.before()
        super().append(record)
        self.appended += record.operation == ID
        self.killer.point()

    def summarise(self, operation: str, summary: Mapping[str, Any]) -> None:
        if not self.killer.dead:
            super().summarise(operation, summary)

    def release_lock(self, lock: str, operation: str) -> None:
        if not self.killer.dead:
            super().release_lock(lock, operation)


class MortalWorld(World):
    """A world whose caller can be killed before and after each change."""

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
            self.killer.point()  # whatever was answered, it is not recorded


@dataclass(slots=True)
class Lease:
    """The lease of a process that may have died: nobody else asks for it."""

    scene: Scene

    def acquire(self) -> bool:
        released, self.scene.released = self.scene.released, False
        return released

    def check(self) -> None: ...

    def renew_if_due(self) -> None: ...

    def release(self) -> None:
        self.scene.released = not self.scene.killer.dead


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A restore with something that happens to it. `acts` are a person's, in order; `ends`, a status after each."""

    name: str
    text: str
    arrange: tuple[Callable[[World], None], ...] = ()
    acts: tuple[Callable[[Scene], None], ...] = ()
    ends: tuple[str, ...] = ("SUCCEEDED",)
    pairs: bool = False
    prologue: Callable[[Scene], None] = lambda scene: None  # what other operations have done before

    def __str__(self) -> str:
        return self.name


class Scene:
    """One telling of a story: a clock, a world, a store, and processes that come and go."""

    def __init__(
        self, story: Story, at: Iterable[int] = (), away: float = AWAY,
        meanwhile: Callable[[World], None] = lambda world: None,
    ) -> None:  # fmt: skip
        self.story = story
        self.away = away
        self.meanwhile = meanwhile  # what somebody else does while the process is dead
        self.clock = VirtualClock()
        self.surround()
        self.loaded: tuple[int, Operation | None] = (0, None)
        self.released = True
        self.stopped = ""  # why a runner left, or would not begin: exit 2 or 4
        self.deaths = 0
        ordinary(self.world)
        for arrange in story.arrange:
            arrange(self.world)
        story.prologue(self)
        self.killer.at, self.killer.count = frozenset(at), 0
        self.before = {thing.id for thing in self.world.things}

    def surround(self) -> None:
        """What stands where AWS, the actions and a store stand; the crash suite has others."""
        self.killer = Killer()
        self.world = MortalWorld(self.clock, self.killer)
        self.store = MortalStore(self.killer)
        self.registry = registry(self.world)

    # -- a process ---------------------------------------------------------------------------------------

    def parse(self, text: str) -> Runbook:
        return parse(text)

    def engine(self) -> Engine:
        self.killer.dead = False
        surroundings = Surroundings(
            registry=self.registry, clients=_nobody, secret=_nobody, network=None, read_setting=self.read
        )  # fmt: skip
        return Engine(
            store=self.store, clock=self.clock, world=surroundings, parse=self.parse, lease=lambda _: Lease(self),
            actor="anna", region="us-west-2",
        )  # fmt: skip

    def read(self, source: str, region: str, account: str | None) -> Reading:
        self.killer.before()
        if source.startswith("secret:"):
            return Reading(value=Secret(name=source.removeprefix("secret:"), version="1"), version="1")
        return Reading(value=self.world.settings[source.rpartition("/")[2]], version="1")

    @property
    def operation(self) -> Operation | None:
        """As the log has it; what was loaded last stays, while nothing is appended."""
        if self.store.appended != self.loaded[0]:
            self.loaded = (self.store.appended, load(self.store, ID, self.parse).operation)
        return self.loaded[1]

    # -- a person ----------------------------------------------------------------------------------------

    def type(self, command: Callable[[Engine], Any], recorded: Callable[[Operation | None], bool]) -> None:
        """Type a command; after a death type it again, or `resume`, as what is stored says."""
        while True:
            try:
                command(self.engine())
            except (EnvironmentProblem, UsageError) as stopped:
                self.stopped = str(stopped)
                if self.operation is None:
                    continue  # nothing was begun: it is typed again
                return
            except Killed:
                self.died()
            else:
                return
            if recorded(self.operation):
                self.go_on()
                return

    def go_on(self) -> None:
        """`resume` what was interrupted, until it halts."""
        while is_walking(self.operation):
            try:
                engine = self.engine()
                assert self.operation is not None
                engine.cleanup(ID) if self.operation.cleaning else engine.resume(ID)
            except EnvironmentProblem as stopped:
                self.stopped = str(stopped)
                return
            except Killed:
                self.died()

    def died(self) -> None:
        self.deaths += 1
        self.meanwhile(self.world)
        self.clock.sleep(self.away)

    def tell(self) -> Scene:
        """The whole story."""
        for number, act in enumerate(self.story.acts or (run(),)):
            act(self)
            self.ended_as(number)
        return self

    def ended_as(self, number: int) -> None:
        if number < len(self.story.ends) and self.story.ends[number]:
            operation = self.operation
            assert operation is not None
            assert operation.status == self.story.ends[number], told(operation)


def _nobody(*_: Any, **__: Any) -> Any:
    raise AssertionError


def told(operation: Operation) -> str:
    error = operation.ending.error if operation.ending else None
    return f"{operation.status} at {operation.last_step}: {operation.hold or error or operation.troubles}"


@cache
def parse(text: str) -> Runbook:
    return parsed(text, registry(World(VirtualClock())))


def is_walking(operation: Operation | None) -> bool:
    """Is there something left to do for a process that takes it up?"""
    if operation is None or operation.ended:
        return False
    return operation.hold is None or is_running_on_hold(operation)


# -- what a person does ------------------------------------------------------------------------------------


def run() -> Callable[[Scene], None]:
    def act(scene: Scene) -> None:
        runbook = scene.parse(scene.story.text)
        scene.type(lambda engine: engine.run(runbook, ID, INPUTS), lambda operation: operation is not None)

    return act


def resume(text: str = "", **answer: Any) -> Callable[[Scene], None]:
    word = ev.RunbookEdited if text else ev.Resumed
    return typed(word, lambda engine: engine.resume(ID, answer, text))


def cancel(*, undo: bool = False, past: tuple[str, ...] = ()) -> Callable[[Scene], None]:
    return typed(ev.Cancelled, lambda engine: engine.cancel(ID, undo=undo, past=past))


def restart(step: str) -> Callable[[Scene], None]:
    return typed(ev.Restarted, lambda engine: engine.restart(ID, step))


def cleanup(past: tuple[str, ...] = ()) -> Callable[[Scene], None]:
    return typed(ev.CleanupBegun, lambda engine: engine.cleanup(ID, past=past))


def typed(word: type[ev.Event], command: Callable[[Engine], Any]) -> Callable[[Scene], None]:
    """A command that is typed until the log has the person's word."""

    def act(scene: Scene) -> None:
        before = len(scene.store.load(ID)) and scene.store.load(ID)[-1].seq

        def recorded(_: Operation | None) -> bool:
            since = [record for record in scene.store.records(ID) if record.seq > before]
            return any(isinstance(event, word) for record in since for event in events_of(record))

        scene.type(command, recorded)

    return act


def meanwhile(*changes: Callable[[World], None], seconds: float = 0.0) -> Callable[[Scene], None]:
    """Something happens while no process runs."""

    def act(scene: Scene) -> None:
        for change in changes:
            change(scene.world)
        scene.clock.sleep(seconds)

    return act


# -- how a world begins --------------------------------------------------------------------------------------


def ordinary(world: World) -> None:
    """The source snapshot, and the old cluster with two instances."""
    world.put("rds.cluster_snapshot", "daily", "us-east-1")
    world.put("rds.cluster", "orders", "us-west-2")
    for number in (1, 2):
        world.put("rds.instance", f"orders-{number}", "us-west-2", cluster="orders", **{"class": "db.r6g.large"})
    world.settings.update(SETTINGS)


def fault(on: str, do: str | Problem, **how: Any) -> Callable[[World], None]:
    return lambda world: world.faults.append(Fault(on=on, do=do, **how))


def lives(kind: str, *each: list[tuple[str, float]]) -> Callable[[World], None]:
    return lambda world: world.lives.setdefault(kind, []).extend(list(one) for one in each)


def problem(name: str, category: str, *also: str) -> Problem:
    return Problem(name=name, category=category, message=name, also=also)
