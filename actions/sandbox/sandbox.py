"""The pretend AWS: clients, network, journal, faults, and a hand behind the runner's back.

A sandbox lives in virtual time; nothing in it ticks. Every call goes one way: the hook, the faults, the world, the
journal, the file, the hook. Must not know what the runner is about.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

from actions.sandbox import boundary, network, reading, saving
from actions.sandbox.boundary import Cut, Request
from actions.sandbox.calls import Asked, Call, Refusal
from actions.sandbox.faults import LAGS, Fault, Faults, fault_of, refusal_of
from actions.sandbox.operations import CREATES, OPERATIONS, unknown
from actions.sandbox.script import CONNECTIONS, Script
from actions.sandbox.settling import settle
from actions.sandbox.world import Resource, World
from engine.clock import Clock, VirtualClock
from engine.errors import EnvironmentProblem, UsageError

REGION: Final = "us-east-1"
OnCall = Callable[[Call, Literal["before", "after"]], None]


@dataclass(slots=True, kw_only=True)
class _Outcome:
    """What became of one call."""

    word: str = "ok"
    performed: bool = True
    answer: Any = None
    error: BaseException | None = None


class Sandbox:
    """A pretend AWS.

    `world` and `script` are as in a test's file (language.md, section 11); `file` keeps all of it from one process to
    the next, and what is in the file comes before `world` and `script`. `on_call` is told of every call before it is
    done and after; what it raises comes out of the call. `step` may be set by whoever drives, so that scripts by step
    reach calls that bear no tag.
    """

    def __init__(
        self,
        world: Mapping[str, Any] | None = None,
        *,
        clock: Clock | None = None,
        script: Mapping[str, Any] | None = None,
        file: Path | None = None,
        accounts: Mapping[str, str] | None = None,
    ) -> None:
        self.clock: Clock = VirtualClock() if clock is None else clock
        self.file = file
        self.on_call: OnCall | None = None
        self.step = ""
        self.journal: list[Call] = []
        self.network = network.PretendNetwork(self._reach, self._postgres)
        self._lock = threading.RLock()
        self._faults = Faults()
        if file is not None and file.exists():
            self._take_up(saving.read(file))
        else:
            self.world = World(now=self.clock.now())
            self._script = Script(script)
            reading.read_world(world or {}, self.world)
        self.world.accounts |= dict(accounts or {})

    def _take_up(self, saved: saving.Saved) -> None:
        self.world, self.journal = saved.world, saved.journal
        self._script = Script()
        self._script.queues = saved.queues
        self._faults.seen = saved.faults
        if isinstance(self.clock, VirtualClock):  # time does not go back where a process was killed
            self.clock.sleep(self.world.now - self.clock.now())

    def clients(self, service: str, region: str | None = None, account: str | None = None) -> Any:
        """A boto3 client that talks to this sandbox; `account` is a name of the runbook's or an id."""
        return boundary.client_for(self, service, region or REGION, self.world.account(account))

    @property
    def messages(self) -> list[dict[str, Any]]:
        """What was published: `id, at, topic, subject, text, attributes`."""
        return self.world.messages

    @property
    def script_left(self) -> dict[str, list[tuple[str, int]]]:
        """What of the script has not happened: (word, how often; -1 for ever) by step or call."""
        return {key: list(queue) for key, queue in self._script.queues.items() if queue}

    def save(self) -> None:
        """Write the world to its file, if it has one."""
        if self.file is None:
            return
        with self._lock:
            self.world.now = self.clock.now()
            saved = saving.Saved(
                world=self.world, queues=self._script.queues, faults=self._faults.seen, journal=self.journal
            )
            saving.write(self.file, saved)

    # --- what the boundary asks ---

    def answer(self, request: Request) -> dict[str, Any]:
        """Answer one call: a reply in wire names, Refusal or Cut."""
        name = f"{request.service}.{request.operation}"
        if name not in OPERATIONS:
            raise EnvironmentProblem(unknown(name))
        call = Call(
            at=self.clock.now(), service=request.service, operation=request.operation, region=request.region,
            account=request.account, params=request.masked, step=_step_of(request.params) or self.step,
        )  # fmt: skip
        asked = Asked(name=name, region=request.region, account=request.account, params=request.params)
        if name in CREATES:
            asked.life = lambda: self._script.life(name, call.step)

        def scripted() -> Fault | None:
            if not call.changes and not self._script.says(name):  # a step's list is not about its looks
                return None
            word = self._script.error(name, call.step, request.can_raise)
            return None if word is None else fault_of(word)

        answer: dict[str, Any] = self._do(call, asked, scripted, lambda: OPERATIONS[name](self.world, asked))
        return answer

    def _do(self, call: Call, asked: Asked, scripted: Callable[[], Fault | None], perform: Callable[[], Any]) -> Any:
        if self.on_call is not None:
            self.on_call(call, "before")
        with self._lock:
            settle(self.world, self.clock.now())
            hits = self._faults.take(call)
            for fault in hits:
                if fault.kind == "invisible":
                    asked.invisible = max(asked.invisible, fault.seconds)
                elif fault.kind == "stale":
                    asked.stale = max(asked.stale, fault.seconds)
            stopping = [fault for fault in hits if fault.kind not in LAGS]
            outcome = _carry_out(call, stopping[0] if stopping else scripted(), perform)
            done = replace(call, outcome=outcome.word, performed=outcome.performed, resource=asked.resource)
            self.journal.append(done)
            self.save()
        if self.on_call is not None:
            self.on_call(done, "after")
        if outcome.error is not None:
            raise outcome.error
        return outcome.answer

    def _reach(self, host: str, port: int, timeout: float) -> tuple[str, float]:
        call, asked = self._network_call("net", "Reach", {"host": host, "port": port, "timeout": timeout})

        def perform() -> tuple[str, float]:
            return network.cluster_at(self.world, host, port)[1], network.MILLISECONDS

        reached: tuple[str, float] = self._do(call, asked, lambda: None, perform)
        return reached

    def _postgres(self, options: dict[str, Any]) -> Any:
        host, port = str(options.get("host", "localhost")), int(options.get("port", 5432))
        shown = {name: options.get(name) for name in ("host", "port", "user", "database")}
        call, asked = self._network_call("postgres", "Connect", shown)

        def scripted() -> Fault | None:
            word = self._script.connection(call.step)
            return None if word is None else Fault(kind="error", code=word)

        try:
            return self._do(call, asked, scripted, lambda: self._session(host, port, options))
        except OSError as error:
            raise network.no_connection(host, port, options.get("timeout"), error) from error
        except Refusal as refusal:
            raise network.database_says(refusal.code, options) or refusal from None

    def _session(self, host: str, port: int, options: dict[str, Any]) -> Any:
        from actions.sandbox import database  # noqa: PLC0415 - needs pg8000's exceptions

        cluster, _ = network.cluster_at(self.world, host, port)
        data = self.world.databases.setdefault(cluster.id, {})
        return database.connect(data, **options)

    def _network_call(self, service: str, operation: str, params: dict[str, Any]) -> tuple[Call, Asked]:
        call = Call(
            at=self.clock.now(), service=service, operation=operation, region="", account="", params=params,
            step=self.step,
        )  # fmt: skip
        return call, Asked(name=call.name, region="", account="", params=params)

    # --- behind the runner's back ---

    def fault(self, fault: Fault) -> None:
        """From now on, this can happen."""
        self._faults.add(fault)

    def add(self, key: str, value: Any = "available") -> Resource | None:
        """One line of a world: a thing, or another in its place (a namesake has a new id), or a setting's new value."""
        return self._behind(lambda: reading.put(self.world, key, value))

    put = add

    def remove(self, key: str) -> None:
        """It is gone at once, with its instances."""

        def go() -> None:
            gone = self._there(key)
            for other in list(self.world.resources.values()):
                inside = other.data.get("DBClusterIdentifier") == gone.name and other.kind == "rds.instance"
                if other is gone or (gone.kind == "rds.cluster" and inside and other.region == gone.region):
                    del self.world.resources[other.key]

        self._behind(go)

    def change(
        self, key: str, status: str | None = None, *, seconds: float = 0.0, then: str = "available",
        tags: Mapping[str, str] | None = None, **data: Any,
    ) -> None:  # fmt: skip
        """Set a status (for ever, or for `seconds` and `then` another), tags, or attributes by wire names."""

        def go() -> None:
            resource = self._there(key)
            if status is not None:
                steps = [(status, seconds)] if seconds else []
                resource.begin(self.world.now, *steps, last=then if seconds else status)
            if tags is not None:
                resource.tags = dict(tags)
            resource.data |= data

        self._behind(go)

    def get(self, key: str) -> Resource | None:
        """What is truly there, whatever lists show; `.status(clock.now())`, `.id`, `.tags`."""
        with self._lock:
            settle(self.world, self.clock.now())
            kind, name, region, account = reading.parse_key(self.world, key)
            return self.world.find(kind, account, region, name)

    def resources(self, *kinds: str) -> list[dict[str, Any]]:
        """All that truly is there, of those kinds (none: every kind of RDS), by name, as plain values."""
        with self._lock:
            settle(self.world, self.clock.now())
            now = self.world.now
            rows = [
                {
                    "kind": r.kind, "name": r.name, "region": r.region, "account": r.account, "id": r.id,
                    "status": r.status(now), "tags": dict(r.tags),
                }
                for r in self.world.resources.values()
                if r.status(now) != "gone" and (r.kind in kinds if kinds else r.kind.startswith("rds."))
            ]  # fmt: skip
        return sorted(rows, key=lambda row: (row["kind"], row["region"], row["name"]))

    def _there(self, key: str) -> Resource:
        kind, name, region, account = reading.parse_key(self.world, key)
        found = self.world.find(kind, account, region, name)
        if found is None:
            message = f"there is no {key} in the sandbox"
            raise UsageError(message)
        return found

    def _behind(self, do: Callable[[], Any]) -> Any:
        with self._lock:
            settle(self.world, self.clock.now())
            result = do()
            self.save()
            return result


