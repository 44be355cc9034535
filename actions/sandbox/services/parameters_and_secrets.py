"""SSM parameters and secrets.

Small worlds need not declare every setting: a parameter that is not declared has a fitting value if its last word says
what it is (`security-group-ids`, `kms-key`, …). A world says `missing` for one that must not exist.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from actions.sandbox.calls import Refusal, Request, moment
from actions.sandbox.world import Resource, World

PARAMETER: Final = "ssm"
SECRET: Final = "secret"
_SUFFIX: Final = "SanDbx"
_IMPLIED: Final = {
    "security-group": "sg-0sandbox",
    "subnet-group": "default",
    "kms-key": "arn:aws:kms:{region}:{account}:key/0a1b2c3d-sandbox",
    "topic": "arn:aws:sns:{region}:{account}:sandbox",
}
"""A word in the last part of a parameter's name → a value that fits it."""


def get_parameter(world: World, request: Request) -> dict[str, Any]:
    """GetParameter; the value of a SecureString needs WithDecryption."""
    name = request.params["Name"]
    found = _parameter(world, request, name)
    if found is None:
        raise Refusal("ParameterNotFound", f"Parameter {name} not found.")
    return {"Parameter": _parameter_wire(request, found)}


def get_parameters(world: World, request: Request) -> dict[str, Any]:
    """GetParameters; names that do not exist are returned as InvalidParameters."""
    names = request.params["Names"]
    found = {name: _parameter(world, request, name) for name in names}
    wires = [_parameter_wire(request, parameter) for parameter in found.values() if parameter is not None]
    return {"Parameters": wires, "InvalidParameters": [name for name, parameter in found.items() if parameter is None]}


def _parameter(world: World, request: Request, name: str) -> Resource | None:
    short = name.partition(":parameter")[2] if name.startswith("arn:") else name
    found = world.find(PARAMETER, request.account, request.region, short)
    if found is not None:
        return None if found.status(world.now) == "missing" else found
    word = short.rstrip("/").rpartition("/")[2]
    value = next((value for part, value in _IMPLIED.items() if part in word), None)
    if value is None:
        return None
    value = value.format(region=request.region, account=request.account)
    data = {"Value": value, "Type": "StringList" if "ids" in short else "String", "Version": 1}
    return Resource(kind=PARAMETER, name=short, account=request.account, region=request.region, data=data)


def _parameter_wire(request: Request, parameter: Resource) -> dict[str, Any]:
    data = parameter.data
    hidden = data["Type"] == "SecureString" and not request.get("WithDecryption")
    return {
        "Name": parameter.name,
        "Type": data["Type"],
        "Value": "AQICAHsandboxciphertext" if hidden else data["Value"],
        "Version": data["Version"],
        "LastModifiedDate": moment(parameter.created),
        "ARN": f"arn:aws:ssm:{request.region}:{request.account}:parameter{parameter.name}",
        "DataType": "text",
    }


def parameter_data(value: Any, before: Resource | None) -> dict[str, Any]:
    """The data of a parameter: a list is a StringList, `{value, type}` names the type; each new value is a version."""
    version = 1 if before is None else before.data.get("Version", 0) + 1
    kind = "StringList" if isinstance(value, list) else "String"
    if isinstance(value, dict):
        kind, value = value.get("type", kind), value.get("value", "")
    text = ",".join(str(item) for item in value) if isinstance(value, list) else str(value)
    return {"Value": text, "Type": kind, "Version": version}


def get_secret_value(world: World, request: Request) -> dict[str, Any]:
    """GetSecretValue of the current version; an ARN may lack the six characters that AWS adds to the name."""
    name = request.params["SecretId"]
    found = _secret(world, request, name.rpartition(":secret:")[2] if name.startswith("arn:") else name)
    if found is None or found.status(world.now) == "missing":
        raise Refusal("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
    version, stage = request.get("VersionId"), request.get("VersionStage")
    for what, wanted, there in (
        ("VersionId", version, found.data["VersionId"]),
        ("staging label", stage, "AWSCURRENT"),
    ):
        if wanted not in (None, there):
            message = f"Secrets Manager can't find the specified secret value for {what}: {wanted}"
            raise Refusal("ResourceNotFoundException", message)
    return {
        "ARN": f"arn:aws:secretsmanager:{request.region}:{request.account}:secret:{found.name}-{_SUFFIX}",
        "Name": found.name,
        "VersionId": found.data["VersionId"],
        "SecretString": found.data["SecretString"],
        "VersionStages": ["AWSCURRENT"],
        "CreatedDate": moment(found.created),
    }


def _secret(world: World, request: Request, name: str) -> Resource | None:
    found = world.find(SECRET, request.account, request.region, name)
    return found or world.find(SECRET, request.account, request.region, name.removesuffix(f"-{_SUFFIX}"))


def secret_data(value: Any, before: Resource | None) -> dict[str, Any]:
    """The data of a secret: text as it is, a map as JSON; each new value is a version."""
    number = 1 if before is None else before.data.get("Number", 0) + 1
    text = value if isinstance(value, str) else json.dumps(value)
    return {"SecretString": text, "Number": number, "VersionId": f"00000000-0000-4000-8000-{number:012d}"}


SETTINGS: Final[Mapping[str, Callable[[Any, Resource | None], dict[str, Any]]]] = {
    PARAMETER: parameter_data,
    SECRET: secret_data,
}
"""The kinds of settings, each with what makes its data from its value in a world and from the setting before."""

HANDLERS: Final = {
    "ssm.GetParameter": get_parameter,
    "ssm.GetParameters": get_parameters,
    "secretsmanager.GetSecretValue": get_secret_value,
}
