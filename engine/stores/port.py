"""The port that every store implements: an append-only log of records, and one head for each operation.

One record is one conditional write of the next sequence number. Records are never changed, and deleted only together
with their whole operation (`delete_operation`).
This module does not know what an event means. Times are seconds since the epoch, UTC.

Errors: `StoreConflict` if another runner wrote first; `EnvironmentProblem` for a store that is full, corrupt, newer or
not permitted; `StoreUnavailable`, one of those, if a retry may help.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from msgspec import MsgspecError
from msgspec.json import decode, encode
from msgspec.structs import asdict

from engine.errors import EnvironmentProblem
from engine.values import Value, changed, field

FORMAT: Final = 1
"""The version of a record's format. A record with a newer one is refused."""


UNSUMMARISED: Final = ""
"""The status by which `Store.heads` lists operations whose head has no summary yet."""
LONGEST_LEASE: Final = 366 * 86_400.0
"""Seconds. No runner writes a longer lease, however long the calls of its runbook are."""


class StoreUnavailable(EnvironmentProblem):
    """The store does not answer, or asks to slow down: retry later."""


class LogRecord(Value):
    """What one commit appends: events, and in some records `state`, the whole operation after them."""

    operation: str
    seq: int  # from 1, without gaps
    at: float
    write_id: str  # random: after a lost reply, tells our own write from another runner's
    events: tuple[Mapping[str, Any], ...]  # JSON values, so no infinities
    state: Mapping[str, Any] | None = None  # JSON values
    actor: str = ""
    host: str = ""
    process: str = ""  # "PID@start time of the process"
    readable: Mapping[str, str] = field(default_factory=dict)  # step, status, details … (docs/architecture.md)
    format: int = FORMAT
    previous: str = ""  # the digest of the record before; "" for the first
    digest: str = ""  # SHA-256 of `packed()` and the record before, hex
    mac: str = ""  # HMAC of the digest with the store's key, hex; "" without a key (authenticated_store.py)
    _bytes: bytes = b""  # the result of `packed()`, once the record is sealed or was read

    def packed(self) -> bytes:
        """The bytes that a store keeps and the digest covers: compact JSON of all fields but the digest and the HMAC, in a fixed order."""
        return self._bytes or _compact(_body(self))

    def sealed(self, previous: str) -> LogRecord:
        """This record with its digest, chained to the record before by that one's digest."""
        packed = _compact(_body(self) | {"previous": previous})
        return changed(self, previous=previous, digest=hashlib.sha256(packed).hexdigest(), _bytes=packed)

    def with_bytes(self, packed: bytes) -> LogRecord:
        """This record with the bytes that it was read from, so that it is not encoded again."""
        return changed(self, _bytes=packed)


def _body(record: LogRecord) -> dict[str, Any]:
    """The packed fields, in the order of their declaration."""
    body = asdict(record)
    del body["digest"], body["mac"], body["_bytes"]
    return body


_JSON: Final = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)


def _compact(body: Mapping[str, Any]) -> bytes:
    """Keys keep their order, so that a mapping is read back as it was written.

    File names can contain lone surrogates, which msgspec cannot encode: the standard library does, and `read_json` reads
    them back.
    """
    try:
        return encode(body)
    except UnicodeEncodeError:
        return _JSON.encode(body).encode("utf-8", "surrogatepass")


def read_json(packed: bytes) -> Any:
    """The decoded JSON; ValueError if it is none. The standard library reads the surrogates that msgspec refuses."""
    try:
        return decode(packed)
    except (MsgspecError, UnicodeDecodeError):
        return json.loads(packed)


class Lease(Value):
    """The timed right to run an operation. `version` is random and new at each renewal: runners never compare clocks."""

    owner: str  # actor
    host: str
    pid: int
    started: str  # start time of the process: its pid may have been reused
    boot: str  # boot id and pid namespace, within which `pid` is unique
    version: str
    duration: float  # seconds
    since: float  # when this runner first took it


class Seal(Value):
    """What a head says about the end of a log that was written with a store key, so that a log that was cut is found."""

    seq: int  # of the last record
    record: str  # the HMAC of that record
    mac: str  # the HMAC of the operation, `seq` and `record`


class Head(Value):
    """The mutable part of an operation: its lease, a summary that can be rebuilt from the records, a cancel request."""

    operation: str
    lease: Lease | None = None
    summary: Mapping[str, Any] = field(default_factory=dict)  # runbook, status, step, started, updated …
    cancel_asked: Mapping[str, Any] | None = None  # actor, at, undo, past
    seal: Seal | None = None  # None for an operation that was recorded without a store key


