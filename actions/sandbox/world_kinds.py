"""How a kind is declared in the `world:` of a document: its keys, how long its statuses last, and its default data.

Nothing is required in a world, so that small worlds work: everything has a default.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from actions.sandbox.world import Resource, World
from engine.values import Resources, field

DAY: Final = 86_400.0
PORTS: Final = {"aurora-postgresql": 5432, "aurora-mysql": 3306}
VERSIONS: Final = {"aurora-postgresql": "15.4", "aurora-mysql": "8.0.mysql_aurora.3.04.0"}
"""The default version of each engine, in every region."""

Spec = Mapping[str, Any]
"""What a world says about a resource."""


def keep_spec(world: World, resource: Resource, spec: Spec) -> None:
    """The data of a resource that is what the world says."""
    resource.data = {name: entry for name, entry in spec.items() if name != "status"}


class WorldKind(Resources):
    """A kind that a world may contain.

    `fields` are the keys that an entry may have. `durations`: a status that passes → its key in `takes`. `age`: seconds
    since a resource was created, unless the world says when. `fill` gives a resource its id and data, in wire names.
    """

    name: str
    fields: frozenset[str]
    durations: Mapping[str, str] = field(default_factory=dict)
    age: float = 30 * DAY
    everywhere: bool = False  # an entry without a region is in all regions
    fill: Callable[[World, Resource, Spec], None] = keep_spec


def login_data(spec: Spec) -> dict[str, Any]:
    """Who may log in. Where the world does not specify it, any user and password may."""
    admin = spec.get("admin") or {}
    return {"user": admin.get("username"), "password": admin.get("password")}


def engine_data(spec: Spec) -> dict[str, Any]:
    """Engine, version, port and master user."""
    engine = str(spec.get("engine", "aurora-postgresql"))
    return {
        "Engine": engine,
        "EngineVersion": str(spec.get("engine_version") or VERSIONS.get(engine, "15.4")),
        "EngineMode": "provisioned",
        "AllocatedStorage": 1,
        "Port": int(spec.get("port") or PORTS.get(engine, 5432)),
        "MasterUsername": str((spec.get("admin") or {}).get("username") or "admin"),
    }
