"""A store whose records are authenticated with a key that is not in the store: who can only write the store cannot forge one.

Each record has an HMAC of its digest, which covers the record and all before it. The head has a seal: an HMAC of the
operation, the number of its last record, and that record's HMAC. So a record that was appended, a log that was chained
again and a log that was cut off are found. What is not found is a store that was set back as a whole to an earlier time.

Without a key this store writes no HMAC, and refuses to load an operation that has them. This module does not know where
a key is kept, or which kind of store it wraps.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from engine.errors import EnvironmentProblem
from engine.stores.port import Head, Lease, LogRecord, Seal, Store
from engine.values import changed


class Unauthenticated(EnvironmentProblem):
    """An operation that the key of this store does not authenticate, or that needs a key where none is set."""


class StoreKey(Protocol):
    """The key of a store. Errors: EnvironmentProblem, or StoreUnavailable if a retry may help."""

    name: str  # for people; it does not tell the key

    def sign(self, message: bytes) -> str:
        """The HMAC-SHA-256 of the message, hex."""

    def verify(self, message: bytes, mac: str) -> bool:
        """Is it the HMAC of the message?"""


def _record_message(record: LogRecord) -> bytes:
    return f"runbook record {record.digest}".encode()


def _seal_message(operation: str, seq: int, record_mac: str) -> bytes:
    return f"runbook head {operation} {seq} {record_mac}".encode()


class AuthenticatedStore:
    """The store with its key; `key` is None where none is set."""

    def __init__(self, store: Store, key: StoreKey | None) -> None:
        self.name = store.name
        self._store = store
        self._key = key

    # -- records ------------------------------------------------------------------------------------------

    def append(self, record: LogRecord, seal: Seal | None = None) -> None:
        if self._key is None:
            self._store.append(record)
            return
        mac = self._key.sign(_record_message(record))
        sealed = self._key.sign(_seal_message(record.operation, record.seq, mac))
        self._store.append(changed(record, mac=mac), Seal(seq=record.seq, record=mac, mac=sealed))

    def load(self, operation: str, *, after: int = 0) -> list[LogRecord]:
        """The last record's HMAC authenticates all records before it, for it covers their digests.

        The head is read first: a runner that appends meanwhile makes the log longer than the seal says, never shorter.
        """
        if self._key is None:
            found = self._store.load(operation, after=after)
            self._refuse_without_key(operation, any(record.mac for record in found))
            return found
        head = self._store.head(operation)
        found = self._store.load(operation, after=after)
        if found:
            self._check_record(self._key, found[-1])
        if found or after or (head is not None and head.seal is not None):
            self._check_seal(self._key, operation, head, found, found[-1].seq if found else after)
        return found

    def records(self, operation: str, *, after: int = 0) -> Iterator[LogRecord]:
        """Each record is authenticated. The seal is checked at the end."""
        head = self._store.head(operation) if self._key is not None else None
        seal = head.seal if head is not None else None
        last, sealed = after, []
        for record in self._store.records(operation, after=after):
            if self._key is None:
                self._refuse_without_key(operation, bool(record.mac))
            else:
                self._check_record(self._key, record)
            last = record.seq
            if seal is not None and record.seq == seal.seq:
                sealed.append(record)
            yield record
        if self._key is not None and (last or seal is not None):
            self._check_seal(self._key, operation, head, sealed, last)

    def _check_record(self, key: StoreKey, record: LogRecord) -> None:
        where = f"record {record.seq} of {record.operation} in {self.name}"
        if not record.mac:
            raise Unauthenticated(
                f"{where} was not authenticated when it was written, and this store has the key {key.name}. Nothing was "
                f"done. If the operation was started without a key, continue it without: unset RUNBOOK_STORE_KEY"
            )
        if not key.verify(_record_message(record), record.mac):
            raise Unauthenticated(
                f"{where} is not authenticated by the key {key.name}: it was written with another key, or forged. Nothing "
                f"was done; find out who can write the store"
            )

    def _check_seal(
        self, key: StoreKey, operation: str, head: Head | None, found: Sequence[LogRecord], last: int
    ) -> None:
        """The log must reach as far as the seal says. It may be longer: a runner that died had not yet sealed its last record.

        The seal of the first record may be written before that record. `found`: records among which the sealed one may be;
        `last`: the number of the last record.
        """
        seal = head.seal if head is not None else None
        where = f"the head of {operation} in {self.name}"
        if seal is None:
            raise Unauthenticated(f"{where} has lost its seal, so its log may have been cut off. Nothing was done")
        if not key.verify(_seal_message(operation, seal.seq, seal.record), seal.mac):
            raise Unauthenticated(f"{where} is not authenticated by the key {key.name}. Nothing was done")
        if seal.seq > max(last, 1):
            raise Unauthenticated(
                f"record {last + 1} of {operation} in {self.name} is missing: the log was cut off, for the head says that "
                f"{seal.seq} records were written. Nothing was done; restore the store from a backup"
            )
        replaced = next((one for one in found if one.seq == seal.seq and one.mac != seal.record), None)
        if replaced is not None:
            raise Unauthenticated(
                f"record {seal.seq} of {operation} in {self.name} is not the one that the head names. Nothing was done"
            )

    def _refuse_without_key(self, operation: str, has_key: bool) -> None:
        if has_key:
            raise Unauthenticated(
                f"operation {operation} in {self.name} was recorded with a store key. Nothing was done; set "
                f"RUNBOOK_STORE_KEY, or `store_key` in a configuration file, to that key"
            )

    # -- heads --------------------------------------------------------------------------------------------

    def head(self, operation: str) -> Head | None:
        head = self._store.head(operation)
        if self._key is None:
            self._refuse_without_key(operation, head is not None and head.seal is not None)
        return head

    def heads(
        self, status: str | None = None, *, after: float | None = None, before: float | None = None,
        limit: int | None = None,
    ) -> Iterator[Head]:  # fmt: skip
        """Heads for lists: they are not authenticated."""
        return self._store.heads(status, after=after, before=before, limit=limit)

    # -- the rest of the port, unchanged -----------------------------------------------------------------------

    def delete_operation(self, operation: str) -> None:
        self._store.delete_operation(operation)

    def summarise(self, operation: str, summary: Mapping[str, Any]) -> None:
        self._store.summarise(operation, summary)

    def take_lease(self, operation: str, lease: Lease, *, over: str | None) -> bool:
        return self._store.take_lease(operation, lease, over=over)

    def release(self, operation: str, version: str) -> None:
        self._store.release(operation, version)

    def ask_cancel(self, operation: str, request: Mapping[str, Any] | None) -> None:
        self._store.ask_cancel(operation, request)

    def take_lock(self, lock: str, operation: str, *, over: str | None = None) -> str | None:
        return self._store.take_lock(lock, operation, over=over)

    def release_lock(self, lock: str, operation: str) -> None:
        self._store.release_lock(lock, operation)

    def put_blob(self, content: bytes) -> str:
        return self._store.put_blob(content)

    def blob(self, digest: str) -> bytes:
        return self._store.blob(digest)

    def store_id(self, *, create: bool = True) -> str:
        return self._store.store_id(create=create)

    def close(self) -> None:
        self._store.close()
