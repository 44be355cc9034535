"""Connections from this process to hosts: name resolution, sockets, TLS, and PostgreSQL's protocol on top.

Every function ends within its timeout, name resolution included. Knows no SQL.
"""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Mapping
from queue import Empty, SimpleQueue
from typing import Any, Final

from actions.scram_login import scram_connection
from engine.backoff import delay
from engine.clock import Clock, SystemClock

CONNECT_ATTEMPTS: Final = 3
"""Within one call, one right after the other. The step's `retry` does everything that takes longer."""

SSL_REQUEST: Final = struct.pack("!ii", 8, 80877103)
NOT_YET: Final = frozenset({"57P03", "53300"})
"""cannot_connect_now and too_many_connections (PostgreSQL, Appendix A, Error Codes)."""

Address = tuple[Any, ...]


def retry_wait(attempt: int, fraction: float) -> float:
    """Seconds until the next attempt to connect: full jitter, and short, because all attempts belong to one call."""
    return delay(attempt, first=0.2, longest=1.0, fraction=fraction)


class SystemNetwork:
    """`engine.registry.Network` with this machine's sockets. `clock` sleeps between attempts to connect."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock: Clock = SystemClock() if clock is None else clock

    def reach(self, host: str, port: int, timeout: float) -> tuple[str, float]:
        """The address and milliseconds; OSError if nothing answers within `timeout` seconds."""
        started = self._clock.boot()
        with self._connected(host, port, timeout) as connected:
            address = str(connected.getpeername()[0])
        return address, round((self._clock.boot() - started) * 1000, 3)

    def postgres(self, **options: Any) -> Any:
        """A `pg8000.native.Connection`, opened within `timeout`, that waits at most `answer_timeout` for each answer.

        The other options are pg8000's, except that `ssl_context` may be a function that makes the context. `scram_only`: no
        password leaves in another form (`actions.scram_login`). Raises what that function raises, OSError,
        ssl.SSLError, UnprovenServer, and pg8000's exceptions.
        """
        import random

        import tenacity

        timeout = float(options.pop("timeout"))
        answer_timeout = float(options.pop("answer_timeout", timeout))
        if callable(options.get("ssl_context")):
            options["ssl_context"] = options["ssl_context"]()
        deadline = self._clock.boot() + timeout
        attempts = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(CONNECT_ATTEMPTS),
            wait=lambda state: retry_wait(state.attempt_number, random.random()),
            retry=tenacity.retry_if_exception(lambda error: is_brief(error) and self._clock.boot() < deadline),
            sleep=self._clock.sleep,
            reraise=True,
        )
        return attempts(self._open, deadline, answer_timeout, options)

    def _open(self, deadline: float, answer_timeout: float, options: Mapping[str, Any]) -> Any:
        from pg8000.native import Connection

        made = scram_connection() if options.get("scram_only", True) else Connection
        host, port = str(options["host"]), int(options["port"])
        sock = self._connected(host, port, deadline - self._clock.boot())
        try:
            sock = with_tls(sock, host, options.get("ssl_context"))
            given = {name: value for name, value in options.items() if name != "scram_only"}
            connection = made(sock=sock, **given | {"ssl_context": False})
            sock.settimeout(answer_timeout)
        except BaseException:
            sock.close()
            raise
        return connection

    def _connected(self, host: str, port: int, timeout: float) -> socket.socket:
        """A socket to the first of the host's addresses that answers."""
        deadline = self._clock.boot() + timeout
        failed: OSError = TimeoutError("timed out")
        for family, kind, protocol, _, address in resolved(host, port, timeout):
            left = deadline - self._clock.boot()
            if left <= 0:
                break
            sock = socket.socket(family, kind, protocol)
            try:
                sock.settimeout(left)
                sock.connect(address)
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            except OSError as error:
                sock.close()
                failed = error
            else:
                return sock
        raise failed


def resolved(host: str, port: int, timeout: float) -> list[tuple[Any, Any, int, str, Address]]:
    """The result of `getaddrinfo` within `timeout` seconds. It has no timeout of its own, so it runs in a thread."""
    answers: SimpleQueue[Any] = SimpleQueue()

    def resolve() -> None:
        try:
            answers.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:  # UnicodeError: a label of the name is empty or too long
            answers.put(error)

    threading.Thread(target=resolve, name="runbook-resolver", daemon=True).start()
    try:
        answer = answers.get(timeout=max(timeout, 0.0))
    except Empty:
        raise TimeoutError("the name service does not answer") from None
    if isinstance(answer, UnicodeError):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    if isinstance(answer, OSError):
        raise answer
    found: list[tuple[Any, Any, int, str, Address]] = answer
    return found


def with_tls(sock: socket.socket, host: str, context: Any) -> socket.socket:
    """The socket with TLS, started in the way of PostgreSQL; the socket unchanged if `context` is False."""
    if context is False:
        return sock
    sock.sendall(SSL_REQUEST)
    match sock.recv(1):
        case b"S":
            wrapped: socket.socket = context.wrap_socket(sock, server_hostname=host)
            return wrapped
        case b"":
            raise ConnectionResetError("the server closed the connection before TLS began")
        case _:
            from pg8000.exceptions import InterfaceError

            raise InterfaceError("Server refuses SSL")


def is_brief(error: BaseException) -> bool:
    """May another attempt, a moment later, succeed?"""
    match error:
        case socket.gaierror():
            return error.errno == socket.EAI_AGAIN
        case ConnectionResetError() | BrokenPipeError():
            return True
        case _ if str(error) == "network error":  # raised by pg8000; without a cause, the server closed the connection
            return error.__cause__ is None or is_brief(error.__cause__)
        case _:
            fields = error.args[0] if error.args else None
            return isinstance(fields, dict) and fields.get("C") in NOT_YET


def reason_of(error: OSError) -> str:
    """Why nothing answered, in words that do not depend on the operating system."""
    match error:
        case socket.gaierror() if error.errno != socket.EAI_AGAIN:
            return "unknown host name"
        case socket.gaierror():
            return "the name service does not answer"
        case ConnectionRefusedError():
            return "connection refused"
        case TimeoutError():
            return "no answer"
        case _:
            return error.strerror or type(error).__name__