def _step_of(params: Mapping[str, Any]) -> str:
    """The step that a creating call says it is of, by the tool's tag: an item's is written `instances/0`."""
    for tag in params.get("Tags") or ():
        if isinstance(tag, dict) and tag.get("Key") == "runbook:step":
            return re.sub(r"/(\d+)$", r"[\1]", str(tag.get("Value", "")))
    return ""


def _carry_out(call: Call, fault: Fault | None, perform: Callable[[], Any]) -> _Outcome:
    """Perform it, or not, as the fault says; what the world refuses, or a connection meets, is an outcome."""
    match None if fault is None else fault.kind:
        case "unsent" | "lost_unperformed":
            assert fault is not None  # noqa: S101
            return _Outcome(word=fault.kind, performed=False, error=Cut(fault.kind, fault.code))
        case "lost" | "server_error" | "error" if fault is not None and (fault.kind == "lost" or fault.performed):
            outcome = _try(perform)
            code, message, status = refusal_of(fault, call.service)
            lost = Cut("lost", fault.code) if fault.kind == "lost" else Refusal(code, message, status)
            return replace(outcome, word="lost" if fault.kind == "lost" else code, answer=None, error=lost)
        case None:
            return _try(perform)
        case _:
            assert fault is not None  # noqa: S101
            if fault.code in CONNECTIONS:
                return _try(lambda: _meet(fault.code))
            code, message, status = refusal_of(fault, call.service)
            return _Outcome(word=code, performed=False, error=Refusal(code, message, status))


def _meet(word: str) -> None:
    network.raise_for(word)
    raise Refusal(word, word)


def _try(perform: Callable[[], Any]) -> _Outcome:
    try:
        return _Outcome(answer=perform())
    except Refusal as refusal:
        return _Outcome(word=refusal.code, performed=False, error=refusal)
    except OSError as error:
        return _Outcome(word=type(error).__name__, performed=False, error=error)


__all__ = ["Sandbox"]
