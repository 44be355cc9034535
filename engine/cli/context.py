"""The composition root: from options to a store, a clock, a world and an engine. The one place that knows them all.

Every part is made when it is first asked for: a command that needs no AWS imports none of it.
"""

from __future__ import annotations

import getpass
import os
import re
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from engine import __version__
from engine.cli.config import region_of_profile
from engine.cli.interruptible_clock import Wakeful
from engine.cli.lease_duration import Waiting, lease_seconds
from engine.cli.options import DEMO, Options
from engine.cli.output import terminal
from engine.cli.output.progress import Progress
from engine.cli.protection import Policy, guarded
from engine.cli.signals import Stop
from engine.clock import Clock, SystemClock, VirtualClock
from engine.errors import EnvironmentProblem, Problem, UsageError
from engine.kernel import Operation
from engine.kernel.effect import Effect
from engine.kernel.transition import Transition
from engine.language.model import Runbook
from engine.registry import Network, Registry
from engine.runtime.engine import Engine
from engine.runtime.load import Loaded, read_on, text_of
from engine.runtime.observer import Observer, PlannedRemoval
from engine.runtime.performer import World
from engine.stores.port import Head, Store

PRETEND: Final = "+sandbox"
"""Behind the version in record 1 of an operation that was begun in the sandbox."""
SANDBOX_REGION: Final = "us-east-1"


def actor() -> str:
    """Who does it, as the records say."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # no such user here: a container
        name = str(os.getuid())
    return f"{name}@{socket.gethostname()}"


def place_of(options: Options, environ: Mapping[str, str]) -> str:
    """Where operations are kept; those of the sandbox apart from real ones, unless somebody says a place."""
    from engine.stores.opening import default_place

    if options.store:
        return options.store
    place = default_place(environ)
    return place.replace("operations.db", "sandbox.db") if options.sandbox else place


def default_region(options: Options) -> str:
    """Where a step does not say; "" where nobody says."""
    said = options.region or region_of_profile(options.profile, os.environ)
    return said or (SANDBOX_REGION if options.sandbox else "")


class Surroundings:
    """What a command works with. Close it."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.stop = Stop(say=terminal.err)
        self.clock: Clock = Wakeful(SystemClock(), self.stop)
        self._parsed: dict[str, Runbook] = {}
        self._known: dict[str, Loaded] = {}

    # -- what is read ---------------------------------------------------------------------------------------

    @cached_property
    def registry(self) -> Registry:
        """Kinds and actions."""
        from actions import build_registry

        return build_registry()

    @cached_property
    def store(self) -> Store:
        """Where operations are kept."""
        from engine.stores.opening import open_store
        from engine.stores.patience import PatientStore

        place = place_of(self.options, os.environ)
        opened = open_store(place, clients=self.clients, clock=SystemClock())
        return PatientStore(
            opened, SystemClock(), timeout=self.options.store_timeout, told=self.progress.say, stop=self.stop
        )  # fmt: skip

    @cached_property
    def sessions(self) -> Any:
        """AWS itself, of no runbook's accounts: the store's, which alone makes what it sends."""
        from actions.aws.sessions import Sessions

        return Sessions(**self.session_words, validates=False)

    def clients(self, service: str) -> Any:
        """A client of the store's."""
        return self.sessions.clients(service)

    def _now(self) -> float:
        return self.clock.now()  # the sandbox's, once there is one

    @property
    def session_words(self) -> dict[str, Any]:
        told = self.options
        return {
            "profile": told.profile or None, "region": told.region or None, "endpoint_url": told.endpoint_url or None
        }  # fmt: skip

    def parse(self, text: str) -> Runbook:
        """A stored text; RunbookInvalid where this version refuses it."""
        if text not in self._parsed:
            from engine.language.parse.document import load as parsed

            self._parsed[text] = parsed(text, self.registry, "the stored runbook")
        return self._parsed[text]

    def runbook(self, digest: str) -> Runbook:
        """By the digest of its text: one that was read already, else the stored one."""
        known = next((one for one in self._parsed.values() if one.digest == digest), None)
        return known if known is not None else self.parse(text_of(self.store, digest))

    def knows(self, runbook: Runbook) -> None:
        """It has been read and checked: it need not be parsed again."""
        self._parsed[runbook.text] = runbook

    def found(self, id: str) -> tuple[Runbook, Operation]:
        """The operation as the log has it."""
        loaded = read_on(self.store, id, self.parse, self._known)
        return loaded.runbook, loaded.operation

    def head(self, id: str) -> Head | None:
        """Lease and summary of an operation."""
        return self.store.head(id)

    def close(self) -> None:
        """The store is closed, if it was opened."""
        if "store" in self.__dict__:
            self.store.close()

    # -- what is driven -------------------------------------------------------------------------------------

    @cached_property
    def progress(self) -> Progress:
        """What is told while an operation is driven."""
        told = self.options
        return Progress(
            self.runbook, self._now, quiet=told.quiet, verbose=told.verbose,
            live=terminal.live() and not told.quiet,
        )  # fmt: skip

    @contextmanager
    def driving(self, runbook: Runbook, id: str, *, begins: bool) -> Iterator[Engine]:
        """An engine for one operation of this runbook; signals stop it safely meanwhile."""
        engine = self.composed(runbook, id, begins=begins)
        last_words = f"Next: {typed(self.options, f'runbook resume {id}')}"
        with self.stop.installed(self.progress.say, last_words):
            try:
                yield engine
            finally:
                self.progress.end()

    def composed(self, runbook: Runbook, id: str, *, begins: bool) -> Engine:
        """An engine for one operation; UsageError for one of another world."""
        self._must_belong(id)
        from engine.cli.confirmation import Confirming
        from engine.stores.lease import DURATION, StoreLease, this_process

        me = this_process(actor())
        waiting = Waiting(say=self.progress.say, stop=self.stop)
        lease = StoreLease(
            self.store, id, Wakeful(SystemClock(), self.stop), me,
            lambda: lease_seconds(self._parsed.values(), least=DURATION), waiting,
        )  # fmt: skip
        if self.options.sandbox:
            sandbox = self._sandbox(runbook, id, begins=begins)
            self.clock, enter_step = sandbox.clock, sandbox.enter_step
            world = self._world(sandbox.clients, sandbox.network)
        else:
            world, enter_step = self._real_world(runbook, lease.before_send), _no_steps
        observer = CommandObserver(
            progress=self.progress, stop=self.stop, enter_step=enter_step,
            confirming=Confirming(self.options, runbook, world.clients),
        )  # fmt: skip
        return Engine(
            store=self.store, clock=self.clock, world=world, parse=self.parse, lease=lambda _: lease, actor=actor(),
            process=f"{me.pid}@{me.started}", region=default_region(self.options),
            version=__version__ + (PRETEND if self.options.sandbox else ""), observer=observer, known=self._known,
        )  # fmt: skip

    def _real_world(self, runbook: Runbook, before_send: Callable[[], None]) -> World:
        from actions.aws.sessions import Sessions
        from actions.network import SystemNetwork

        sessions = Sessions(**self.session_words, accounts=runbook.accounts, before_send=before_send)
        return self._world(sessions.clients, SystemNetwork())

    def _world(self, clients: Callable[..., Any], network: Network) -> World:
        from actions.aws.settings import Settings

        settings = Settings(clients)
        policy = Policy(protected=self.options.protected, allowed=self.options.yes_delete)
        return World(
            registry=guarded(self.registry, policy), clients=clients, secret=settings.secret, network=network,
            read_setting=settings.read,
        )  # fmt: skip

    # -- the sandbox ----------------------------------------------------------------------------------------

    def _sandbox(self, runbook: Runbook, id: str, *, begins: bool) -> Any:
        from actions.sandbox import DEMO as DEMO_WORLD
        from actions.sandbox import Sandbox, read_file

        file = world_file(self.store.name, id)
        if begins and file is not None and not self.store.load(id):
            file.unlink(missing_ok=True)  # of an operation of a store that is gone
        elif not begins and (file is None or not file.exists()):
            message = f"the sandbox's world of {id} is gone ({file}): it cannot go on; `runbook run` begins another"
            raise EnvironmentProblem(message)
        said = self.options.sandbox
        world, script = read_file(DEMO_WORLD if said == DEMO else Path(said))
        accounts = {name: account.id for name, account in runbook.accounts.items()}
        return Sandbox(world, clock=VirtualClock(), script=script, file=file, accounts=accounts)

    def pretends(self, id: str) -> bool | None:
        """Was it begun in the sandbox? None where there is no such operation."""
        first = next(iter(self.store.records(id)), None)
        if first is None or not first.events:
            return None
        return str(first.events[0].get("engine", "")).endswith(PRETEND)

    def _must_belong(self, id: str) -> None:
        """An operation of the sandbox is never driven in the real world, nor the other way round."""
        pretend = self.pretends(id)
        if pretend is None:
            return
        if pretend and not self.options.sandbox:
            message = f"operation {id} was begun in the sandbox: add --sandbox"
            raise UsageError(message)
        if self.options.sandbox and not pretend:
            message = f"operation {id} is a real one, and not the sandbox's: leave --sandbox out"
            raise UsageError(message)


