"""The `world:` of a test or demo (language.md, section 11) → what is in the pretend AWS.

    rds.cluster_snapshot/NAME@REGION: available | [copying x3, failed] | {status: …, cluster: …, encrypted: true, …}
    rds.cluster/NAME@REGION: {status: available, instances: 2}
    subnet_group/NAME@REGION: {vpc: …, subnets: [ZONE, …]}      security_group/ID@REGION: {vpc: …, ingress: […]}
    ssm:/path: value      secret:NAME: {…}      kms.key/ID@REGION      topic/NAME@REGION      parameter_group/NAME@REGION
    accounts: {NAME: ID}      takes: {copy: 25h}

`@REGION/ACCOUNT` says the account too; settings, topics and groups without `@` are everywhere; `missing` says that
something is not there. Everything else has a default, so that small worlds work. Errors: UsageError with the key.
"""

from __future__ import annotations

import difflib
import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from actions.sandbox import networks
from actions.sandbox.keys import default_key_arn, key_id_of
from actions.sandbox.lookups import parameter_data, secret_data
from actions.sandbox.script import is_status, read_items, take_life
from actions.sandbox.world import ANYWHERE, GONE, LASTING, TAKES, Resource, World
from engine.errors import UsageError

DAY: Final = 86_400.0
_UNITS: Final = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": DAY}

FIELDS: Final[Mapping[str, frozenset[str]]] = {
    "rds.cluster_snapshot": frozenset(
        (
            "status", "cluster", "cluster_id", "engine", "engine_version", "encrypted", "kms_key", "type",
            "tags", "created", "shared_with", "source", "port", "admin",
        )
    ),
    "rds.cluster": frozenset(
        (
            "status", "instances", "engine", "engine_version", "protected", "global", "encrypted", "kms_key",
            "tags", "created", "id", "subnet_group", "security_groups", "port", "copy_tags", "serverless",
            "database", "admin", "class",
        )
    ),
    "rds.instance": frozenset(
        (
            "status", "cluster", "class", "zone", "tier", "public", "tags", "id", "created",
        )
    ),
    "rds.global_cluster": frozenset(["status", "engine"]),
    "subnet_group": frozenset(["status", "vpc", "subnets"]),
    "security_group": frozenset(["status", "vpc", "ingress", "name"]),
    "parameter_group": frozenset(["status"]),
    "kms.key": frozenset(["status", "alias", "manager", "multi_region"]),
    "topic": frozenset(["status"]),
}  # fmt: skip
"""Kinds with what may be said of one."""

_EVERYWHERE: Final = ("ssm", "secret", "topic", "subnet_group", "security_group", "parameter_group", "kms.key")
_USUAL: Final = {  # a status that passes → what takes how long
    ("rds.cluster_snapshot", "copying"): "copy",
    ("rds.cluster_snapshot", "creating"): "snapshot",
    ("rds.cluster", "creating"): "restore",
    ("rds.instance", "creating"): "instance",
    ("rds.cluster_snapshot", "deleting"): "delete_snapshot",
    ("rds.cluster", "deleting"): "delete_cluster",
    ("rds.instance", "deleting"): "delete_instance",
}


def read_world(spec: Mapping[str, Any], world: World) -> None:
    """Put all that a world's form says into `world`."""
    for name, account in (spec.get("accounts") or {}).items():
        world.accounts[str(name)] = str(account)
    for name, duration in (spec.get("takes") or {}).items():
        world.takes[_known(str(name), TAKES, "takes")] = seconds_of(f"takes: {name}", duration)
    for key, value in spec.items():
        if key not in ("accounts", "takes"):
            put(world, key, value)


def put(world: World, key: str, value: Any) -> Resource | None:
    """One line of a world: made anew, with a new id. None where it says `missing` of something with a life."""
    kind, name, region, account = parse_key(world, key)
    if kind in ("ssm", "secret"):
        return _put_setting(world, (kind, account, region, name), value)
    said = _said(key, kind, value)
    status = said.get("status", "available")
    resource = Resource(kind=kind, name=name, account=account, region=region, tags=_tags(said))
    if kind.startswith("rds.") and status == "missing":
        world.resources.pop(resource.key, None)
        return None
    resource.created = _created(world, kind, said)
    _live(world, resource, key, status)
    for extra in _fill(world, resource, said):
        world.add(extra)
    return world.add(resource)


