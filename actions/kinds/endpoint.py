"""`net.endpoint`: does something answer at a host and port, as seen from where the runner is?

How it is reached is the context's network's business.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from actions.kinds.check_kind import TEXT_OR_NULL, LookedAt, available, broken, facts
from engine.language.model import KindFacts
from engine.registry import Context, Observation, Param, Status

LONGEST: Final = 10.0
"""Seconds in which an endpoint answers, if it does; a step's `timeout` may be shorter."""


class Endpoint(LookedAt):
    """Does a port of a host answer, from here?"""

    name: str = "net.endpoint"
    doc: str = (
        "Does a host answer at a port, from where the runner is? Name, route and firewall; not what serves there."
    )
    facts: KindFacts = facts("net.endpoint", "host", "port")
    params: Mapping[str, Param] = {
        "host": Param(schema={"type": "string", "minLength": 1}, required=True, doc="name or address"),
        "port": Param(schema={"type": "integer", "minimum": 1, "maximum": 65535}, required=True, doc="TCP port"),
    }
    attributes: Mapping[str, Mapping[str, Any]] = {
        "address": TEXT_OR_NULL | {"description": "the address that answered"},
        "milliseconds": {"type": ["number", "null"], "description": "how long it took"},
        "problem": TEXT_OR_NULL | {"description": "no such name, refused, no answer"},
    }
    statuses: Mapping[str, Status] = {
        "ok": Status(cls="available", source="this tool: the port answers"),
        "unanswered": Status(cls="broken", source="this tool: no such name, refused, or no answer"),
    }
    calls: tuple[str, ...] = ()

    def look(self, identity: Mapping[str, Any], ctx: Context) -> Observation:
        host, port = str(identity["host"]), int(identity["port"])
        try:
            address, milliseconds = ctx.network.reach(host, port, min(ctx.timeout, LONGEST))
        except OSError as error:
            from actions.network import why_not

            return broken("unanswered", f"{host}:{port}: {why_not(error)}", address=None, milliseconds=None)
        return available("ok", address=address, milliseconds=milliseconds)


KINDS: Final = (Endpoint(),)
