"""A YAML language server as an editor starts it: JSON-RPC over its standard input and output (LSP 3.17).

The runbook names its schema on its first line, as the shipped ones do; the server has no other configuration.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import Queue
from typing import Any, BinaryIO

ROOT = Path(__file__).resolve().parents[2]
SERVER = ROOT / "node_modules" / "yaml-language-server" / "bin" / "yaml-language-server"
PATIENCE = 60.0
"""Seconds to wait for one answer."""

CAPABILITIES = {
    "textDocument": {
        "completion": {"completionItem": {"documentationFormat": ["markdown"], "snippetSupport": False}},
        "hover": {"contentFormat": ["markdown"]},
        "publishDiagnostics": {},
    },
}
SETTINGS = {"yaml": {"validate": True, "hover": True, "completion": True, "schemaStore": {"enable": False}}}

Json = dict[str, Any]


def without_server() -> str | None:
    """Why the server cannot be started; None if it can."""
    if shutil.which("node") is None:
        return "no Node.js: a YAML language server cannot be started"
    return None if SERVER.exists() else "no node_modules/yaml-language-server: run `make servers`"


@dataclass
class Editor:
    """The client side of the protocol. Documents are sent as text, never written to the disk."""

    process: subprocess.Popen[bytes]
    received: Queue[Json] = field(default_factory=Queue)
    sent: int = 0
    documents: int = 0

    # -- what an editor does -------------------------------------------------------------------------------

    def opened(self, text: str) -> str:
        """The URI of a document in `runbooks`, a new one each time."""
        self.documents += 1
        uri = (ROOT / "runbooks" / f"{self.documents}.yaml").as_uri()
        document = {"uri": uri, "languageId": "yaml", "version": 1, "text": text}
        self.tell("textDocument/didOpen", {"textDocument": document})
        return uri

    def diagnostics(self, uri: str) -> list[Json]:
        """The diagnostics of a document that was just opened."""
        found: list[Json] = self.until(
            lambda one: one.get("method") == "textDocument/publishDiagnostics" and one["params"]["uri"] == uri
        )["params"]["diagnostics"]
        return found

    def completed(self, uri: str, line: int, column: int) -> dict[str, Json]:
        """The completions at a place (from 1), by label."""
        answer = self.ask("textDocument/completion", _at(uri, line, column))
        items = answer["items"] if isinstance(answer, dict) else answer or []
        return {item["label"]: item for item in items if not item["label"].startswith("object(")}  # a whole map

    def hovered(self, uri: str, line: int, column: int) -> str:
        """The hover text at a place; "" if there is none."""
        answer = self.ask("textDocument/hover", _at(uri, line, column))
        return str(answer["contents"]["value"]) if answer else ""

    # -- the protocol --------------------------------------------------------------------------------------

    def begin(self) -> None:
        self.ask("initialize", {"processId": None, "rootUri": ROOT.as_uri(), "capabilities": CAPABILITIES})
        self.tell("initialized", {})
        self.tell("workspace/didChangeConfiguration", {"settings": SETTINGS})

    def end(self) -> None:
        self.ask("shutdown", None)
        self.tell("exit", None)
        self.process.wait(PATIENCE)

    def ask(self, method: str, params: object) -> Any:
        self.sent += 1
        mine = self.sent
        self._write({"jsonrpc": "2.0", "id": mine, "method": method, "params": params})
        answer = self.until(lambda one: one.get("id") == mine and "method" not in one)
        assert "error" not in answer, answer
        return answer["result"]

    def tell(self, method: str, params: object) -> None:
        self._write({"jsonrpc": "2.0", "method": method, "params": params})

    def until(self, meant: Any) -> Json:
        """The next message that matches; requests of the server in between get an empty answer."""
        while True:
            one = self.received.get(timeout=PATIENCE)
            if meant(one):
                return one
            if "method" in one and "id" in one:
                self._write({"jsonrpc": "2.0", "id": one["id"], "result": None})

    def _write(self, message: Json) -> None:
        body = json.dumps(message).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.process.stdin.flush()

    def listen(self) -> None:
        """Read until the server exits."""
        assert self.process.stdout is not None
        while (message := _message(self.process.stdout)) is not None:
            self.received.put(message)


def _at(uri: str, line: int, column: int) -> Json:
    return {"textDocument": {"uri": uri}, "position": {"line": line - 1, "character": column - 1}}


def _message(stream: BinaryIO) -> Json | None:
    length = 0
    while (line := stream.readline().strip()) or not length:
        if not line:
            return None
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    message: Json = json.loads(stream.read(length))
    return message


@contextmanager
def editor() -> Iterator[Editor]:
    """A new server with an open connection."""
    command = ["node", str(SERVER), "--stdio"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        one = Editor(process)
        reader = threading.Thread(target=one.listen, daemon=True)
        reader.start()
        try:
            one.begin()
            yield one
            one.end()
        finally:
            process.kill()
            reader.join(PATIENCE)
