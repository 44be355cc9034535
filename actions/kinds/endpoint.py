"""`net.endpoint`: checks that a host answers at a TCP port, seen from where the runner is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from actions.kinds.check_kind import TEXT_OR_NULL, CheckKind, available, broken, check_facts
from engine.language.model import KindFacts
from engine.registry import Context, Observation, Param, Status

LONGEST: Final = 10.0
"""Seconds to wait for an answer, unless the step's `timeout` is shorter."""


class Endpoint(CheckKind):
    """The kind `net.endpoint`."""

    name: str = "net.endpoint"
    doc: str = (
        "Checks that a host accepts connections at a TCP port, from where the runner is: name, route and firewall."
    )
    facts: KindFacts = check_facts("net.endpoint", "host", "port")
    params: Mapping[str, Param] = {
        "host": Param(schema={"type": "string", "minLength": 1}, required=True, doc="host name or address"),
        "port": Param(schema={"type": "integer", "minimum": 1, "maximum": 65535}, required=True, doc="TCP port"),
    }
    attributes: Mapping[str, Mapping[str, Any]] = {
        "address": TEXT_OR_NULL | {"description": "the address that answered"},
        "milliseconds": {"type": ["number", "null"], "description": "how long connecting took"},
        "problem": TEXT_OR_NULL | {"description": "unknown host name, connection refused, or no answer"},
    }
    statuses: Mapping[str, Status] = {
        "ok": Status(cls="available", source="this tool: the port answers"),
        "unanswered": Status(cls="broken", source="this tool: unknown host name, connection refused, or no answer"),
    }
    calls: Mapping[str, tuple[str, ...]] = {}

    def look(self, identity: Mapping[str, Any], ctx: Context) -> Observation:
        host, port = str(identity["host"]), int(identity["port"])
        try:
            address, milliseconds = ctx.network.reach(host, port, min(ctx.timeout, LONGEST))
        except OSError as error:
            from actions.network import reason_of

            return broken("unanswered", f"{host}:{port}: {reason_of(error)}", address=None, milliseconds=None)
        return available("ok", address=address, milliseconds=milliseconds)


KINDS: Final = (Endpoint(),)
