"""How hosts of the pretend AWS are reached: endpoints that answer as the states of their clusters allow.

A host is an endpoint of a cluster or instance; nothing answers there unless an instance is available. Raises what
sockets and pg8000 raise, like the network of this machine.
"""

from __future__ import annotations

import socket
from typing import Any, Final

from actions.sandbox.calls import Refusal
from actions.sandbox.faults import NoReply
from actions.sandbox.postgres.pretend_connection import Caller, PretendConnection, login_params, scripted_error
from actions.sandbox.postgres.pretend_database import require_login
from actions.sandbox.services import networks
from actions.sandbox.services.clusters import endpoint_suffix, members
from actions.sandbox.services.security_groups import lets_in
from actions.sandbox.world import Resource, World

MILLISECONDS: Final = 1.5
_UP: Final = frozenset(
    ("available", "backing-up", "configuring-enhanced-monitoring", "modifying", "storage-optimization")
)
"""Statuses of an instance in which its database answers."""


class PretendNetwork:
    """`engine.registry.Network` over the sandbox: every connection is a call in the journal."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def reach(self, host: str, port: int, timeout: float) -> tuple[str, float]:
        """Address and milliseconds; OSError if nothing answers."""
        params = {"host": host, "port": port, "timeout": timeout}

        def perform() -> str:
            cluster_at(self._caller.world, host, port)
            return _address(host)

        try:
            return str(self._caller.network_call("net", "Reach", params, perform)), MILLISECONDS
        except Refusal as refusal:
            _raise_socket_error(refusal.code)
            raise TimeoutError(refusal.message) from None
        except NoReply:
            raise TimeoutError("timed out") from None

    def postgres(self, **options: Any) -> Any:
        """A connection that behaves like `pg8000.native.Connection`; OSError, or what pg8000 raises."""

        def perform() -> str:
            world = self._caller.world
            cluster = cluster_at(world, str(options.get("host", "localhost")), int(options.get("port", 5432)))
            require_login(world.databases.setdefault(cluster.id, {}), options, cluster.data.get("DatabaseName"))
            return cluster.id

        try:
            cluster = self._caller.network_call("postgres", "Connect", login_params(options), perform)
        except Refusal as refusal:
            _raise_socket_error(refusal.code)
            raise scripted_error(refusal.code, options) from None
        except NoReply:
            raise TimeoutError("timed out") from None
        return PretendConnection(self._caller, str(cluster), options)


def cluster_at(world: World, host: str, port: int) -> Resource:
    """The cluster that answers at an endpoint; OSError as the resolver and sockets raise it."""
    host = host.lower().rstrip(".")
    for cluster in world.resources.values():
        if cluster.kind != "rds.cluster" or cluster.gone(world.now):
            continue
        suffix = endpoint_suffix(cluster)
        instances = members(world, cluster)
        if host not in (f"{cluster.name}.cluster-{suffix}", f"{cluster.name}.cluster-ro-{suffix}"):
            instances = [one for one in instances if host == f"{one.name}.{suffix}"]
            if not instances:
                continue
        _require_up(world, cluster, port, instances)
        return cluster
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


def _require_up(world: World, cluster: Resource, port: int, instances: list[Resource]) -> None:
    if not instances:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    groups = [
        networks.find_group(world, networks.SECURITY_GROUP, cluster.account, cluster.region, name)
        for name in cluster.data.get("VpcSecurityGroupIds") or [networks.DEFAULT_GROUP]
    ]
    admitted = any(group is not None and lets_in(group, port) for group in groups)
    if not admitted or not any(instance.status(world.now) in _UP for instance in instances):
        raise TimeoutError("timed out")
    if port != cluster.data.get("Port"):
        raise ConnectionRefusedError(111, "Connection refused")


def _address(host: str) -> str:
    """An address in the pretend VPC, always the same for a host."""
    number = sum(ord(letter) * (place + 1) for place, letter in enumerate(host.lower().rstrip(".")))
    return f"10.0.{number // 250 % 250}.{number % 250 + 1}"


def _raise_socket_error(word: str) -> None:
    """Raise what a script says that a connection meets before it reaches the database, if it is that."""
    match word:
        case "ConnectionTimeout":
            raise TimeoutError("timed out")
        case "ConnectionRefused":
            raise ConnectionRefusedError(111, "Connection refused")
        case "NameNotFound":
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        case _:
            return
