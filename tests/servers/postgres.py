"""A PostgreSQL server on a free port of the loopback interface: TLS, only SCRAM, and every statement in its log.

`initdb` refuses root, so root creates and runs it as the user `postgres`, else `nobody`. Its certificate is for
`localhost`, not for `127.0.0.1`. The database `clear` accepts connections without TLS.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.servers.certificates import Authority

SUPERUSER = "postgres"
PASSWORD = "the-super-users-own"

SETTINGS = """
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = ''
fsync = off
synchronous_commit = off
full_page_writes = off
shared_buffers = 16MB
max_connections = 30
ssl = on
ssl_cert_file = '{certificate}'
ssl_key_file = '{key}'
password_encryption = scram-sha-256
log_statement = all
log_connections = on
log_min_messages = info
log_line_prefix = '%u@%d '
timezone = UTC
"""

PG_HBA = """
hostnossl clear all 127.0.0.1/32 scram-sha-256
hostssl   all   all 127.0.0.1/32 scram-sha-256
"""


def folder_of_programs() -> Path:
    """Where initdb is: RUNBOOK_TEST_POSTGRES_BIN, Debian's newest, or the PATH."""
    named = os.environ.get("RUNBOOK_TEST_POSTGRES_BIN")
    if named:
        return Path(named)
    debians = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[4]))
    found = str(debians[-1]) if debians else shutil.which("initdb")
    assert found, "no PostgreSQL server: run `make servers`"
    return Path(found).resolve().parent


def unprivileged() -> str | None:
    """The user who runs the server if this process is root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in names)


@dataclass(frozen=True, slots=True)
class Postgres:
    """A running server."""

    port: int
    folder: Path
    authority: Path
    host: str = "localhost"

    def connect(self, user: str = SUPERUSER, password: str = PASSWORD, database: str = "postgres") -> Any:
        """A connection for the test itself."""
        import ssl

        from pg8000.native import Connection

        trusting = ssl.create_default_context(cafile=str(self.authority))
        return Connection(
            user, host=self.host, port=self.port, password=password, database=database, ssl_context=trusting, timeout=20
        )

    def ask(self, *statements: str, **who: str) -> list[list[Any]]:
        """Run statements; returns the rows of the last."""
        rows: list[list[Any]] = []
        with self.connect(**who) as connection:
            for statement in statements:
                rows = connection.run(statement) or []
        return rows

    @property
    def log(self) -> bytes:
        """The whole log."""
        return (self.folder / "log").read_bytes()


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


@contextmanager
def started() -> Iterator[Postgres]:
    """Run a server."""
    user = unprivileged()
    folder = Path(tempfile.mkdtemp(prefix="runbook-postgres-"))
    try:
        authority = Authority.made(folder)
        certificate, key = authority.issue("localhost", folder)
        (folder / "password").write_text(PASSWORD)
        if user is not None:
            for path in (folder, *folder.iterdir()):
                shutil.chown(path, user)
        made = Postgres(port=free_port(), folder=folder, authority=authority.certificate)
        _make(made, user, certificate, key)
        _run(user, folder, "pg_ctl", "start", "-w", "-s", "-D", "data", "-l", "log", "-t", "60")
        try:
            yield made
        finally:
            _run(user, folder, "pg_ctl", "stop", "-w", "-s", "-D", "data", "-m", "immediate")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _make(made: Postgres, user: str | None, certificate: Path, key: Path) -> None:
    _run(
        user, made.folder, "initdb", "-D", "data", "-U", SUPERUSER, "--pwfile=password", "--auth=scram-sha-256",
        "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions",
    )  # fmt: skip
    settings = SETTINGS.format(port=made.port, certificate=certificate, key=key)
    with (made.folder / "data" / "postgresql.conf").open("a") as file:
        file.write(settings)
    (made.folder / "data" / "pg_hba.conf").write_text(PG_HBA)


def _run(user: str | None, folder: Path, program: str, *arguments: str) -> None:
    # Its streams are files: a server started by pg_ctl would keep a pipe open.
    with (folder / "output").open("ab") as output:
        ended = subprocess.run(
            [folder_of_programs() / program, *arguments], cwd=folder, user=user, stdin=subprocess.DEVNULL,
            stdout=output, stderr=output, env={"PATH": os.environ["PATH"], "LC_ALL": "C", "TZ": "UTC"},
        )  # fmt: skip
    assert ended.returncode == 0, (folder / "output").read_text()
