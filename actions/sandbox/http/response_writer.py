"""Answers and refusals → bodies of HTTP responses: XML for the query protocols, and JSON 1.1.

It follows botocore's models, so that botocore's parsers read what the sandbox answers. Its answers have no flattened
lists or maps, and bytes only in JSON. Must not know requests.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
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
        return json.dumps(answer, separators=(",", ":"), default=_json_value).encode()
    inner = "" if shape is None else _members(shape, answer)
    namespace = model.metadata.get("xmlNamespace", "")
    if model.metadata["protocol"] == "ec2":
        inner = f"<requestId>{REQUEST_ID}</requestId>{inner}"
    else:
        wrapper = None if shape is None else shape.serialization.get("resultWrapper")
        inner = f"<{wrapper}>{inner}</{wrapper}>" if wrapper else inner
        inner += f"<ResponseMetadata><RequestId>{REQUEST_ID}</RequestId></ResponseMetadata>"
    return f'<{operation.name}Response xmlns="{namespace}">{inner}</{operation.name}Response>'.encode()


def _json_value(value: dt.datetime | bytes) -> float | str:
    """What JSON 1.1 has for a value that JSON has not."""
    return base64.b64encode(value).decode("ascii") if isinstance(value, bytes) else value.timestamp()


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


def _members(shape: Any, value: dict[str, Any]) -> str:
    return "".join(
        _element(member, member.serialization.get("name") or name, value[name])
        for name, member in shape.members.items()
        if value.get(name) is not None
    )


def _element(shape: Any, name: str, value: Any) -> str:
    match shape.type_name:
        case "structure":
            inner = _members(shape, value)
        case "list":
            word = shape.member.serialization.get("name", "member")
            inner = "".join(_element(shape.member, word, item) for item in value)
        case "boolean":
            inner = "true" if value else "false"
        case "timestamp":
            inner = value.isoformat().replace("+00:00", "Z")
        case _:
            inner = escape(str(value))
    return f"<{name}>{inner}</{name}>"
