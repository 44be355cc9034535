"""net.endpoint and the real network: answers, errors, and that everything ends within its timeout."""

from __future__ import annotations

import socket
import threading
from typing import Any

import pytest

from actions.kinds.endpoint import KINDS
from actions.network import CONNECT_ATTEMPTS, SystemNetwork, resolved
from engine.clock import SystemClock, VirtualClock
from engine.registry import Observation
from tests.actions.contexts import context
from tests.servers.postgres import free_port
from tests.servers.scripted_server import SILENCE, error_response, run_scripted_server


class Impatient(SystemClock):
    """Real time, but sleeping only records the seconds."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


def look(host: str, port: int, **more: Any) -> Observation:
    [endpoint] = KINDS
    return endpoint.look({"host": host, "port": port}, context(**more))


def test_an_open_port_is_available() -> None:
    with run_scripted_server([SILENCE]) as server:
        seen = look("localhost", server.port)
    assert (seen.status, seen.cls, seen.id) == ("ok", "available", None)
    assert seen.attributes["address"] == "127.0.0.1"
    assert 0 <= seen.attributes["milliseconds"] < 10_000
    assert seen.attributes["problem"] is None


@pytest.mark.parametrize(
    ("host", "why"),
    [("127.0.0.1", "connection refused"), ("no-such-host.invalid", "unknown host name"), ("a..b", "unknown host name")],
)
def test_a_closed_port_or_unknown_host_is_unanswered(host: str, why: str) -> None:
    port = free_port()
    seen = look(host, port)
    assert (seen.status, seen.cls) == ("unanswered", "broken")
    assert seen.attributes == {"address": None, "milliseconds": None, "problem": f"{host}:{port}: {why}"}


class Silent(SystemNetwork):
    """A network that drops packets, like a closed security group."""

    def reach(self, host: str, port: int, timeout: float) -> tuple[str, float]:
        self.waited = timeout
        raise TimeoutError("timed out")


@pytest.mark.parametrize(("timeout", "waited"), [(60.0, 10.0), (3.0, 3.0)])
def test_it_waits_ten_seconds_or_the_steps_timeout(timeout: float, waited: float) -> None:
    network = Silent()
    seen = look("orders.example", 5432, network=network, timeout=timeout)
    assert seen.attributes["problem"] == "orders.example:5432: no answer"
    assert network.waited == waited


def test_resolving_a_name_ends_with_its_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = threading.Event()

    def getaddrinfo(*_: Any, **__: Any) -> Any:
        asked.wait()

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    with pytest.raises(TimeoutError):
        resolved("orders.example", 5432, 0.01)
    asked.set()


def test_the_second_address_is_tried_if_the_first_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    with run_scripted_server([SILENCE]) as server:
        port = free_port()
        found = [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)),
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", server.port)),
        ]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
        assert SystemNetwork().reach("two-addresses", port, 5.0)[0] == "127.0.0.1"


def connect(port: int, clock: SystemClock | None = None, **more: Any) -> Any:
    options = {"host": "127.0.0.1", "port": port, "user": "app", "password": "secret", "ssl_context": False}
    return SystemNetwork(clock or Impatient()).postgres(**options | {"timeout": 5.0} | more)


@pytest.mark.parametrize(
    "replies", [[], [error_response("57P03", "starting up")], [error_response("53300", "too many")]]
)
def test_a_brief_error_is_retried_within_the_call(replies: list[bytes]) -> None:
    clock = Impatient()
    with run_scripted_server(replies) as server, pytest.raises(Exception, match=r"network error|57P03|53300"):
        connect(server.port, clock)
    assert len(server.received) == CONNECT_ATTEMPTS
    assert len(clock.slept) == CONNECT_ATTEMPTS - 1
    assert all(0 <= seconds <= 1 for seconds in clock.slept)


@pytest.mark.parametrize("code", ["28P01", "3D000", "28000"])
def test_a_lasting_error_is_not_retried(code: str) -> None:
    with run_scripted_server([error_response(code, "no")]) as server, pytest.raises(Exception, match=code):
        connect(server.port)
    assert len(server.received) == 1


def test_a_refused_connection_is_not_retried_within_the_call() -> None:
    clock = Impatient()
    with pytest.raises(ConnectionRefusedError):
        connect(free_port(), clock)
    assert clock.slept == []


def test_no_password_is_sent_before_tls() -> None:
    with run_scripted_server([b"N"]) as server, pytest.raises(Exception, match="refuses SSL"):
        connect(server.port, ssl_context=None)
    assert server.received == [bytes.fromhex("0000000804d2162f")]


def test_the_clock_measures_time() -> None:
    with run_scripted_server([SILENCE]) as server:
        assert SystemNetwork(VirtualClock()).reach("127.0.0.1", server.port, 5.0) == ("127.0.0.1", 0.0)
