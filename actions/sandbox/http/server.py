"""The sandbox over HTTP, for processes of their own: whatever speaks to AWS by `--endpoint-url` can be run, and killed.

    with Served(Sandbox(world)) as served:
        boto3.client("rds", endpoint_url=served.url)

The account is told by the access key (an assumed role's holds it). A lost reply is a connection that closes without one.
Besides, below `/_sandbox/`: GET journal, resources, messages; POST sleep, put, fault. Binds this machine's loopback alone.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from msgspec.structs import asdict

from actions.sandbox.calls import Refusal, Request
from actions.sandbox.clients import facts_of
from actions.sandbox.faults import Cut, Fault
from actions.sandbox.http import request_parser, response_writer
from actions.sandbox.sandbox import Sandbox
from actions.sandbox.services.keys import SESSION_KEY
from engine.errors import RunbookError

HOST: Final = "127.0.0.1"
CONTROL: Final = "/_sandbox/"
LARGEST: Final = 1_000_000

Reply = tuple[int, str, bytes]
"""HTTP status, content type, body."""


class Served:
    """A sandbox that is served while the context lasts; `tick` seconds pass with every call."""

    def __init__(self, sandbox: Sandbox, *, port: int = 0, tick: float = 0.0) -> None:
        self.sandbox = sandbox
        self.tick = tick
        self._server = _Server((HOST, port), _Handler)
        self._server.served = self
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    @property
    def url(self) -> str:
        """`http://127.0.0.1:PORT`."""
        return f"http://{HOST}:{self._server.server_address[1]}"

    def __enter__(self) -> Served:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    # --- what is asked ---

    def answer(self, headers: request_parser.Headers, body: bytes) -> Reply | None:
        """The reply to a call of AWS; None for none."""
        try:
            who = request_parser.signed(headers)
            operation, params = request_parser.read(who.service, headers, body)
        except request_parser.NoRequest as error:
            return 400, "text/plain", f"{error}\n".encode()
        model, facts = operation.service_model, facts_of(operation)
        request = Request(
            service=who.service, operation=operation.name, region=who.region, account=self._account(who.access_key),
            params=params, masked=facts.masked(params), can_raise=facts.can_raise,
        )  # fmt: skip
        if self.tick:
            self.sandbox.clock.sleep(self.tick)
        try:
            return (
                200,
                response_writer.content_type(model),
                response_writer.answered(operation, self.sandbox.answer(request)),
            )
        except Refusal as refusal:
            status = refusal.status or facts.status(refusal.code)
            return status, response_writer.content_type(model), response_writer.refused(model, refusal, status)
        except Cut:
            return None
        except RunbookError as error:
            unknown = Refusal("InvalidAction", str(error))
            return 400, response_writer.content_type(model), response_writer.refused(model, unknown, 400)

    def _account(self, access_key: str) -> str:
        """An assumed role's access key holds its account; every other is of the sandbox's own."""
        return (
            access_key.removeprefix(SESSION_KEY)
            if access_key.startswith(SESSION_KEY)
            else self.sandbox.world.account(None)
        )

    def control(self, name: str, body: bytes) -> Reply:
        """What tests ask and do besides."""
        try:
            told = json.loads(body or b"{}")
            answer = _CONTROLS[name](self.sandbox, told)
        except KeyError:
            return 404, "text/plain", f"there are {', '.join(_CONTROLS)}\n".encode()
        except (ValueError, TypeError, AttributeError, RunbookError) as error:
            return 400, "text/plain", f"{error}\n".encode()
        return 200, "application/json", json.dumps(answer, default=str).encode()


def _put(sandbox: Sandbox, told: dict[str, Any]) -> None:
    for key, value in told.items():
        sandbox.put(key, value)


_CONTROLS: Final[Mapping[str, Callable[[Sandbox, dict[str, Any]], Any]]] = {
    "journal": lambda sandbox, _: [asdict(call) for call in sandbox.journal],
    "resources": lambda sandbox, _: sandbox.resources(),
    "messages": lambda sandbox, _: sandbox.messages,
    "sleep": lambda sandbox, told: sandbox.clock.sleep(float(told.get("seconds", 0))),
    "put": _put,
    "fault": lambda sandbox, told: sandbox.fault(Fault(**told)),
}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    served: Served


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_POST(self) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        if size > LARGEST:
            while size > 0 and (read := self.rfile.read(min(size, LARGEST))):
                size -= len(read)
            self._send((413, "text/plain", b"too large\n"))
            return
        body = self.rfile.read(size)
        if self.path.startswith(CONTROL):
            self._send(self.server.served.control(self.path.removeprefix(CONTROL), body))
        else:
            self._send(self.server.served.answer(self.headers, body))

    def do_GET(self) -> None:
        if self.path.startswith(CONTROL):
            self._send(self.server.served.control(self.path.removeprefix(CONTROL), b""))
        else:
            self._send((404, "text/plain", f"the sandbox; below {CONTROL} there is more\n".encode()))

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
        """Nothing: the journal tells every call."""
