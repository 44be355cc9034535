"""The SQLite file of a store: how it is created, opened and checked, and what its errors mean.

The file is created for its owner alone. A file of another program, or of a newer version of runbook, is refused and not
changed. Once a commit is reported it is on the disk: the journal is a WAL with `synchronous=FULL`.
This module does not know what is in a record.
"""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from engine.errors import EnvironmentProblem
from engine.regular_file import irregularity, read_regular_file
from engine.stores.port import StoreUnavailable

APPLICATION: Final = 0x52424F4B  # "RBOK" in the header of the file: by it `file` and SQLite tell whose database it is
VERSION: Final = 2
"""The version of the tables. A file with a newer one is refused."""

CHECKPOINT_PAGES: Final = 300
"""Pages in the WAL before SQLite copies them into the database. Overwriting the WAL is twice as fast as growing it."""

BUSY_TIMEOUT: Final = 5.0
"""Seconds that SQLite waits for a commit of another process."""

NOT_DELETED: Final = """CREATE TRIGGER records_are_not_deleted BEFORE DELETE ON records
    BEGIN SELECT RAISE(ABORT, 'a record is never deleted'); END"""
"""Only `delete_operation` deletes records; it drops this trigger and creates it again in one transaction."""

SCHEMA: Final = (
    # The readable columns are for people who use `sqlite3`. The record itself is `packed`, and `digest` covers it.
    """CREATE TABLE records (
        operation_id TEXT NOT NULL, seq INTEGER NOT NULL CHECK (seq > 0), timestamp TEXT, step TEXT, status TEXT,
        details TEXT, retry_count TEXT, max_retries TEXT, error TEXT, error_message TEXT, cleanup_status TEXT,
        orphaned_resources TEXT, whole INTEGER NOT NULL, write_id TEXT NOT NULL, digest TEXT NOT NULL,
        packed BLOB NOT NULL, mac TEXT, PRIMARY KEY (operation_id, seq))""",
    "CREATE INDEX records_whole ON records (operation_id, seq) WHERE whole = 1",
    "CREATE INDEX records_first ON records (operation_id) WHERE seq = 1",
    """CREATE TABLE heads (
        operation_id TEXT PRIMARY KEY, status TEXT, summary TEXT, lease TEXT, lease_version TEXT, cancel_asked TEXT,
        seal TEXT)""",
    "CREATE INDEX heads_status ON heads (status)",
    "CREATE TABLE locks (name TEXT PRIMARY KEY, operation_id TEXT NOT NULL)",
    "CREATE TABLE blobs (digest TEXT PRIMARY KEY, content BLOB NOT NULL)",
    """CREATE TRIGGER records_are_not_changed BEFORE UPDATE ON records
        BEGIN SELECT RAISE(ABORT, 'a record is never changed'); END""",
    NOT_DELETED,
    # INSERT OR REPLACE deletes rows without firing the trigger above.
    """CREATE TRIGGER records_are_not_replaced BEFORE INSERT ON records
        WHEN EXISTS (SELECT 1 FROM records WHERE operation_id = NEW.operation_id AND seq = NEW.seq)
        BEGIN SELECT RAISE(ABORT, 'a record is never replaced'); END""",
    f"PRAGMA application_id = {APPLICATION}",
    f"PRAGMA user_version = {VERSION}",
)

UPGRADES: Final[Mapping[int, tuple[str, ...]]] = {
    1: ("ALTER TABLE records ADD COLUMN mac TEXT", "ALTER TABLE heads ADD COLUMN seal TEXT")
}
"""By the version of a file's tables: what makes them those of the next version."""

OWNER: Final = (  # one statement, so that it sees none or all of the tables that another process is creating
    "SELECT application_id, (SELECT count(*) FROM sqlite_master) FROM pragma_application_id"
)

