"""What the processes of these tests speak to: the pretend AWS over HTTP, and behind the same address a real DynamoDB.

A test may meet each request before it is done and after: kill or stop the one who asks, keep the reply back, answer
otherwise. Whoever is met does not know.
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
    """The connection closes, and nothing comes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request, `number` from 1 over all that have come."""

    number: int
    name: str  # `rds.CopyDBClusterSnapshot`, `dynamodb.PutItem`
    body: bytes
    access_key: str

    @property
    def what(self) -> bytes:
        """The same for one request that is sent twice: without the signature that is a parameter."""
        return self.name.encode() + SIGNED.sub(b"", self.body)

    @property
    def changes(self) -> bool:
        return not self.name.partition(".")[2].startswith(READS)


Met = Reply | None
Meet = Callable[[Asked, Literal["before", "after"]], Met]
"""None: nothing befalls it. A reply: that one instead, and before, it is not done. NoReply may be raised."""

Bend = Callable[[Asked, Reply], Reply]
"""What becomes of a reply on its way."""


class Front(SandboxServer):
    """A served sandbox; requests to DynamoDB go on to `table_server`, an address."""

    def __init__(self, sandbox: Sandbox, *, table_server: str = "", port: int = 0) -> None:
        super().__init__(sandbox, port=port)
        self.meet: Meet = lambda asked, when: None
        self.bend: Bend = lambda asked, reply: reply
        self.asked: list[str] = []
        self._table_server = table_server
        self._counting = Lock()
        self._stopped = False

    def count(self, *names: str) -> int:
        """How many requests of these names have come."""
        return sum(self.asked.count(name) for name in names)

    def stop(self) -> None:
        """As a server ends: nobody listens, and connections that are open close."""
        self._stopped = True
        self.__exit__()

    def again(self) -> Front:
        """Another server with the same world, to be started at the same address."""
        return Front(self.sandbox, table_server=self._table_server, port=int(self.url.rpartition(":")[2]))

    def answer(self, headers: request_parser.Headers, body: bytes) -> Reply | None:
        if self._stopped:
            return None
        asked = self._counted(headers, body)
        try:
            reply = self.meet(asked, "before")
            if reply is None and asked.name.startswith("dynamodb."):
                reply = self._passed_on(headers, body)
            elif reply is None:
                reply = super().answer(headers, body)
            reply = self.meet(asked, "after") or reply
            return reply and self.bend(asked, reply)
        except NoReply:
            return None

    def _counted(self, headers: request_parser.Headers, body: bytes) -> Asked:
        who = request_parser.credential_of(headers)
        action = ACTION.search(body)
        name = action[1].decode() if action else headers.get("X-Amz-Target", "").rpartition(".")[2]
        with self._counting:
            self.asked.append(f"{who.service}.{name}")
            return Asked(number=len(self.asked), name=self.asked[-1], body=body, access_key=who.access_key)

    def _passed_on(self, headers: request_parser.Headers, body: bytes) -> Reply:
        connection = http.client.HTTPConnection(urlsplit(self._table_server).netloc, timeout=30)
        try:
            kept = {name: value for name, value in headers.items() if name.lower() not in ("connection", "host")}
            connection.request("POST", "/", body, kept)
            found = connection.getresponse()
            return found.status, "application/x-amz-json-1.0", found.read()
        finally:
            connection.close()

    def unmet(self) -> None:
        """From now on nothing befalls anybody."""
        self.meet = lambda asked, when: None

    def expired(self, asked: Asked) -> None:
        """This call, when it comes to the sandbox, is refused in its service's words for credentials that are over."""
        self.sandbox.fault(Fault(kind="credentials", call=asked.name))


def refusal(code: str, message: str, status: int = 400) -> Reply:
    """DynamoDB's no."""
    text = f'{{"__type": "com.amazonaws.dynamodb.v20120810#{code}", "message": "{message}"}}'
    return status, "application/x-amz-json-1.0", text.encode()
