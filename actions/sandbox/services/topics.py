"""SNS topics."""

from __future__ import annotations

from typing import Any, Final

from actions.sandbox.calls import Refusal, Request
from actions.sandbox.world import World
from actions.sandbox.world_kinds import WorldKind

TOPIC: Final = "topic"


LONGEST_MESSAGE: Final = 262_144  # bytes (SNS, Publish)


def publish(world: World, request: Request) -> dict[str, Any]:
    """Publish; the message is kept in `world.messages`."""
    topic = request.get("TopicArn") or request.get("TargetArn")
    if not topic:
        why = "Invalid parameter: TopicArn or TargetArn Reason: no value for required parameter"
        raise Refusal("InvalidParameter", why)
    parts = topic.split(":")
    if len(parts) != 6 or parts[2] != "sns":
        raise Refusal("InvalidParameter", "Invalid parameter: TopicArn Reason: An ARN must have at least 6 elements")
    if parts[3] != request.region:
        raise Refusal("InvalidParameter", "Invalid parameter: TopicArn")
    if world.find_or_imply(TOPIC, parts[4], parts[3], parts[5]) is None:
        raise Refusal("NotFound", "Topic does not exist")
    subject = request.get("Subject")  # SNS API Reference, Publish
    if subject is not None and not (0 < len(subject) <= 100 and subject.isascii() and subject.isprintable()):
        raise Refusal("InvalidParameter", "Invalid parameter: Subject")
    if not request.params["Message"]:
        raise Refusal("InvalidParameter", "Invalid parameter: Empty message")
    if len(request.params["Message"].encode()) > LONGEST_MESSAGE:
        raise Refusal("InvalidParameter", "Invalid parameter: Message too long")
    message_id = world.new_id("message-")
    message = {
        "id": message_id,
        "at": world.now,
        "topic": topic,
        "subject": subject,
        "text": request.params["Message"],
        "attributes": {k: v.get("StringValue", "") for k, v in (request.get("MessageAttributes") or {}).items()},
    }
    world.messages.append(message)
    request.resource = f"message/{message_id}"
    return {"MessageId": message_id}


HANDLERS: Final = {"sns.Publish": publish}

WORLD_KINDS: Final = (WorldKind(name=TOPIC, fields=frozenset(("status",)), everywhere=True),)