def parse_key(world: World, key: str) -> tuple[str, str, str, str]:
    """`rds.cluster/orders@us-west-2/source` → kind, name, region, account id."""
    separator = ":" if key.startswith(("ssm:", "secret:")) else "/"
    kind, found, rest = key.partition(separator)
    if not found or not rest:
        message = f"world: `{key}` names nothing; write KIND/NAME@REGION, ssm:/PATH or secret:NAME"
        raise UsageError(message)
    if kind not in ("ssm", "secret"):
        _known(kind, FIELDS, "world")
    name, at, place = rest.rpartition("@")
    if not at:
        if kind == "rds.global_cluster":
            return kind, rest.lower(), "global", world.account(None)
        if kind not in _EVERYWHERE:
            message = f"world: `{key}` needs a region: {key}@us-west-2"
            raise UsageError(message)
        return kind, rest, ANYWHERE, ANYWHERE
    region, _, account = place.partition("/")
    lowered = name.lower() if kind.startswith("rds.") or kind == "subnet_group" else name
    return kind, lowered, region, world.account(account or None)


def _known(word: str, known: Mapping[str, Any], place: str) -> str:
    if word in known:
        return word
    near = difflib.get_close_matches(word, list(known), 1)
    hint = f"did you mean `{near[0]}`? " if near else ""
    message = f"{place}: `{word}` is not known; {hint}it can be {', '.join(sorted(known))}"
    raise UsageError(message)


def seconds_of(place: str, duration: Any) -> float:
    """`25h` → 90000.0; a number is seconds."""
    if isinstance(duration, (int, float)):
        return float(duration)
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhd])", str(duration).strip())
    if match is None:
        message = f"{place}: `{duration}` is no duration; write 30s, 5m, 3h or 2d"
        raise UsageError(message)
    return float(match[1]) * _UNITS[match[2]]


def _said(key: str, kind: str, value: Any) -> dict[str, Any]:
    """A world's value as a map; a word or a list is the status."""
    if not isinstance(value, Mapping):
        return {"status": "available" if value is None else value}
    said = {str(name): entry for name, entry in value.items()}
    for name in said:
        _known(name, dict.fromkeys(FIELDS[kind]), key)
    return said


def _put_setting(world: World, place: tuple[str, str, str, str], value: Any) -> Resource:
    kind, account, region, name = place
    before = world.resources.get((kind, account, region, name))
    data = parameter_data(value, before) if kind == "ssm" else secret_data(value, before)
    status = "missing" if value is None or value == "missing" else "available"
    setting = Resource(
        kind=kind, name=name, account=account, region=region, created=world.now, life=[(status, 0.0)], data=data
    )
    return world.add(setting)


def _tags(said: Mapping[str, Any]) -> dict[str, str]:
    return {str(key): str(value) for key, value in (said.get("tags") or {}).items()}


def _created(world: World, kind: str, said: Mapping[str, Any]) -> float:
    """What is there has been there: clusters for thirty days, snapshots for one, unless the world says when."""
    if isinstance(said.get("created"), (int, float)):
        return float(said["created"])
    return world.now - (DAY if kind == "rds.cluster_snapshot" else 30 * DAY)


def _live(world: World, resource: Resource, key: str, status: Any) -> None:
    items = read_items(key, status)
    if not all(is_status(word) for word, _ in items):
        message = f"{key}: {status} is no status"
        raise UsageError(message)
    first = items[0][0]
    if len(items) == 1 and items[0][1] == 1 and (first in LASTING or not resource.kind.startswith("rds.")):
        resource.begin(resource.created, last=first)
        return
    if first not in LASTING:
        resource.created = world.now
    takes = world.takes[_USUAL.get((resource.kind, first), "modify")]
    last = GONE if first == "deleting" else "available"
    resource.begin(world.now, (first, takes), last=last)
    if len(items) > 1 or items[0][1] != 1:
        resource.script(*(take_life(items) or ([], None)))


def _fill(world: World, resource: Resource, said: Mapping[str, Any]) -> Iterator[Resource]:
    """What AWS would know besides; yields what else comes with it, a cluster's instances."""
    match resource.kind:
        case "rds.cluster_snapshot":
            resource.data = _snapshot_data(world, resource, said)
        case "rds.cluster":
            resource.id = str(said.get("id") or world.new_id("cluster-"))
            resource.data = _cluster_data(world, resource, said)
            if said.get("admin"):
                world.databases[resource.id] = {"admin": _admin(said["admin"])}
            yield from _instances(world, resource, said)
            yield from _global(world, resource)
        case "rds.instance":
            resource.id = str(said.get("id") or world.new_id("db-"))
            resource.data = _instance_data(resource, said, str(said.get("cluster", "")))
        case "kms.key":
            digest = hashlib.sha256(resource.name.encode()).hexdigest()
            alias = said.get("alias") or (resource.name if resource.name.startswith("alias/") else None)
            key_id = key_id_of(digest) if resource.name.startswith("alias/") else resource.name
            manager, several = said.get("manager", "CUSTOMER"), said.get("multi_region", False)
            resource.data = {"KeyId": key_id, "Alias": alias, "KeyManager": manager, "MultiRegion": several}
        case "rds.global_cluster":
            resource.id = world.new_id("cluster-")
        case _:
            resource.data = {name: entry for name, entry in said.items() if name != "status"}


