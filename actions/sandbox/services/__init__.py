"""The services of the pretend AWS: each module handles some calls, and some declare kinds that a world may contain."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from actions.sandbox.calls import Request
from actions.sandbox.services import (
    cluster_changes,
    clusters,
    global_clusters,
    instances,
    keys,
    networks,
    new_clusters,
    parameters_and_secrets,
    security_groups,
    shared_snapshots,
    snapshots,
    tags,
    topics,
)
from actions.sandbox.world import World
from actions.sandbox.world_kinds import WorldKind

Handler = Callable[[World, Request], dict[str, Any]]

_MODULES: Final = (
    cluster_changes, clusters, global_clusters, instances, keys, networks, new_clusters, parameters_and_secrets,
    security_groups, shared_snapshots, snapshots, tags, topics,
)  # fmt: skip

HANDLERS: Final[Mapping[str, Handler]] = {
    name: handler for module in _MODULES for name, handler in module.HANDLERS.items()
}

WORLD_KINDS: Final[Mapping[str, WorldKind]] = {
    kind.name: kind for module in _MODULES for kind in getattr(module, "WORLD_KINDS", ())
}
"""The kinds that a world may contain besides settings."""

ENDS: Final = frozenset(name for name in HANDLERS if name.startswith("rds.Delete"))
"""Calls that delete a resource."""

LIVES: Final = ENDS | {name for name in HANDLERS if name.startswith(("rds.Copy", "rds.Create", "rds.Restore"))}
"""Calls that create or delete a resource, whose statuses a script can set."""


def unknown(name: str) -> str:
    """The message for a call that the sandbox does not have: the call, and which ones of the service it has."""
    service = name.partition(".")[0]
    known = sorted(other for other in HANDLERS if other.startswith(f"{service}."))
    has = f"its calls of {service} are {', '.join(known)}" if known else f"it has no calls of {service}"
    return (
        f"the sandbox does not have the call {name}; {has}. Run it against an emulator that has it, with --endpoint-url"
    )
