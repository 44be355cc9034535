"""One SQLite file: made privately, refused where it is foreign or newer, never written over.

A commit that was reported is on the disk: WAL with `synchronous=FULL`. This module must not know what a record says.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Final

from engine.errors import EnvironmentProblem
from engine.stores.port import StoreUnavailable

APPLICATION: Final = 0x52424F4B  # "RBOK", where `file` and SQLite itself look for whose a database is
VERSION: Final = 1
"""The version of the layout; a newer one is refused."""

CHECKPOINT_PAGES: Final = 300
"""Pages of the file beside it before they go into the database: overwriting them takes half as long as growing it."""

BUSY_TIMEOUT: Final = 5.0
"""Seconds that SQLite waits for another process's commit."""

SCHEMA: Final = (
    # The readable columns are for a person with `sqlite3`; what counts is `packed`, and `digest` covers it.
    """CREATE TABLE records (
        operation_id TEXT NOT NULL, seq INTEGER NOT NULL CHECK (seq > 0), timestamp TEXT, step TEXT, status TEXT,
        details TEXT, retry_count TEXT, max_retries TEXT, error TEXT, error_message TEXT, cleanup_status TEXT,
        orphaned_resources TEXT, whole INTEGER NOT NULL, write_id TEXT NOT NULL, digest TEXT NOT NULL,
        packed BLOB NOT NULL, PRIMARY KEY (operation_id, seq))""",
    "CREATE INDEX records_whole ON records (operation_id, seq) WHERE whole = 1",
    "CREATE INDEX records_first ON records (operation_id) WHERE seq = 1",
    """CREATE TABLE heads (
        operation_id TEXT PRIMARY KEY, status TEXT, summary TEXT, lease TEXT, lease_version TEXT, cancel_asked TEXT)""",
    "CREATE INDEX heads_status ON heads (status)",
    "CREATE TABLE locks (name TEXT PRIMARY KEY, operation_id TEXT NOT NULL)",
    "CREATE TABLE blobs (digest TEXT PRIMARY KEY, content BLOB NOT NULL)",
    """CREATE TRIGGER records_are_not_changed BEFORE UPDATE ON records
        BEGIN SELECT RAISE(ABORT, 'a record is never changed'); END""",
    """CREATE TRIGGER records_are_not_deleted BEFORE DELETE ON records
        BEGIN SELECT RAISE(ABORT, 'a record is never deleted'); END""",
    # INSERT OR REPLACE deletes without asking the trigger above.
    """CREATE TRIGGER records_are_not_replaced BEFORE INSERT ON records
        WHEN EXISTS (SELECT 1 FROM records WHERE operation_id = NEW.operation_id AND seq = NEW.seq)
        BEGIN SELECT RAISE(ABORT, 'a record is never replaced'); END""",
    f"PRAGMA application_id = {APPLICATION}",
    f"PRAGMA user_version = {VERSION}",
)

OWNER: Final = (  # in one statement, so that it sees either nothing or all of what another process lays out
    "SELECT application_id, (SELECT count(*) FROM sqlite_master) FROM pragma_application_id"
)

SQLITE_ERRORS: Final = (
    # the beginning of SQLite's own name of the error, whether waiting may mend it, what is wrong, what to do
    ("SQLITE_BUSY", True, "is locked by another process", "see who has it open"),
    ("SQLITE_LOCKED", True, "is locked by another process", "see who has it open"),
    ("SQLITE_FULL", True, "cannot grow: the disk is full", "make room"),
    ("SQLITE_READONLY", False, "cannot be written", "give yourself the right to write the file and its folder"),
    ("SQLITE_PERM", False, "cannot be written", "give yourself the right to write the file and its folder"),
    ("SQLITE_CANTOPEN", False, "cannot be opened", "see that its folder is there and that you may read and write it"),
    ("SQLITE_CORRUPT", False, "is damaged",
     "keep a copy of it, its -wal and its -shm, remove all three, and put a backup there, or try `sqlite3 FILE .recover`"),
    ("SQLITE_NOTADB", False, "is no database", "choose another place with --store"),
    ("SQLITE_IOERR", False, "cannot be read or written: the disk answers with an error", "see to the disk, or its quota"),
    ("SQLITE_NOLFS", False, "is too large for this system", "choose another place with --store"),
    ("SQLITE_NOMEM", True, "cannot be read: there is no memory left", "free some"),
)  # fmt: skip


