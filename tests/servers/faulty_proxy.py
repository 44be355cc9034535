"""A proxy before a server that speaks AWS's JSON over HTTP: a request, or its reply, meets what a test says.

A request that is lost was not executed; one whose reply is lost was. Signatures are not renewed: what stands behind
does not check them.
"""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from urllib.parse import urlsplit

PASS, LOSE_REQUEST, LOSE_REPLY, CUT_REPLY = "pass", "lose request", "lose reply", "cut reply"


def answer(status: int, code: str, message: str = "as the test says") -> tuple[int, str, str]:
    """Not executed; an error of AWS's instead."""
    return status, code, message


THROTTLE = answer(400, "ThrottlingException")

Fault = str | tuple[int, str, str]


@dataclass(slots=True)
class Faults:
    """What befalls the next requests of a name (`PutItem`), in order; then they pass. `asked` counts them all."""

    url: str = ""
    plan: dict[str, list[Fault]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    replied: int = 0  # bytes of bodies that came back
    lock: Lock = field(default_factory=Lock)

    def next(self, name: str) -> Fault:
        with self.lock:
            self.asked.append(name)
            return self.plan[name].pop(0) if self.plan.get(name) else PASS


@contextmanager
def before(url: str) -> Iterator[Faults]:
    """A proxy before that server."""
    made, behind = Faults(), urlsplit(url)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # a reply is two writes, and 40 ms apart otherwise

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            _serve(self, body, made, behind.netloc)

        def log_message(self, format: str, *arguments: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        made.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield made
        finally:
            server.shutdown()
            thread.join()


def _serve(handler: BaseHTTPRequestHandler, body: bytes, made: Faults, behind: str) -> None:
    fault = made.next(str(handler.headers.get("X-Amz-Target", "")).rpartition(".")[2])
    if fault == LOSE_REQUEST:
        _hang_up(handler)
        return
    if isinstance(fault, tuple):
        status, code, message = fault
        said = {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": message}
        _reply(handler, status, json.dumps(said).encode(), made)
        return
    status, content = _forwarded(handler, body, behind)
    if fault == LOSE_REPLY:
        _hang_up(handler)
        return
    _reply(handler, status, content[: len(content) // 2] if fault == CUT_REPLY else content, made)


def _forwarded(handler: BaseHTTPRequestHandler, body: bytes, behind: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(behind, timeout=30)
    try:
        headers = {name: value for name, value in handler.headers.items() if name.lower() != "connection"}
        connection.request("POST", handler.path, body, headers)
        found = connection.getresponse()
        return found.status, found.read()
    finally:
        connection.close()


def _reply(handler: BaseHTTPRequestHandler, status: int, content: bytes, made: Faults) -> None:
    made.replied += len(content)
    handler.send_response(status)
    handler.send_header("Content-Type", "application/x-amz-json-1.0")
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content)


def _hang_up(handler: BaseHTTPRequestHandler) -> None:
    handler.close_connection = True
    handler.connection.shutdown(socket.SHUT_RDWR)
