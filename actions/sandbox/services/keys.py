"""KMS keys, and the identities of STS.

If the world declares no key in a region, every key that a call names exists there. `alias/aws/rds` always does.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from typing import Any, Final

from actions.sandbox.calls import Refusal, Request, moment
from actions.sandbox.world import Resource, World
from actions.sandbox.world_kinds import Spec, WorldKind

KIND: Final = "kms.key"
DEFAULT: Final = "alias/aws/rds"
SESSION_KEY: Final = "ASIASBOX"
"""The start of an assumed role's access key; the id of its account follows."""

NEVER: Final = 4_070_908_800.0
"""2099: a client's clock is not the sandbox's. Only faults make credentials expire."""

_ROLE: Final = re.compile(r"arn:aws[a-z-]*:iam::(\d{12}):role/(.+)")
_USABLE: Final = ("Enabled", "available")


def describe_key(world: World, request: Request) -> dict[str, Any]:
    """DescribeKey by id, ARN or alias."""
    name = request.params["KeyId"]
    key = find_key(world, request, name)
    if key is None:
        what = f"Alias {name} is not found." if "alias/" in name else f"Key '{name}' does not exist"
        raise Refusal("NotFoundException", what)
    state = _state(world, key)
    metadata = {
        "AWSAccountId": key.account,
        "KeyId": key.data["KeyId"],
        "Arn": key_arn(key),
        "CreationDate": moment(key.created),
        "Enabled": state == "Enabled",
        "Description": "",
        "KeyUsage": "ENCRYPT_DECRYPT",
        "KeyState": state,
        "Origin": "AWS_KMS",
        "KeyManager": key.data.get("KeyManager", "CUSTOMER"),
        "MultiRegion": key.data.get("MultiRegion", False),
    }
    return {"KeyMetadata": metadata}


def list_aliases(world: World, request: Request) -> dict[str, Any]:
    """ListAliases of the region, or of one key if `KeyId` is given."""
    wanted = request.get("KeyId")
    aliases = [
        {
            "AliasName": key.data["Alias"],
            "AliasArn": f"arn:aws:kms:{request.region}:{request.account}:{key.data['Alias']}",
            "TargetKeyId": key.data["KeyId"],
        }
        for key in [_default_key(request), *world.all(KIND, request.account, request.region)]
        if key.data.get("Alias") and (not wanted or wanted in (key.data["KeyId"], key_arn(key)))
    ]
    return {"Aliases": aliases, "Truncated": False}


def generate_mac(world: World, request: Request) -> dict[str, Any]:
    """GenerateMac: every key of the sandbox can compute one, whatever its spec."""
    key = _enabled_key(world, request)
    return {"Mac": _mac(key, request), "MacAlgorithm": request.params["MacAlgorithm"], "KeyId": key_arn(key)}


def verify_mac(world: World, request: Request) -> dict[str, Any]:
    """VerifyMac: an HMAC of another message or key is an error."""
    key = _enabled_key(world, request)
    if not hmac.compare_digest(_mac(key, request), bytes(request.params["Mac"])):
        raise Refusal("KMSInvalidMacException", "")
    return {"MacValid": True, "MacAlgorithm": request.params["MacAlgorithm"], "KeyId": key_arn(key)}


def _mac(key: Resource, request: Request) -> bytes:
    digest = request.params["MacAlgorithm"].removeprefix("HMAC_").replace("_", "")
    message = request.params["Message"]
    return hmac.digest(key_arn(key).encode(), message.encode() if isinstance(message, str) else message, digest)


def _enabled_key(world: World, request: Request) -> Resource:
    name = request.params["KeyId"]
    key = find_key(world, request, name)
    if key is None:
        raise Refusal("NotFoundException", f"Key '{name}' does not exist")
    state = _state(world, key)
    if state == "Disabled":
        raise Refusal("DisabledException", f"{key_arn(key)} is disabled.")
    if state != "Enabled":
        raise Refusal("KMSInvalidStateException", f"{key_arn(key)} is {state}.")
    return key


def find_key(world: World, request: Request, name: str) -> Resource | None:
    """A key by id, ARN or alias; if the world declares none in the region, any that is named.

    Keys of other regions are not found, and keys of other accounts only by their ARN.
    """
    short = name.rpartition(":")[2].removeprefix("key/")
    region, account = request.region, request.account
    if name.startswith("arn:"):
        region, account = name.split(":")[3:5]
        if region != request.region:
            return None
    if account == request.account and short in (DEFAULT, _default_key(request).data["KeyId"]):
        return _default_key(request)
    declared = list(world.all(KIND, account, region))
    for key in declared:
        if short in (key.name, key.data["KeyId"], key.data.get("Alias")):
            return None if key.status(world.now) == "missing" else key
    return None if declared else _implied(account, region, short)


