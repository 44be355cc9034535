"""moto's server on a free port of the loopback interface.

Accounts are separate, so a test that needs an empty one uses `clients(account=…)`.
"""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

ACCOUNT = "x-moto-account-id"
SERVE = "from moto.server import main; main()"
MAKING = threading.Lock()
"""A session can create only one client at a time."""
LISTENING = re.compile(r"Running on http://127\.0\.0\.1:(\d+)")


@dataclass(frozen=True, slots=True)
class Moto:
    """A running server. `clients` is as `Sessions.clients` of `actions.aws.sessions`."""

    url: str

    def clients(self, service: str, region: str | None = None, account: str | None = None) -> Any:
        """A boto3 client without retries. `account` is twelve digits; the default is moto's own."""
        return _client(self.url, service, region or "us-west-2", account)


@cache
def _session() -> Any:
    """One session for all, because it reads the models once: those of EC2 alone are 40 MB."""
    import boto3

    return boto3.session.Session()


@cache
def _client(url: str, service: str, region: str, account: str | None) -> Any:
    from botocore.config import Config

    with MAKING:
        client = _session().client(
            service, region_name=region, endpoint_url=url, config=Config(retries={"total_max_attempts": 1}),
            aws_access_key_id="testing", aws_secret_access_key="testing",
        )  # fmt: skip
    if account is not None:
        client.meta.events.register("before-sign", lambda request, **_: request.headers.add_header(ACCOUNT, account))
    return client


@contextmanager
def started() -> Iterator[Moto]:
    """Run a server."""
    command = [sys.executable, "-W", "ignore", "-c", SERVE, "-H", "127.0.0.1", "-p", "0"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        try:
            port = _port(server)
            # It logs each request: a full pipe would block it.
            threading.Thread(target=server.stderr.read, daemon=True).start()
            yield Moto(f"http://127.0.0.1:{port}")
        finally:
            server.kill()


def _port(server: subprocess.Popen[str]) -> int:
    output = []
    for line in server.stderr:
        output.append(line)
        match = LISTENING.search(line)
        if match is not None:
            return int(match[1])
    raise AssertionError("moto_server ended: " + "".join(output))
