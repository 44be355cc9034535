"""A simulated runner process: its durable writes, the points at which it can be stopped, and its view of the store."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol, TypeVar

from actions.sandbox.calls import ApiCall
from engine.stores.lease import ProcessIdentity, StoreLease
from engine.stores.port import Head, Lease, LogRecord, Seal, Store, StoreUnavailable
from tests.laws.scenario_run import Killed

T = TypeVar("T")

WITHOUT_BOTOCORE = ("postgres", "net")
"""Services that are called without botocore, so without its `before-send`."""

UNAVAILABLE = "the store does not answer"


class Host(Protocol):
    """Where processes run: counts their points and decides where one is stopped."""

    def at_point(self, process: Process, where: str) -> None:
        """Called at a point; raises Killed to kill the process there."""

    def written(self, *, durable: bool) -> None:
        """Called after a write; not `durable` if a lease was renewed."""

    def outage(self) -> str:
        """`unavailable` if the store does not answer, `lost` if its reply is lost, else ""."""

    def start_of(self, number: int) -> str | None:
        """The start time of a process by its number; None if it is dead."""


class Process:
    """One process. Once killed it does nothing more, whatever its code still tries."""

    def __init__(self, host: Host, number: int, store: Store, machine: str = "desk") -> None:
        self.host = host
        self.number = number
        self.machine = machine
        self.dead = False
        self.lease: StoreLease | None = None
        self.store = InstrumentedStore(store, self)

    @property
    def identity(self) -> ProcessIdentity:
        return ProcessIdentity(
            actor="anna", host=self.machine, pid=self.number, started=str(self.number), boot=self.machine,
            start_of=self.host.start_of,
        )  # fmt: skip

    def point(self, where: str) -> None:
        if self.dead:
            raise Killed
        self.host.at_point(self, where)

    def kill(self) -> None:
        self.dead = True
        raise Killed

    # -- what it does -------------------------------------------------------------------------------------

    def before(self, call: ApiCall) -> None:
        """Before a call is sent: check the lease a last time, as `before-send` does."""
        self.point(f"before {call.name}")
        if self.lease is not None and call.service not in WITHOUT_BOTOCORE:
            self.lease.check()
        self.point(f"in flight {call.name}")

    def after(self, call: ApiCall) -> None:
        self.point(f"after {call.name}")

    def writes(self, what: str, do: Callable[[], T], *, durable: bool = True) -> T:
        """One write to the store; raises StoreUnavailable if the request or the reply is lost."""
        self.point(f"before {what}")
        outage = self.host.outage()
        if outage == "unavailable":
            raise StoreUnavailable(UNAVAILABLE)
        result = do()
        self.host.written(durable=durable)
        if outage == "lost":
            raise StoreUnavailable(UNAVAILABLE)
        self.point(f"after {what}")
        return result


class InstrumentedStore:
    """A store with a point before and after each write of one process."""

    def __init__(self, store: Store, process: Process) -> None:
        self.name = store.name
        self._store = store
        self._process = process
        self._version: str | None = None  # of the lease that this process holds

    def append(self, record: LogRecord, seal: Seal | None = None) -> None:
        self._process.writes("append", lambda: self._store.append(record, seal))

    def load(self, operation: str, *, after: int = 0) -> list[LogRecord]:
        return self._store.load(operation, after=after)

    def records(self, operation: str, *, after: int = 0) -> Iterator[LogRecord]:
        return self._store.records(operation, after=after)

    def head(self, operation: str) -> Head | None:
        return self._store.head(operation)

    def heads(
        self, status: str | None = None, *, after: float | None = None, before: float | None = None,
        limit: int | None = None,
    ) -> Iterator[Head]:  # fmt: skip
        return self._store.heads(status, after=after, before=before, limit=limit)

    def summarise(self, operation: str, summary: Mapping[str, Any]) -> None:
        self._process.writes("summarise", lambda: self._store.summarise(operation, summary))

    def take_lease(self, operation: str, lease: Lease, *, over: str | None) -> bool:
        renewal = over is not None and over == self._version

        def take() -> bool:
            taken = self._store.take_lease(operation, lease, over=over)
            self._version = lease.version if taken else None
            return taken

        return self._process.writes("renew_lease" if renewal else "take_lease", take, durable=not renewal)

    def release(self, operation: str, version: str) -> None:
        self._process.writes("release", lambda: self._store.release(operation, version))

    def ask_cancel(self, operation: str, request: Mapping[str, Any] | None) -> None:
        self._process.writes("ask_cancel", lambda: self._store.ask_cancel(operation, request))

    def take_lock(self, lock: str, operation: str, *, over: str | None = None) -> str | None:
        return self._process.writes("take_lock", lambda: self._store.take_lock(lock, operation, over=over))

    def release_lock(self, lock: str, operation: str) -> None:
        self._process.writes("release_lock", lambda: self._store.release_lock(lock, operation))

    def delete_operation(self, operation: str) -> None:
        self._process.writes("delete_operation", lambda: self._store.delete_operation(operation))

    def store_id(self, *, create: bool = True) -> str:
        return self._process.writes("store_id", lambda: self._store.store_id(create=create))

    def put_blob(self, content: bytes) -> str:
        return self._process.writes("put_blob", lambda: self._store.put_blob(content))

    def blob(self, digest: str) -> bytes:
        return self._store.blob(digest)

    def close(self) -> None:
        self._store.close()
