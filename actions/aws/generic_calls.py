"""`aws.SERVICE.OPERATION`: any call of boto3 as an action, and any read as something to check.

Made from the name, by botocore's own model (`service_models`): an operator adds an API call with no code. Reads are
repeatable and merged over their pages; idempotency tokens come from the effect's key; what the model marks as sensitive
takes secrets, and is masked in the reply, which is recorded.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from actions.aws.errors import calling, truncated
from actions.aws.service_models import Operation, first_sentence, operation_model
from actions.aws.sessions import is_read
from actions.kinds.check_kind import LookedAt
from engine.errors import EffectFailed, EffectNotSent, EffectUnknown, Problem
from engine.language.model import ActionFacts, KindFacts, Monitor
from engine.language.secret import Secret
from engine.registry import Action, Context, Observation, Param, ResourceKind, Status
from engine.values import changed

PREFIX: Final = "aws."
MASK: Final = "***"
LONGEST_BODY: Final = 1_000_000
KEPT: Final = 128  # operations that are remembered, each with its service's model
_NAME: Final = re.compile(r"aws\.([a-z0-9-]+)\.([a-z0-9_]+)")
_UUID: Final = 36  # characters

Json = Mapping[str, Any]


class Aws:
    """The family. A name that botocore does not know is no action, and one that is no read no kind."""

    prefix: str = PREFIX

    def action(self, name: str) -> Action | None:
        operation = operation_of(name)
        return None if operation is None else _action(name, operation)

    def kind(self, name: str) -> ResourceKind | None:
        operation = operation_of(name)
        return _kind(name, operation) if operation is not None and is_read(operation.wire) else None


FAMILIES: Final = (Aws(),)


@lru_cache(maxsize=KEPT)
def operation_of(name: str) -> Operation | None:
    """`aws.rds.modify_db_cluster` → the operation in botocore's model; None where there is none."""
    match = _NAME.fullmatch(name)
    return operation_model(match[1], match[2]) if match is not None else None


@lru_cache(maxsize=KEPT)
def _action(name: str, operation: Operation) -> Action:
    def run(params: Json, ctx: Context) -> Json:
        return perform(operation, params, ctx)

    return Action(
        name=name,
        doc=operation.doc,
        facts=ActionFacts(name=name, repeatable=True if is_read(operation.wire) else None),
        params=_params(operation),
        output=_schemas(operation, operation.outputs),
        calls=(f"{operation.service.name}.{operation.wire}",),
        errors=operation.errors,
        run=run,
    )


@lru_cache(maxsize=KEPT)
def _kind(name: str, operation: Operation) -> ResourceKind:
    return Looked(
        name=name,
        doc=operation.doc,
        facts=KindFacts(name=name, identity=(), verbs=("check",), monitor=Monitor()),
        params=_params(operation),
        attributes=_schemas(operation, operation.outputs),
        calls=(f"{operation.service.name}.{operation.wire}",),
        operation=operation,
    )


def _params(operation: Operation) -> dict[str, Param]:
    service = operation.service
    return {
        name: Param(
            schema=service.schema(member),
            doc=first_sentence(member.get("documentation", "")),
            required=name in operation.required and name not in operation.tokens,
            secret=service.holds_secret(name, member),
        )
        for name, member in operation.inputs.items()
    }


def _schemas(operation: Operation, members: Json) -> dict[str, Json]:
    return {name: operation.service.schema(member) for name, member in members.items()}


@dataclass(eq=False, kw_only=True)
class Looked(LookedAt):
    """A reply to look at: its fields are the attributes, and the step's `status` says what they mean."""

    name: str
    doc: str
    facts: KindFacts
    params: Mapping[str, Param]
    attributes: Mapping[str, Json]
    calls: tuple[str, ...]
    operation: Operation
    statuses: Mapping[str, Status] = field(default_factory=dict)  # the step's own, by `status` and `classes`

    def look(self, identity: Json, ctx: Context) -> Observation:
        """The reply, merged over its pages; an error keeps its code, for `missing_on`."""
        reply = perform(self.operation, identity, ctx)
        return Observation(status="", cls="available", attributes=reply)


