"""Every name that an error can have, and the calls that can return it: for validation, `explain` and documentation.

The names come from the table of AWS's codes, the calls from what kinds and actions declare, so that checking a runbook
reads no model of botocore's. A generic call, `aws.SERVICE.OPERATION`, declares the codes of its own model.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from actions.aws import sessions, settings
from actions.aws.call_errors import CALL_TIMEOUT, REPLY_LOST, SERVER_ERROR
from actions.aws.error_codes import CREDENTIALS, DENIED, INTERNAL, NO_ANSWER, THROTTLED, Meaning, Meanings, table
from engine.registry import KnownError, Registry

_BOTOCORE: Final[Mapping[str, str]] = {
    "ParamValidationError": "invalid",
    "EndpointConnectionError": "network",
    "ConnectTimeoutError": "network",
    "ProxyConnectionError": "network",
    "SSLError": "network",
    "ReadTimeoutError": "timeout",
    "ConnectionClosedError": "timeout",
    "ResponseParserError": "internal",
    "NoRegionError": "config",
    "NoCredentialsError": "credentials",
}
"""botocore's exceptions and their categories."""

_OWN: Final[Mapping[str, tuple[str, str]]] = {
    "TruncatedReply": (
        "internal",
        "the reply was cut off, so nothing is known about what exists; the look is repeated",
    ),
    "NoAnswer": ("timeout", "a look got no answer"),
    SERVER_ERROR: ("internal", "the wider name of every 5xx: whether the call took effect is not known"),
    REPLY_LOST: ("timeout", "the call was sent, and its connection or reply was lost"),
    CALL_TIMEOUT: ("timeout", "the call was sent, and no reply came within its `timeout`"),
    **{
        f"Http{status}": ("internal", f"HTTP {status} without a code of AWS: often from a proxy or load balancer")
        for status in (500, 502, 503, 504)
    },
    NO_ANSWER: ("timeout", "a database or host did not answer in time: often a security group, a route, or a failover"),
    "CannotBeDeleted": ("conflict", "AWS refuses the deletion in its present state; its message says why"),
    "InvalidCondition": (
        "invalid",
        "an `if`, `only`, `is`, `status` or `retry_if` was text, which is neither true nor false",
    ),
}
"""Names of this tool: their categories, and what they mean."""


def known_errors(registry: Registry) -> Mapping[str, KnownError]:
    """By name: AWS's codes, their wider names, botocore's exceptions, and names of this tool."""
    callers = _callers(registry)
    known: dict[str, KnownError] = {}
    for code, meanings in table().items():
        calls = callers.get(code)
        wider = list(_wider_names(meanings))
        last = meanings[-1]
        also = tuple(dict.fromkeys(name for name, _ in wider))
        known[code] = KnownError(name=code, category=last.category, source=last.source, calls=calls, also=also)
        for name, meaning in wider:
            known[name] = _with_calls(known.get(name), name, meaning, calls)
    for name, category in _BOTOCORE.items():
        known[name] = KnownError(name=name, category=category, source="botocore.exceptions")
    for name, (category, explanation) in _OWN.items():
        known[name] = KnownError(name=name, category=category, source="of this tool", meaning=explanation)
    return known


def codes_by_call(registry: Registry) -> Mapping[str, tuple[str, ...]]:
    """Every declared call with the codes that it can return: of kinds, actions, settings and credentials."""
    kinds = [kind.calls for kind in registry.kinds.values()]
    actions = [action.calls for action in registry.actions.values()]
    codes: dict[str, tuple[str, ...]] = {}
    for calls in (*kinds, *actions, settings.CALLS, sessions.CALLS):
        for call, more in calls.items():
            codes[call] = tuple(dict.fromkeys((*codes.get(call, ()), *more)))
    return codes


def _callers(registry: Registry) -> dict[str, tuple[str, ...]]:
    """Code → the calls that can return it. A code that any call can return has no entry."""
    general = set(f"{DENIED} {THROTTLED} {CREDENTIALS} {INTERNAL}".split())
    callers: dict[str, tuple[str, ...]] = {}
    for call, codes in codes_by_call(registry).items():
        for code in codes:
            if code not in general:
                callers[code] = (*callers.get(code, ()), call)
    return callers


def _wider_names(meanings: Meanings) -> Iterator[tuple[str, Meaning]]:
    for meaning in meanings:
        for name in (*meaning.also, meaning.name):
            if name:
                yield name, meaning


def _with_calls(known: KnownError | None, name: str, meaning: Meaning, calls: tuple[str, ...] | None) -> KnownError:
    """A wider name, with the calls of one more of its codes. Codes that any call can return add none."""
    before = known.calls or () if known is not None else ()
    together = tuple(dict.fromkeys((*before, *(calls or ()))))
    return KnownError(name=name, category=meaning.category, source=meaning.source, calls=together or None)
