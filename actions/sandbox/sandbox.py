"""The pretend AWS: its clients, network, journal and faults, and changes to it from outside.

It lives in virtual time. Every call passes the hook, the faults, the world, the journal, the file, and the hook again.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any, Final, Literal

from actions.sandbox import clients, world_document
from actions.sandbox.calls import ApiCall, Request
from actions.sandbox.faults import LAGS, Fault, Faults, fault_of, perform_call
from actions.sandbox.lifecycles import advance
from actions.sandbox.postgres.endpoints import PretendNetwork
from actions.sandbox.script import Script
from actions.sandbox.services import ENDS, HANDLERS, LIVES, unknown
from actions.sandbox.services.clusters import members
from actions.sandbox.world import GONE, Resource, World
from actions.sandbox.world_file import SavedLine, SavedState, WorldFile
from engine.clock import Clock, VirtualClock
from engine.errors import EnvironmentProblem, UsageError
from engine.values import changed

REGION: Final = "us-east-1"
OnCall = Callable[[ApiCall, Literal["before", "after"]], None]
_ITEMS: Final = re.compile(r"(?:/\d+)+$")


class Sandbox:
    """A pretend AWS.

    `world` and `script` are those of a world's file (docs/sandbox.md). `file` keeps everything from one process to the
    next; if it has content, `world` and `script` are ignored. `accounts` are the runbook's accounts: name → id.
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
        self.journal: list[ApiCall] = []
        self.world = World(now=self.clock.now())
        self.network = PretendNetwork(self)
        self._lock = threading.RLock()
        self._step = ""
        self._on_call: OnCall | None = None
        self._faults = faults or Faults()
        self._script = Script()
        self._file = None if file is None else WorldFile(file)
        with self._locked():
            fresh = self._file is None or self._file.empty
            if fresh:
                self._script = Script(script)
                world_document.read_world(world or {}, self.world, accounts or {})
            self.world.accounts |= accounts or {}
            if fresh or accounts:
                self._save()

    def enter_step(self, step: str) -> None:
        """From now on, calls that carry no step tag belong to this step, by its id."""
        self._step = step

    def watch_calls(self, on_call: OnCall | None) -> None:
        """Run `on_call(call, "before" or "after")` around every call from now on; the call raises what it raises."""
        self._on_call = on_call

    # --- clients ---

    def clients(
        self, service: str, region: str | None = None, account: str | None = None, *, timeout: float | None = None
    ) -> Any:
        """A boto3 client of this sandbox; `account` is an id, or a name in the runbook.

        `timeout` is ignored: an answer comes at once or never.
        """
        return clients.client_for(self, service, region or REGION, self.world.account(account))

    @property
    def messages(self) -> list[dict[str, Any]]:
        """All published messages: `id, at, topic, subject, text, attributes`."""
        return self.world.messages

    @property
    def script_left(self) -> dict[str, list[tuple[str, int]]]:
        """What has not happened of the script, by step or call: (word, how often; -1 for no end)."""
        return {key: list(queue) for key, queue in self._script.queues.items() if queue}

    # --- calls ---

    def answer(self, request: Request) -> dict[str, Any]:
        """Answer one call: the reply in wire names, Refusal or NoReply."""
        name = request.name
        if name not in HANDLERS:
            raise EnvironmentProblem(unknown(name))
        call = self._call_of(request)
        if name in LIVES:
            request.life = lambda: self._script.life(name, call.step, ending=name in ENDS)

        def scripted() -> str | None:
            # The list of a step does not apply to calls that only read.
            applies = call.changes or bool(self._script.queues.get(name))
            return self._script.error(name, call.step, request.can_raise) if applies else None

        answer: dict[str, Any] = self._perform(call, request, scripted, lambda: HANDLERS[name](self.world, request))
        return answer

    def network_call(self, service: str, operation: str, params: Mapping[str, Any], perform: Callable[[], Any]) -> Any:
        """What `perform` returns, recorded as a call that faults and the script can hit; OSError, Refusal or NoReply."""
        request = Request(service=service, operation=operation, params=params, masked=params)
        call = self._call_of(request)
        return self._perform(call, request, lambda: self._script.connection(call.name, call.step), perform)

    def _call_of(self, request: Request) -> ApiCall:
        return ApiCall(
            at=self.clock.now(), service=request.service, operation=request.operation, region=request.region,
            account=request.account, params=request.masked, step=_step_of(request.params) or self._step,
        )  # fmt: skip

    def _perform(
        self, call: ApiCall, request: Request, scripted: Callable[[], str | None], perform: Callable[[], Any]
    ) -> Any:
        if self._on_call is not None:
            self._on_call(call, "before")
        with self._locked():
            before = self.script_left, list(self._faults.seen)
            hits = self._faults.take(call)
            request.invisible = max((fault.seconds for fault in hits if fault.kind == "invisible"), default=0.0)
            request.stale = max((fault.seconds for fault in hits if fault.kind == "stale"), default=0.0)
            fault = next((fault for fault in hits if fault.kind not in LAGS), None)
            word = scripted() if fault is None else None
            outcome = perform_call(call.service, fault_of(word) if word else fault, perform)
            done = changed(call, outcome=outcome.word, performed=outcome.performed, resource=request.resource)
            self.journal.append(done)
            used_up = before != (self.script_left, self._faults.seen)
            self._save(done, changed=call.changes or self.world.touched or used_up)
        if self._on_call is not None:
            self._on_call(done, "after")
        if outcome.error is not None:
            raise outcome.error
        return outcome.answer

    # --- one call at a time, and the file ---

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Exclusive use of the world, advanced to the present."""
        file: AbstractContextManager[list[SavedLine]] = nullcontext([]) if self._file is None else self._file.locked()
        with self._lock, file as lines:
            for line in lines:
                self._replay(line)
            behind_by = self.world.now - self.clock.now()
            if behind_by > 0 and isinstance(self.clock, VirtualClock):  # time never goes back
                self.clock.sleep(behind_by)
            advance(self.world, self.clock.now())
            yield

    def _replay(self, line: SavedLine) -> None:
        """Do what another process did."""
        if line.state is not None:
            self.world = line.state.world
            self._script.queues = line.state.script
            self._faults.seen[:] = line.state.faults
        self.world.now = line.now
        if line.call is not None:
            self.journal.append(line.call)

    def _save(self, call: ApiCall | None = None, *, changed: bool = True) -> None:
        self.world.touched = False
        if self._file is not None:
            state = SavedState(world=self.world, script=self._script.queues, faults=self._faults.seen)
            self._file.append(SavedLine(now=self.world.now, state=state if changed else None, call=call))

    # --- changes from outside, which are no calls and not in the journal ---

    def fault(self, fault: Fault) -> None:
        """Add a fault."""
        with self._changing():
            self._faults.add(fault)

    def put(self, key: str, value: Any = "available") -> Resource | None:
        """Put one entry of a world: a resource, which replaces one of its name and gets a new id, or a setting."""
        with self._changing():
            return world_document.put(self.world, key, value)

    def remove(self, key: str) -> None:
        """Remove a resource at once, a cluster with its instances."""
        with self._changing():
            gone = self._require(key)
            for one in (gone, *(members(self.world, gone) if gone.kind == "rds.cluster" else ())):
                del self.world.resources[one.key]
                self.world.databases.pop(one.id, None)

    def change(
        self, key: str, status: str | None = None, *, seconds: float = 0.0, then: str = "available",
        tags: Mapping[str, str] | None = None, **data: Any,
    ) -> None:  # fmt: skip
        """Set a status (for `seconds`, then `then`; without `seconds` for good), tags, or attributes by wire names."""
        with self._changing():
            resource = self._require(key)
            if status is not None:
                steps = [(status, seconds)] if seconds else []
                resource.begin(self.world.now, *steps, last=then if seconds else status)
            if tags is not None:
                resource.tags = dict(tags)
            resource.data |= data

    def _require(self, key: str) -> Resource:
        found = self._find(key)
        if found is None:
            message = f"the sandbox has no {key}"
            raise UsageError(message)
        return found

    def _find(self, key: str) -> Resource | None:
        kind, name, region, account = world_document.parse_key(self.world, key)
        return self.world.find(kind, account, region, name)

    def get(self, key: str) -> Resource | None:
        """The resource if it exists, whatever lists show; see `.status(clock.now())`, `.id`, `.tags`."""
        with self._locked():
            return self._find(key)

    def resources(self, *kinds: str) -> list[dict[str, Any]]:
        """All existing resources of those kinds (by default all of RDS): `kind, name, region, account, id, status, tags`."""
        with self._locked():
            found = [
                {
                    "kind": r.kind, "name": r.name, "region": r.region, "account": r.account, "id": r.id,
                    "status": r.status(self.world.now), "tags": dict(r.tags),
                }
                for r in self.world.resources.values()
                if r.status(self.world.now) != GONE and (r.kind in kinds if kinds else r.kind.startswith("rds."))
            ]  # fmt: skip
        return sorted(found, key=lambda row: (str(row["kind"]), str(row["region"]), str(row["name"])))

    @contextmanager
    def _changing(self) -> Iterator[None]:
        with self._locked():
            yield
            self._save()


def _step_of(params: Mapping[str, Any]) -> str:
    """The step that a creating call names in the tool's tag; that of an item is written `instances/0`."""
    for tag in params.get("Tags") or ():
        if isinstance(tag, dict) and tag.get("Key") == "runbook:step":
            return _ITEMS.sub(lambda found: re.sub(r"/(\d+)", r"[\1]", found[0]), str(tag.get("Value", "")))
    return ""


__all__ = ["Sandbox"]
