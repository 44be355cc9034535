"""A simulated AWS that several operations share, over HTTP and in virtual time, and runbooks that leave resources in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from actions.sandbox import Sandbox
from actions.sandbox.http.server import SandboxServer
from engine.clock import VirtualClock
from tests.cli.commands import Cli, Result, write_file

WEST, EAST = "us-west-2", "us-east-1"
OTHER = "222222222222"

WORLD: dict[str, Any] = {
    "accounts": {"other": OTHER},
    "takes": {"copy": "60s", "restore": "60s", "instance": "60s"},
    "rds.cluster_snapshot/nightly@us-west-2": {"cluster": "orders"},
    "rds.cluster_snapshot/nightly@us-east-1": {"cluster": "orders"},
    f"rds.cluster_snapshot/nightly@us-west-2/{OTHER}": {"cluster": "orders"},
}

HEAD = """\
runbook: leaves
region: us-west-2
accounts:
  ours: {id: "123456789012"}
  other: {id: "222222222222", role_arn: "arn:aws:iam::222222222222:role/restore"}
steps:
"""
COPY = """\
  - id: copy
    ensure: rds.cluster_snapshot
    with: {name: "${operation.id}-copy", copy_of: nightly}
    undo: delete
"""
EAST_COPY = COPY.replace("id: copy", "id: east").replace("    undo", "    region: us-east-1\n    undo")
OTHER_COPY = COPY.replace("id: copy", "id: other").replace("    undo", "    account: other\n    undo")
CLUSTER = """\
  - id: cluster
    ensure: rds.cluster
    with: {name: "${operation.id}-db", from_snapshot: nightly}
    undo: delete
  - id: instances
    for_each: [{name: one}, {name: two}]
    ensure: rds.instance
    with: {name: "${operation.id}-${each.name}", cluster: "${operation.id}-db", class: db.r6g.large}
    undo: delete
"""
AWAY = """\
  - {id: source, check: rds.cluster_snapshot, with: {name: nightly}}
  - id: away
    remove: rds.cluster
    with: {name: old}
    owner: any
    requires: [source]
    states: {available: delete}
    irreversible: true
"""
FAIL = "  - {id: stop, fail: no good}\n"
HOLD = "  - {id: stop, hold: a person}\n"
LEAVE = "on_failure:\n  - {wait: 0s}\n"
"""Makes a failure undo nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Aws:
    """The sandbox, and commands that run against it."""

    sandbox: Sandbox
    url: str
    cli: Cli
    folder: Path

    @property
    def store(self) -> str:
        return f"sqlite:{self.folder / 'operations.db'}"

    def run(self, *words: str, store: str = "") -> Result:
        return self.cli(*words, "--endpoint-url", self.url, "--store", store or self.store)

    def run_operation(self, id: str, *steps: str, store: str = "", code: int = 1, more: str = LEAVE) -> None:
        """Run an operation of these steps; it must exit with the code."""
        file = write_file(self.folder / f"{id}.yaml", HEAD + "".join(steps) + more)
        result = self.run("run", file, "--operation-id", id, "--yes", "-q", store=store)
        assert result.code == code, result.err

    def orphans(self, *words: str, code: int | None = None) -> Any:
        """The document of `runbook orphans`."""
        result = self.run("orphans", *words, "-o", "json")
        assert code is None or result.code == code, (result.code, result.out, result.err)
        return result.document

    def names(self, *kinds: str) -> list[str]:
        """The names of the resources in the sandbox that were created by operations."""
        return [row["name"] for row in self.sandbox.resources(*kinds) if row["name"] != "nightly"]

    def status(self, id: str) -> Any:
        return self.run("status", id, "-o", "json").document


@contextmanager
def shared(
    monkeypatch: pytest.MonkeyPatch, cli: Cli, folder: Path, world: dict[str, Any], script: Any = None
) -> Iterator[Aws]:
    """Serve the world over HTTP; the commands use its virtual clock."""
    clock = VirtualClock()
    for module in ("context", "orphan_search"):
        monkeypatch.setattr(f"engine.cli.{module}.SystemClock", lambda: clock)
    monkeypatch.setenv("AWS_REGION", WEST)
    sandbox = Sandbox(world, clock=clock, script=script)
    with SandboxServer(sandbox) as served:
        yield Aws(sandbox=sandbox, url=served.url, cli=cli, folder=folder)
