"""The composition root: builds a store, a clock, a world and an engine from the options. Only this module knows all of them.

Each part is built when it is first used: a command that needs no AWS imports none of it.
"""

from __future__ import annotations

import getpass
import os
import re
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from engine import __version__
from engine.cli.config import profile_region
from engine.cli.options import DEMO, Options
from engine.cli.output import terminal
from engine.cli.output.progress import Progress
from engine.cli.runner.command_observer import CommandObserver
from engine.cli.runner.leases import LeaseWaitNotice, lease_seconds
from engine.cli.runner.signals import InterruptibleClock, StopSignal
from engine.clock import Clock, SystemClock, VirtualClock
from engine.errors import EnvironmentProblem, UsageError
from engine.kernel import Operation
from engine.language.model import Runbook
from engine.registry import Network, Registry
from engine.runtime.driver import Interrupted
from engine.runtime.engine import Engine
from engine.runtime.load import Loaded, load_cached, runbook_text
from engine.runtime.performer import WorldAccess
from engine.runtime.protection import ProtectionPolicy, protect
from engine.stores.authenticated_store import StoreKey
from engine.stores.port import Store
from engine.stores.serialization import corrupt_record

SANDBOX_SUFFIX: Final = "+sandbox"
"""Appended to the version in the first record of an operation that was started in the sandbox."""
SANDBOX_REGION: Final = "us-east-1"
OPERATION_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def check_operation_id(id: str) -> str:
    """The id, which becomes part of tags, keys and file names. UsageError if it cannot."""
    if OPERATION_ID.fullmatch(id) is None:
        raise UsageError(
            f"{id!r} is not an operation id: use at most 64 letters, digits, `.`, `_` and `-`, "
            "starting with a letter or digit"
        )
    return id


