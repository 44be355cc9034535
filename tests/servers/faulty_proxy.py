"""A proxy for servers that speak AWS's JSON over HTTP: it loses, truncates or replaces replies as a test wants.

A lost request was not executed; one with a lost reply was. Requests are not signed again: the servers check no signature.
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

PASS, LOSE_REQUEST, LOSE_REPLY, TRUNCATE_REPLY = "pass", "lose request", "lose reply", "truncate reply"


def error_reply(status: int, code: str, message: str = "as the test says") -> tuple[int, str, str]:
    """The request is not executed; the reply is this AWS error."""
    return status, code, message


THROTTLE = error_reply(400, "ThrottlingException")

Fault = str | tuple[int, str, str]


@dataclass(slots=True)
class FaultyProxy:
    """`plan`: faults for the next requests by name (`PutItem`), in order; further ones pass. `requests`: the names of all."""

    url: str = ""
    plan: dict[str, list[Fault]] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    reply_bytes: int = 0  # bytes of all reply bodies
    lock: Lock = field(default_factory=Lock)

    def next(self, name: str) -> Fault:
        with self.lock:
            self.requests.append(name)
            return self.plan[name].pop(0) if self.plan.get(name) else PASS


@contextmanager
def run_proxy(url: str) -> Iterator[FaultyProxy]:
    """Run a proxy for the server with this URL."""
    proxy, server_url = FaultyProxy(), urlsplit(url)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # a reply is two writes, and 40 ms apart otherwise

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            _serve(self, body, proxy, server_url.netloc)

        def log_message(self, format: str, *arguments: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        proxy.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield proxy
        finally:
            server.shutdown()
            thread.join()


def _serve(handler: BaseHTTPRequestHandler, body: bytes, proxy: FaultyProxy, server_url: str) -> None:
    fault = proxy.next(str(handler.headers.get("X-Amz-Target", "")).rpartition(".")[2])
    if fault == LOSE_REQUEST:
        _hang_up(handler)
        return
    if isinstance(fault, tuple):
        status, code, message = fault
        said = {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": message}
        _reply(handler, status, json.dumps(said).encode(), proxy)
        return
    status, content = _forwarded(handler, body, server_url)
    if fault == LOSE_REPLY:
        _hang_up(handler)
        return
    _reply(handler, status, content[: len(content) // 2] if fault == TRUNCATE_REPLY else content, proxy)


def _forwarded(handler: BaseHTTPRequestHandler, body: bytes, server_url: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(server_url, timeout=30)
    try:
        headers = {name: value for name, value in handler.headers.items() if name.lower() != "connection"}
        connection.request("POST", handler.path, body, headers)
        found = connection.getresponse()
        return found.status, found.read()
    finally:
        connection.close()


def _reply(handler: BaseHTTPRequestHandler, status: int, content: bytes, proxy: FaultyProxy) -> None:
    proxy.reply_bytes += len(content)
    handler.send_response(status)
    handler.send_header("Content-Type", "application/x-amz-json-1.0")
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content)


def _hang_up(handler: BaseHTTPRequestHandler) -> None:
    handler.close_connection = True
    handler.connection.shutdown(socket.SHUT_RDWR)
