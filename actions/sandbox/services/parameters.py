"""SSM parameters, secrets and SNS of the pretend AWS: what runbooks read before they begin, and whom they tell.

Small worlds need not have every setting: a parameter that no world declares, and whose last word tells what it is
(`security-group-ids`, `kms-key`, …), has a value that suits. A world says `missing` where it must not be there.
"""

from __future__ import annotations

import json
from typing import Any, Final

from actions.sandbox.calls import Asked, Refusal, moment
from actions.sandbox.world import Resource, World

PARAMETER: Final = "ssm"
SECRET: Final = "secret"
TOPIC: Final = "topic"
LONGEST_MESSAGE: Final = 262_144  # bytes (SNS, Publish)
_SUFFIX: Final = "SanDbx"


def get_parameter(world: World, asked: Asked) -> dict[str, Any]:
    """GetParameter; a SecureString is not readable without WithDecryption."""
    name = asked.params["Name"]
    found = _parameter(world, asked, name)
    if found is None:
        raise Refusal("ParameterNotFound", f"Parameter {name} not found.")
    return {"Parameter": _parameter_wire(asked, found)}


def get_parameters(world: World, asked: Asked) -> dict[str, Any]:
    """GetParameters, ten at most; names that are not there come back in a list of their own."""
    names = asked.params["Names"]
    found = {name: _parameter(world, asked, name) for name in names}
    wires = [_parameter_wire(asked, parameter) for parameter in found.values() if parameter is not None]
    return {"Parameters": wires, "InvalidParameters": [name for name, parameter in found.items() if parameter is None]}


def _parameter(world: World, asked: Asked, name: str) -> Resource | None:
    short = name.partition(":parameter")[2] if name.startswith("arn:") else name
    found = world.find(PARAMETER, asked.account, asked.region, short)
    if found is not None:
        return None if found.status(world.now) == "missing" else found
    value = _made_up(asked, short.rstrip("/").rpartition("/")[2])
    if value is None:
        return None
    data = {"Value": value, "Type": "StringList" if "ids" in short else "String", "Version": 1}
    return Resource(kind=PARAMETER, name=short, account=asked.account, region=asked.region, data=data)


def _made_up(asked: Asked, word: str) -> str | None:
    """A value that suits a parameter by its last word, or None."""
    if "security-group" in word:
        return "sg-0sandbox"
    if "subnet-group" in word:
        return "default"
    if "kms-key" in word:
        return f"arn:aws:kms:{asked.region}:{asked.account}:key/0a1b2c3d-sandbox"
    if "topic" in word:
        return f"arn:aws:sns:{asked.region}:{asked.account}:sandbox"
    return None


def _parameter_wire(asked: Asked, parameter: Resource) -> dict[str, Any]:
    data = parameter.data
    hidden = data["Type"] == "SecureString" and not asked.get("WithDecryption")
    return {
        "Name": parameter.name,
        "Type": data["Type"],
        "Value": "AQICAHsandboxciphertext" if hidden else data["Value"],
        "Version": data["Version"],
        "LastModifiedDate": moment(parameter.created),
        "ARN": f"arn:aws:ssm:{asked.region}:{asked.account}:parameter{parameter.name}",
        "DataType": "text",
    }


def parameter_data(value: Any, before: Resource | None = None) -> dict[str, Any]:
    """What is kept of a parameter: a list is a StringList; `{value, type}` says more; each value a version."""
    version = 1 if before is None else before.data.get("Version", 0) + 1
    kind = "StringList" if isinstance(value, list) else "String"
    if isinstance(value, dict):
        kind, value = value.get("type", kind), value.get("value", "")
    text = ",".join(str(item) for item in value) if isinstance(value, list) else str(value)
    return {"Value": text, "Type": kind, "Version": version}