def usable_key(world: World, request: Request, name: str) -> str:
    """The ARN of a key that RDS may use; refuses one that does not exist or is not enabled."""
    key = find_key(world, request, name)
    if key is None or _state(world, key) != "Enabled":
        message = f"The specified KMS key [{name}] does not exist, is not enabled or you do not have permissions to access it."
        raise Refusal("KMSKeyNotAccessibleFault", message)
    return key_arn(key)


def key_arn(key: Resource) -> str:
    """`arn:aws:kms:us-west-2:123456789012:key/…`."""
    return f"arn:aws:kms:{key.region}:{key.account}:key/{key.data['KeyId']}"


def default_key_arn(account: str, region: str) -> str:
    """The ARN of RDS's own key in a region, `aws/rds`."""
    return key_arn(_implied(account, region, DEFAULT))


def is_default_key(arn: str) -> bool:
    """Whether it is RDS's own key, which other accounts cannot use."""
    fields = arn.split(":")
    return arn.endswith(DEFAULT) or (len(fields) > 5 and arn == default_key_arn(fields[4], fields[3]))


def refuse_default_key(source: Resource, account: str) -> None:
    """Refuse a source in another account that RDS's own key encrypts (docs/aws.md, "Sharing a snapshot")."""
    key = source.data.get("KmsKeyId")
    if key and source.account != account and is_default_key(str(key)):
        message = f"The source snapshot KMS key [{key}] does not exist, is not enabled or you do not have permissions to access it."
        raise Refusal("KMSKeyNotAccessibleFault", message)


def _state(world: World, key: Resource) -> str:
    status = key.status(world.now)
    return "Enabled" if status in _USABLE else status


def _default_key(request: Request) -> Resource:
    key = _implied(request.account, request.region, DEFAULT)
    key.data["KeyManager"] = "AWS"
    return key


def _implied(account: str, region: str, name: str) -> Resource:
    data = key_data(name, {}, f"{account}{region}{name}")
    return Resource(kind=KIND, name=name, account=account, region=region, life=[("Enabled", 0.0)], data=data)


def key_data(name: str, spec: Mapping[str, Any], seed: str = "") -> dict[str, Any]:
    """The data of a key, from its id or alias and what a world says about it."""
    digest = hashlib.sha256((seed or name).encode()).hexdigest()
    by_alias = name.startswith("alias/")
    key_id = f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:32]}" if by_alias else name
    alias = spec.get("alias") or (name if by_alias else None)
    manager, several = spec.get("manager", "CUSTOMER"), bool(spec.get("multi_region"))
    return {"KeyId": key_id, "Alias": alias, "KeyManager": manager, "MultiRegion": several}


PARTITIONS: Final = (("cn-", "aws-cn"), ("us-gov-", "aws-us-gov"))
"""How the regions of a partition begin (botocore's partitions.json)."""


def get_caller_identity(_: World, request: Request) -> dict[str, Any]:
    """GetCallerIdentity: the client's account."""
    partition = next((name for start, name in PARTITIONS if request.region.startswith(start)), "aws")
    arn = f"arn:{partition}:sts::{request.account}:assumed-role/runbook/sandbox"
    return {"UserId": "AROASANDBOX:sandbox", "Account": request.account, "Arn": arn}


def assume_role(world: World, request: Request) -> dict[str, Any]:
    """AssumeRole: credentials that are valid nowhere else; their access key holds the account."""
    match = _ROLE.fullmatch(request.params["RoleArn"])
    if match is None:
        raise Refusal("ValidationError", f"{request.params['RoleArn']} is invalid")
    account, role = match.groups()
    name = request.params["RoleSessionName"]
    credentials = {
        "AccessKeyId": f"{SESSION_KEY}{account}",
        "SecretAccessKey": "sandbox",
        "SessionToken": "sandbox",
        "Expiration": moment(NEVER),
    }
    user = {"AssumedRoleId": f"AROASANDBOX:{name}", "Arn": f"arn:aws:sts::{account}:assumed-role/{role}/{name}"}
    return {"Credentials": credentials, "AssumedRoleUser": user}


def encryption_data(resource: Resource, spec: Spec) -> dict[str, Any]:
    """Whether a resource of RDS is encrypted, and with which key."""
    if not (spec.get("encrypted") or spec.get("kms_key")):
        return {"StorageEncrypted": False}
    key = spec.get("kms_key") or default_key_arn(resource.account, resource.region)
    return {"StorageEncrypted": True, "KmsKeyId": str(key)}


def _fill(world: World, resource: Resource, spec: Spec) -> None:
    resource.data = key_data(resource.name, spec)


HANDLERS: Final = {
    "sts.GetCallerIdentity": get_caller_identity,
    "sts.AssumeRole": assume_role,
    "kms.DescribeKey": describe_key,
    "kms.GenerateMac": generate_mac,
    "kms.ListAliases": list_aliases,
    "kms.VerifyMac": verify_mac,
}

WORLD_KINDS: Final = (
    WorldKind(name=KIND, fields=frozenset(("status", "alias", "manager", "multi_region")), everywhere=True, fill=_fill),
)
