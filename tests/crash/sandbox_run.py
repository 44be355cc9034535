"""A trial over the sandbox: engine, driver, kernel, store, lease and actions are the product's own.

The process can be killed before and after every write to the store and every call to AWS. Two points between which the
store, the world and the time are unchanged count as one, because a kill leaves the same behind at both. Points between
which only time has passed (a poll without news, a renewed lease) count separately in a soak only.
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
from engine.runtime.performer import WorldAccess as EngineWorld
from engine.stores.lease import StoreLease
from engine.stores.memory import MemoryStore
from engine.stores.port import Store
from engine.stores.retrying_store import RetryingStore
from tests.crash.effect_faults import scenario_actions
from tests.crash.sandbox_world import SandboxWorld
from tests.crash.simulated_process import Process
from tests.laws import scenario_run
from tests.laws.scenario_run import DOWNTIME, ID, Scenario, Trial

State = tuple[Any, ...]

LAWS_ARN = ":cluster_snapshot:"
AWS_ARN = ":cluster-snapshot:"
"""The scenarios have the ARNs of the laws' world; those of AWS differ."""


@cache
def real_registry() -> Registry:
    return build_registry(entry_points=False)


@cache
def scenario_registry() -> Any:
    """The real registry, and the scenarios' own actions."""
    made = build_registry(entry_points=False)
    for action in scenario_actions(made, None):
        made.add_action(action)
    return made


@cache
def parse(text: str) -> Runbook:
    return parsed(text.replace(LAWS_ARN, AWS_ARN), scenario_registry())


@dataclass(slots=True)
class Killer:
    """Counts the points, and kills at the chosen ones."""

    at: frozenset[int] = frozenset()
    count: int = 0
    last: State = ()

    def kills(self, state: State) -> bool:
        """Count a point; returns whether the process is killed here."""
        if state == self.last:
            return False
        self.last = state
        self.count += 1
        return self.count in self.at


class SandboxTrial(Trial):
    """One run of a scenario over the sandbox."""

    def __init__(
        self, scenario: Scenario, at: Iterable[int] = (), downtime: float = DOWNTIME, while_down: Callable[[Any], None] = lambda _: None,
        opening: Callable[[], Store] | None = None,
    ) -> None:  # fmt: skip
        memory = MemoryStore()
        self.opening = opening or (lambda: memory)
        super().__init__(scenario, at, downtime, while_down)

    def set_up(self) -> None:
        self.killer: Any = Killer()
        self.world: Any = SandboxWorld(self.clock, real_registry())
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

    def at_point(self, process: Process, where: str) -> None:
        if self.killer.kills(self.state()):
            process.kill()

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
            new_process = one.until is None
            one.until = now + one.seconds if one.until is None else one.until
            if now < one.until:
                return "unavailable"
            if new_process:
                return "lost"
        return ""

    def start_of(self, number: int) -> str | None:
        """Only the last process can be alive: the others have exited or were killed."""
        alive = number == len(self.processes) - 1 and not self.processes[number].dead
        return str(number) if alive else None

    def on_call(self, call: ApiCall, when: str) -> None:
        process: Process = self.here.process
        if when == "before":
            process.before(call)
        else:
            self.world.after_call(call)
            process.after(call)

    # -- a process ----------------------------------------------------------------------------------------

    def new_process(self, machine: str = "desk") -> Process:
        """A new process, in this thread."""
        process = Process(self, len(self.processes), self.opening(), machine)
        self.processes.append(process)
        self.here.process = process
        return process

    def engine(self) -> Engine:
        process = self.new_process()
        return self.engine_of(process)

    def engine_of(self, process: Process) -> Engine:
        """An engine as the command line makes it."""
        store = RetryingStore(process.store, self.clock, jitter=lambda: 0.5)

        def lease(id: str) -> StoreLease:
            process.lease = StoreLease(store, id, self.clock, process.identity)
            return process.lease

        world = EngineWorld(
            registry=self.registry, clients=self.world.sandbox.clients, secret=self.secrets.secret,
            network=self.world.sandbox.network, read_setting=self.secrets.read,
        )  # fmt: skip
        return Engine(
            store=store, clock=self.clock, world=world, parse=self.parse, lease=lease, actor="anna",
            region="us-west-2",
        )  # fmt: skip
