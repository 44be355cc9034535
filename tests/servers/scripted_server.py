"""A server on the loopback interface with scripted replies, for what real servers rarely send."""

from __future__ import annotations

import socket
import ssl
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
def run_scripted_server(
    *connections: Sequence[bytes | None], tls: ssl.SSLContext | None = None
) -> Iterator[ScriptedServer]:
    """Run a server with the replies for each connection, which is closed after them. The last list repeats.

    `tls`: after the first reply, the rest is inside TLS.
    """
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
                server.received.append(b"")
                held.append(_talk(opened, replies, server, tls))

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join(timeout=5)
            for one in held:
                one.close()


def _talk(
    opened: socket.socket, replies: Sequence[bytes | None], server: ScriptedServer, tls: ssl.SSLContext | None
) -> socket.socket:
    """Send the replies; returns the socket, which is the caller's to close."""
    for number, reply in enumerate(replies):
        if tls is not None and number == 1:
            opened = tls.wrap_socket(opened, server_side=True)
        server.received[-1] += opened.recv(4096)
        if reply is SILENCE:
            return opened
        opened.sendall(reply)
    with suppress(OSError):  # the client may have disconnected
        opened.shutdown(socket.SHUT_RDWR)
    return opened


def error_response(code: str, message: str) -> bytes:
    """An ErrorResponse of PostgreSQL."""
    fields = {"S": "FATAL", "V": "FATAL", "C": code, "M": message}
    body = b"".join(key.encode() + value.encode() + b"\0" for key, value in fields.items()) + b"\0"
    return b"E" + (len(body) + 4).to_bytes(4, "big") + body
