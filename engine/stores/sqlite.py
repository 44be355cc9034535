"""The default store: one SQLite file, one durable commit for each record.

Threads may share it: what they append at the same time goes into one commit. Other processes may use the same file.
This module does not know what an event means.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from threading import RLock
from typing import Any, Final

from engine.stores.group_commit import GroupCommit
from engine.stores.port import Head, Lease, LogRecord, Seal, new_store_id
from engine.stores.serialization import (
    READABLE,
    StoredRecord,
    append_conflict,
    check_blob,
    decode_chain,
    decode_head,
    decode_record,
    encode_json,
    encode_lease,
    encode_seal,
    iso,
    missing_blob,
    readable_columns,
)
from engine.stores.sqlite_file import NOT_DELETED, SqliteFile

INSERT: Final = (
    f"INSERT INTO records (operation_id, seq, {', '.join(READABLE)}, whole, write_id, digest, packed, mac) "  # noqa: S608 - of constants
    f"VALUES (?, ?, {', '.join('?' for _ in READABLE)}, ?, ?, ?, ?, ?)"
)
LOAD: Final = (
    "SELECT seq, packed, digest, mac FROM records WHERE operation_id = ?1 AND seq >= "
    "max(?2 + 1, ifnull((SELECT max(seq) FROM records WHERE operation_id = ?1 AND whole = 1), 0)) ORDER BY seq"
)
PAGE: Final = (
    "SELECT seq, packed, digest, mac FROM records WHERE operation_id = ? AND seq > ? ORDER BY seq LIMIT 200"
)  # fmt: skip
HEAD: Final = "SELECT operation_id, lease, summary, cancel_asked, seal FROM heads"
LISTED: Final = (  # with the operations whose runner died between the first record and the head
    "SELECT operation_id, lease, summary, cancel_asked, seal, coalesce(status, '') AS status, coalesce("
    "CASE WHEN json_valid(summary) THEN json_extract(summary, '$.updated') END, "
    "(SELECT timestamp FROM records WHERE records.operation_id = heads.operation_id AND seq = 1), '') AS time FROM heads "
    "UNION ALL SELECT operation_id, NULL, NULL, NULL, NULL, '', coalesce(timestamp, '') FROM records INDEXED BY records_first "
    "WHERE seq = 1 AND operation_id NOT IN (SELECT operation_id FROM heads)"
)
HEADS: Final = (
    f"SELECT operation_id, lease, summary, cancel_asked, seal FROM ({LISTED}) "  # noqa: S608 - of constants
    "WHERE (?1 IS NULL OR status = ?1) AND (?2 IS NULL OR time >= ?2) AND (?3 IS NULL OR time < ?3) "
    "ORDER BY time DESC, operation_id DESC LIMIT ?4"
)
ABOUT: Final = "CREATE TABLE IF NOT EXISTS about (name TEXT PRIMARY KEY, value TEXT NOT NULL)"
"""Facts about the store as a whole. Created when it is first needed: files of earlier versions do not have it."""
TAKE_LEASE: Final = (
    "INSERT INTO heads (operation_id, lease, lease_version) SELECT ?1, ?2, ?3 "
    "WHERE ?4 IS NULL OR EXISTS (SELECT 1 FROM heads WHERE operation_id = ?1) "
    "ON CONFLICT (operation_id) DO UPDATE SET lease = ?2, lease_version = ?3 "
    "WHERE lease_version IS ?4 OR lease_version = ?3"
)
SEAL: Final = (
    "INSERT INTO heads (operation_id, seal) VALUES (?1, ?2) ON CONFLICT (operation_id) DO UPDATE SET seal = ?2 "
    "WHERE seal IS NULL OR json_extract(seal, '$.seq') <= ?3"
)
TAKE_LOCK: Final = (
    "INSERT INTO locks (name, operation_id) VALUES (?1, ?2) "
    "ON CONFLICT (name) DO UPDATE SET operation_id = ?2 WHERE operation_id IN (?2, ?3)"
)


_Append = tuple[LogRecord, Seal | None]
"""What is committed together: a record, and the seal of its operation if the store has a key."""


class SqliteStore:
    """The store in one file, which is created by the first write."""

    def __init__(self, path: Path) -> None:
        self.name = f"sqlite:{path}"
        self._file = SqliteFile(path)
        self._lock = RLock()
        self._commits: GroupCommit[_Append] = GroupCommit(self._commit)

    # -- records ------------------------------------------------------------------------------------------

    def append(self, record: LogRecord, seal: Seal | None = None) -> None:
        self._commits.submit((record, seal))

    def _commit(self, appends: Sequence[_Append]) -> list[Exception | None]:
        """Commit the records together. Returns for each None, or the StoreConflict that it met; the others are written."""
        with self._lock, self._file.errors:
            connection = self._file.open_or_create()
            if len(appends) == 1 and appends[0][1] is None:
                outcomes = [self._insert(connection, *appends[0])]
            else:
                outcomes = self._insert_together(connection, appends)
            self._file.check_not_replaced()
            return outcomes

    def _insert_together(self, connection: sqlite3.Connection, appends: Sequence[_Append]) -> list[Exception | None]:
        connection.execute("BEGIN IMMEDIATE")
        try:
            outcomes = [self._insert(connection, record, seal) for record, seal in appends]
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        return outcomes

    def _insert(self, connection: sqlite3.Connection, record: LogRecord, seal: Seal | None) -> Exception | None:
        try:
            connection.execute(
                INSERT,
                (
                    record.operation, record.seq, *readable_columns(record), record.state is not None,
                    record.write_id, record.digest, record.packed(), record.mac or None,
                ),
            )  # fmt: skip
        except sqlite3.IntegrityError:
            existing = connection.execute(
                "SELECT write_id FROM records WHERE operation_id = ? AND seq = ?", (record.operation, record.seq)
            ).fetchone()
            if existing is None:
                raise
            if existing[0] != record.write_id:
                return append_conflict(record, self.name)
        if seal is not None:
            connection.execute(SEAL, (record.operation, encode_seal(seal), seal.seq))
        return None

    def load(self, operation: str, *, after: int = 0) -> list[LogRecord]:
        rows = self._read(LOAD, (operation, after))
        return decode_chain((_stored_record(row) for row in rows), operation, self.name)

    def records(self, operation: str, *, after: int = 0) -> Iterator[LogRecord]:
        seq = after
        while rows := self._read(PAGE, (operation, seq)):
            for row in rows:
                yield decode_record(_stored_record(row), operation, self.name)
            seq = rows[-1][0]

    # -- heads --------------------------------------------------------------------------------------------

    def head(self, operation: str) -> Head | None:
        rows = self._read(f"{HEAD} WHERE operation_id = ?", (operation,))
        return self._head(rows[0]) if rows else None

    def heads(
        self, status: str | None = None, *, after: float | None = None, before: float | None = None,
        limit: int | None = None,
    ) -> Iterator[Head]:  # fmt: skip
        times = [iso(at) if at is not None else None for at in (after, before)]
        yield from map(self._head, self._read(HEADS, (status, *times, -1 if limit is None else limit)))

    def _head(self, row: tuple[Any, ...]) -> Head:
        operation, lease, summary, cancel, seal = row
        return decode_head(operation, self.name, lease=lease, summary=summary, cancel=cancel, seal=seal)

    def summarise(self, operation: str, summary: Mapping[str, Any]) -> None:
        self._write(
            "INSERT INTO heads (operation_id, summary, status) VALUES (?1, ?2, ?3) "
            "ON CONFLICT (operation_id) DO UPDATE SET summary = ?2, status = ?3",
            (operation, encode_json(summary), summary.get("status")),
        )

    def take_lease(self, operation: str, lease: Lease, *, over: str | None) -> bool:
        return self._write(TAKE_LEASE, (operation, encode_lease(lease), lease.version, over)) > 0

    def release(self, operation: str, version: str) -> None:
        self._change(
            "UPDATE heads SET lease = NULL, lease_version = NULL WHERE operation_id = ? AND lease_version = ?",
            (operation, version),
        )

    def ask_cancel(self, operation: str, request: Mapping[str, Any] | None) -> None:
        self._write(
            "INSERT INTO heads (operation_id, cancel_asked) VALUES (?1, ?2) "
            "ON CONFLICT (operation_id) DO UPDATE SET cancel_asked = ?2",
            (operation, encode_json(request)),
        )

    # -- locks and blobs ----------------------------------------------------------------------------------

    def take_lock(self, lock: str, operation: str, *, over: str | None = None) -> str | None:
        while True:
            if self._write(TAKE_LOCK, (lock, operation, over)):
                return None
            rows = self._read("SELECT operation_id FROM locks WHERE name = ?", (lock,))
            if rows:
                return str(rows[0][0])

    def release_lock(self, lock: str, operation: str) -> None:
        self._change("DELETE FROM locks WHERE name = ? AND operation_id = ?", (lock, operation))

    def delete_operation(self, operation: str) -> None:
        """In one transaction, in which the trigger that protects records is absent."""
        with self._lock, self._file.errors:
            connection = self._file.open_existing()
            if connection is None:
                return
            connection.execute("BEGIN IMMEDIATE")
            try:
                connection.execute("DROP TRIGGER IF EXISTS records_are_not_deleted")
                connection.execute("DELETE FROM records WHERE operation_id = ?", (operation,))
                connection.execute("DELETE FROM heads WHERE operation_id = ?", (operation,))
                connection.execute(NOT_DELETED)
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
            self._file.check_not_replaced()

    def store_id(self, *, create: bool = True) -> str:
        with self._lock, self._file.errors:
            connection = self._file.open_or_create() if create else self._file.open_existing()
            if connection is None:
                return ""
            if create:
                connection.execute(ABOUT)
                connection.execute(
                    "INSERT INTO about (name, value) VALUES ('store_id', ?) ON CONFLICT DO NOTHING", (new_store_id(),)
                )
                self._file.check_not_replaced()
            elif not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'about'").fetchall():
                return ""
            rows = connection.execute("SELECT value FROM about WHERE name = 'store_id'").fetchall()
            return str(rows[0][0]) if rows else ""

    def put_blob(self, content: bytes) -> str:
        digest = hashlib.sha256(content).hexdigest()
        self._write("INSERT INTO blobs (digest, content) VALUES (?, ?) ON CONFLICT DO NOTHING", (digest, content))
        return digest

    def blob(self, digest: str) -> bytes:
        rows = self._read("SELECT content FROM blobs WHERE digest = ?", (digest,))
        if not rows:
            raise missing_blob(digest, self.name)
        return check_blob(rows[0][0], digest, self.name)

    # -- the file -----------------------------------------------------------------------------------------

    def _read(self, statement: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        with self._lock, self._file.errors:
            connection = self._file.open_existing()
            return connection.execute(statement, values).fetchall() if connection is not None else []

    def _change(self, statement: str, values: tuple[Any, ...]) -> None:
        """Like `_write`, for statements that change existing rows only: the file is not created for them."""
        with self._lock, self._file.errors:
            if self._file.open_existing() is not None:
                self._write(statement, values)

    def _write(self, statement: str, values: tuple[Any, ...]) -> int:
        """Execute the statement; the number of rows that it wrote."""
        with self._lock, self._file.errors:
            rows = self._file.open_or_create().execute(statement, values).rowcount
            self._file.check_not_replaced()
            return rows

    def close(self) -> None:
        with self._lock, self._file.errors:
            self._file.close()


def _stored_record(row: tuple[Any, ...]) -> StoredRecord:
    seq, packed, digest, mac = row
    return StoredRecord(seq=seq, packed=packed, digest=digest, mac=mac or "")
