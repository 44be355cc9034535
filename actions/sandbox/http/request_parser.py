"""HTTP requests of AWS clients → operation and parameters, for the protocols query, EC2 query and JSON 1.1.

It follows botocore's models, so that it reads what botocore's serializers write for the calls that the sandbox has: no
list of theirs is flattened, and of JSON only bytes need a conversion. Clients have checked the parameters; those that are not in
the model are ignored. Must not know replies.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
import re
from collections.abc import Mapping
from email.message import Message
from functools import cache
from typing import Any, Final
from urllib.parse import parse_qsl

from actions.sandbox.clients import session
from engine.values import Value

Headers = Mapping[str, str] | Message
"""Headers of a request. The standard library's Message ignores the case of names."""

FormTree = dict[str, Any]
"""`Filters.Filter.1.Name=x` → {"Filters": {"Filter": {"1": {"Name": "x"}}}}."""

_SCOPE: Final = re.compile(r"Credential=([^/,]+)/[^/]*/([^/]*)/([^/]*)/aws4_request")


class BadRequest(Exception):
    """The request is not one of AWS; the message says why."""


class Credential(Value):
    """The scope of a request's signature: who calls which service in which region. The signature is not checked."""

    access_key: str
    region: str
    service: str


def credential_of(headers: Headers) -> Credential:
    """The credential of a request's signature (AWS4-HMAC-SHA256)."""
    match = _SCOPE.search(headers.get("Authorization", ""))
    if match is None:
        raise BadRequest("the request is not signed: its Authorization header has no credential scope")
    return Credential(access_key=match[1], region=match[2], service=match[3])


@cache
def service_model(service: str) -> Any:
    """botocore's model of a service; BadRequest if there is none."""
    import botocore.exceptions

    try:
        return session().get_service_model(service)
    except botocore.exceptions.UnknownServiceError as error:
        raise BadRequest(f"there is no service {service}") from error


def read(service: str, headers: Headers, body: bytes) -> tuple[Any, dict[str, Any]]:
    """The model of the operation, and its parameters."""
    model = service_model(service)
    match model.metadata["protocol"]:
        case "query" | "ec2" as protocol:
            form = _form_tree(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
            operation = _operation(model, str(form.get("Action", "")))
            shape = operation.input_shape
            params = {} if shape is None else _from_form(shape, form, ec2=protocol == "ec2")
        case "json":
            operation = _operation(model, headers.get("X-Amz-Target", "").rpartition(".")[2])
            known = {} if operation.input_shape is None else operation.input_shape.members
            given = {name: value for name, value in _object(body).items() if name in known and value is not None}
            params = {name: _from_json(known[name], value) for name, value in given.items()}
        case other:
            raise BadRequest(f"the sandbox does not serve the protocol {other} of {service}")
    return operation, params


def _from_json(shape: Any, value: Any) -> Any:
    """A parameter in JSON, where bytes are written as base64."""
    return base64.b64decode(value) if shape.type_name == "blob" else value


def _operation(model: Any, name: str) -> Any:
    if name not in model.operation_names:
        what = f"has no operation {name}" if name else "needs an operation, and the request names none"
        raise BadRequest(f"{model.service_name} {what}")
    return model.operation_model(name)


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body or b"{}")
    except ValueError as error:
        raise BadRequest("the body is not JSON") from error
    if not isinstance(value, dict):
        raise BadRequest("the body is not a JSON object")
    return value


def _form_tree(form: list[tuple[str, str]]) -> FormTree:
    tree: FormTree = {}
    for key, text in form:
        place = tree
        *path, last = key.split(".")
        for word in path:
            inner = place.get(word)
            place[word] = place = inner if isinstance(inner, dict) else {}
        place[last] = text
    return tree


def _from_form(shape: Any, value: Any, *, ec2: bool) -> Any:
    """A value of a form, by its shape."""
    match shape.type_name:
        case "structure":
            found = {name: _member(member, name, value, ec2=ec2) for name, member in shape.members.items()}
            return {name: one for name, one in found.items() if one is not None}
        case "list":
            items = value if ec2 else value.get(shape.member.serialization.get("name", "member"), {})
            return [_from_form(shape.member, item, ec2=ec2) for item in _numbered(items)]
        case "map":
            key = shape.key.serialization.get("name", "key")
            item = shape.value.serialization.get("name", "value")
            entries = _numbered(value.get("entry", {}))
            return {entry[key]: _from_form(shape.value, entry[item], ec2=ec2) for entry in entries}
        case "integer" | "long":
            return int(value)
        case "float" | "double":
            return float(value)
        case "boolean":
            return value.lower() == "true"
        case "blob":
            return base64.b64decode(value)
        case "timestamp":
            return dt.datetime.fromisoformat(value)
        case _:
            return value


def _member(member: Any, name: str, tree: Any, *, ec2: bool) -> Any:
    """A member of a structure, by the name that the serializer gives it. An empty list is sent as an empty string."""
    wire = member.serialization.get("name", name)
    if ec2:
        wire = member.serialization.get("queryName") or wire[0].upper() + wire[1:]
    value = tree.get(wire) if isinstance(tree, dict) else None
    if value == "" and member.type_name in ("list", "map"):
        return [] if member.type_name == "list" else {}
    if value is None or isinstance(value, dict) != (member.type_name in ("structure", "list", "map")):
        return None
    return _from_form(member, value, ec2=ec2)


def _numbered(tree: Any) -> list[Any]:
    """Items in the order of their numbers."""
    numbers = sorted(int(word) for word in tree if word.isdigit()) if isinstance(tree, dict) else []
    return [tree[str(number)] for number in numbers]
