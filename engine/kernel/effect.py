"""What is sent to the world, and what a look has seen of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from engine.errors import Problem
from engine.values import Value, field

Verb = Literal["look", "create", "delete", "call", "refresh"]


class Effect(Value):
    """One touch of the world, with all that the driver needs: to send it again is to send this again."""

    verb: Verb
    name: str  # of the kind or action
    key: str  # the idempotency key: equal if and only if it is the same effect
    params: Mapping[str, Any] = field(default_factory=dict)
    region: str = ""
    account: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    target: str | None = None  # the immutable id of what is deleted
    timeout: float | None = None
    removal: Mapping[str, Any] | None = None  # of a look before a delete: the parameters that the delete would have
    sources: Mapping[str, str] = field(default_factory=dict)  # parameter → setting it came from
    token_until: float | None = None  # until then AWS takes a call with this key for the same call


class Deletion(Value):
    """What a step would delete, or switch the protection of off, that this operation has not made: it needs a person's word.

    `id` is the immutable id of a resource; of a generic call, the identifying parameter as it would be sent.
    """

    step: str  # the key
    kind: str  # of the resource, or the action of the call
    id: str
    name: str = ""
    region: str = ""
    account: str | None = None
    within: tuple[str, ...] = ()  # of a call: names of what it is in
    parts: tuple[str, ...] = ()  # names of what goes with it
    unprotects: bool = False  # of a call: it only switches the protection off
    by_hand: str = ""  # the AWS CLI command that does it, where a person has to


class Maker(Value):
    """What the store knows of the operation that a resource's tags name."""

    operation: str
    known: bool = False
    ended: bool = False
    runbook: str = ""
    ids: tuple[str, ...] = ()


class SeenPart(Value):
    """Something that must go before its whole goes."""

    kind: str
    identity: Mapping[str, Any]
    id: str
    status: str
    cls: str
    tags: Mapping[str, str] = field(default_factory=dict)


class Seen(Value):
    """What one look saw, with what the driver found of the operation in its tags; `problem` if the look itself failed."""

    at: float
    status: str
    cls: str
    id: str | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    parts: tuple[SeenPart, ...] = ()
    in_the_way: str | None = None
    passes: bool = False  # what is in the way ends by itself
    by_hand: str = ""  # the AWS CLI command that deletes it, where a delete is intended
    maker: Maker | None = None
    problem: Problem | None = None
