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
        raise Refusal(
            "InvalidParameter", "Invalid parameter: TopicArn or TargetArn Reason: no value for required parameter"
        )
    parts = topic.split(":")
    if len(parts) != 6 or parts[2] != "sns":
        raise Refusal("InvalidParameter", "Invalid parameter: TopicArn Reason: An ARN must have at least 6 elements")
    if parts[3] != request.region:
        raise Refusal("InvalidParameter", "Invalid parameter: TopicArn")
    _refuse_missing(world, parts[4], parts[3], parts[5])
    _refuse_subject(request.get("Subject"))
    if not request.params["Message"]:
        raise Refusal("InvalidParameter", "Invalid parameter: Empty message")
    if len(request.params["Message"].encode()) > LONGEST_MESSAGE:
        raise Refusal("InvalidParameter", "Invalid parameter: Message too long")
    message_id = world.new_id("message-")
    message = {
        "id": message_id,
        "at": world.now,
        "topic": topic,
        "subject": request.get("Subject"),
        "text": request.params["Message"],
        "attributes": {k: v.get("StringValue", "") for k, v in (request.get("MessageAttributes") or {}).items()},
    }
    world.messages.append(message)
    request.resource = f"message/{message_id}"
    return {"MessageId": message_id}


def _refuse_missing(world: World, account: str, region: str, name: str) -> None:
    found = world.find(TOPIC, account, region, name)
    declared = any(t.status(world.now) != "missing" for t in world.all(TOPIC, account, region))
    if (found is None and declared) or (found is not None and found.status(world.now) == "missing"):
        raise Refusal("NotFound", "Topic does not exist")


def _refuse_subject(subject: str | None) -> None:
    """At most 100 ASCII characters without line breaks and control characters (SNS API Reference, Publish)."""
    if subject is None:
        return
    if not subject or len(subject) > 100 or not subject.isascii() or not subject.isprintable():
        raise Refusal("InvalidParameter", "Invalid parameter: Subject")


HANDLERS: Final = {
    "sns.Publish": publish,
}


WORLD_KINDS: Final = (WorldKind(name=TOPIC, fields=frozenset(("status",)), everywhere=True),)
