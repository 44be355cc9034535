"""The pretend AWS: clients, network, journal, faults, and a hand behind the runner's back.

A sandbox lives in virtual time; nothing in it ticks. Every call goes one way: the hook, the faults, the world, the
journal, the file, the hook. Must not know what the runner is about.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Literal

from actions.sandbox import clients, world_document
from actions.sandbox.calls import Call, Request
from actions.sandbox.faults import LAGS, Fault, Faults, carry_out, fault_of
from actions.sandbox.lifecycle import settle
from actions.sandbox.postgres.endpoints import PretendNetwork
from actions.sandbox.script import Script
from actions.sandbox.services import ENDS, HANDLERS, LIVES, unknown
from actions.sandbox.services.clusters import members
from actions.sandbox.world import GONE, Resource, World
from actions.sandbox.world_file import State, WorldFile
from engine.clock import Clock, VirtualClock
from engine.errors import EnvironmentProblem, UsageError
from engine.values import changed

REGION: Final = "us-east-1"
OnCall = Callable[[Call, Literal["before", "after"]], None]
_ITEM: Final = re.compile(r"/(\d+)$")


class Sandbox:
    """A pretend AWS.

    `world` and `script` are as in a test's file (docs/sandbox.md); `file` keeps all of it from one process to
    the next, and what is in the file comes before `world` and `script`. `accounts` are the runbook's, by name.
    """

    def __init__(
        self,
        world: Mapping[str, Any] | None = None,
        *,
        clock: Clock | None = None,
        script: Mapping[str, Any] | None = None,
        file: Path | None = None,
        accounts: Mapping[str, str] | None = None,
        faults: Faults | None = None,
    ) -> None:
        self.clock: Clock = VirtualClock() if clock is None else clock
        self.journal: list[Call] = []
        self.world = World(now=self.clock.now())
        self.network = PretendNetwork(self)
        self._lock = threading.RLock()
        self._step = ""
        self._on_call: OnCall | None = None
        self._faults = faults or Faults()
        self._script = Script()
        self._file: WorldFile | None = None
        if file is not None:
            state = State(world=self.world, queues=self._script.queues, faults=self._faults.seen, journal=self.journal)
            self._file = WorldFile(file, state)
        with self._held():
            fresh = self._file is None or self._file.empty
            if fresh:
                self._script.queues |= Script(script).queues
                world_document.read_world(world or {}, self.world, accounts or {})
            self.world.accounts |= accounts or {}
            if fresh or accounts:
                self._keep()

    def enter_step(self, step: str) -> None:
        """From now on, calls that bear no tag of a step count as those of this step, by its id."""
        self._step = step

    def watch_calls(self, on_call: OnCall | None) -> None:
        """From now on, call `on_call(call, "before" | "after")` around every call. What it raises comes out of the call."""
        self._on_call = on_call

    # --- clients ---

    def clients(
        self, service: str, region: str | None = None, account: str | None = None, *, timeout: float | None = None
    ) -> Any:
        """A boto3 client that talks to this sandbox; `account` is a name of the runbook's or an id.

        Whatever `timeout` says: an answer comes at once, or never.
        """
        return clients.client_for(self, service, region or REGION, self.world.account(account))

    @property
    def messages(self) -> list[dict[str, Any]]:
        """What was published: `id, at, topic, subject, text, attributes`."""
        return self.world.messages

    @property
    def script_left(self) -> dict[str, list[tuple[str, int]]]:
        """What of the script has not happened: (word, how often; -1 for ever) by step or call."""
        return {key: list(queue) for key, queue in self._script.queues.items() if queue}

    # --- what is asked of it ---

    def answer(self, request: Request) -> dict[str, Any]:
        """Answer one call: a reply in wire names, Refusal or Cut."""
        name = request.name
        if name not in HANDLERS:
            raise EnvironmentProblem(unknown(name))
        call = self._call_of(request)
        if name in LIVES:
            request.life = lambda: self._script.life(name, call.step, ending=name in ENDS)

        def scripted() -> str | None:
            if not call.changes and not self._script.says(name):  # a step's list is not about its looks
                return None
            return self._script.error(name, call.step, request.can_raise)

        answer: dict[str, Any] = self._done(call, request, scripted, lambda: HANDLERS[name](self.world, request))
        return answer

    def over_the_network(
        self, service: str, operation: str, params: Mapping[str, Any], perform: Callable[[], Any]
    ) -> Any:
        """What `perform` returns, as a call in the journal that faults and script can meet."""
        request = Request(service=service, operation=operation, params=params, masked=params)
        call = self._call_of(request)
        return self._done(call, request, lambda: self._script.connection(call.name, call.step), perform)

    def _call_of(self, request: Request) -> Call:
        return Call(
            at=self.clock.now(), service=request.service, operation=request.operation, region=request.region,
            account=request.account, params=request.masked, step=_step_of(request.params) or self._step,
        )  # fmt: skip

    def _done(
        self, call: Call, request: Request, scripted: Callable[[], str | None], perform: Callable[[], Any]
    ) -> Any:
        if self._on_call is not None:
            self._on_call(call, "before")
        with self._held():
            hits = self._faults.take(call)
            request.invisible = max((fault.seconds for fault in hits if fault.kind == "invisible"), default=0.0)
            request.stale = max((fault.seconds for fault in hits if fault.kind == "stale"), default=0.0)
            fault = next((fault for fault in hits if fault.kind not in LAGS), None)
            word = scripted() if fault is None else None
            outcome = carry_out(call.service, fault_of(word) if word else fault, perform)
            done = changed(call, outcome=outcome.word, performed=outcome.performed, resource=request.resource)
            self.journal.append(done)
            self._keep(done, changed=call.changes or bool(self._faults.seen) or word is not None or self.world.touched)
        if self._on_call is not None:
            self._on_call(done, "after")
        if outcome.error is not None:
            raise outcome.error
        return outcome.answer

    # --- one at a time, and kept ---

    @contextmanager
    def _held(self) -> Iterator[None]:
        """Alone with the world, as it is now."""
        with self._lock:
            if self._file is None:
                settle(self.world, self.clock.now())
                yield
                return
            with self._file.held():
                behind_by = self.world.now - self.clock.now()
                if behind_by > 0 and isinstance(self.clock, VirtualClock):  # time does not go back
                    self.clock.sleep(behind_by)
                settle(self.world, self.clock.now())
                yield

    def _keep(self, call: Call | None = None, *, changed: bool = True) -> None:
        if self._file is not None:
            self._file.append(call, changed=changed)
        self.world.touched = False

    # --- behind the runner's back ---

    def fault(self, fault: Fault) -> None:
        """From now on, this can happen."""
        self._behind(lambda: self._faults.add(fault))

    def add(self, key: str, value: Any = "available") -> Resource | None:
        """One line of a world: a thing, or another in its place (a namesake has a new id), or a setting's new value."""
        made: Resource | None = self._behind(lambda: world_document.put(self.world, key, value))
        return made

    put = add

    def remove(self, key: str) -> None:
        """It is gone at once, with its instances."""
        self._behind(lambda: self._remove(self._needed(key)))

    def _remove(self, gone: Resource) -> None:
        inside = members(self.world, gone) if gone.kind == "rds.cluster" else []
        for one in (gone, *inside):
            del self.world.resources[one.key]
            self.world.databases.pop(one.id, None)

    def change(
        self, key: str, status: str | None = None, *, seconds: float = 0.0, then: str = "available",
        tags: Mapping[str, str] | None = None, **data: Any,
    ) -> None:  # fmt: skip
        """Set a status (for ever, or for `seconds` and `then` another), tags, or attributes by wire names."""

        def do() -> None:
            resource = self._needed(key)
            if status is not None:
                steps = [(status, seconds)] if seconds else []
                resource.begin(self.world.now, *steps, last=then if seconds else status)
            if tags is not None:
                resource.tags = dict(tags)
            resource.data |= data

        self._behind(do)

    def _needed(self, key: str) -> Resource:
        found = self._find(key)
        if found is None:
            message = f"there is no {key} in the sandbox"
            raise UsageError(message)
        return found

    def _find(self, key: str) -> Resource | None:
        kind, name, region, account = world_document.parse_key(self.world, key)
        return self.world.find(kind, account, region, name)

    def get(self, key: str) -> Resource | None:
        """What is truly there, whatever lists show; `.status(clock.now())`, `.id`, `.tags`."""
        with self._held():
            return self._find(key)

    def resources(self, *kinds: str) -> list[dict[str, Any]]:
        """All that truly is there, of those kinds (none: every kind of RDS), by name: `kind, name, region, account,
        id, status, tags`.
        """
        with self._held():
            found = [
                {
                    "kind": r.kind, "name": r.name, "region": r.region, "account": r.account, "id": r.id,
                    "status": r.status(self.world.now), "tags": dict(r.tags),
                }
                for r in self.world.resources.values()
                if r.status(self.world.now) != GONE and (r.kind in kinds if kinds else r.kind.startswith("rds."))
            ]  # fmt: skip
        return sorted(found, key=lambda row: (str(row["kind"]), str(row["region"]), str(row["name"])))

    def _behind(self, do: Callable[[], Any]) -> Any:
        with self._held():
            result = do()
            self._keep()
            return result


def _step_of(params: Mapping[str, Any]) -> str:
    """The step that a creating call says it is of, by the tool's tag: an item's is written `instances/0`."""
    for tag in params.get("Tags") or ():
        if isinstance(tag, dict) and tag.get("Key") == "runbook:step":
            return _ITEM.sub(r"[\1]", str(tag.get("Value", "")))
    return ""


__all__ = ["Sandbox"]