class Telling:
    """A context in which SQLite's errors are told in our words: what is wrong, where, and what to do."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, sqlite3.Error):
            raise self._told(error) from error

    def _told(self, error: sqlite3.Error) -> EnvironmentProblem:
        name = getattr(error, "sqlite_errorname", None) or "SQLITE_ERROR"
        for beginning, passing, what, hint in SQLITE_ERRORS:
            if name.startswith(beginning):
                kind = StoreUnavailable if passing else EnvironmentProblem
                return kind(f"{self._path} {what} ({error}, {name}); nothing was written over: {hint}")
        return EnvironmentProblem(
            f"{self._path} is not laid out as this version of runbook expects ({error}, {name}); nothing was written over"
        )


class Database:
    """The file, opened when it is first needed; `reading` has None where there is none yet."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.telling = Telling(path)
        self._connection: sqlite3.Connection | None = None
        self._inode: tuple[int, int] | None = None

    def reading(self) -> sqlite3.Connection | None:
        """The connection; None while the file is not there, or empty: an empty store."""
        if self._connection is not None:
            self.still_there()
            return self._connection
        return self._open() if self._size() else None

    def writing(self) -> sqlite3.Connection:
        """The connection, to a file that is made if it was not there; whoever has written asks `still_there`."""
        if self._connection is not None:
            return self._connection
        self._make()
        return self._open()

    def still_there(self) -> None:
        """A file that was deleted or replaced under us still takes writes, which nobody would ever find."""
        try:
            found = os.stat(self.path)  # noqa: PTH116 - asked at every commit, and a third of the time
            now: tuple[int, int] | None = (found.st_dev, found.st_ino)
        except OSError:
            now = None
        if now != self._inode:
            message = (
                f"{self.path} was deleted or replaced while it was open; nothing more is performed: put the file back "
                f"(its -wal and -shm belong to it alone), or see with `runbook orphans` what its operations have made"
            )
            raise EnvironmentProblem(message)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    # -- opening ------------------------------------------------------------------------------------------

    def _size(self) -> int:
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0
        except OSError as error:
            raise self._unusable(error) from error

    def _make(self) -> None:
        """The folder for its owner alone, and so the file; SQLite makes the files beside it with its mode."""
        try:
            for folder in reversed([one for one in self.path.parents if not one.exists()]):
                folder.mkdir(mode=0o700, exist_ok=True)
            os.close(os.open(self.path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
        except OSError as error:
            raise self._unusable(error) from error

    def _unusable(self, error: OSError) -> EnvironmentProblem:
        kind = StoreUnavailable if isinstance(error, BlockingIOError) else EnvironmentProblem
        return kind(f"{self.path} cannot be used as a store: {error.strerror}; choose another place with --store")

    def _open(self) -> sqlite3.Connection:
        self._refuse_foreign()
        with self.telling:
            fixed = self._fixed()
            uri = self.path.absolute().as_uri() + ("?immutable=1" if fixed else "")
            connection = sqlite3.connect(
                uri, uri=True, timeout=BUSY_TIMEOUT, isolation_level=None, check_same_thread=False
            )
            try:
                if not fixed:
                    self._settle(connection)
                self._refuse(self._owner(connection), connection.execute("PRAGMA user_version").fetchone()[0])
            except BaseException:
                connection.close()
                raise
        found = self.path.stat()
        self._inode = (found.st_dev, found.st_ino)
        self._connection = connection
        return connection

    def _fixed(self) -> bool:
        """A copy where nothing can be written, beside a ticket or on a read-only disk, is read as it stands."""
        try:
            unread = self.path.with_name(f"{self.path.name}-wal").stat().st_size > 0
        except OSError:
            unread = False
        return not unread and not os.access(
            self.path.parent, os.W_OK, effective_ids=os.access in os.supports_effective_ids
        )

    def _refuse_foreign(self) -> None:
        """By its first bytes, before SQLite touches it: opening alone can make files beside it."""
        try:
            with self.path.open("rb") as file:
                header = file.read(100)
        except OSError as error:
            raise self._unusable(error) from error
        if header and not header.startswith(b"SQLite format 3\0"):
            message = f"{self.path} is no database; it was left alone: choose another place with --store"
            raise EnvironmentProblem(message)
        self._refuse(int.from_bytes(header[68:72]), int.from_bytes(header[60:64]))

    def _refuse(self, application: int, version: int) -> None:
        if application not in (0, APPLICATION):
            message = f"{self.path} is another program's database; it was left alone: choose another with --store"
            raise EnvironmentProblem(message)
        if application and version > VERSION:
            message = (
                f"{self.path} was made by a newer version of runbook (layout {version}, this one knows {VERSION}); it "
                f"was left alone: take the newer version"
            )
            raise EnvironmentProblem(message)

    def _settle(self, connection: sqlite3.Connection) -> None:
        """How it is written, and its tables if it has none."""
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA fullfsync = ON")  # where fsync alone does not reach the disk (macOS)
        connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
        if not self._owner(connection):
            _patiently(lambda: self._lay_out(connection))
        if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            _patiently(lambda: self._write_ahead(connection))

    def _owner(self, connection: sqlite3.Connection) -> int:
        """The application id; a database without one that has tables is another program's."""
        found, tables = connection.execute(OWNER).fetchone()
        if not found and tables:
            message = f"{self.path} is another program's database; it was left alone: choose another with --store"
            raise EnvironmentProblem(message)
        return int(found)

    def _lay_out(self, connection: sqlite3.Connection) -> None:
        """All or nothing, and once, whoever comes first."""
        connection.execute("BEGIN EXCLUSIVE")
        try:
            if not self._owner(connection):
                for statement in SCHEMA:
                    connection.execute(statement)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise

    def _write_ahead(self, connection: sqlite3.Connection) -> None:
        mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
        if mode != "wal":
            message = f"{self.path} is on a file system without shared memory ({mode}): choose a local one with --store"
            raise EnvironmentProblem(message)


def _busy(error: BaseException) -> bool:
    return getattr(error, "sqlite_errorname", "").startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))


def _patiently(what: Callable[[], None]) -> None:
    """SQLite's own waiting does not cover the change to WAL, nor a lock that would be a deadlock."""
    try:
        what()
    except sqlite3.OperationalError as error:
        if not _busy(error):
            raise
        from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random

        again = Retrying(
            retry=retry_if_exception(_busy), stop=stop_after_attempt(40), wait=wait_random(0.01, 0.1), reraise=True
        )
        again(what)
