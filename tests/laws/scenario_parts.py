"""Parts of scenarios: edits of the restore runbook, and changes to the world."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.laws.scenario_run import fault, problem
from tests.laws.world import FOREVER, Thing, World

SNAPSHOT, CLUSTER, INSTANCE = "rds.cluster_snapshot", "rds.cluster", "rds.instance"
RESTORE = (Path(__file__).parents[2] / "runbooks" / "restore.yaml").read_text(encoding="utf-8")
COPY_FAILS = [("copying", 60), ("failed", FOREVER)]
COPIES = [("copying", 90)]
CREATE_FAILS = [("creating", 60), ("failed", FOREVER)]
CAPACITY = problem("InsufficientDBClusterCapacityFault", "capacity")
BUSY = problem("InvalidDBClusterStateFault", "conflict")
NO_NETWORK = problem("DBSubnetGroupNotFoundFault", "config", "InvalidVPCConfiguration")
UNANSWERED = problem("ConnectionTimeout", "timeout")
GONE = problem("NotFound", "not_found")
INTERNAL = problem("InternalFailure", "internal")
HOUR = 3600.0


def edited(*changes: tuple[str, str], text: str = RESTORE) -> str:
    """The restore with some texts replaced; each must occur once."""
    for before, after in changes:
        assert text.count(before) == 1, (text.count(before), before)
        text = text.replace(before, after)
    return text


def before(step: str, more: str) -> tuple[str, str]:
    """An edit that inserts steps before a step."""
    return (f"  - id: {step}", f"{more}  - id: {step}")


HOLD = "  - {id: approval, hold: look at it}\n"
PAST = "on_failure: [{take_back: all, past: delete-rds}]\n"
WITH_PAST = edited(("outputs:\n", PAST + "outputs:\n"))
SLOWLY = ("monitor: {every: 30s, for: 24h}", "monitor: {every: 30m, for: 24h}")


def set_settings(**settings: Any) -> Any:
    return lambda world: world.settings.update({key.replace("_", "-"): value for key, value in settings.items()})


def without_old_cluster(world: World) -> None:
    """Remove the cluster that the restore would replace."""
    world.things = [thing for thing in world.things if thing.kind == SNAPSHOT]


def old_cluster(world: World) -> Thing:
    return next(thing for thing in world.things if thing.kind == CLUSTER)


def set_old_cluster(**data: Any) -> Any:
    return lambda world: old_cluster(world).data.update(data)


def set_status(kind: str, name: str, status: str) -> Any:
    """A change that gives a resource another status."""

    def change(world: World) -> None:
        thing = world.named(kind, name, "us-west-2")
        assert thing is not None
        world.change(thing, status)

    return change


def foreign(kind: str, name: str, **data: Any) -> Any:
    return lambda world: world.put(kind, name, "us-west-2", **data)


def replace_old_cluster(world: World) -> None:
    """The old cluster disappears, and another is created with its name."""
    for thing in world.things:
        if thing.kind != SNAPSHOT and thing.by == "somebody":
            thing.life = [("gone", 0.0)]
    world.put(CLUSTER, "orders", "us-west-2")


def delete_copy(world: World) -> None:
    copy = world.named(SNAPSHOT, "daily-copy", "us-west-2")
    if copy is not None:
        copy.life = [("gone", 0.0)]


INVISIBLE = tuple(fault(f"create {kind}", "invisible", times=99, seconds=45) for kind in (SNAPSHOT, CLUSTER, INSTANCE))