SQLITE_ERRORS: Final = (
    # prefix of SQLite's name of the error; may it pass by itself; what is wrong with the file; what to do
    ("SQLITE_BUSY", True, "is locked by another process", "find out which process has the file open"),
    ("SQLITE_LOCKED", True, "is locked by another process", "find out which process has the file open"),
    ("SQLITE_FULL", True, "cannot grow: the disk is full", "free some space"),
    ("SQLITE_READONLY", False, "cannot be written", "make the file and its folder writable for your user"),
    ("SQLITE_PERM", False, "cannot be written", "make the file and its folder writable for your user"),
    ("SQLITE_CANTOPEN", False, "cannot be opened", "check that its folder exists and that you may read and write it"),
    ("SQLITE_CORRUPT", False, "is damaged",
     "copy it, its -wal and its -shm, delete all three, and restore a backup, or try `sqlite3 FILE .recover` on the copy"),
    ("SQLITE_NOTADB", False, "is not a SQLite database", "choose another file with --store"),
    ("SQLITE_IOERR", False, "cannot be read or written: the disk reports an error", "check the disk and your quota"),
    ("SQLITE_NOLFS", False, "is too large for this system", "choose another file with --store"),
    ("SQLITE_NOMEM", True, "cannot be read: out of memory", "free some memory"),
)  # fmt: skip


FOREIGN: Final = "{} is the database of another program, and was not changed. Choose another file with --store"