def _admin(said: Mapping[str, Any]) -> dict[str, Any]:
    return {"user": said.get("username"), "password": said.get("password")}


def _encryption(resource: Resource, said: Mapping[str, Any]) -> dict[str, Any]:
    if not (said.get("encrypted") or said.get("kms_key")):
        return {"StorageEncrypted": False}
    key = said.get("kms_key") or default_key_arn(resource.account, resource.region)
    return {"StorageEncrypted": True, "KmsKeyId": str(key)}


def _snapshot_data(world: World, resource: Resource, said: Mapping[str, Any]) -> dict[str, Any]:
    automated = resource.name.startswith("rds:")
    data = {
        "DBClusterIdentifier": str(said.get("cluster", "source")),
        "DbClusterResourceId": str(said.get("cluster_id") or world.new_id("cluster-")),
        "ClusterCreateTime": resource.created - DAY,
        "SnapshotType": said.get("type") or ("automated" if automated else "manual"),
        "SharedWith": [world.account(str(account)) for account in said.get("shared_with") or []],
    } | _engine(said)
    if said.get("source"):
        data["SourceDBClusterSnapshotArn"] = str(said["source"])
    if said.get("admin"):
        data["Database"] = {"admin": _admin(said["admin"])}
    return data | _encryption(resource, said)


def _engine(said: Mapping[str, Any]) -> dict[str, Any]:
    engine = str(said.get("engine", "aurora-postgresql"))
    return {
        "Engine": engine,
        "EngineVersion": str(said.get("engine_version", "15.4" if "postgres" in engine else "8.0.mysql_aurora.3.04.0")),
        "EngineMode": "provisioned",
        "AllocatedStorage": 1,
        "Port": int(said.get("port", 5432 if "postgres" in engine else 3306)),
        "MasterUsername": str((said.get("admin") or {}).get("username", "admin")),
    }


def _cluster_data(world: World, resource: Resource, said: Mapping[str, Any]) -> dict[str, Any]:
    name = str(said.get("subnet_group", "default"))
    group = networks.subnet_group(world, resource.account, resource.region, name)
    zones = [] if group is None else sorted({subnet["zone"] for subnet in networks.subnets_of(group)})[:3]
    serverless = said.get("serverless")
    data = {
        "DatabaseName": said.get("database"),
        "DBSubnetGroup": name,
        "VpcId": networks.VPC if group is None else networks.vpc_of(group),
        "AvailabilityZones": zones,
        "VpcSecurityGroupIds": [str(group) for group in said.get("security_groups") or ["default"]],
        "DBClusterParameterGroup": "default",
        "BackupRetentionPeriod": 1,
        "MultiAZ": False,
        "DeletionProtection": bool(said.get("protected")),
        "CopyTagsToSnapshot": bool(said.get("copy_tags")),
        "IAMDatabaseAuthenticationEnabled": False,
        "GlobalClusterIdentifier": said.get("global"),
        "ServerlessV2ScalingConfiguration": serverless
        and {"MinCapacity": serverless["min"], "MaxCapacity": serverless["max"]},
    }
    return data | _engine(said) | _encryption(resource, said)


def _instances(world: World, cluster: Resource, said: Mapping[str, Any]) -> Iterator[Resource]:
    listed = said.get("instances") or 0
    if isinstance(listed, int):
        listed = [f"{cluster.name}-{number}" for number in range(1, listed + 1)]
    for entry in listed:
        one = {"name": entry} if isinstance(entry, str) else dict(entry)
        name = str(one.pop("name"))
        key = f"rds.instance/{name}@{cluster.region}"
        one = {"class": said.get("class", "db.r6g.large"), "status": "available"} | _said(key, "rds.instance", one)
        instance = Resource(
            kind="rds.instance", name=name, account=cluster.account, region=cluster.region, created=cluster.created,
            id=str(one.get("id") or world.new_id("db-")), tags=_tags(one) or dict(cluster.tags),
        )  # fmt: skip
        _live(world, instance, key, one["status"])
        instance.data = _instance_data(instance, one, cluster.name)
        yield instance


def _instance_data(instance: Resource, said: Mapping[str, Any], cluster: str) -> dict[str, Any]:
    return {
        "DBClusterIdentifier": cluster,
        "DBInstanceClass": str(said.get("class", "db.r6g.large")),
        "AvailabilityZone": str(said.get("zone", f"{instance.region}a")),
        "PromotionTier": int(said.get("tier", 1)),
        "PubliclyAccessible": bool(said.get("public")),
    }


def _global(world: World, cluster: Resource) -> Iterator[Resource]:
    name = cluster.data.get("GlobalClusterIdentifier")
    if name and world.find("rds.global_cluster", cluster.account, "global", str(name)) is None:
        one = Resource(kind="rds.global_cluster", name=str(name), account=cluster.account, region="global")
        one.id = world.new_id("cluster-")
        one.begin(cluster.created, last="available")
        yield one