def get_secret_value(world: World, asked: Asked) -> dict[str, Any]:
    """GetSecretValue of the current version; an ARN may lack the six characters that AWS adds to a name."""
    name = asked.params["SecretId"]
    found = _secret(world, asked, name.rpartition(":secret:")[2] if name.startswith("arn:") else name)
    if found is None or found.status(world.now) == "missing":
        raise Refusal("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
    version, stage = asked.get("VersionId"), asked.get("VersionStage")
    for what, wanted, there in (
        ("VersionId", version, found.data["VersionId"]),
        ("staging label", stage, "AWSCURRENT"),
    ):
        if wanted not in (None, there):
            message = f"Secrets Manager can't find the specified secret value for {what}: {wanted}"
            raise Refusal("ResourceNotFoundException", message)
    return {
        "ARN": f"arn:aws:secretsmanager:{asked.region}:{asked.account}:secret:{found.name}-{_SUFFIX}",
        "Name": found.name,
        "VersionId": found.data["VersionId"],
        "SecretString": found.data["SecretString"],
        "VersionStages": ["AWSCURRENT"],
        "CreatedDate": moment(found.created),
    }


def _secret(world: World, asked: Asked, name: str) -> Resource | None:
    found = world.find(SECRET, asked.account, asked.region, name)
    return found or world.find(SECRET, asked.account, asked.region, name.removesuffix(f"-{_SUFFIX}"))


def secret_data(value: Any, before: Resource | None = None) -> dict[str, Any]:
    """What is kept of a secret: text as it stands, a map as JSON; each value a version."""
    number = 1 if before is None else before.data.get("Number", 0) + 1
    text = value if isinstance(value, str) else json.dumps(value)
    return {"SecretString": text, "Number": number, "VersionId": f"00000000-0000-4000-8000-{number:012d}"}


def publish(world: World, asked: Asked) -> dict[str, Any]:
    """Publish to a topic; the message is kept in `world.messages`."""
    topic = asked.get("TopicArn") or asked.get("TargetArn")
    if not topic:
        raise Refusal(
            "InvalidParameter", "Invalid parameter: TopicArn or TargetArn Reason: no value for required parameter"
        )
    parts = topic.split(":")
    if len(parts) != 6 or parts[2] != "sns":
        raise Refusal("InvalidParameter", "Invalid parameter: TopicArn Reason: An ARN must have at least 6 elements")
    if parts[3] != asked.region:
        raise Refusal("InvalidParameter", "Invalid parameter: TopicArn")
    _refuse_missing(world, parts[4], parts[3], parts[5])
    _refuse_subject(asked.get("Subject"))
    if not asked.params["Message"]:
        raise Refusal("InvalidParameter", "Invalid parameter: Empty message")
    if len(asked.params["Message"].encode()) > LONGEST_MESSAGE:
        raise Refusal("InvalidParameter", "Invalid parameter: Message too long")
    message_id = world.new_id("message-")
    message = {
        "id": message_id,
        "at": world.now,
        "topic": topic,
        "subject": asked.get("Subject"),
        "text": asked.params["Message"],
        "attributes": {k: v.get("StringValue", "") for k, v in (asked.get("MessageAttributes") or {}).items()},
    }
    world.messages.append(message)
    asked.resource = f"message/{message_id}"
    return {"MessageId": message_id}


def _refuse_missing(world: World, account: str, region: str, name: str) -> None:
    found = world.find(TOPIC, account, region, name)
    declared = any(t.status(world.now) != "missing" for t in world.all(TOPIC, account, region))
    if (found is None and declared) or (found is not None and found.status(world.now) == "missing"):
        raise Refusal("NotFound", "Topic does not exist")


def _refuse_subject(subject: str | None) -> None:
    """At most 100 characters of ASCII, no line breaks or control characters (SNS, Publish)."""
    if subject is None:
        return
    if not subject or len(subject) > 100 or not subject.isascii() or not subject.isprintable():
        raise Refusal("InvalidParameter", "Invalid parameter: Subject")
