"""`sns.publish`: sends a message to an SNS topic, at least once. A message that is sent again has the same `event_id`."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any, Final

from actions.aws.call_errors import aws_call
from engine.language.model import ActionFacts
from engine.registry import Action, Context, Param, Right

LONGEST_SUBJECT: Final = 100
"""ASCII characters, without line breaks and control characters (Amazon SNS API Reference, Publish)."""

LARGEST_TEXT: Final = 250_000
"""Bytes. SNS allows 262,144 with the attributes (Amazon SNS API Reference, Publish)."""

CUT_MARK: Final = "\n… (the rest was cut off)"


def publish(params: Mapping[str, Any], ctx: Context) -> Mapping[str, Any]:
    """Send the message; return `{message_id}`."""
    topic, subject = str(params["topic"]), clean_subject(str(params.get("subject") or ""))
    attributes = {name: str(value) for name, value in (params.get("attributes") or {}).items()}
    if ctx.key:
        attributes["event_id"] = ctx.key
    request: dict[str, Any] = {"TopicArn": topic, "Message": shortened(str(params["text"])) or "(no text)"}
    if subject:
        request["Subject"] = subject
    if topic.endswith(".fifo"):
        import hashlib

        deduplication_id = hashlib.sha256((ctx.key or str(request)).encode()).hexdigest()  # at most 128 characters
        request |= {"MessageGroupId": ctx.operation or "runbook", "MessageDeduplicationId": deduplication_id}
    request["MessageAttributes"] = {
        name: {"DataType": "String", "StringValue": value} for name, value in attributes.items() if value
    }
    client = ctx.client("sns")
    with aws_call(ctx, changes=True, names={"TopicArn": "topic", "Subject": "subject", "Message": "text"}):
        reply = client.publish(**request)
    return {"message_id": str(reply.get("MessageId", ""))}


def clean_subject(subject: str) -> str:
    """At most 100 ASCII characters on one line. Accents are removed, and other characters become `?`."""
    decomposed = unicodedata.normalize("NFKD", subject.replace("–", "-").replace("—", "-").replace("…", "..."))
    letters = "".join(char for char in decomposed if not unicodedata.combining(char))
    plain = letters.encode("ascii", "replace").decode()
    one_line = re.sub(r"[\x00-\x20\x7f]+", " ", plain).strip()
    return one_line if len(one_line) <= LONGEST_SUBJECT else one_line[: LONGEST_SUBJECT - 3].rstrip() + "..."


def shortened(text: str) -> str:
    """The text, cut if it is too long for a message."""
    encoded = text.encode()
    if len(encoded) <= LARGEST_TEXT:
        return text
    return encoded[: LARGEST_TEXT - len(CUT_MARK.encode())].decode(errors="ignore") + CUT_MARK


_KEYS: Final = ("arn:{partition}:kms:*:{account}:key/*",)

PUBLISH: Final = Action(
    name="sns.publish",
    doc="Sends a message to an SNS topic, at least once. Its attribute event_id is the same if it is sent again.",
    facts=ActionFacts(name="sns.publish", repeatable=True),
    params={
        "topic": Param(
            schema={"type": "string", "pattern": "^arn:"}, required=True, doc="ARN of the topic"
        ),
        "subject": Param(schema={"type": "string"}, doc="shortened to 100 ASCII characters, as SNS requires"),
        "text": Param(schema={"type": "string"}, required=True, doc="shortened to 250,000 bytes"),
        "attributes": Param(schema={"type": "object"}, doc="name → text, for filter policies of subscriptions"),
    },
    output={"message_id": {"type": "string", "description": "SNS's id of the message"}},
    calls={
        "sns.Publish": (
            "AuthorizationError", "EndpointDisabled", "InternalError", "InvalidParameter", "InvalidSecurity",
            "KMSAccessDenied", "KMSDisabled", "KMSInvalidState", "KMSNotFound", "KMSOptInRequired", "KMSThrottling",
            "NotFound", "ParameterValueInvalid", "PlatformApplicationDisabled", "ValidationException",
        )
    },
    rights=(
        Right(action="sns:Publish", verb="call", on=("{topic}",), unknown="arn:{partition}:sns:{region}:*:*"),
        # only if the topic is encrypted with a customer managed key
        *(Right(action=f"kms:{name}", verb="call", on=_KEYS, via="sns") for name in ("Decrypt", "GenerateDataKey")),
    ),
    errors=("NotFound", "InvalidParameter", "AuthorizationError"),
    run=publish,
)  # fmt: skip

ACTIONS: Final = (PUBLISH,)
