"""A server on the loopback interface with scripted replies, for what real servers rarely send."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

SILENCE = None
"""Instead of a reply: send nothing and keep the connection open."""


@dataclass(slots=True)
class ScriptedServer:
    """A running server; `received` has the bytes of each connection."""

    port: int
    received: list[bytes] = field(default_factory=list)


@contextmanager
def run_scripted_server(*connections: Sequence[bytes | None]) -> Iterator[ScriptedServer]:
    """Run a server with the replies for each connection, which is closed after them. The last list repeats."""
    held: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = ScriptedServer(listening.getsockname()[1])

        def serve() -> None:
            while True:
                try:
                    opened, _ = listening.accept()
                except OSError:
                    return  # the server is closed
                replies = connections[min(len(server.received), len(connections) - 1)]
                held.append(opened)
                server.received.append(b"")
                _talk(opened, replies, server)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join(timeout=5)
            for one in held:
                one.close()


def _talk(opened: socket.socket, replies: Sequence[bytes | None], server: ScriptedServer) -> None:
    for reply in replies:
        server.received[-1] += opened.recv(4096)
        if reply is SILENCE:
            return
        opened.sendall(reply)
    with suppress(OSError):  # the client may have disconnected
        opened.shutdown(socket.SHUT_RDWR)


def error_response(code: str, message: str) -> bytes:
    """An ErrorResponse of PostgreSQL."""
    fields = {"S": "FATAL", "V": "FATAL", "C": code, "M": message}
    body = b"".join(key.encode() + value.encode() + b"\0" for key, value in fields.items()) + b"\0"
    return b"E" + (len(body) + 4).to_bytes(4, "big") + body
