"""The guard of unit tests: it stops what they must not do, and leaves other tests alone."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Callable

import pytest

FORBIDDEN: dict[str, tuple[Callable[[], object], str]] = {
    "a socket": (socket.socket, "opens a socket"),
    "a host name": (lambda: socket.getaddrinfo("localhost", 80), "looks up a host name"),
    "a process": (lambda: subprocess.run(["true"], check=True), "starts a process"),
    "a shell": (lambda: os.system("true"), "runs a shell command"),
    "a fork": (os.fork, "forks"),
}


@pytest.mark.parametrize(("act", "said"), FORBIDDEN.values(), ids=FORBIDDEN)
def test_a_unit_test_fails_at_once(act: Callable[[], object], said: str, request: pytest.FixtureRequest) -> None:
    assert request.node.get_closest_marker("unit")
    with pytest.raises(pytest.fail.Exception, match=said):
        act()


@pytest.mark.integration
def test_an_integration_test_may(request: pytest.FixtureRequest) -> None:
    assert not request.node.get_closest_marker("unit")
    socket.socket().close()
    subprocess.run(["true"], check=True)
