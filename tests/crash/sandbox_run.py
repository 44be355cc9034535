"""A story told over the real actions: Engine, driver, kernel, store, lease and actions are the product's own.

A process can be killed before and after every write to the store and every call to AWS. What is durable is the store,
the world and the time: two points between which none of them has changed are one, for whoever is killed at either leaves
the same behind. That is exact. Points between which only time has passed (a poll that saw nothing new, a lease that was
renewed) are apart in a soak alone.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from actions import build_registry
from actions.aws.settings import Settings
from actions.sandbox.calls import ApiCall
from engine.kernel import Operation
from engine.language.model import Runbook
from engine.language.parse.document import load as parsed
from engine.registry import Registry
from engine.runtime.engine import Engine
from engine.runtime.load import load
from engine.runtime.performer import WorldAccess as Surroundings
from engine.stores.lease import StoreLease
from engine.stores.memory import MemoryStore
from engine.stores.port import Store
from engine.stores.retrying_store import RetryingStore
from tests.crash.effect_faults import stories_actions
from tests.crash.sandbox_world import PretendWorld
from tests.crash.simulated_process import Process
from tests.laws import scenario_run
from tests.laws.scenario_run import AWAY, ID, Scene, Story

State = tuple[Any, ...]

MADE_UP_ARN = ":cluster_snapshot:"
AWS_ARN = ":cluster-snapshot:"
"""The stories write the ARN of a snapshot as the laws' world does; AWS has another word."""


@cache
def real_registry() -> Registry:
    return build_registry(entry_points=False)


@cache
def words() -> Any:
    """The real vocabulary, and the stories' own actions."""
    made = build_registry(entry_points=False)
    for action in stories_actions(made, None):
        made.add_action(action)
    return made


@cache
def parse(text: str) -> Runbook:
    return parsed(text.replace(MADE_UP_ARN, AWS_ARN), words())


@dataclass(slots=True)
class Killer:
    """Counts points, and kills at those that were chosen."""

    at: frozenset[int] = frozenset()
    count: int = 0
    last: State = ()

    def kills(self, state: State) -> bool:
        """A point; does the process die here?"""
        if state == self.last:
            return False
        self.last = state
        self.count += 1
        return self.count in self.at


class RealScene(Scene):
    """One telling of a story over the sandbox."""

    def __init__(
        self, story: Story, at: Iterable[int] = (), away: float = AWAY, meanwhile: Callable[[Any], None] = lambda _: None,
        opening: Callable[[], Store] | None = None,
    ) -> None:  # fmt: skip
        memory = MemoryStore()
        self.opening = opening or (lambda: memory)
        super().__init__(story, at, away, meanwhile)

    def surround(self) -> None:
        self.killer: Any = Killer()
        self.world: Any = PretendWorld(self.clock, real_registry())
        self.store: Any = self.opening()
        self.registry = self.world.registry
        self.world.sandbox.watch_calls(self.on_call)
        self.secrets = Settings(self.world.sandbox.clients)
        self.processes: list[Process] = []
        self.here = threading.local()
        self.writes = 0
        self.renewals = 0

    def parse(self, text: str) -> Runbook:
        return parse(text)

    @property
    def operation(self) -> Operation | None:
        if self.writes != self.loaded[0]:
            there = self.store.load(ID)
            self.loaded = (self.writes, load(self.store, ID, self.parse).operation if there else None)
        return self.loaded[1]

    # -- where processes run ------------------------------------------------------------------------------

    def passing(self, process: Process, where: str) -> None:
        if self.killer.kills(self.state()):
            process.dies()

    def state(self) -> State:
        soaking = (self.clock.now(), self.renewals) if scenario_run.EVERY else ()
        return (self.writes, self.world.version, *soaking)

    def written(self, *, durable: bool) -> None:
        self.writes += durable
        self.renewals += not durable

    def outage(self) -> str:
        now = self.clock.now()
        for one in self.world.outages:
            if self.writes < one.at:
                continue
            begins = one.until is None
            one.until = now + one.seconds if one.until is None else one.until
            if now < one.until:
                return "away"
            if begins:
                return "lost"
        return ""

    def judged(self, number: int) -> str | None:
        """Only the last one can be alive: whoever is asked for again has exited, or died."""
        alive = number == len(self.processes) - 1 and not self.processes[number].dead
        return str(number) if alive else None

    def on_call(self, call: ApiCall, when: str) -> None:
        process: Process = self.here.process
        if when == "before":
            process.before(call)
        else:
            self.world.happened(call)
            process.after(call)

    # -- a process ----------------------------------------------------------------------------------------

    def begins(self, machine: str = "desk") -> Process:
        """A new process, in this thread."""
        process = Process(self, len(self.processes), self.opening(), machine)
        self.processes.append(process)
        self.here.process = process
        return process

    def engine(self) -> Engine:
        process = self.begins()
        return self.engine_of(process)

    def engine_of(self, process: Process) -> Engine:
        """As the composition root makes it."""
        store = RetryingStore(process.store, self.clock, jitter=lambda: 0.5)

        def lease(id: str) -> StoreLease:
            process.lease = StoreLease(store, id, self.clock, process.identity)
            return process.lease

        surroundings = Surroundings(
            registry=self.registry, clients=self.world.sandbox.clients, secret=self.secrets.secret,
            network=self.world.sandbox.network, read_setting=self.secrets.read,
        )  # fmt: skip
        return Engine(
            store=store, clock=self.clock, world=surroundings, parse=self.parse, lease=lease, actor="anna",
            region="us-west-2",
        )  # fmt: skip