class SqliteErrors:
    """A context that turns SQLite's errors into an EnvironmentProblem: which file, what is wrong, and what to do."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, sqlite3.Error):
            raise self._problem(error) from error

    def _problem(self, error: sqlite3.Error) -> EnvironmentProblem:
        name = getattr(error, "sqlite_errorname", None) or "SQLITE_ERROR"
        for prefix, may_pass, what, hint in SQLITE_ERRORS:
            if name.startswith(prefix):
                kind = StoreUnavailable if may_pass else EnvironmentProblem
                return kind(f"the store {self._path} {what} ({error}, {name}). No data was overwritten; {hint}")
        return EnvironmentProblem(
            f"the store {self._path} does not have the tables that this version of runbook expects ({error}, {name}). "
            f"No data was overwritten; choose another file with --store"
        )


class SqliteFile:
    """The file, opened when it is first needed. Nothing is created before the first write."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.errors = SqliteErrors(path)
        self._connection: sqlite3.Connection | None = None
        self._inode: tuple[int, int] | None = None

    def open_existing(self) -> sqlite3.Connection | None:
        """The connection. None if the file does not exist or is empty, which means an empty store."""
        if self._connection is not None:
            self.check_not_replaced()
            return self._connection
        return self._open() if self._size() else None

    def open_or_create(self) -> sqlite3.Connection:
        """The connection; the file is created if it does not exist. Call `check_not_replaced` after each write."""
        if self._connection is not None:
            return self._connection
        self._create()
        return self._open()

    def check_not_replaced(self) -> None:
        """EnvironmentProblem if the path no longer is the open file: what is written to it then is lost."""
        try:
            found = os.stat(self.path)  # noqa: PTH116 - called at every commit, and takes a third of the time
            now: tuple[int, int] | None = (found.st_dev, found.st_ino)
        except OSError:
            now = None
        if now != self._inode:
            message = (
                f"the store {self.path} was deleted or replaced while it was open, and the operation was stopped. Put "
                f"the file back, with its own -wal and -shm; if it is lost, `runbook orphans` finds what its operations "
                f"created"
            )
            raise EnvironmentProblem(message)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    # -- opening ------------------------------------------------------------------------------------------

    def _size(self) -> int:
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return 0
        except OSError as error:
            raise self._unusable(error) from error
        what = irregularity(found.st_mode)
        if what is not None:
            raise self._unusable(OSError(errno.EINVAL, f"it {what}, not a regular file"))
        return found.st_size

    def _create(self) -> None:
        """Create the folder and the file for their owner alone. SQLite gives the -wal and -shm the mode of the file."""
        try:
            for folder in reversed([one for one in self.path.parents if not one.exists()]):
                folder.mkdir(mode=0o700, exist_ok=True)
            os.close(os.open(self.path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY, 0o600))
        except OSError as error:
            raise self._unusable(error) from error
        self._size()  # refuses what is no regular file

    def _unusable(self, error: OSError) -> EnvironmentProblem:
        kind = StoreUnavailable if isinstance(error, BlockingIOError) else EnvironmentProblem
        return kind(f"cannot use {self.path} as a store: {error.strerror}. Choose another file with --store")

    def _open(self) -> sqlite3.Connection:
        self._refuse_foreign()
        with self.errors:
            immutable = self._is_immutable()
            uri = self.path.absolute().as_uri() + ("?immutable=1" if immutable else "")
            connection = sqlite3.connect(
                uri, uri=True, timeout=BUSY_TIMEOUT, isolation_level=None, check_same_thread=False
            )
            try:
                if not immutable:
                    self._configure(connection)
                self._refuse(self._owner(connection), _version(connection))
                if _version(connection) < VERSION:
                    self._upgrade(connection, immutable=immutable)
            except BaseException:
                connection.close()
                raise
        found = self.path.stat()
        self._inode = (found.st_dev, found.st_ino)
        self._connection = connection
        return connection

    def _is_immutable(self) -> bool:
        """Is it a copy in a folder that cannot be written, such as a read-only disk? SQLite then locks nothing."""
        try:
            unread = self.path.with_name(f"{self.path.name}-wal").stat().st_size > 0
        except OSError:
            unread = False
        return not unread and not os.access(
            self.path.parent, os.W_OK, effective_ids=os.access in os.supports_effective_ids
        )

    def _refuse_foreign(self) -> None:
        """Check the owner and header before SQLite opens the file, which can create a -wal and a -shm beside it."""
        try:
            header = read_regular_file(self.path, 100)
            owner = self.path.stat().st_uid
        except OSError as error:
            raise self._unusable(error) from error
        if owner not in (os.geteuid(), 0):
            message = (
                f"{self.path} belongs to another user, who can change what its operations do, and was not opened. Take it "
                f"over (chown), or choose another file with --store"
            )
            raise EnvironmentProblem(message)
        if header and not header.startswith(b"SQLite format 3\0"):
            message = f"{self.path} is not a SQLite database, and was not changed. Choose another file with --store"
            raise EnvironmentProblem(message)
        self._refuse(int.from_bytes(header[68:72]), int.from_bytes(header[60:64]))

    def _refuse(self, application: int, version: int) -> None:
        if application not in (0, APPLICATION):
            message = FOREIGN.format(self.path)
            raise EnvironmentProblem(message)
        if application and version > VERSION:
            message = (
                f"the store {self.path} was created by a newer version of runbook (its tables have version {version}, "
                f"this runbook supports {VERSION}) and was not changed. Install the newer version"
            )
            raise EnvironmentProblem(message)

    def _configure(self, connection: sqlite3.Connection) -> None:
        """Set how the file is written, and create the tables if it has none."""
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA fullfsync = ON")  # where fsync alone does not reach the disk (macOS)
        connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
        if not self._owner(connection):
            _retry_while_busy(lambda: self._create_tables(connection))
        if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            _retry_while_busy(lambda: self._use_wal(connection))

    def _owner(self, connection: sqlite3.Connection) -> int:
        """The application id. A database that has tables and no id belongs to another program."""
        found, tables = connection.execute(OWNER).fetchone()
        if not found and tables:
            message = FOREIGN.format(self.path)
            raise EnvironmentProblem(message)
        return int(found)

    def _create_tables(self, connection: sqlite3.Connection) -> None:
        """In one transaction, unless another process has created them in the meantime."""
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

    def _upgrade(self, connection: sqlite3.Connection, *, immutable: bool) -> None:
        """Give a file of an older version the tables of this one, in one transaction."""
        if immutable:
            message = (
                f"the store {self.path} has the tables of an older version of runbook, and is in a folder that cannot be "
                f"written. Copy it to one that can, and name the copy with --store"
            )
            raise EnvironmentProblem(message)

        def upgrade() -> None:
            connection.execute("BEGIN EXCLUSIVE")
            try:
                for version in range(_version(connection), VERSION):
                    for statement in UPGRADES[version]:
                        connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {VERSION}")
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

        _retry_while_busy(upgrade)

    def _use_wal(self, connection: sqlite3.Connection) -> None:
        mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
        if mode != "wal":
            message = (
                f"the file system of {self.path} has no shared memory (the journal mode stays {mode}). Choose a file on a "
                f"local disk with --store"
            )
            raise EnvironmentProblem(message)


def _version(connection: sqlite3.Connection) -> int:
    """The version of the file's tables; 0 for a file without any."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _is_busy(error: BaseException) -> bool:
    return getattr(error, "sqlite_errorname", "").startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))


def _retry_while_busy(change: Callable[[], None]) -> None:
    """SQLite's own busy timeout covers neither the change to WAL nor a lock that could be a deadlock."""
    try:
        change()
    except sqlite3.OperationalError as error:
        if not _is_busy(error):
            raise
        from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random

        retrying = Retrying(
            retry=retry_if_exception(_is_busy), stop=stop_after_attempt(40), wait=wait_random(0.01, 0.1), reraise=True
        )
        retrying(change)
