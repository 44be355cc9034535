"""The `world:` of a test or demo (docs/sandbox.md) → what is in the pretend AWS.

    rds.cluster_snapshot/NAME@REGION: available | [copying x3, failed] | {status: …, cluster: …, encrypted: true, …}
    rds.cluster/NAME@REGION: {status: available, instances: 2}
    subnet_group/NAME@REGION: {vpc: …, subnets: [ZONE, …]}      security_group/ID@REGION: {vpc: …, ingress: […]}
    ssm:/path: value      secret:NAME: {…}      kms.key/ID@REGION      topic/NAME@REGION      parameter_group/NAME@REGION
    accounts: {NAME: ID}      takes: {copy: 25h}      sql: {STATEMENT: {column: value}, STATEMENT: number of rows}
    endpoint: HOST:PORT of a real database behind every cluster

`@REGION/ACCOUNT` says the account too; settings, topics and groups without `@` are everywhere; `missing` says that
something is not there. Everything else has a default, so that small worlds work. Errors: UsageError with the key.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from actions.sandbox.defaults import DAY, fill
from actions.sandbox.script import LEAVING, is_status, read_items, take_life
from actions.sandbox.services.parameters import parameter_data, secret_data
from actions.sandbox.world import ANYWHERE, GONE, LASTING, TAKES, Resource, World
from engine.errors import UsageError
from engine.language.nearest import did_you_mean

_UNITS: Final = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": DAY}

FIELDS: Final[Mapping[str, frozenset[str]]] = {
    "rds.cluster_snapshot": frozenset(
        (
            "status", "cluster", "cluster_id", "engine", "engine_version", "encrypted", "kms_key", "type",
            "tags", "created", "shared_with", "source", "port", "admin", "database",
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

_ABOUT_ALL: Final = ("accounts", "takes", "endpoint", "sql")
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


def read_world(spec: Mapping[str, Any], world: World, accounts: Mapping[str, str]) -> None:
    """Put all that a world's form says into `world`. `accounts` are the runbook's, and count before the world's own."""
    world.accounts |= {str(name): str(account) for name, account in _map(spec, "accounts").items()} | dict(accounts)
    for name, duration in _map(spec, "takes").items():
        world.takes[_known(str(name), TAKES, "takes")] = seconds_of(f"takes: {name}", duration)
    world.endpoint = _endpoint(spec.get("endpoint"))
    world.answers = {str(statement): told for statement, told in _map(spec, "sql").items()}
    things = [(str(key), value) for key, value in spec.items() if key not in _ABOUT_ALL]
    for key, value in sorted(things, key=lambda thing: thing[0].startswith("rds.")):  # what they stand on comes first
        put(world, key, value)


def _map(spec: Mapping[str, Any], key: str) -> Mapping[Any, Any]:
    value = spec.get(key) or {}
    if not isinstance(value, Mapping):
        message = f"world: {key}: `{value}` is no map"
        raise UsageError(message)
    return value


def _endpoint(value: Any) -> str:
    host, _, port = str(value or "").rpartition(":")
    if value and (not host or not port.isdigit()):
        message = f"world: endpoint: `{value}` is no HOST:PORT"
        raise UsageError(message)
    return str(value or "")


def put(world: World, key: str, value: Any) -> Resource | None:
    """One line of a world: made anew, with a new id. None where it says `missing` of something with a life."""
    try:
        return _put(world, key, value)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        message = f"world: {key}: {error}: `{value}` cannot be read"
        raise UsageError(message) from error


def _put(world: World, key: str, value: Any) -> Resource | None:
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
    for entry in fill(world, resource, said):
        world.add(_instance(world, resource, entry))
    return world.add(resource)


def _instance(world: World, cluster: Resource, entry: Mapping[str, Any]) -> Resource:
    """An instance that a cluster's own entry names."""
    key = f"rds.instance/{entry['name']}@{cluster.region}"
    said = _said(key, "rds.instance", {name: value for name, value in entry.items() if name != "name"})
    instance = Resource(
        kind="rds.instance", name=str(entry["name"]).lower(), account=cluster.account, region=cluster.region,
        created=cluster.created, tags=_tags(said) or dict(cluster.tags),
    )  # fmt: skip
    _live(world, instance, key, said.get("status", "available"))
    fill(world, instance, said)
    return instance


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
    message = f"{place}: `{word}` is not known; {did_you_mean(word, known)}"
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
    if not resource.kind.startswith("rds."):
        resource.begin(resource.created, last=str(status))
        return
    items = read_items(key, status)
    if not all(is_status(word) for word, _ in items):
        message = f"{key}: {status} is no status"
        raise UsageError(message)
    first = items[0][0]
    if len(items) == 1 and items[0][1] == 1 and first in LASTING:
        resource.begin(resource.created, last=first)
        return
    if first not in LASTING:
        resource.created = world.now
    takes = world.takes[_USUAL.get((resource.kind, first), "modify")]
    last = GONE if first == LEAVING else "available"
    resource.begin(world.now, (first, takes), last=last)
    if len(items) > 1 or items[0][1] != 1:
        resource.script(*(take_life(items, ending=first == LEAVING) or ([], None)))