def world_file(store: str, id: str) -> Path | None:
    """The file in which the sandbox keeps the world of an operation; None for a store in memory.

    It is beside the store's file or, for a table, in the user's state folder.
    """
    kind, _, place = store.partition(":")
    if kind == "dynamodb":
        from engine.stores.opening import default_place

        folder = Path(default_place(os.environ).partition(":")[2]).parent
        place = str(folder / re.sub(r"[:/]", "_", place))  # a table may be named by its ARN
    return None if kind == "memory" else Path(f"{place}.sandbox") / f"{id}.json"


def typed(options: Options, command: str) -> str:
    """A command as it must be typed here: with the options that say which store and world."""
    import shlex

    return " ".join([command, *(shlex.quote(word) for word in options.again)])


@dataclass(slots=True, kw_only=True)
class CommandObserver(Observer):
    """The observer of a command: progress on stderr, signals, and the question before something is removed.

    `enter_step` is told the step of each event: the sandbox's script has faults by step.
    """

    progress: Progress
    stop: Stop
    confirming: Callable[[list[PlannedRemoval]], bool]
    enter_step: Callable[[str], None] = lambda step: None

    def committed(self, transition: Transition) -> None:
        self.progress.committed(transition)
        self.enter_step(transition.after.last_step)

    def resending(self, operation: Operation, effect: Effect, problem: Problem, delay: float) -> None:
        self.progress.resending(operation, effect, problem, delay)

    def awaiting(self, operation: Operation) -> None:
        self.progress.awaiting(operation)

    def confirms(self, removals: list[PlannedRemoval]) -> bool:
        return self.confirming(removals)

    def stop_code(self) -> int:
        return self.stop()


def _no_steps(step: str) -> None:
    """Only the sandbox wants to know the step."""
