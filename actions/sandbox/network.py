"""How the pretend AWS is reached over the network: endpoints that answer as their clusters' states allow.

A host is an endpoint of a cluster or instance; without an instance that is available nothing answers there
(aws.md, "Cluster operations"). A connection to a database behaves as pg8000's.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any, Final

from actions.sandbox import networks
from actions.sandbox.clusters import endpoint_suffix, members
from actions.sandbox.world import Resource, World

MILLISECONDS: Final = 1.5


def cluster_at(world: World, host: str, port: int) -> tuple[Resource, str]:
    """The cluster behind an endpoint, and the address; OSError as the system's resolver and sockets would."""
    host = host.lower().rstrip(".")
    for cluster in world.resources.values():
        if cluster.kind != "rds.cluster":
            continue
        suffix = endpoint_suffix(cluster)
        inside = members(world, cluster)
        roles = (f"{cluster.name}.cluster-{suffix}", f"{cluster.name}.cluster-ro-{suffix}")
        if host in roles:
            _require_up(world, cluster, port, inside)
            return cluster, _address(host)
        for instance in inside:
            if host == f"{instance.name}.{suffix}":
                _require_up(world, cluster, port, [instance])
                return cluster, _address(host)
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


def _require_up(world: World, cluster: Resource, port: int, instances: list[Resource]) -> None:
    if not instances:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    groups = [
        networks.security_group(world, cluster.account, cluster.region, name)
        for name in cluster.data.get("VpcSecurityGroupIds") or ["default"]
    ]
    if not any(group is not None and networks.lets_in(group, port) for group in groups):
        raise TimeoutError("timed out")
    if not any(instance.status(world.now) == "available" for instance in instances):
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


_DATABASE_SAYS: Final = {
    "StartingUp": ("57P03", "the database system is starting up"),
    "TooManyConnections": ("53300", "sorry, too many clients already"),
    "AuthenticationFailed": ("28P01", 'password authentication failed for user "{user}"'),
    "DatabaseNotFound": ("3D000", 'database "{database}" does not exist'),
}


def no_connection(host: str, port: int, timeout: Any, cause: OSError) -> Exception:
    """pg8000's exception for a connection that was not made."""
    from pg8000.exceptions import InterfaceError  # noqa: PLC0415 - dear to import, and only here

    message = f"Can't create a connection to host {host} and port {port} (timeout is {timeout} and source_address is None)."
    made: Exception = InterfaceError(message)
    made.__cause__ = cause
    return made


def database_says(word: str, options: dict[str, Any]) -> Exception | None:
    """pg8000's exception for a database that refuses to begin a session; None if `word` is no such refusal."""
    from pg8000.exceptions import DatabaseError  # noqa: PLC0415

    if word not in _DATABASE_SAYS:
        return None
    code, text = _DATABASE_SAYS[word]
    text = text.format(user=options.get("user"), database=options.get("database") or options.get("user"))
    made: Exception = DatabaseError({"S": "FATAL", "V": "FATAL", "C": code, "M": text})
    return made


class PretendNetwork:
    """`engine.registry.Network` over the pretend AWS; both calls go through the sandbox's journal and faults."""

    def __init__(
        self,
        reach: Callable[[str, int, float], tuple[str, float]],
        postgres: Callable[[dict[str, Any]], Any],
    ) -> None:
        self._reach = reach
        self._postgres = postgres

    def reach(self, host: str, port: int, timeout: float) -> tuple[str, float]:
        """Address and milliseconds; OSError if nothing answers."""
        return self._reach(host, port, timeout)

    def postgres(self, **options: Any) -> Any:
        """A connection that behaves as pg8000's; raises what pg8000 raises."""
        return self._postgres(options)
