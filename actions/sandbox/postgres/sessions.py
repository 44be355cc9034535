"""`engine.registry.Network` over the pretend AWS: every connection, and every commit, is a call in the journal.

Raises what sockets and pg8000 raise, as the real network does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from actions.sandbox.calls import Refusal
from actions.sandbox.faults import Cut
from actions.sandbox.postgres import endpoints
from actions.sandbox.world import World
from engine.values import Bundle


class Caller(Protocol):
    """What stands behind the network: it performs, journals, and lets faults happen."""

    @property
    def world(self) -> World: ...

    def over_the_network(
        self, service: str, operation: str, params: Mapping[str, Any], perform: Callable[[], Any]
    ) -> Any:
        """What `perform` returns; OSError, Refusal or Cut."""


class PretendNetwork:
    """How the sandbox's hosts are reached."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def reach(self, host: str, port: int, timeout: float) -> tuple[str, float]:
        """Address and milliseconds; OSError if nothing answers."""
        asked = {"host": host, "port": port, "timeout": timeout}
        world = self._caller.world
        try:
            address = self._caller.over_the_network(
                "net", "Reach", asked, lambda: endpoints.cluster_at(world, host, port)[1]
            )
        except Refusal as refusal:
            endpoints.raise_for(refusal.code)
            raise TimeoutError(refusal.message) from None
        except Cut:
            raise TimeoutError("timed out") from None
        return str(address), endpoints.MILLISECONDS

    def postgres(self, **options: Any) -> Any:
        """A connection that behaves as `pg8000.native.Connection`; OSError, or what pg8000 raises."""
        from actions.sandbox.postgres.database import Connection

        host, port = str(options.get("host", "localhost")), int(options.get("port", 5432))
        asked = {name: options.get(name) for name in ("host", "port", "user", "database")}
        try:
            cluster = self._caller.over_the_network(
                "postgres", "Connect", asked, lambda: self._entered(host, port, options)
            )
        except Refusal as refusal:
            endpoints.raise_for(refusal.code)
            raise endpoints.database_says(refusal.code, options) from None
        except Cut:
            raise TimeoutError("timed out") from None
        keeper = ClusterData(caller=self._caller, cluster=str(cluster), asked=asked)
        return Connection(keeper, str(options.get("user")), self._caller.world.answers, endpoints.connection_lost)

    def _entered(self, host: str, port: int, options: Mapping[str, Any]) -> str:
        """The id of the cluster whose database lets this user in."""
        from actions.sandbox.postgres.database import refuse_stranger

        world = self._caller.world
        cluster, _ = endpoints.cluster_at(world, host, port)
        refuse_stranger(world.databases.setdefault(cluster.id, {}), options, cluster.data.get("DatabaseName"))
        return cluster.id


class ClusterData(Bundle):
    """The data of one cluster's database, kept in the world."""

    caller: Caller
    cluster: str
    asked: Mapping[str, Any]

    def read(self) -> dict[str, Any]:
        """The data as it is; ConnectionResetError where the cluster is gone."""
        data = self.caller.world.databases.get(self.cluster)
        if data is None:
            raise ConnectionResetError(104, "Connection reset by peer")
        return data

    def change(self, operation: str, statement: str, data: dict[str, Any]) -> None:
        """Keep `data` instead: one call, which can be lost."""
        told = dict(self.asked) | {"statement": " ".join(statement.split()[:2])}  # the rest may hold a password

        def perform() -> None:
            self.read()
            self.caller.world.databases[self.cluster] = data

        try:
            self.caller.over_the_network("postgres", operation, told, perform)
        except (Cut, OSError):
            raise ConnectionResetError(104, "Connection reset by peer") from None
        except Refusal as refusal:
            raise endpoints.database_says(refusal.code, self.asked, severity="ERROR") from None
