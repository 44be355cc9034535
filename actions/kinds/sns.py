"""`sns.publish`: tell people. At least once; the same event bears the same `event_id` each time.

Must not know what is told, nor when.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any, Final

from actions.aws.errors import calling
from engine.language.model import ActionFacts
from engine.registry import Action, Context, Param, Right

LONGEST_SUBJECT: Final = 100
"""Characters of ASCII, no line break or control character (SNS, Publish)."""

LARGEST_TEXT: Final = 250_000
"""Bytes; SNS takes 262,144 with the attributes (SNS, Publish)."""

CUT: Final = "\n… (the rest was cut off)"


def publish(params: Mapping[str, Any], ctx: Context) -> Mapping[str, Any]:
    """`{message_id}`."""
    topic, subject = str(params["topic"]), clean_subject(str(params.get("subject") or ""))
    attributes = {name: str(value) for name, value in (params.get("attributes") or {}).items()}
    if ctx.key:
        attributes["event_id"] = ctx.key
    request: dict[str, Any] = {"TopicArn": topic, "Message": fitting(str(params["text"])) or "(no text)"}
    if subject:
        request["Subject"] = subject
    if topic.endswith(".fifo"):
        import hashlib

        once = hashlib.sha256((ctx.key or str(request)).encode()).hexdigest()  # at most 128 characters
        request |= {"MessageGroupId": ctx.operation or "runbook", "MessageDeduplicationId": once}
    request["MessageAttributes"] = {
        name: {"DataType": "String", "StringValue": value} for name, value in attributes.items() if value
    }
    client = ctx.client("sns")
    with calling(ctx, changes=True, words={"TopicArn": "topic", "Subject": "subject", "Message": "text"}):
        reply = client.publish(**request)
    return {"message_id": str(reply.get("MessageId", ""))}


def clean_subject(subject: str) -> str:
    """At most 100 characters of ASCII on one line: accents go, other letters become `?`."""
    parted = unicodedata.normalize("NFKD", subject.replace("–", "-").replace("—", "-").replace("…", "..."))
    letters = "".join(char for char in parted if not unicodedata.combining(char))
    plain = letters.encode("ascii", "replace").decode()
    one_line = re.sub(r"[\x00-\x20\x7f]+", " ", plain).strip()
    return one_line if len(one_line) <= LONGEST_SUBJECT else one_line[: LONGEST_SUBJECT - 3].rstrip() + "..."


def fitting(text: str) -> str:
    """The text, or as much of it as a message holds."""
    whole = text.encode()
    if len(whole) <= LARGEST_TEXT:
        return text
    return whole[: LARGEST_TEXT - len(CUT.encode())].decode(errors="ignore") + CUT


_KEYS: Final = ("arn:{partition}:kms:*:{account}:key/*",)

PUBLISH: Final = Action(
    name="sns.publish",
    doc="A message to an SNS topic, at least once; each bears the attribute event_id, the same when it is repeated.",
    facts=ActionFacts(name="sns.publish", repeatable=True),
    params={
        "topic": Param(
            schema={"type": "string", "pattern": "^arn:"}, required=True, doc="ARN; its region is where it goes out"
        ),
        "subject": Param(schema={"type": "string"}, doc="cut and cleaned to 100 characters of ASCII, as SNS has it"),
        "text": Param(schema={"type": "string"}, required=True, doc="cut at 250,000 bytes"),
        "attributes": Param(schema={"type": "object"}, doc="name → text, for filters of subscriptions"),
    },
    output={"message_id": {"type": "string", "description": "SNS's id of the message"}},
    calls=("sns.Publish",),
    rights=(
        Right(action="sns:Publish", verb="call", on=("{topic}",)),
        # only where the topic is encrypted with a key of one's own
        *(Right(action=f"kms:{name}", verb="call", on=_KEYS, via="sns") for name in ("Decrypt", "GenerateDataKey*")),
    ),
    errors=("NotFound", "InvalidParameter", "AuthorizationError"),
    run=publish,
)

ACTIONS: Final = (PUBLISH,)
