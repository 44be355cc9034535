"""The HTTP server: anything that takes `--endpoint-url` can use the sandbox from another process.

    with SandboxServer(Sandbox(world)) as server:
        boto3.client("rds", endpoint_url=server.url)

It listens on 127.0.0.1 only. If a reply is lost, the connection closes without one. Below `/_sandbox/` there are GET
journal, resources, messages and POST sleep, put, fault.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, Self

from msgspec.structs import asdict

from actions.sandbox.calls import Refusal
from actions.sandbox.clients import operation_facts, request_for
from actions.sandbox.faults import Fault, NoReply
from actions.sandbox.http import request_parser, response_writer
from actions.sandbox.sandbox import Sandbox
from actions.sandbox.services.keys import SESSION_KEY
from engine.errors import RunbookError

HOST: Final = "127.0.0.1"
CONTROL: Final = "/_sandbox/"
LARGEST: Final = 1_000_000

Reply = tuple[int, str, bytes]
"""HTTP status, content type, body."""


class SandboxServer:
    """Serves a sandbox while the context lasts; `tick` seconds pass with every call."""

    def __init__(self, sandbox: Sandbox, *, port: int = 0, tick: float = 0.0) -> None:
        self.sandbox = sandbox
        self.tick = tick
        self._server = _HttpServer((HOST, port), _HttpHandler, owner=self)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    @property
    def url(self) -> str:
        """`http://127.0.0.1:PORT`."""
        return f"http://{HOST}:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, headers: request_parser.Headers, body: bytes) -> Reply | None:
        """The reply to an AWS call; None if it is lost."""
        try:
            credential = request_parser.credential_of(headers)
            operation, params = request_parser.read(credential.service, headers, body)
        except request_parser.BadRequest as error:
            return 400, "text/plain", f"{error}\n".encode()
        # The access key of an assumed role holds its account; any other belongs to the sandbox's own.
        key = credential.access_key
        account = key.removeprefix(SESSION_KEY) if key.startswith(SESSION_KEY) else self.sandbox.world.account(None)
        request = request_for(operation, credential.region, account, params)
        if self.tick:
            self.sandbox.clock.sleep(self.tick)
        kind = response_writer.content_type(operation.service_model)
        try:
            return 200, kind, response_writer.reply_body(operation, self.sandbox.answer(request))
        except NoReply:
            return None
        except Refusal as error:
            refusal, status = error, error.status or operation_facts(operation).status(error.code)
        except RunbookError as error:
            refusal, status = Refusal("InvalidAction", str(error)), 400
        return status, kind, response_writer.error_body(operation.service_model, refusal, status)

    def control(self, name: str, body: bytes) -> Reply:
        """The reply to a request below `/_sandbox/`."""
        try:
            answer = _CONTROLS[name](self.sandbox, json.loads(body or b"{}"))
        except KeyError:
            return 404, "text/plain", f"unknown; use {', '.join(_CONTROLS)}\n".encode()
        except (ValueError, TypeError, AttributeError, RunbookError) as error:
            return 400, "text/plain", f"{error}\n".encode()
        return 200, "application/json", json.dumps(answer, default=str).encode()


def _put(sandbox: Sandbox, entries: dict[str, Any]) -> None:
    for key, value in entries.items():
        sandbox.put(key, value)


_CONTROLS: Final[Mapping[str, Callable[[Sandbox, dict[str, Any]], Any]]] = {
    "journal": lambda sandbox, _: [asdict(call) for call in sandbox.journal],
    "resources": lambda sandbox, _: sandbox.resources(),
    "messages": lambda sandbox, _: sandbox.messages,
    "sleep": lambda sandbox, body: sandbox.clock.sleep(float(body.get("seconds", 0))),
    "put": _put,
    "fault": lambda sandbox, body: sandbox.fault(Fault(**body)),
}


class _HttpServer(ThreadingHTTPServer):
    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler], owner: SandboxServer) -> None:
        super().__init__(address, handler)
        self.owner = owner


class _HttpHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _HttpServer

    def do_POST(self) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        if size > LARGEST:
            while size > 0 and (read := self.rfile.read(min(size, LARGEST))):
                size -= len(read)
            self._send((413, "text/plain", b"too large\n"))
            return
        body, owner = self.rfile.read(size), self.server.owner
        called = self.path.startswith(CONTROL)
        self._send(owner.control(self.path.removeprefix(CONTROL), body) if called else owner.answer(self.headers, body))

    def do_GET(self) -> None:
        if self.path.startswith(CONTROL):
            self._send(self.server.owner.control(self.path.removeprefix(CONTROL), b""))
        else:
            self._send((404, "text/plain", f"this is the sandbox; see {CONTROL}journal\n".encode()))

    def _send(self, reply: Reply | None) -> None:
        if reply is None:
            self.close_connection = True
            return
        status, kind, body = reply
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("x-amzn-RequestId", response_writer.REQUEST_ID)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing: every call is in the journal."""
