"""An HTTP server that speaks AWS's query protocol and gives scripted replies, for what moto does not do."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from engine.clock import SystemClock
from engine.kernel.rendering import iso

CUT = "cut"
"""In place of a reply: the connection is closed without one."""

EMPTY = (200, b"")
HOLLOW = (200, b"<Response><DescribeDBClustersResult/><RestoreDBClusterToPointInTimeResult/></Response>")
FAULT = (500, b"<ErrorResponse><Error><Code>InternalFailure</Code><Message>Sorry.</Message></Error></ErrorResponse>")
THROTTLED = (
    400,
    b"<ErrorResponse><Error><Code>Throttling</Code><Message>Rate exceeded</Message></Error></ErrorResponse>",
)
EXPIRED = (
    403,
    b"<ErrorResponse><Error><Code>ExpiredToken</Code><Message>The token has expired</Message></Error></ErrorResponse>",
)
OWN_ACCOUNT = "111111111111"


@dataclass(frozen=True, slots=True)
class ReceivedRequest:
    """One request as it arrived."""

    action: str
    form: dict[str, str]
    key: str  # the access key that signed it


@dataclass
class HttpAws:
    """Its URL, the requests that it received, and the next replies to each action; the last reply repeats."""

    url: str = ""
    requests: list[ReceivedRequest] = field(default_factory=list)
    replies: dict[str, list[Any]] = field(default_factory=dict)
    expires: float = 3600.0  # of assumed credentials, in seconds from now
    slow: float = 0.0  # seconds before each reply

    def actions(self) -> list[str]:
        return [one.action for one in self.requests]

    def reply(self, request: ReceivedRequest) -> Any:
        queue = self.replies.get(request.action)
        if queue:
            return queue.pop(0) if len(queue) > 1 else queue[0]
        match request.action:
            case "AssumeRole":
                return 200, self._assumed(request)
            case "GetCallerIdentity":
                return 200, _identity(request)
            case "DescribeDBClusters":
                return 200, _wrapped(request.action, "<DBClusters/>")
            case _:
                return 200, _wrapped(request.action, "")

    def _assumed(self, request: ReceivedRequest) -> bytes:
        account = request.form["RoleArn"].split(":")[4]
        end = iso(SystemClock().now() + self.expires)
        return _wrapped(
            "AssumeRole",
            f"<Credentials><AccessKeyId>ASIA{account}</AccessKeyId><SecretAccessKey>s</SecretAccessKey>"
            f"<SessionToken>t</SessionToken><Expiration>{end}</Expiration></Credentials>"
            f"<AssumedRoleUser><Arn>{request.form['RoleArn']}</Arn></AssumedRoleUser>",
        )


def _identity(request: ReceivedRequest) -> bytes:
    account = request.key.removeprefix("ASIA") if request.key.startswith("ASIA") else OWN_ACCOUNT
    arn = f"arn:aws:iam::{account}:user/somebody"
    return _wrapped("GetCallerIdentity", f"<Account>{account}</Account><Arn>{arn}</Arn><UserId>u</UserId>")


def _wrapped(action: str, inside: str) -> bytes:
    return f"<{action}Response><{action}Result>{inside}</{action}Result></{action}Response>".encode()


def cluster(name: str) -> tuple[int, bytes]:
    """A reply of DescribeDBClusters with one cluster."""
    inside = f"<DBClusterIdentifier>{name}</DBClusterIdentifier><Status>available</Status>"
    return 200, _wrapped("DescribeDBClusters", f"<DBClusters><DBCluster>{inside}</DBCluster></DBClusters>")


@contextmanager
def serving() -> Iterator[HttpAws]:
    """A server that runs for the length of the block."""
    state = HttpAws()
    hurried = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            key = re.search(r"Credential=(\w+)/", self.headers.get("authorization", ""))
            request = ReceivedRequest(action=form.get("Action", ""), form=form, key=key[1] if key else "")
            state.requests.append(request)
            reply = state.reply(request)
            if state.slow:
                hurried.wait(state.slow)
            if reply == CUT:
                self.close_connection = True
                return
            status, text = reply
            self.send_response(status)
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: Any) -> None:
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        state.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield state
        finally:
            hurried.set()
            server.shutdown()
            thread.join(timeout=5)


__all__ = ["CUT", "EMPTY", "EXPIRED", "FAULT", "HOLLOW", "OWN_ACCOUNT", "THROTTLED", "HttpAws", "cluster", "serving"]
