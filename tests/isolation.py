"""What a unit test is, and the guard that keeps it one.

A unit test starts no process and opens no socket, so that `make unit` needs nothing but Python and takes seconds. Tests of
the folders below are unit tests, unless they are marked `integration` or `slow`, or use a fixture that starts a server.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import get_ident

import pytest

FOLDERS = frozenset({"driver", "golden", "language", "laws", "sandbox", "stores", "unit", "validate"})
"""Folders below `tests`; those of the other folders start processes or servers nearly everywhere."""

SERVERS = frozenset({"moto", "postgres", "server"})
"""Fixtures that start a server; what uses them is an integration test."""

FORBIDDEN = {
    "os.exec": "starts a program",
    "os.fork": "forks",
    "os.forkpty": "forks",
    "os.posix_spawn": "starts a process",
    "os.system": "runs a shell command",
    "socket.__new__": "opens a socket",
    "socket.getaddrinfo": "looks up a host name",
    "subprocess.Popen": "starts a process",
}
"""Events of `sys.audit` that a unit test must not raise, and what they mean."""

_watched: set[int] = set()  # the thread that runs a unit test; servers of other tests live on in threads of their own


def mark(item: pytest.Item) -> None:
    """Mark the test `unit` or `integration`, where its folder or its fixtures say so."""
    if SERVERS & set(getattr(item, "fixturenames", ())):
        item.add_marker("integration")
    folder = item.path.relative_to(item.config.rootpath / "tests").parts[0]
    if folder in FOLDERS and not any(item.get_closest_marker(name) for name in ("integration", "slow")):
        item.add_marker("unit")


@contextmanager
def guarded() -> Iterator[None]:
    """Within it, this thread fails the test as soon as it opens a socket or starts a process."""
    _watched.add(get_ident())
    try:
        yield
    finally:
        _watched.discard(get_ident())


def _audit(event: str, _: tuple[object, ...]) -> None:
    if _watched and event in FORBIDDEN and get_ident() in _watched:
        pytest.fail(f"a unit test {FORBIDDEN[event]} ({event}): mark it with `pytest.mark.integration`")


sys.addaudithook(_audit)
importlib.import_module("urllib3.util.connection")  # opens a socket when it is imported, in whatever test that would be
