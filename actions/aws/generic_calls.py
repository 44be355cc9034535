"""`aws.SERVICE.OPERATION`: any call of boto3 as an action, and any read as a kind for `check`.

Both are built from the name and botocore's model of the call (`service_models`), so a runbook can use any API of AWS
without code. Reads are repeatable, and their pages are merged. Idempotency tokens are derived from the key of the effect.
What the model marks as sensitive, or what is a secret by its name, accepts secrets and is masked in the reply, because the
reply is recorded.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from actions.aws.call_errors import aws_call, truncated_reply
from actions.aws.deleting_calls import deletes_of, made_by, names_what_it_makes
from actions.aws.error_codes import EC2_CODES
from actions.aws.read_calls import is_read_call
from actions.aws.service_models import ApiOperation, first_sentence, operation_model, service_model, service_names
from actions.kinds.check_kind import CheckKind
from actions.masking import masked_text
from engine.errors import EffectFailed, EffectNotSent, EffectUnknown, Problem
from engine.language.model import ActionFacts, KindFacts, Monitor
from engine.language.nearest import nearest
from engine.language.secret import Secret
from engine.registry import Action, Context, Observation, Param, ResourceKind, Status
from engine.values import changed

PREFIX: Final = "aws."
LONGEST_BODY: Final = 1_000_000
CACHED: Final = 128  # operations that are kept in memory, each with its part of the service's model
_NAME: Final = re.compile(r"aws\.([a-z0-9-]+)\.([a-z0-9_]+)")
_UUID_LENGTH: Final = 36

Json = Mapping[str, Any]


class AwsFamily:
    """The family `aws.`: every operation that botocore knows is an action, and every read a kind."""

    prefix: str = PREFIX

    def action(self, name: str) -> Action | None:
        operation = operation_of(name)
        return None if operation is None else _action(name, operation)

    def kind(self, name: str) -> ResourceKind | None:
        operation = operation_of(name)
        return _kind(name, operation) if operation is not None and _reads(operation) else None

    def similar(self, name: str) -> str | None:
        """With or without `aws.`, in boto3's spelling or AWS's: `rds.ModifyDBCluster`, `aws.rds.modify_db_clusters`."""
        from botocore import xform_name

        service, _, operation = name.removeprefix(PREFIX).partition(".")
        service = nearest(service, service_names()) or ""
        model = service_model(service) if service and operation else None
        if model is None:
            return None
        found = nearest(xform_name(operation), model.operations)
        return f"{PREFIX}{service}.{found}" if found is not None else None


FAMILIES: Final = (AwsFamily(),)


@lru_cache(maxsize=CACHED)
def operation_of(name: str) -> ApiOperation | None:
    """The operation in botocore's model for `aws.rds.modify_db_cluster`; None if there is none."""
    match = _NAME.fullmatch(name)
    return operation_model(match[1], match[2]) if match is not None else None


def _reads(operation: ApiOperation) -> bool:
    return is_read_call(operation.service.name, operation.wire)


@lru_cache(maxsize=CACHED)
def _action(name: str, operation: ApiOperation) -> Action:
    def run(params: Json, ctx: Context) -> Json:
        return perform(operation, params, ctx)

    return Action(
        name=name,
        doc=operation.doc,
        facts=ActionFacts(
            name=name,
            repeatable=True if _reads(operation) else None,
            tokens=() if _reads(operation) else tuple(operation.tokens),
            deletes=deletes_of(operation),
            makes=made_by(operation),
            names_made=names_what_it_makes(operation),
        ),
        params=_params(operation),
        output=_output_schemas(operation),
        calls=_calls(operation),
        errors=_error_codes(operation),
        run=run,
    )


@lru_cache(maxsize=CACHED)
def _kind(name: str, operation: ApiOperation) -> ResourceKind:
    return ReplyKind(
        name=name,
        doc=operation.doc,
        facts=KindFacts(name=name, identity=(), verbs=("check",), monitor=Monitor()),
        params=_params(operation),
        attributes=_output_schemas(operation),
        calls=_calls(operation),
        operation=operation,
    )


def _calls(operation: ApiOperation) -> dict[str, tuple[str, ...]]:
    return {f"{operation.service.name}.{operation.wire}": _error_codes(operation)}


def _error_codes(operation: ApiOperation) -> tuple[str, ...]:
    """The model's; the model of EC2 has none, so each call may return any of the documented ones."""
    return EC2_CODES if operation.service.name == "ec2" else operation.errors


def _params(operation: ApiOperation) -> dict[str, Param]:
    service = operation.service
    return {
        name: Param(
            schema=service.parameter_schema(name, member),
            doc=first_sentence(member.get("documentation", "")),
            required=name in operation.required and name not in operation.tokens,
            secret=service.holds_secret(name, member),
        )
        for name, member in operation.inputs.items()
    }


def _output_schemas(operation: ApiOperation) -> dict[str, Json]:
    """The schemas of the reply's members. Those of a read are merged over its pages, and others are dropped."""
    schemas = {name: _as_recorded(operation.service.schema(member)) for name, member in operation.outputs.items()}
    if operation.paging is None or not _reads(operation):
        return schemas
    paths = [re.split(r"\.|(?=\[)", path) for path in operation.merged_members]
    return {
        name: _only(schema, [path[1:] for path in paths if path[0] == name])
        for name, schema in schemas.items()
        if any(path[0] == name for path in paths)
    }


def _as_recorded(schema: Any) -> Any:
    """A schema of a reply as it is recorded, where a time is text."""
    if not isinstance(schema, dict):
        return schema
    if schema.get("format") == "date-time":
        return {**schema, "type": "string"}
    return {
        key: {name: _as_recorded(one) for name, one in value.items()} if key == "properties" else _as_recorded(value)
        for key, value in schema.items()
    }


