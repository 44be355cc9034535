"""A store in memory, for tests and for runs that need no log afterwards.

It keeps bytes and text, as the other stores do, so that nothing is shared by reference and what JSON cannot hold fails
at once. It ends with its process; in every other way it must behave as the other stores do.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from threading import RLock
from typing import Any

from engine.stores.port import UNSUMMARISED, Head, Lease, LogRecord, Seal, new_store_id
from engine.stores.serialization import (
    StoredRecord,
    append_conflict,
    check_blob,
    decode_chain,
    decode_head,
    decode_record,
    encode_json,
    encode_lease,
    encode_seal,
    head_time,
    is_between,
    missing_blob,
)
from engine.values import Value, changed


class _Row(Value):
    stored: StoredRecord
    write_id: str
    has_state: bool
    timestamp: str


class _Head(Value):
    lease: str | None = None
    version: str | None = None
    summary: str | None = None
    status: str | None = None
    cancel: str | None = None
    seal: str | None = None
    sealed: int = 0  # the sequence number in the seal


class MemoryStore:
    """A store in the memory of its process. Threads may share it."""

    def __init__(self) -> None:
        self.name = "memory:"
        self._lock = RLock()
        self._records: dict[str, dict[int, _Row]] = {}
        self._heads: dict[str, _Head] = {}
        self._locks: dict[str, str] = {}
        self._blobs: dict[str, bytes] = {}
        self._id = ""

    # -- records ------------------------------------------------------------------------------------------

    def append(self, record: LogRecord, seal: Seal | None = None) -> None:
        stored = StoredRecord(seq=record.seq, packed=record.packed(), digest=record.digest, mac=record.mac)
        row = _Row(
            stored=stored, write_id=record.write_id, has_state=record.state is not None, timestamp=record.readable.get("timestamp", "")
        )  # fmt: skip
        with self._lock:
            existing = self._records.setdefault(record.operation, {}).setdefault(record.seq, row)
            if existing.write_id != record.write_id:
                raise append_conflict(record, self.name)
            if seal is not None and seal.seq >= self._heads.get(record.operation, _Head()).sealed:
                self._change(record.operation, seal=encode_seal(seal), sealed=seal.seq)

    def load(self, operation: str, *, after: int = 0) -> list[LogRecord]:
        with self._lock:
            rows = sorted(self._records.get(operation, {}).items())
        begin = max((seq for seq, row in rows if row.has_state), default=0)
        return decode_chain((row.stored for seq, row in rows if seq >= begin and seq > after), operation, self.name)

    def records(self, operation: str, *, after: int = 0) -> Iterator[LogRecord]:
        with self._lock:
            rows = sorted(self._records.get(operation, {}).items())
        for row in (row for seq, row in rows if seq > after):
            yield decode_record(row.stored, operation, self.name)

    # -- heads --------------------------------------------------------------------------------------------

    def head(self, operation: str) -> Head | None:
        with self._lock:
            found = self._heads.get(operation)
        return self._decode_head(operation, found) if found is not None else None

    def heads(
        self, status: str | None = None, *, after: float | None = None, before: float | None = None,
        limit: int | None = None,
    ) -> Iterator[Head]:  # fmt: skip
        with self._lock:
            first = {id: rows[1] for id, rows in self._records.items() if 1 in rows}
            heads = {id: _Head() for id in first} | self._heads
        listed: list[tuple[str, Head]] = []
        for id, found in heads.items():
            head = self._decode_head(id, found)
            time = head_time(head.summary, first[id].timestamp if id in first else "")
            if status in (None, found.status or UNSUMMARISED) and is_between(time, after, before):
                listed.append((time, head))
        listed.sort(key=lambda one: (one[0], one[1].operation), reverse=True)
        yield from (head for _, head in listed[:limit])

    def _decode_head(self, operation: str, found: _Head) -> Head:
        return decode_head(
            operation, self.name, lease=found.lease, summary=found.summary, cancel=found.cancel, seal=found.seal
        )

    def _change(self, operation: str, **changes: Any) -> None:
        with self._lock:
            self._heads[operation] = changed(self._heads.get(operation, _Head()), **changes)

    def summarise(self, operation: str, summary: Mapping[str, Any]) -> None:
        self._change(operation, summary=encode_json(summary), status=summary.get("status"))

    def take_lease(self, operation: str, lease: Lease, *, over: str | None) -> bool:
        with self._lock:
            current = self._heads.get(operation, _Head()).version
            if current not in (over, lease.version):
                return False
            self._change(operation, lease=encode_lease(lease), version=lease.version)
            return True

    def release(self, operation: str, version: str) -> None:
        with self._lock:
            if self._heads.get(operation, _Head()).version == version:
                self._change(operation, lease=None, version=None)

    def ask_cancel(self, operation: str, request: Mapping[str, Any] | None) -> None:
        self._change(operation, cancel=encode_json(request))

    # -- locks and blobs ----------------------------------------------------------------------------------

    def take_lock(self, lock: str, operation: str, *, over: str | None = None) -> str | None:
        with self._lock:
            holder = self._locks.get(lock)
            if holder not in (None, operation, over):
                return holder
            self._locks[lock] = operation
            return None

    def release_lock(self, lock: str, operation: str) -> None:
        with self._lock:
            if self._locks.get(lock) == operation:
                del self._locks[lock]

    def delete_operation(self, operation: str) -> None:
        with self._lock:
            self._records.pop(operation, None)
            self._heads.pop(operation, None)

    def store_id(self, *, create: bool = True) -> str:
        with self._lock:
            if create:
                self._id = self._id or new_store_id()
            return self._id

    def put_blob(self, content: bytes) -> str:
        digest = hashlib.sha256(content).hexdigest()
        with self._lock:
            self._blobs.setdefault(digest, bytes(content))
        return digest

    def blob(self, digest: str) -> bytes:
        with self._lock:
            found = self._blobs.get(digest)
        if found is None:
            raise missing_blob(digest, self.name)
        return check_blob(found, digest, self.name)

    def close(self) -> None: ...
