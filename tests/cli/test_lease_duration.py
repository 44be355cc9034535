"""The lease outlasts the longest call, and a call may take as long as the `timeout` of its step."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from actions.aws.sessions import Sessions
from actions.rds.cluster import Cluster
from engine.cli.context import CommandContext
from engine.cli.options import Options
from engine.cli.runner.leases import SPARE
from engine.kernel import Operation
from engine.kernel import events as ev
from engine.kernel.effect import Effect
from engine.language.model import Runbook
from engine.language.parse.document import load
from engine.registry import Context, Observation, Registry
from engine.runtime.performer import RegistryPerformer, WorldAccess

WAIT = "  - {id: pause, wait: 1s}\n"
LOOK = "  - {id: look, check: rds.cluster, with: {name: orders}}\n"
CALL = "  - {id: call, call: aws.rds.start_db_cluster, with: {DBClusterIdentifier: orders}, repeatable: true}\n"
LONG = "  - {id: long, check: rds.cluster, with: {name: orders}, timeout: 10m}\n"
NESTED = (
    "  - id: outer\n    check: rds.cluster\n    with: {name: orders}\n    states:\n"
    "      missing:\n        do: [{check: rds.cluster, with: {name: orders}, timeout: 20m}]\n        then: done\n"
)


def parsed(context: CommandContext, steps: str) -> Runbook:
    return load(f"runbook: some\nregion: us-west-2\nsteps:\n{steps}", context.registry)


@pytest.mark.parametrize(
    ("steps", "call", "seconds"),
    [(WAIT, 30, 90), (LOOK, 30, 90), (CALL, 60, 105), (LOOK + LONG, 600, 915), (NESTED, 1200, 1815)],
)
def test_two_thirds_of_the_lease_exceed_the_longest_call(
    tmp_path: Path, steps: str, call: float, seconds: float
) -> None:
    with CommandContext(Options(store=f"sqlite:{tmp_path / 'operations.db'}", sandbox="demo")) as context:
        runbook = parsed(context, steps)
        context.remember_runbook(runbook)
        lease = context.build_engine(runbook, "op", is_new=True).lease("op")
        lease.acquire()
        head = context.store.head("op")
        lease.release()
    assert head is not None
    assert head.lease is not None
    assert head.lease.duration == seconds
    assert 2 / 3 * head.lease.duration >= call + SPARE


def test_the_longest_call_of_an_edited_runbook_counts(tmp_path: Path) -> None:
    with CommandContext(Options(store=f"sqlite:{tmp_path / 'operations.db'}", sandbox="demo")) as context:
        before = parsed(context, LOOK)
        context.remember_runbook(before)
        engine = context.build_engine(before, "op", is_new=True)
        context.parse(f"runbook: some\nregion: us-west-2\nsteps:\n{LONG}")  # as `resume --with` does before it drives
        lease = engine.lease("op")
        lease.acquire()
        head = context.store.head("op")
        lease.release()
    assert head is not None
    assert head.lease is not None
    assert head.lease.duration == 915


class Patience(Cluster):
    """A kind whose look reports the read timeouts of its clients."""

    def look(self, identity: Any, ctx: Context) -> Observation:
        waits = [ctx.client(name)._client_config.read_timeout for name in ("rds", "ec2")]
        return Observation(status="available", cls="available", attributes={"waits": waits})


@pytest.mark.parametrize(("timeout", "seconds"), [(None, 30), (600.0, 600), (5.0, 5)])
def test_the_timeout_of_a_step_applies_to_its_calls(timeout: float | None, seconds: float) -> None:
    world = WorldAccess(
        registry=Registry(kinds={"rds.cluster": Patience()}), clients=Sessions(region="us-west-2").clients,
        secret=lambda _: None, network=None, read_setting=lambda *_: None,  # type: ignore[arg-type, return-value]
    )  # fmt: skip
    effect = Effect(verb="look", name="rds.cluster", key="", region="us-west-2", timeout=timeout)
    operation = Operation(id="op", runbook="some", digest="", started=0.0)
    looked = RegistryPerformer(world, lambda _: None).perform(effect, operation, Runbook(name="some", steps=()), float)  # type: ignore[arg-type, return-value]
    assert isinstance(looked, ev.Looked)
    assert looked.seen.attributes["waits"] == [seconds, seconds]
