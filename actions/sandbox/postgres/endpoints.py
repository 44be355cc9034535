"""How the pretend AWS is reached over the network: endpoints that answer as their clusters' states allow.

A host is an endpoint of a cluster or instance; without an instance that is available nothing answers there
(aws.md, "Cluster operations"). A connection to a database behaves as pg8000's.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import Any, Final

from actions.sandbox.services import networks
from actions.sandbox.services.clusters import endpoint_suffix, members
from actions.sandbox.services.security_groups import lets_in
from actions.sandbox.world import Resource, World

MILLISECONDS: Final = 1.5
SQLSTATE: Final = 5  # the length of one
_UP: Final = frozenset(
    ("available", "backing-up", "configuring-enhanced-monitoring", "modifying", "storage-optimization")
)
"""Statuses of an instance in which its database answers."""


def cluster_at(world: World, host: str, port: int) -> tuple[Resource, str]:
    """The cluster behind an endpoint, and the address; OSError as the system's resolver and sockets would."""
    host = host.lower().rstrip(".")
    for cluster in world.resources.values():
        if cluster.kind != "rds.cluster" or cluster.gone(world.now):
            continue
        suffix = endpoint_suffix(cluster)
        inside = members(world, cluster)
        roles = (f"{cluster.name}.cluster-{suffix}", f"{cluster.name}.cluster-ro-{suffix}")
        behind = inside if host in roles else [one for one in inside if host == f"{one.name}.{suffix}"]
        if host in roles or behind:
            _require_up(world, cluster, port, behind)
            return cluster, _address(host)
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


def _require_up(world: World, cluster: Resource, port: int, instances: list[Resource]) -> None:
    if not instances:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    groups = [
        networks.security_group(world, cluster.account, cluster.region, name)
        for name in cluster.data.get("VpcSecurityGroupIds") or [networks.DEFAULT_GROUP]
    ]
    if not any(group is not None and lets_in(group, port) for group in groups):
        raise TimeoutError("timed out")
    if not any(instance.status(world.now) in _UP for instance in instances):
        raise TimeoutError("timed out")
    if port != cluster.data.get("Port"):
        raise ConnectionRefusedError(111, "Connection refused")


def _address(host: str) -> str:
    """An address in the pretend VPC, the same for a host at all times."""
    number = sum(ord(letter) * (place + 1) for place, letter in enumerate(host))
    return f"10.0.{number // 250 % 250}.{number % 250 + 1}"


def raise_for(word: str) -> None:
    """What a scripted connection meets before the database has a word to say: OSError."""
    match word:
        case "ConnectionTimeout":
            raise TimeoutError("timed out")
        case "ConnectionRefused":
            raise ConnectionRefusedError(111, "Connection refused")
        case "NameNotFound":
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        case _:
            return


_DATABASE_SAYS: Final[Mapping[str, tuple[str, str]]] = {
    "StartingUp": ("57P03", "the database system is starting up"),
    "TooManyConnections": ("53300", "sorry, too many clients already"),
    "AuthenticationFailed": ("28P01", 'password authentication failed for user "{user}"'),
    "DatabaseNotFound": ("3D000", 'database "{database}" does not exist'),
}


def connection_lost() -> Exception:
    """pg8000's exception for a connection that broke under a statement."""
    from pg8000.exceptions import InterfaceError

    made: Exception = InterfaceError("network error")
    made.__cause__ = ConnectionResetError(104, "Connection reset by peer")
    return made


def database_says(word: str, options: Mapping[str, Any], severity: str = "FATAL") -> Exception:
    """pg8000's exception for a database's no, by a script's word or a SQLSTATE."""
    from pg8000.exceptions import DatabaseError

    code, text = _DATABASE_SAYS.get(word, (word if len(word) == SQLSTATE else "XX000", f"a scripted {word}"))
    text = text.format(user=options.get("user"), database=options.get("database") or options.get("user"))
    made: Exception = DatabaseError({"S": severity, "V": severity, "C": code, "M": text})
    return made
