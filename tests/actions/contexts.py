"""The context of an action in tests: its secrets are a map, and its network is the real one by default."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from actions.network import SystemNetwork
from engine.language.secret import Secret
from engine.registry import Context, Network

NOW = 1_710_893_160.0


def context(
    *,
    secrets: Mapping[str, Any] | None = None,
    network: Network | None = None,
    clients: Any = None,
    **more: Any,
) -> Context:
    """Secrets by name; `clients` as `Sessions.clients`."""

    def secret(reference: Secret) -> Any:
        return (secrets or {})[reference.name]

    values = {"region": "us-west-2", "account": None, "operation": "op-001", "timeout": 20.0, "now": lambda: NOW} | more
    return Context(clients=clients, secret=secret, network=network or SystemNetwork(), **values)