class Store(Protocol):
    """A store. Reads are strongly consistent, and read all pages."""

    name: str  # as `--store` takes it: "sqlite:PATH", "dynamodb:TABLE", "memory:"

    def append(self, record: LogRecord, seal: Seal | None = None) -> None:
        """Write the record. StoreConflict if its `seq` is taken by a record with another `write_id`.

        `seal` is put into the head, in the same transaction where the store has any; it never replaces one with a higher
        `seq`. Otherwise it is written after the record, and that of the first record before it as well, so that a log
        without a seal was never written with a key.
        """

    def load(self, operation: str, *, after: int = 0) -> list[LogRecord]:
        """The records since the last one with a state, that one included, chain checked; [] for an unknown operation.

        `after`: only records with a higher sequence number, for a caller that has read the others.
        """

    def records(self, operation: str, *, after: int = 0) -> Iterator[LogRecord]:
        """All records after that sequence number, in order. Their chain is not checked; `verify` does that."""

    def head(self, operation: str) -> Head | None: ...

    def heads(
        self, status: str | None = None, *, after: float | None = None, before: float | None = None,
        limit: int | None = None,
    ) -> Iterator[Head]:  # fmt: skip
        """The heads of operations by the time of their last record (`updated` of the summary), newest first.

        `status`: only those whose summary has that status; `UNSUMMARISED`: those that have no summary yet, because their
        runner has just begun or died early; their time is that of the first record. `after`, `before`: only those whose
        time is not before the one, and is before the other. Where a store lists by an index, the index may be a second
        behind; what a head contains is always current.
        """

    def summarise(self, operation: str, summary: Mapping[str, Any]) -> None:
        """Replace the summary in the head, which is created if there is none."""

    def take_lease(self, operation: str, lease: Lease, *, over: str | None) -> bool:
        """Write the lease if the one in the head has version `over` (None: if there is none). False if it was not written."""

    def release(self, operation: str, version: str) -> None:
        """Remove the lease from the head if it still has that version."""

    def ask_cancel(self, operation: str, request: Mapping[str, Any] | None) -> None:
        """Set or clear the cancel request in the head."""

    def take_lock(self, lock: str, operation: str, *, over: str | None = None) -> str | None:
        """Take the lock if it is free, ours, or held by `over`. Returns None, or the operation that holds it."""

    def release_lock(self, lock: str, operation: str) -> None:
        """Release the lock if it is ours."""

    def delete_operation(self, operation: str) -> None:
        """Delete all records of the operation, and its head last: if it is interrupted, `heads` still lists the operation.

        Runbook texts stay, for other operations may have the same. Nothing else ever deletes a record. The caller holds
        the lease.
        """

    def store_id(self, *, create: bool = True) -> str:
        """The id of the store, 12 random hex digits; "" if it has none and `create` is false. The first call writes it."""

    def put_blob(self, content: bytes) -> str:
        """Store bytes under their SHA-256 (hex), which is returned. Idempotent."""

    def blob(self, digest: str) -> bytes:
        """The bytes of a digest; EnvironmentProblem if they are missing or were changed."""

    def close(self) -> None: ...


@dataclass(slots=True)
class Chain:
    """Checks records as they are read: does each follow the one before, and is it as it was written?"""

    seq: int = 0
    digest: str = ""

    def check(self, record: LogRecord) -> tuple[int, str] | None:
        """None if the record is next in the chain, of which it then is the last; else what is wrong.

        That is the number of a record and what is wrong with it, such as `(3, "is missing")`.
        """
        if record.seq != self.seq + 1:
            return self.seq + 1, "is missing"
        if record.previous != self.digest:
            return record.seq, "does not follow the one before"
        if hashlib.sha256(record.packed()).hexdigest() != record.digest:
            return record.seq, "was changed after it was written"
        self.seq, self.digest = record.seq, record.digest
        return None


def new_store_id() -> str:
    """Random, and not made from the place of the store: paths repeat on other machines."""
    return secrets.token_hex(6)


def verify(records: Iterable[LogRecord]) -> str | None:
    """None if the chain is whole; else the first record that breaks it, and how."""
    chain = Chain()
    for record in records:
        if (wrong := chain.check(record)) is not None:
            return "record {} {}".format(*wrong)
    return None
