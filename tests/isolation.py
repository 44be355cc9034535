"""Which tests are unit tests, and a guard that fails a unit test that opens a socket or starts a process.

So `make unit` needs only Python and takes seconds. Tests in the folders below are unit tests, unless they are marked
`integration` or `slow`, or use a fixture that starts a server.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import get_ident

import pytest

FOLDERS = frozenset({"driver", "golden", "language", "laws", "sandbox", "stores", "unit", "validate"})
"""Folders below `tests`; nearly all tests in the others start processes or servers."""

SERVERS = frozenset({"moto", "postgres", "server"})
"""Fixtures that start a server; a test that uses one is an integration test."""

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
"""Events of `sys.audit` that a unit test must not cause, and what they mean."""

_watched: set[int] = set()  # threads that run a unit test; servers of earlier tests may still run in others


def mark(item: pytest.Item) -> None:
    """Mark a test as `unit` or `integration` by its folder and its fixtures."""
    if SERVERS & set(getattr(item, "fixturenames", ())):
        item.add_marker("integration")
    folder = item.path.relative_to(item.config.rootpath / "tests").parts[0]
    if folder in FOLDERS and not any(item.get_closest_marker(name) for name in ("integration", "slow")):
        item.add_marker("unit")


@contextmanager
def guarded() -> Iterator[None]:
    """Within, fail the test as soon as this thread opens a socket or starts a process."""
    _watched.add(get_ident())
    try:
        yield
    finally:
        _watched.discard(get_ident())


def _audit(event: str, _: tuple[object, ...]) -> None:
    if _watched and event in FORBIDDEN and get_ident() in _watched:
        pytest.fail(f"a unit test {FORBIDDEN[event]} ({event}): mark it with `pytest.mark.integration`")


sys.addaudithook(_audit)
# Its import opens a socket. Imported here, it does so before any test; else the first test to use botocore would fail.
importlib.import_module("urllib3.util.connection")
