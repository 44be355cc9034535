"""Answers and refusals → bodies of HTTP responses: XML for the query protocols, and JSON 1.1.

It follows botocore's models, so that botocore's parsers read what the sandbox answers. Must not know requests.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections.abc import Iterator
from typing import Any, Final
from xml.sax.saxutils import escape

from actions.sandbox.calls import Refusal

REQUEST_ID: Final = "00000000-0000-0000-0000-000000000000"
XML: Final = "text/xml"
JSON: Final = "application/x-amz-json-1.1"


def content_type(model: Any) -> str:
    """The content type of a service's responses."""
    return JSON if model.metadata["protocol"] == "json" else XML


def reply_body(operation: Any, answer: dict[str, Any]) -> bytes:
    """The body of a response with status 200."""
    shape, model = operation.output_shape, operation.service_model
    if model.metadata["protocol"] == "json":
        return json.dumps(_plain(answer), separators=(",", ":")).encode()
    inner = "" if shape is None else "".join(_members(shape, answer))
    namespace = model.metadata.get("xmlNamespace", "")
    if model.metadata["protocol"] == "ec2":
        inner = f"<requestId>{REQUEST_ID}</requestId>{inner}"
    else:
        wrapper = None if shape is None else shape.serialization.get("resultWrapper")
        inner = f"<{wrapper}>{inner}</{wrapper}>" if wrapper else inner
        inner += f"<ResponseMetadata><RequestId>{REQUEST_ID}</RequestId></ResponseMetadata>"
    return f'<{operation.name}Response xmlns="{namespace}">{inner}</{operation.name}Response>'.encode()


def error_body(model: Any, refusal: Refusal, status: int) -> bytes:
    """The body of an error response."""
    code, message = escape(refusal.code), escape(refusal.message)
    match model.metadata["protocol"]:
        case "json":
            return json.dumps({"__type": refusal.code, "message": refusal.message}).encode()
        case "ec2":
            error = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
            return f"<Response><Errors>{error}</Errors><RequestID>{REQUEST_ID}</RequestID></Response>".encode()
        case _:
            fault = "Sender" if status < 500 else "Receiver"
            error = f"<Error><Type>{fault}</Type><Code>{code}</Code><Message>{message}</Message></Error>"
            return f"<ErrorResponse>{error}<RequestId>{REQUEST_ID}</RequestId></ErrorResponse>".encode()


def _members(shape: Any, value: dict[str, Any]) -> Iterator[str]:
    for name, member in shape.members.items():
        if value.get(name) is not None:
            yield _element(member, _name(member, name), value[name])


def _name(shape: Any, name: str) -> str:
    """The name of an element; a flat list has the name of its items."""
    if shape.type_name == "list" and shape.serialization.get("flattened"):
        return str(shape.member.serialization.get("name") or shape.serialization.get("name") or name)
    return str(shape.serialization.get("name") or name)


def _element(shape: Any, name: str, value: Any) -> str:
    match shape.type_name:
        case "structure":
            inner = "".join(_members(shape, value))
        case "list" if shape.serialization.get("flattened"):
            return "".join(_element(shape.member, name, item) for item in value)
        case "list":
            word = shape.member.serialization.get("name", "member")
            inner = "".join(_element(shape.member, word, item) for item in value)
        case "map":
            inner = "".join(_entry(shape, key, item) for key, item in value.items())
        case _:
            inner = escape(_text(value))
    return f"<{name}>{inner}</{name}>"


def _entry(shape: Any, key: str, value: Any) -> str:
    names = (shape.key.serialization.get("name", "key"), shape.value.serialization.get("name", "value"))
    return f"<entry><{names[0]}>{escape(key)}</{names[0]}>{_element(shape.value, names[1], value)}</entry>"


def _text(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case dt.datetime():
            return value.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")
        case bytes():
            return base64.b64encode(value).decode()
        case _:
            return str(value)


def _plain(value: Any) -> Any:
    match value:
        case dict():
            return {key: _plain(item) for key, item in value.items() if item is not None}
        case list():
            return [_plain(item) for item in value]
        case dt.datetime():
            return value.timestamp()
        case bytes():
            return base64.b64encode(value).decode()
        case _:
            return value
