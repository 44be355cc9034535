"""The restore with some lines changed, and what happens in its world: what the stories are made of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.laws.scenario_run import fault, problem
from tests.laws.world import FOREVER, Thing, World

SNAPSHOT, CLUSTER, INSTANCE = "rds.cluster_snapshot", "rds.cluster", "rds.instance"
RESTORE = (Path(__file__).parents[2] / "runbooks" / "restore.yaml").read_text(encoding="utf-8")
FAILS = [("copying", 60), ("failed", FOREVER)]
COPIES = [("copying", 90)]
BREAKS = [("creating", 60), ("failed", FOREVER)]
CAPACITY = problem("InsufficientDBClusterCapacityFault", "capacity")
BUSY = problem("InvalidDBClusterStateFault", "conflict")
NO_NETWORK = problem("DBSubnetGroupNotFoundFault", "config", "InvalidVPCConfiguration")
UNANSWERED = problem("ConnectionTimeout", "timeout")
GONE = problem("NotFound", "not_found")
INTERNAL = problem("InternalFailure", "internal")
HOUR = 3600.0


def edited(*changes: tuple[str, str], text: str = RESTORE) -> str:
    """The restore with some lines changed; each must be there once."""
    for before, after in changes:
        assert text.count(before) == 1, (text.count(before), before)
        text = text.replace(before, after)
    return text


def before(step: str, more: str) -> tuple[str, str]:
    """Steps put before a step."""
    return (f"  - id: {step}", f"{more}  - id: {step}")


HOLD = "  - {id: approval, hold: look at it}\n"
PAST = "on_failure: [{take_back: all, past: delete-rds}]\n"
WITH_PAST = edited(("outputs:\n", PAST + "outputs:\n"))
SLOWLY = ("monitor: {every: 30s, for: 24h}", "monitor: {every: 30m, for: 24h}")


def mend(**settings: Any) -> Any:
    return lambda world: world.settings.update({key.replace("_", "-"): value for key, value in settings.items()})


def without_old(world: World) -> None:
    """There is no cluster to be replaced."""
    world.things = [thing for thing in world.things if thing.kind == SNAPSHOT]


def old(world: World) -> Thing:
    return next(thing for thing in world.things if thing.kind == CLUSTER)


def set_old(**data: Any) -> Any:
    return lambda world: old(world).data.update(data)


def named(kind: str, name: str, status: str) -> Any:
    """Something takes a status behind our back."""

    def change(world: World) -> None:
        thing = world.named(kind, name, "us-west-2")
        assert thing is not None
        world.change(thing, status)

    return change


def foreign(kind: str, name: str, **data: Any) -> Any:
    return lambda world: world.put(kind, name, "us-west-2", **data)


def swapped(world: World) -> None:
    """The old cluster goes, and somebody makes another of its name."""
    for thing in world.things:
        if thing.kind != SNAPSHOT and thing.by == "somebody":
            thing.life = [("gone", 0.0)]
    world.put(CLUSTER, "orders", "us-west-2")


def vanishes(world: World) -> None:
    copy = world.named(SNAPSHOT, "daily-copy", "us-west-2")
    if copy is not None:
        copy.life = [("gone", 0.0)]


INVISIBLE = tuple(fault(f"create {kind}", "invisible", times=99, seconds=45) for kind in (SNAPSHOT, CLUSTER, INSTANCE))
