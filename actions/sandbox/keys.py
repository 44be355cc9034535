"""KMS and STS of the pretend AWS: which keys there are, and who is asking.

A region for which the world declares no key has every key that is asked for, and `alias/aws/rds`.
"""

from __future__ import annotations

import hashlib
from typing import Any, Final

from actions.sandbox.calls import Asked, Refusal, moment
from actions.sandbox.world import Resource, World

KIND: Final = "kms.key"
_USABLE: Final = ("Enabled", "available")


def describe_key(world: World, asked: Asked) -> dict[str, Any]:
    """DescribeKey by id, ARN or alias."""
    name = asked.params["KeyId"]
    key = find_key(world, asked, name)
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


def list_aliases(world: World, asked: Asked) -> dict[str, Any]:
    """ListAliases of the region, of one key if `KeyId` is given."""
    wanted = asked.get("KeyId")
    aliases = [
        {
            "AliasName": key.data["Alias"],
            "AliasArn": f"arn:aws:kms:{asked.region}:{asked.account}:{key.data['Alias']}",
            "TargetKeyId": key.data["KeyId"],
        }
        for key in [_default_key(asked), *world.all(KIND, asked.account, asked.region)]
        if key.data.get("Alias") and (not wanted or wanted in (key.data["KeyId"], key_arn(key)))
    ]
    return {"Aliases": aliases, "Truncated": False}


def find_key(world: World, asked: Asked, name: str) -> Resource | None:
    """A key by id, ARN or alias; where the world declares none in the region, whatever is asked for."""
    short = name.rpartition(":")[2].removeprefix("key/")
    if short == "alias/aws/rds":
        return _default_key(asked)
    region, account = asked.region, asked.account
    if name.startswith("arn:"):
        region, account = name.split(":")[3:5]
        if region != asked.region:
            return None
    declared = list(world.all(KIND, account, region))
    for key in declared:
        if short in (key.name, key.data["KeyId"], key.data.get("Alias")):
            return None if key.status(world.now) == "missing" else key
    return None if declared else _made_up(account, region, short)


def usable_key(world: World, asked: Asked, name: str) -> str:
    """The ARN of a key that RDS may use; refuses one that is away or disabled."""
    key = find_key(world, asked, name)
    if key is None or _state(world, key) != "Enabled":
        message = f"The specified KMS key [{name}] does not exist, is not enabled or you do not have permissions to access it."
        raise Refusal("KMSKeyNotAccessibleFault", message)
    return key_arn(key)


def key_arn(key: Resource) -> str:
    """`arn:aws:kms:us-west-2:123456789012:key/…`."""
    return f"arn:aws:kms:{key.region}:{key.account}:key/{key.data['KeyId']}"


def default_key_arn(account: str, region: str) -> str:
    """The ARN of RDS's own key, `aws/rds`."""
    return key_arn(_made_up(account, region, "alias/aws/rds"))


def _state(world: World, key: Resource) -> str:
    status = key.status(world.now)
    return "Enabled" if status in _USABLE else status


def _default_key(asked: Asked) -> Resource:
    key = _made_up(asked.account, asked.region, "alias/aws/rds")
    key.data["KeyManager"] = "AWS"
    return key


def _made_up(account: str, region: str, name: str) -> Resource:
    digest = hashlib.sha256(f"{account}{region}{name}".encode()).hexdigest()
    key_id = name if not name.startswith("alias/") else key_id_of(digest)
    data = {"KeyId": key_id, "Alias": name if name.startswith("alias/") else None}
    return Resource(kind=KIND, name=name, account=account, region=region, life=[("Enabled", 0.0)], data=data)


def key_id_of(digest: str) -> str:
    """A key id in KMS's form, of any hex digits."""
    return f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:32]}"


def get_caller_identity(_: World, asked: Asked) -> dict[str, Any]:
    """GetCallerIdentity: the account that the client was made for."""
    arn = f"arn:aws:sts::{asked.account}:assumed-role/runbook/sandbox"
    return {"UserId": "AROASANDBOX:sandbox", "Account": asked.account, "Arn": arn}


def assume_role(world: World, asked: Asked) -> dict[str, Any]:
    """AssumeRole: credentials that open nothing."""
    account, _, role = asked.params["RoleArn"].split(":", 4)[4].partition(":role/")
    name = asked.params["RoleSessionName"]
    credentials = {
        "AccessKeyId": "ASIASANDBOXSANDBOX00",
        "SecretAccessKey": "sandbox",
        "SessionToken": "sandbox",
        "Expiration": moment(world.now + (asked.get("DurationSeconds") or 3600)),
    }
    user = {"AssumedRoleId": f"AROASANDBOX:{name}", "Arn": f"arn:aws:sts::{account}:assumed-role/{role}/{name}"}
    return {"Credentials": credentials, "AssumedRoleUser": user}
