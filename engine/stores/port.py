"""What the driver asks of a store: an append-only log of records, and a head for each operation.

One record is one conditional write of the next sequence number; nothing is changed or deleted.
This module must not know what an event means. Times are seconds since the epoch, UTC.

Errors: `StoreConflict` where another runner's write came first; `EnvironmentProblem` for a store
that is away, full, corrupt, newer or not permitted (`StoreUnavailable` where waiting may mend it).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from msgspec import MsgspecError
from msgspec.json import decode, encode
from msgspec.structs import asdict

from engine.errors import EnvironmentProblem
from engine.values import Value, changed, field

FORMAT: Final = 1
"""The version of a record's form; a reader refuses a newer one."""


class StoreUnavailable(EnvironmentProblem):
    """The store does not answer, or says to slow down: pause and try again."""


class LogRecord(Value):
    """What one commit appends. `state`, where given, is the whole operation after the events."""

    operation: str
    seq: int  # from 1, without gaps
    at: float
    write_id: str  # random: tells our own write from another's after a lost reply
    events: tuple[Mapping[str, Any], ...]  # JSON, which has no infinities
    state: Mapping[str, Any] | None = None  # JSON
    actor: str = ""
    host: str = ""
    process: str = ""  # "PID@start time of the process"
    readable: Mapping[str, str] = field(default_factory=dict)  # step, status, details … (docs/architecture.md)
    format: int = FORMAT
    previous: str = ""  # the digest of the record before; "" for the first
    digest: str = ""  # SHA-256 of `packed()` and the record before, hex
    _bytes: bytes = b""  # `packed()`, once it is sealed

    def packed(self) -> bytes:
        """The bytes that the digest covers and a store keeps: compact JSON of all but the digest, in one order."""
        return self._bytes or _compact(_body(self))

    def sealed(self, previous: str) -> LogRecord:
        """This record, chained to the one before."""
        packed = _compact(_body(self) | {"previous": previous})
        return changed(self, previous=previous, digest=hashlib.sha256(packed).hexdigest(), _bytes=packed)

    def kept_as(self, packed: bytes) -> LogRecord:
        """This record, which knows its bytes: JSON is written, or read, once."""
        return changed(self, _bytes=packed)


def _body(record: LogRecord) -> dict[str, Any]:
    """What is packed, in the order of the fields."""
    body = asdict(record)
    del body["digest"], body["_bytes"]
    return body


_JSON: Final = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)


def _compact(body: Mapping[str, Any]) -> bytes:
    """Keys stay in the order in which they were written, so that a mapping comes back as it was.

    Half a character, as file names can have, is kept as it is, which is beyond msgspec: `read_json` reads it back.
    """
    try:
        return encode(body)
    except UnicodeEncodeError:
        return _JSON.encode(body).encode("utf-8", "surrogatepass")


def read_json(packed: bytes) -> Any:
    """What `packed` says; ValueError for what is no JSON. What msgspec does not read, `json` may."""
    try:
        return decode(packed)
    except (MsgspecError, UnicodeDecodeError):
        return json.loads(packed)


class Lease(Value):
    """The timed right to drive. `version` is random and new at each renewal; nobody compares clocks."""

    owner: str  # actor
    host: str
    pid: int
    started: str  # start time of the process: a pid alone may be another's by now
    boot: str  # boot id and process namespace: where `pid` means something
    version: str
    duration: float  # seconds
    since: float


class Head(Value):
    """The mutable item of an operation: lease, a summary that records can rebuild, cancel_asked."""

    operation: str
    lease: Lease | None = None
    summary: Mapping[str, Any] = field(default_factory=dict)  # runbook, status, step, started, updated …
    cancel_asked: Mapping[str, Any] | None = None  # actor, at, undo, past


class Store(Protocol):
    """A log. All reads are consistent and paged to the end."""

    name: str  # as `--store` takes it: "sqlite:PATH", "dynamodb:TABLE", "memory:"

    def append(self, record: LogRecord) -> None:
        """Write it if its `seq` is free, or was written by this very `write_id`; else StoreConflict."""

    def load(self, operation: str, *, after: int = 0) -> list[LogRecord]:
        """From the last record with a whole state on, chain checked; [] for an unknown operation.

        `after`: without those up to that sequence number, which the caller has.
        """

    def records(self, operation: str, *, after: int = 0) -> Iterator[LogRecord]:
        """All that follow that sequence number, in order, chain not checked (`verify` does)."""

    def head(self, operation: str) -> Head | None: ...

    def heads(self, status: str | None = None) -> Iterator[Head]:
        """Every operation's head, by operation id; or those whose summary has that status."""

    def summarise(self, operation: str, summary: Mapping[str, Any]) -> None:
        """Put the head's summary; makes the head where there is none."""

    def take_lease(self, operation: str, lease: Lease, *, over: str | None) -> bool:
        """Write it if the lease in the head has version `over` (None: there is none). False if not."""

    def release(self, operation: str, version: str) -> None:
        """Remove the lease if it still has that version."""

    def ask_cancel(self, operation: str, request: Mapping[str, Any] | None) -> None:
        """Set or clear `cancel_asked`."""

    def take_lock(self, lock: str, operation: str, *, over: str | None = None) -> str | None:
        """Write it if absent, ours, or held by `over`; None, or the operation that has it."""

    def release_lock(self, lock: str, operation: str) -> None:
        """Remove it if it is ours."""

    def put_blob(self, content: bytes) -> str:
        """Keep bytes by their SHA-256 (hex), which is returned. Twice is once."""

    def blob(self, digest: str) -> bytes:
        """The bytes; EnvironmentProblem where they are missing or do not fit their digest."""

    def close(self) -> None: ...


@dataclass(slots=True)
class Chain:
    """Records as they are read one after another: does each follow the one before, as it was written?"""

    seq: int = 0
    digest: str = ""

    def wrong(self, record: LogRecord) -> tuple[int, str] | None:
        """The number of the record that does not fit, and why; None where this one does: it is then the last one read."""
        if self.seq and record.seq != self.seq + 1:
            return self.seq + 1, "is missing"
        if (self.seq or record.seq == 1) and record.previous != self.digest:
            return record.seq, "does not follow the one before"
        if hashlib.sha256(record.packed()).hexdigest() != record.digest:
            return record.seq, "was changed after it was written"
        self.seq, self.digest = record.seq, record.digest
        return None


def verify(records: Iterable[LogRecord]) -> str | None:
    """None if the chain holds; else what the first record that does not fit is, and why."""
    chain = Chain()
    found = next((wrong for record in records if (wrong := chain.wrong(record)) is not None), None)
    return None if found is None else "record {} {}".format(*found)