def _only(schema: Json, paths: list[list[str]]) -> Json:
    """The schema with the properties on the paths alone; whole where a path ends, or enters a list."""
    if schema.get("type") != "object" or any(not path or path[0].startswith("[") for path in paths):
        return schema
    properties = schema.get("properties", {})
    kept = {
        name: _only(one, [path[1:] for path in paths if path[0] == name])
        for name, one in properties.items()
        if any(path[0] == name for path in paths)
    }
    return {**schema, "properties": kept}


@dataclass(eq=False, kw_only=True)
class ReplyKind(CheckKind):
    """The reply of a read: its fields are the attributes, and `status` of the step derives the status from them."""

    name: str
    doc: str
    facts: KindFacts
    params: Mapping[str, Param]
    attributes: Mapping[str, Json]
    calls: Mapping[str, tuple[str, ...]]
    operation: ApiOperation
    statuses: Mapping[str, Status] = field(default_factory=dict)  # the step declares them, with `classes`

    def look(self, identity: Json, ctx: Context) -> Observation:
        """The reply, merged over its pages. An error keeps its code, so that `missing_on` can match it."""
        reply = perform(self.operation, identity, ctx)
        return Observation(status="", cls="available", attributes=reply)


# -- one call -------------------------------------------------------------------------------------------------


def perform(operation: ApiOperation, params: Json, ctx: Context) -> dict[str, Any]:
    """Make the call and return the reply as JSON values, with secrets masked."""
    secrets: list[str] = []
    request = {name: _resolved(value, ctx, secrets) for name, value in params.items()}
    request |= {
        name: _token(operation, name, f"{ctx.store}/{ctx.key}")
        for name in operation.tokens
        if name not in request and ctx.key
    }
    changes = not _reads(operation)
    try:
        with aws_call(ctx, changes=changes, names={name: name for name in params}):
            reply = _send(operation, request, ctx)
    except (EffectFailed, EffectUnknown, EffectNotSent) as error:
        raise _masked_error(error, secrets) from None
    if not changes:
        _refuse_truncated(operation, reply)
    members, masked = operation.outputs, operation.service.masked
    return {name: read_body(masked(value, name, members[name])) for name, value in reply.items() if name in members}


def _send(operation: ApiOperation, request: Json, ctx: Context) -> dict[str, Any]:
    client = ctx.client(operation.service.name)
    if operation.paging is None or not _reads(operation):
        reply: dict[str, Any] = getattr(client, operation.name)(**request)
        return reply
    merged: dict[str, Any] = client.get_paginator(operation.name).paginate(**request).build_full_result()
    return merged


def _resolved(value: Any, ctx: Context, secrets: list[str]) -> Any:
    """The value with secrets in place of their references, at any depth. Adds their texts to `secrets`, for masking."""
    match value:
        case Secret():
            secret = ctx.secret(value)
            secrets += _texts_of(secret)
            return secret if isinstance(secret, str) else json.dumps(secret)
        case Mapping():
            return {key: _resolved(one, ctx, secrets) for key, one in value.items()}
        case list() | tuple():
            return [_resolved(one, ctx, secrets) for one in value]
        case _:
            return value


def _texts_of(secret: Any) -> list[str]:
    """Every text in a secret, because AWS's messages may quote any of them."""
    match secret:
        case Mapping():
            return [text for one in secret.values() for text in _texts_of(one)]
        case list():
            return [text for one in secret for text in _texts_of(one)]
        case _:
            return [str(secret)]


def _token(operation: ApiOperation, name: str, key: str) -> str:
    """An idempotency token: the same each time one effect is sent, and of a length that the parameter allows."""
    import hashlib
    import uuid

    digest = hashlib.sha256(key.encode()).digest()
    least, most = operation.length_of(name)
    if least > _UUID_LENGTH:
        return digest.hex()[:most]
    if most is not None and most < _UUID_LENGTH:
        return digest.hex()[:most]
    return str(uuid.UUID(bytes=digest[:16], version=4))


def _masked_error(error: EffectFailed | EffectUnknown | EffectNotSent, secrets: list[str]) -> Exception:
    """The same error without the secrets that were sent, which AWS's message may quote."""
    if isinstance(error, EffectUnknown):
        why = masked_text(error.why, secrets)
        return EffectUnknown(why, changed(error.problem, message=why))
    return type(error)(changed(error.problem, message=masked_text(error.problem.message, secrets)))


def _refuse_truncated(operation: ApiOperation, reply: Json) -> None:
    """EffectFailed for a reply of status 200 that was cut off (docs/aws.md, "Retries by botocore").

    In XML even an empty list has an element. In JSON `{}` can be an answer, but an empty body cannot.
    """
    if any(name in operation.outputs for name in reply) or not operation.outputs:
        return
    length = reply.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("content-length")
    if operation.service.is_xml or length == "0":
        raise truncated_reply(f"{operation.service.name}.{operation.wire}", next(iter(operation.outputs)))


def read_body(value: Any) -> Any:
    """A streamed body: as text if it is UTF-8, else as bytes, which are recorded in base64. Other values are unchanged.

    EffectFailed if it is too long to be recorded.
    """
    if not hasattr(value, "read"):
        return value
    with aws_call():
        body = value.read(LONGEST_BODY + 1)
    if len(body) > LONGEST_BODY:
        message = (
            f"the body of the reply is longer than {LONGEST_BODY} bytes, so it cannot be recorded as an output: request a "
            "smaller part of it"
        )
        raise EffectFailed(Problem(name="OutputTooLong", category="invalid", message=message))
    try:
        return body.decode("utf-8") if isinstance(body, bytes) else body
    except UnicodeDecodeError:
        return body
