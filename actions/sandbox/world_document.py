"""The `world:` of a demo or test (docs/sandbox.md) → what is in the pretend AWS.

    rds.cluster_snapshot/NAME@REGION: available | [copying x3, failed] | {status: …, cluster: …, encrypted: true, …}
    rds.cluster/NAME@REGION: {status: available, instances: 2}
    subnet_group/NAME@REGION: {vpc: …, subnets: [ZONE, …]}      security_group/ID@REGION: {vpc: …, ingress: […]}
    ssm:/path: value      secret:NAME: {…}      kms.key/ID@REGION      topic/NAME@REGION      parameter_group/NAME@REGION
    accounts: {NAME: ID}      takes: {copy: 25h}      sql: {STATEMENT: {column: value}, STATEMENT: number of rows}
    endpoint: HOST:PORT of a real database, which then stands for that of every cluster

`@REGION/ACCOUNT` names the account too. Settings, topics, keys and groups without `@` are in every region. `missing`
means that something does not exist. Everything else has a default, so that small worlds work. Errors are UsageError
and name the key.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from actions.sandbox.script import DELETING, is_status, read_items, take_life
from actions.sandbox.services import WORLD_KINDS
from actions.sandbox.services.instances import declared_instances
from actions.sandbox.services.parameters_and_secrets import SETTINGS
from actions.sandbox.world import ANYWHERE, GONE, LASTING, TAKES, Resource, World
from actions.sandbox.world_kinds import DAY
from engine.errors import UsageError
from engine.language.nearest import did_you_mean

_UNITS: Final = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": DAY}

_GENERAL: Final = ("accounts", "takes", "endpoint", "sql")


def read_world(spec: Mapping[str, Any], world: World, accounts: Mapping[str, str]) -> None:
    """Put everything that a document says into `world`. `accounts` are the runbook's, and override the document's."""
    world.accounts |= {str(name): str(account) for name, account in _map(spec, "accounts").items()} | dict(accounts)
    for name, duration in _map(spec, "takes").items():
        world.takes[_check_word(str(name), TAKES, "takes")] = seconds_of(f"takes: {name}", duration)
    world.endpoint = _endpoint(spec.get("endpoint"))
    world.answers = {str(statement): answer for statement, answer in _map(spec, "sql").items()}
    entries = [(str(key), value) for key, value in spec.items() if key not in _GENERAL]
    for key, value in sorted(entries, key=lambda entry: entry[0].startswith("rds.")):  # RDS needs networks and keys
        put(world, key, value)


def _map(spec: Mapping[str, Any], key: str) -> Mapping[Any, Any]:
    value = spec.get(key) or {}
    if not isinstance(value, Mapping):
        message = f"world: {key}: `{value}` is not a map"
        raise UsageError(message)
    return value


def _endpoint(value: Any) -> str:
    host, _, port = str(value or "").rpartition(":")
    if value and (not host or not port.isdigit()):
        message = f"world: endpoint: `{value}` is not HOST:PORT"
        raise UsageError(message)
    return str(value or "")


def put(world: World, key: str, value: Any) -> Resource | None:
    """Add one entry of a world as a new resource with a new id. None if it says that something of RDS is missing."""
    try:
        return _put(world, key, value)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        message = f"world: {key}: cannot read `{value}`: {error}"
        raise UsageError(message) from error


def _put(world: World, key: str, value: Any) -> Resource | None:
    kind, name, region, account = parse_key(world, key)
    resource = Resource(kind=kind, name=name, account=account, region=region)
    if kind in SETTINGS:
        resource.begin(world.now, last="missing" if value in (None, "missing") else "available")
        resource.created = world.now
        resource.data = SETTINGS[kind](value, world.resources.get(resource.key))
        return world.add(resource)
    spec = _spec_of(key, kind, value)
    status = spec.get("status", "available")
    if kind.startswith("rds.") and status == "missing":
        world.resources.pop(resource.key, None)
        return None
    resource.tags = {str(name): str(text) for name, text in (spec.get("tags") or {}).items()}
    created = spec.get("created")
    resource.created = float(created) if isinstance(created, (int, float)) else world.now - WORLD_KINDS[kind].age
    _set_status(world, resource, key, status)
    WORLD_KINDS[kind].fill(world, resource, spec)
    if kind == "rds.cluster":
        for entry in declared_instances(resource, spec):
            put(world, f"rds.instance/{entry.pop('name')}@{region}/{account}", entry)
    return world.add(resource)


def parse_key(world: World, key: str) -> tuple[str, str, str, str]:
    """`rds.cluster/orders@us-west-2/source` → kind, name, region, account id."""
    separator = ":" if key.startswith(("ssm:", "secret:")) else "/"
    kind, found, rest = key.partition(separator)
    if not found or not rest:
        message = f"world: `{key}` is not the key of an entry; write KIND/NAME@REGION, ssm:/PATH or secret:NAME"
        raise UsageError(message)
    if kind not in SETTINGS:
        _check_word(kind, WORLD_KINDS, "world")
    name, at, place = rest.rpartition("@")
    if not at:
        if kind == "rds.global_cluster":
            return kind, rest.lower(), "global", world.account(None)
        if kind in WORLD_KINDS and not WORLD_KINDS[kind].everywhere:
            message = f"world: `{key}` needs a region: {key}@us-west-2"
            raise UsageError(message)
        return kind, rest, ANYWHERE, ANYWHERE
    region, _, account = place.partition("/")
    lowered = name.lower() if kind.startswith("rds.") or kind == "subnet_group" else name
    return kind, lowered, region, world.account(account or None)


def _check_word(word: str, known: Mapping[str, Any], place: str) -> str:
    if word in known:
        return word
    message = f"{place}: unknown `{word}`; {did_you_mean(word, known)}"
    raise UsageError(message)


def seconds_of(place: str, duration: Any) -> float:
    """`25h` → 90000.0; a number is seconds."""
    if isinstance(duration, (int, float)):
        return float(duration)
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhd])", str(duration).strip())
    if match is None:
        message = f"{place}: `{duration}` is not a duration; write 30s, 5m, 3h or 2d"
        raise UsageError(message)
    return float(match[1]) * _UNITS[match[2]]


def _spec_of(key: str, kind: str, value: Any) -> dict[str, Any]:
    """The value of an entry as a map; a word or a list is its status."""
    if not isinstance(value, Mapping):
        return {"status": "available" if value is None else value}
    spec = {str(name): entry for name, entry in value.items()}
    for name in spec:
        _check_word(name, dict.fromkeys(WORLD_KINDS[kind].fields), key)
    return spec


def _set_status(world: World, resource: Resource, key: str, status: Any) -> None:
    if not resource.kind.startswith("rds."):
        resource.begin(resource.created, last=str(status))
        return
    items = read_items(key, status)
    if not all(is_status(word) for word, _ in items):
        message = f"{key}: `{status}` is not a status"
        raise UsageError(message)
    first = items[0][0]
    if len(items) == 1 and items[0][1] == 1 and first in LASTING:
        resource.begin(resource.created, last=first)
        return
    if first not in LASTING:
        resource.created = world.now
    seconds = world.takes[WORLD_KINDS[resource.kind].durations.get(first, "modify")]
    resource.begin(world.now, (first, seconds), last=GONE if first == DELETING else "available")
    if len(items) > 1 or items[0][1] != 1:
        resource.script(*(take_life(items, ending=first == DELETING) or ([], None)))