def current_actor() -> str:
    """`user@host`, which the records name as the actor."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # this user has no name, as in some containers
        name = str(os.getuid())
    return f"{name}@{socket.gethostname()}"


def store_place(options: Options, environ: Mapping[str, str]) -> str:
    """Where operations are stored. Without `--store`, those of the sandbox are kept apart from real ones."""
    from engine.stores.factory import default_location

    if options.store:
        return options.store
    place = default_location(environ)
    return place.replace("operations.db", "sandbox.db") if options.sandbox else place


def default_region(options: Options) -> str:
    """The region of steps that set none; "" where no setting has one."""
    region = options.region or profile_region(options.profile, os.environ)
    return region or (SANDBOX_REGION if options.sandbox else "")


class CommandContext(AbstractContextManager["CommandContext"]):
    """The parts that a command works with; a context manager that closes the store."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.stop = StopSignal()
        self.is_running = False  # an operation, in `running_engine`
        self.clock: Clock = InterruptibleClock(SystemClock(), self.stop)  # a sandbox puts its own in its place
        self._runbooks: dict[str, Runbook] = {}  # by text
        self._loaded: dict[str, Loaded] = {}  # by operation
        self._sandbox: Any = None  # of the operation that runs
        self._script: Mapping[str, Any] = {}
        self._first_events: dict[str, Mapping[str, Any]] = {}  # by operation

    def __exit__(
        self, type: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if "store" in self.__dict__:  # it was opened
            self.store.close()

    # -- reading --------------------------------------------------------------------------------------------

    @cached_property
    def registry(self) -> Registry:
        """The resource kinds and actions."""
        from actions import build_registry

        return build_registry()

    @cached_property
    def store(self) -> Store:
        """The store of operations, opened, with its key, and with retries while it is unavailable."""
        from engine.stores.authenticated_store import AuthenticatedStore
        from engine.stores.factory import open_store
        from engine.stores.retrying_store import RetryingStore

        place = store_place(self.options, os.environ)
        store = open_store(place, clients=self.store_clients, clock=SystemClock())
        return RetryingStore(
            AuthenticatedStore(store, self.store_key), SystemClock(), timeout=self.options.store_timeout, notify=self.progress.say, stop=self.stop
        )  # fmt: skip

    @cached_property
    def store_key(self) -> StoreKey | None:
        """The key that authenticates the records of the store; None where none is set."""
        if not self.options.store_key:
            return None
        from engine.stores.store_key import open_key

        return open_key(self.options.store_key, self.store_clients)

    @cached_property
    def store_clients(self) -> Callable[..., Any]:
        """Boto3 clients for the store, which itself builds valid requests and belongs to no account of a runbook."""
        from actions.aws.sessions import Sessions

        return Sessions(**self.session_options, validates=False).clients

    @property
    def session_options(self) -> dict[str, Any]:
        """The options of AWS sessions."""
        options = self.options
        return {
            "profile": options.profile or None, "region": options.region or None,
            "endpoint_url": options.endpoint_url or None, "ask_code": self._ask_code,
        }  # fmt: skip

    def _ask_code(self, prompt: str) -> str:
        """The MFA code of a profile. EnvironmentProblem where nobody can be asked."""
        if self.options.no_input or not terminal.can_prompt():
            raise EnvironmentProblem(
                f"the profile needs a code ({prompt.strip().rstrip(':')}), and nobody can be asked for it here. Get "
                f"credentials first, for example with `aws sts get-session-token`, and set them in the environment"
            )
        self.progress.end()  # the live table, which would draw over the prompt
        try:
            return terminal.ask_secret(prompt)
        except KeyboardInterrupt:
            terminal.err("")
            if self.is_running:
                raise Interrupted(130) from None
            raise

    def parse(self, text: str) -> Runbook:
        """A stored runbook. RunbookInvalid where this version refuses it."""
        if text not in self._runbooks:
            from engine.language.parse.document import load as parse_document

            self._runbooks[text] = parse_document(text, self.registry, "the stored runbook")
        return self._runbooks[text]

    def runbook(self, digest: str) -> Runbook:
        """The runbook with that digest of its text, from the store unless it was read already."""
        known = next((one for one in self._runbooks.values() if one.digest == digest), None)
        return known if known is not None else self.parse(runbook_text(self.store, digest))

    def remember_runbook(self, runbook: Runbook) -> None:
        """Keep a runbook that was read and checked, so that it is not parsed again."""
        self._runbooks[runbook.text] = runbook

    def load_operation(self, id: str) -> tuple[Runbook, Operation]:
        """The operation, from its log, and its runbook. UsageError where there is none."""
        loaded = load_cached(self.store, check_operation_id(id), self.parse, self._loaded)
        return loaded.runbook, loaded.operation

    # -- running --------------------------------------------------------------------------------------------

    @cached_property
    def progress(self) -> Progress:
        """The progress shown while an operation runs."""
        options = self.options
        return Progress(
            self.runbook, self._now, quiet=options.quiet, verbose=options.verbose,
            live=terminal.has_live_table() and not options.quiet,
        )  # fmt: skip

    def _now(self) -> float:
        """The time of the current clock, which a sandbox replaces after the progress was built."""
        return self.clock.now()

    @contextmanager
    def running_engine(self, runbook: Runbook, id: str, *, is_new: bool) -> Iterator[Engine]:
        """An engine for one operation of this runbook; until the block ends, signals stop it safely."""
        engine = self.build_engine(runbook, id, is_new=is_new)
        hint = f"Next: {self.options.suggested_command(f'runbook resume {id}')}"
        with self.stop.installed(self.progress.say, hint):
            self.is_running = True
            try:
                yield engine
            finally:
                self.is_running = False
                self.progress.end()

    def build_engine(self, runbook: Runbook, id: str, *, is_new: bool) -> Engine:
        """An engine for one operation. UsageError for an operation of the other world (sandbox or AWS)."""
        from engine.cli.confirmation import Confirmer
        from engine.stores.lease import DURATION, StoreLease, this_process

        self._check_world(id)
        actor = current_actor()
        process = this_process(actor)
        lease = StoreLease(
            self.store, id, InterruptibleClock(SystemClock(), self.stop), process,
            lambda: lease_seconds(self._runbooks.values(), least=DURATION),
            LeaseWaitNotice(say=self.progress.say, stop=self.stop),
        )  # fmt: skip
        if self.options.sandbox:
            sandbox = self._new_sandbox(runbook, id, is_new=is_new)
            self.clock, enter_step = sandbox.clock, sandbox.enter_step
            world = self._world(sandbox.clients, sandbox.network)
        else:
            from actions.aws.sessions import Sessions
            from actions.network import SystemNetwork

            sessions = Sessions(**self.session_options, accounts=runbook.accounts, before_send=lease.before_send)
            world, enter_step = self._world(sessions.clients, SystemNetwork()), None
        confirmer = Confirmer(self.options, runbook, world.clients, self.progress.end)
        observer = CommandObserver(
            progress=self.progress, stop=self.stop, enter_step=enter_step,
            confirm=confirmer.before_start, confirm_late=confirmer.late,
        )  # fmt: skip
        return Engine(
            store=self.store, clock=self.clock, world=world, parse=self.parse, lease=lambda _: lease, actor=actor,
            process=f"{process.pid}@{process.started}", region=default_region(self.options),
            version=__version__ + (SANDBOX_SUFFIX if self.options.sandbox else ""), observer=observer,
            known=self._loaded, protection=self._protection,
        )  # fmt: skip

    @property
    def _protection(self) -> ProtectionPolicy:
        return ProtectionPolicy(protected=self.options.protected, allowed=self.options.yes_delete)

    def _world(self, clients: Callable[..., Any], network: Network) -> WorldAccess:
        from actions.aws.settings import Settings

        settings = Settings(clients)
        return WorldAccess(
            registry=protect(self.registry, self._protection), clients=clients, secret=settings.secret, network=network,
            read_setting=settings.read,
        )  # fmt: skip

    # -- the sandbox ----------------------------------------------------------------------------------------

    def _new_sandbox(self, runbook: Runbook, id: str, *, is_new: bool) -> Any:
        """The operation's own simulated AWS, read from its file if the operation continues."""
        from actions.sandbox import DEMO as DEMO_WORLD
        from actions.sandbox import Sandbox, read_file
        from actions.sandbox.script_check import check_script

        file = world_file(self.store.name, id)
        if is_new and file is not None and not self.store.load(id):
            file.unlink(missing_ok=True)  # left by an operation of a deleted store
        elif not is_new and (file is None or not file.exists()):
            raise EnvironmentProblem(
                f"operation {id} cannot continue: the file of its sandbox world is missing ({file}); "
                "start a new operation with `runbook run`"
            )
        option = self.options.sandbox
        world, script = read_file(DEMO_WORLD if option == DEMO else Path(option))
        if option != DEMO and is_new:  # the demo's script is for the demo's runbook
            check_script(script, runbook, self.registry)
            self._script = script
        accounts = {name: account.id for name, account in runbook.accounts.items()}
        self._sandbox = Sandbox(world, clock=VirtualClock(), script=script, file=file, accounts=accounts)
        return self._sandbox

    def unused_script(self) -> list[str]:
        """The entries of the sandbox's script of which nothing has happened in the operation that this has begun."""
        if self._sandbox is None:
            return []
        from actions.sandbox.script_check import unused

        return unused(self._script, self._sandbox.script_left)

    def is_sandboxed(self, id: str) -> bool | None:
        """Whether the operation was started in the sandbox; None where there is no such operation."""
        first = self.first_event(id)
        return None if first is None else str(first.get("engine", "")).endswith(SANDBOX_SUFFIX)

    def first_event(self, id: str) -> Mapping[str, Any] | None:
        """`started`, as it is stored; None where there is no such operation."""
        if id not in self._first_events:
            first = next(iter(self.store.records(id)), None)
            if first is None:
                return None
            if first.seq != 1 or not first.events:
                what = "is missing" if first.seq != 1 else "has no events"
                raise corrupt_record(f"record 1 of {id} in {self.store.name}", what, id)
            self._first_events[id] = first.events[0]
        return self._first_events[id]

    def _check_world(self, id: str) -> None:
        """UsageError for an operation of the sandbox without `--sandbox`, or a real one with it."""
        sandboxed = self.is_sandboxed(id)
        if sandboxed and not self.options.sandbox:
            raise UsageError(f"operation {id} was started in the sandbox; add --sandbox")
        if sandboxed is False and self.options.sandbox:
            raise UsageError(f"operation {id} was not started in the sandbox; remove --sandbox")


def world_file(store: str, id: str) -> Path | None:
    """The file in which the sandbox keeps the world of an operation; None for a store in memory.

    It is beside the file of a SQLite store and, for a DynamoDB table, in the user's state folder.
    """
    kind, _, place = store.partition(":")
    if kind == "dynamodb":
        from engine.stores.factory import default_location

        folder = Path(default_location(os.environ).partition(":")[2]).parent
        place = str(folder / re.sub(r"[:/]", "_", place))  # a table may be named by its ARN
    return None if kind == "memory" else Path(f"{place}.sandbox") / f"{id}.json"
