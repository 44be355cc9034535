"""Hosts and ports as this process reaches them: the network of the real world.

Everything here ends by a time that is told: names are resolved, sockets opened, secured and read within it.
Must not know what is asked over a connection.
"""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Mapping
from queue import Empty, SimpleQueue
from typing import Any, Final

from engine.backoff import delay
from engine.clock import Clock, SystemClock

OPENINGS: Final = 3
"""How often one connection is tried within one call; everything longer is the schedule's of the step."""

SSL_REQUEST: Final = struct.pack("!ii", 8, 80877103)
NOT_YET: Final = frozenset({"57P03", "53300"})
"""cannot_connect_now and too_many_connections (PostgreSQL, appendix A)."""

Address = tuple[Any, ...]


def retry_wait(attempt: int, fraction: float) -> float:
    """Seconds until a connection is tried again: full jitter, and short, because it is all one call."""
    return delay(attempt, first=0.2, longest=1.0, fraction=fraction)


class SystemNetwork:
    """`engine.registry.Network` over this machine's sockets; `clock` sleeps between two openings."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock: Clock = SystemClock() if clock is None else clock

    def reach(self, host: str, port: int, timeout: float) -> tuple[str, float]:
        """Address and milliseconds; OSError if nothing answers within `timeout` seconds."""
        began = self._clock.boot()
        with self._connected(host, port, timeout) as connected:
            address = str(connected.getpeername()[0])
        return address, round((self._clock.boot() - began) * 1000, 3)

    def postgres(self, **options: Any) -> Any:
        """A `pg8000.native.Connection`, made within `timeout`, each of whose answers may take `answer_timeout`.

        The other options are pg8000's, but that `ssl_context` may be a function that makes one, and what it raises
        comes out. Raises OSError and ssl.SSLError as they are, and what pg8000 raises.
        """
        import random

        import tenacity

        timeout = float(options.pop("timeout"))
        answer_timeout = float(options.pop("answer_timeout", timeout))
        if callable(options.get("ssl_context")):
            options["ssl_context"] = options["ssl_context"]()
        ends = self._clock.boot() + timeout
        opening = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(OPENINGS),
            wait=lambda state: retry_wait(state.attempt_number, random.random()),
            retry=tenacity.retry_if_exception(lambda error: passes_at_once(error) and self._clock.boot() < ends),
            sleep=self._clock.sleep,
            reraise=True,
        )
        return opening(self._open, ends, answer_timeout, options)

    def _open(self, ends: float, answer_timeout: float, options: Mapping[str, Any]) -> Any:
        from pg8000.native import Connection

        host, port = str(options["host"]), int(options["port"])
        opened = self._connected(host, port, ends - self._clock.boot())
        try:
            opened = secured(opened, host, options.get("ssl_context"))
            made = Connection(sock=opened, **{**options, "ssl_context": False})
            opened.settimeout(answer_timeout)
        except BaseException:
            opened.close()
            raise
        return made

    def _connected(self, host: str, port: int, timeout: float) -> socket.socket:
        """A socket to the first address that answers."""
        ends = self._clock.boot() + timeout
        failed: OSError = TimeoutError("timed out")
        for family, kind, protocol, _, address in resolved(host, port, timeout):
            left = ends - self._clock.boot()
            if left <= 0:
                break
            opened = socket.socket(family, kind, protocol)
            try:
                opened.settimeout(left)
                opened.connect(address)
                opened.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            except OSError as error:
                opened.close()
                failed = error
            else:
                return opened
        raise failed


def resolved(host: str, port: int, timeout: float) -> list[tuple[Any, Any, int, str, Address]]:
    """What `getaddrinfo` answers within `timeout` seconds; it takes no time-out itself, so it has a thread."""
    answers: SimpleQueue[Any] = SimpleQueue()

    def ask() -> None:
        try:
            answers.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:  # UnicodeError: a label that is empty or too long
            answers.put(error)

    threading.Thread(target=ask, name="runbook-resolving", daemon=True).start()
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


def secured(opened: socket.socket, host: str, context: Any) -> socket.socket:
    """The socket with TLS on it, as PostgreSQL begins it; `context` False: as it is."""
    if context is False:
        return opened
    opened.sendall(SSL_REQUEST)
    match opened.recv(1):
        case b"S":
            wrapped: socket.socket = context.wrap_socket(opened, server_hostname=host)
            return wrapped
        case b"":
            raise ConnectionResetError("closed before TLS began")
        case _:
            from pg8000.exceptions import InterfaceError

            raise InterfaceError("Server refuses SSL")


def passes_at_once(error: BaseException) -> bool:
    """Is a second opening, a moment later, worth it?"""
    match error:
        case socket.gaierror():
            return error.errno == socket.EAI_AGAIN
        case ConnectionResetError() | BrokenPipeError():
            return True
        case _ if str(error) == "network error":  # pg8000's word for it; without a cause, the other end has closed
            return error.__cause__ is None or passes_at_once(error.__cause__)
        case _:
            told = error.args[0] if error.args else None
            return isinstance(told, dict) and told.get("C") in NOT_YET


def why_not(error: OSError) -> str:
    """Why nothing answered, in words that do not depend on the machine."""
    match error:
        case socket.gaierror() if error.errno != socket.EAI_AGAIN:
            return "no such name"
        case socket.gaierror():
            return "the name service does not answer"
        case ConnectionRefusedError():
            return "refused"
        case TimeoutError():
            return "no answer"
        case _:
            return error.strerror or type(error).__name__
