"""DynamoDB servers for tests, on free ports of the loopback interface; each is strict in another way.

moto's is in `moto.py`. MiniStack is the most faithful; dynalite, on Node.js, validates requests the most.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers.moto import Moto

NODE_MODULES = Path(__file__).resolve().parents[2] / "node_modules"
DYNALITE = """
const server = require('dynalite')({createTableMs: 0, deleteTableMs: 0, updateTableMs: 0})
server.listen(0, '127.0.0.1', () => console.log(server.address().port))
"""


def without_dynalite() -> str | None:
    """Why dynalite cannot be started; None if it can."""
    if shutil.which("node") is None:
        return "no Node.js: dynalite cannot be started"
    if not (NODE_MODULES / "dynalite").is_dir():
        return "no node_modules/dynalite: run `make servers`"
    return None


@contextmanager
def dynalite() -> Iterator[Moto]:
    """Run dynalite in memory."""
    with subprocess.Popen(
        ["node", "-e", DYNALITE], cwd=NODE_MODULES.parent, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        try:
            yield Moto(f"http://127.0.0.1:{int(server.stdout.readline())}")
        finally:
            server.kill()


@contextmanager
def ministack() -> Iterator[Moto]:
    """Run MiniStack in memory, with DynamoDB only."""
    with tempfile.TemporaryDirectory() as folder:
        port = _free_port()
        environment = os.environ | {
            "BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port), "SERVICES": "dynamodb", "SFTP_ENABLED": "0",
            "IOT_MTLS_ENABLED": "0", "TMPDIR": folder, "LOG_LEVEL": "ERROR",
        }  # fmt: skip
        command = [sys.executable, "-W", "ignore", "-m", "ministack"]
        with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as server:
            try:
                _wait(server, f"http://127.0.0.1:{port}/_ministack/health")
                threading.Thread(target=server.stderr.read, daemon=True).start()
                yield Moto(f"http://127.0.0.1:{port}")
            finally:
                server.kill()


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def _wait(server: subprocess.Popen[bytes], url: str) -> None:
    """Poll the URL until it answers: MiniStack does not report that it is ready."""
    pause = threading.Event()
    for _ in range(600):
        assert server.poll() is None, server.stderr.read().decode()
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except urllib.error.HTTPError:
            return
        except OSError:
            pause.wait(0.05)
        else:
            return
    raise AssertionError(f"{url} did not answer")