# -- one call -------------------------------------------------------------------------------------------------


def perform(operation: Operation, params: Json, ctx: Context) -> dict[str, Any]:
    """Send it, and hand back the reply as JSON values with its secrets masked."""
    told: list[str] = []
    given = {name: _opened(value, ctx, told) for name, value in params.items()}
    given |= {name: _token(operation, name, ctx.key) for name in operation.tokens if name not in given and ctx.key}
    changes = not is_read(operation.wire)
    try:
        with calling(ctx, changes=changes, words={name: name for name in params}):
            reply = _sent(operation, given, ctx)
    except (EffectFailed, EffectUnknown, EffectNotSent) as error:
        raise _without(error, told) from None
    if not changes:
        _refuse_cut_off(operation, reply)
    members, masked = operation.outputs, operation.service.masked
    return {name: _read(masked(value, name, members[name])) for name, value in reply.items() if name in members}


def _sent(operation: Operation, given: Json, ctx: Context) -> dict[str, Any]:
    client = ctx.client(operation.service.name)
    if operation.paging is None or not is_read(operation.wire):
        reply: dict[str, Any] = getattr(client, operation.name)(**given)
        return reply
    merged: dict[str, Any] = client.get_paginator(operation.name).paginate(**given).build_full_result()
    return merged


def _opened(value: Any, ctx: Context, told: list[str]) -> Any:
    """A secret's value in its place, at whatever depth; its text is remembered to be kept out of messages."""
    match value:
        case Secret():
            opened = ctx.secret(value)
            told += _leaves(opened)
            return opened if isinstance(opened, str) else json.dumps(opened)
        case Mapping():
            return {key: _opened(one, ctx, told) for key, one in value.items()}
        case list() | tuple():
            return [_opened(one, ctx, told) for one in value]
        case _:
            return value


def _leaves(value: Any) -> list[str]:
    """Every text in a secret: AWS may quote a part of it."""
    match value:
        case Mapping():
            return [leaf for one in value.values() for leaf in _leaves(one)]
        case list():
            return [leaf for one in value for leaf in _leaves(one)]
        case _:
            return [str(value)]


def _token(operation: Operation, name: str, key: str) -> str:
    """The same for every sending of one effect, and for nothing else, in a form that every service takes."""
    import hashlib
    import uuid

    digest = hashlib.sha256(key.encode()).digest()
    least, most = operation.length_of(name)
    if least > _UUID:
        return digest.hex()[:most]
    if most is not None and most < _UUID:
        return digest.hex()[:most]
    return str(uuid.UUID(bytes=digest[:16], version=4))


def _without(error: EffectFailed | EffectUnknown | EffectNotSent, told: list[str]) -> Exception:
    """The same error without the secrets that were sent: AWS may quote them."""
    if isinstance(error, EffectUnknown):
        return EffectUnknown(_masked(error.why, told))
    return type(error)(changed(error.problem, message=_masked(error.problem.message, told)))


def _masked(text: str, told: list[str]) -> str:
    for secret in sorted(told, key=len, reverse=True):
        text = text.replace(secret, MASK) if secret else text
    return text


def _refuse_cut_off(operation: Operation, reply: Json) -> None:
    """A reply of 200 with nothing in it was cut off on its way, and does not say that nothing is there (docs/aws.md, "Retries by botocore").

    In XML even nothing has an element; in JSON, `{}` may be an answer, but not a body of no length.
    """
    if any(name in operation.outputs for name in reply) or not operation.outputs:
        return
    length = reply.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("content-length")
    if operation.service.is_xml or length == "0":
        raise truncated(f"{operation.service.name}.{operation.wire}", next(iter(operation.outputs)))


def _read(value: Any) -> Any:
    """A streamed body as text, as much as may be recorded."""
    if not hasattr(value, "read"):
        return value
    with calling():
        body = value.read(LONGEST_BODY + 1)
    if len(body) > LONGEST_BODY:
        message = f"the body of the reply is longer than {LONGEST_BODY} bytes, and an output is recorded"
        raise EffectFailed(Problem(name="OutputTooLong", category="invalid", message=message))
    return body.decode("utf-8", "replace") if isinstance(body, bytes) else body
