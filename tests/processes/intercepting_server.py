"""The HTTP server of these tests: the sandbox, and at the same address a DynamoDB server.

A test can intercept each request before and after it is performed: kill or suspend the process that sent it, drop the
reply, or send another one.
"""

from __future__ import annotations

import http.client
import re
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Literal
from urllib.parse import urlsplit

from actions.sandbox import Fault
from actions.sandbox.http import request_parser
from actions.sandbox.http.server import Reply, SandboxServer
from actions.sandbox.sandbox import Sandbox

ACTION = re.compile(rb"(?:^|&)Action=(\w+)")
SIGNED = re.compile(rb"&PreSignedUrl=[^&]*")
READS = ("Describe", "Get", "List", "AssumeRole", "Query", "Scan", "BatchGet")


class NoReply(Exception):
    """Raised by a test to close the connection without a reply."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request; `number` counts all requests from 1."""

    number: int
    name: str  # `rds.CopyDBClusterSnapshot`, `dynamodb.PutItem`
    body: bytes
    access_key: str

    @property
    def identity(self) -> bytes:
        """Equal for two sendings of one request: the parameter that holds a signature is left out."""
        return self.name.encode() + SIGNED.sub(b"", self.body)

    @property
    def changes(self) -> bool:
        return not self.name.partition(".")[2].startswith(READS)


Interception = Reply | None
Intercept = Callable[[Request, Literal["before", "after"]], Interception]
"""Returns None to let the request pass, or a reply to send instead; before it, the request is then not performed."""

RewriteReply = Callable[[Request, Reply], Reply]
"""Changes a reply before it is sent."""


class InterceptingServer(SandboxServer):
    """Serves a sandbox, and forwards requests for DynamoDB to `table_server`, a URL."""

    def __init__(self, sandbox: Sandbox, *, table_server: str = "", port: int = 0) -> None:
        super().__init__(sandbox, port=port)
        self.intercept: Intercept = lambda request, when: None
        self.rewrite_reply: RewriteReply = lambda request, reply: reply
        self.requests: list[str] = []
        self._table_server = table_server
        self._counting = Lock()
        self._stopped = False

    def count(self, *names: str) -> int:
        """The number of requests with these names so far."""
        return sum(self.requests.count(name) for name in names)

    def stop(self) -> None:
        """Stop listening and close all connections."""
        self._stopped = True
        self.__exit__()

    def restarted(self) -> InterceptingServer:
        """A new server for the same sandbox and address; not started yet."""
        return InterceptingServer(self.sandbox, table_server=self._table_server, port=int(self.url.rpartition(":")[2]))

    def answer(self, headers: request_parser.Headers, body: bytes) -> Reply | None:
        if self._stopped:
            return None
        request = self._parse(headers, body)
        try:
            reply = self.intercept(request, "before")
            if reply is None and request.name.startswith("dynamodb."):
                reply = self._forward(headers, body)
            elif reply is None:
                reply = super().answer(headers, body)
            reply = self.intercept(request, "after") or reply
            return reply and self.rewrite_reply(request, reply)
        except NoReply:
            return None

    def _parse(self, headers: request_parser.Headers, body: bytes) -> Request:
        who = request_parser.credential_of(headers)
        action = ACTION.search(body)
        name = action[1].decode() if action else headers.get("X-Amz-Target", "").rpartition(".")[2]
        with self._counting:
            self.requests.append(f"{who.service}.{name}")
            return Request(number=len(self.requests), name=self.requests[-1], body=body, access_key=who.access_key)

    def _forward(self, headers: request_parser.Headers, body: bytes) -> Reply:
        connection = http.client.HTTPConnection(urlsplit(self._table_server).netloc, timeout=30)
        try:
            kept = {name: value for name, value in headers.items() if name.lower() not in ("connection", "host")}
            connection.request("POST", "/", body, kept)
            found = connection.getresponse()
            return found.status, "application/x-amz-json-1.0", found.read()
        finally:
            connection.close()

    def stop_intercepting(self) -> None:
        """Let all further requests pass."""
        self.intercept = lambda request, when: None

    def expired(self, request: Request) -> None:
        """Make the sandbox refuse this call with its service's error for expired credentials."""
        self.sandbox.fault(Fault(kind="credentials", call=request.name))


def refusal(code: str, message: str, status: int = 400) -> Reply:
    """An error reply of DynamoDB."""
    text = f'{{"__type": "com.amazonaws.dynamodb.v20120810#{code}", "message": "{message}"}}'
    return status, "application/x-amz-json-1.0", text.encode()
