"""A server on the loopback interface that says what it is told to, whatever it is asked: for what real ones rarely say."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

SILENCE = None
"""In the place of a reply: none comes, and the connection stays open."""


@dataclass(slots=True)
class Scripted:
    """Where it listens; `asked` is what each connection has sent."""

    port: int
    asked: list[bytes] = field(default_factory=list)


@contextmanager
def answering(*connections: Sequence[bytes | None]) -> Iterator[Scripted]:
    """For each connection the replies, one to each thing that it sends; then it is closed. The last one repeats."""
    held: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        made = Scripted(listening.getsockname()[1])

        def serve() -> None:
            while True:
                try:
                    opened, _ = listening.accept()
                except OSError:
                    return  # it is over
                replies = connections[min(len(made.asked), len(connections) - 1)]
                held.append(opened)
                made.asked.append(b"")
                _talk(opened, replies, made)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield made
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join(timeout=5)
            for one in held:
                one.close()


def _talk(opened: socket.socket, replies: Sequence[bytes | None], made: Scripted) -> None:
    for reply in replies:
        made.asked[-1] += opened.recv(4096)
        if reply is SILENCE:
            return
        opened.sendall(reply)
    with suppress(OSError):  # who asked may have gone already
        opened.shutdown(socket.SHUT_RDWR)


def no(code: str, message: str) -> bytes:
    """PostgreSQL's ErrorResponse."""
    fields = {"S": "FATAL", "V": "FATAL", "C": code, "M": message}
    body = b"".join(key.encode() + value.encode() + b"\0" for key, value in fields.items()) + b"\0"
    return b"E" + (len(body) + 4).to_bytes(4, "big") + body
