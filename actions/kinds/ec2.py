"""`ec2.network` and `ec2.port_open`: is the network such that a cluster can be put there, and reached?

Asked before anything is deleted, so that each problem names what is wrong, the parameter, and the setting that the
value came from. Must not know what will be put there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from actions.aws.errors import calling
from actions.kinds.check_kind import TEXT_OR_NULL, LookedAt, available, broken, facts, meant, missing, told
from engine.errors import EffectFailed
from engine.language.model import KindFacts
from engine.registry import Context, Observation, Param, Status
from engine.values import Value

ZONES_NEEDED: Final = 2
"""Subnets of a cluster's group lie in at least so many zones (RDS, CreateDBSubnetGroup)."""

NO_SUBNET_GROUP: Final = "DBSubnetGroupNotFoundFault"
NO_GROUP: Final = frozenset({"InvalidGroup.NotFound", "InvalidGroupId.Malformed", "InvalidGroupId.NotFound"})
NO_SUBNET: Final = frozenset({"InvalidSubnetID.NotFound"})
ANYBODY: Final = frozenset({"0.0.0.0/0", "::/0"})

_GROUPS: Final = Param(
    schema={"type": ["array", "string"], "items": {"type": "string"}, "minItems": 1, "minLength": 1},
    required=True,
    doc="ids of security groups: a list, or text with commas",
)


def listed(value: Any) -> list[str]:
    """Ids, each once: a setting with one of them is often plain text."""
    parts = value.split(",") if isinstance(value, str) else value
    return list(dict.fromkeys(str(part).strip() for part in parts if str(part).strip()))


class _Groups(Value):
    """Security groups as they are there, and the ids of those that are not."""

    there: list[Mapping[str, Any]]
    absent: list[str]


def _security_groups(ids: list[str], ctx: Context) -> _Groups:
    """All of them. AWS refuses the whole call for one that is not there; then each is asked for by itself."""
    client = ctx.client("ec2")
    try:
        with calling(ctx):
            reply = client.describe_security_groups(GroupIds=ids)
            return _Groups(there=told(reply, "ec2.DescribeSecurityGroups", "SecurityGroups"), absent=[])
    except EffectFailed as error:
        if error.problem.name not in NO_GROUP:
            raise
    if len(ids) == 1:
        return _Groups(there=[], absent=ids)
    each = [_security_groups([id], ctx) for id in ids]
    return _Groups(
        there=[group for one in each for group in one.there], absent=[id for one in each for id in one.absent]
    )


class NetworkOfCluster(LookedAt):
    """A subnet group and security groups, as a cluster needs them."""

    name: str = "ec2.network"
    doc: str = "Can a cluster be put there? Subnets with free addresses in two zones, security groups in the same VPC."
    facts: KindFacts = facts("ec2.network", "subnet_group", "security_groups")
    params: Mapping[str, Param] = {
        "subnet_group": Param(schema={"type": "string", "minLength": 1}, required=True, doc="a DB subnet group's name"),
        "security_groups": _GROUPS,
    }
    attributes: Mapping[str, Mapping[str, Any]] = {
        "vpc": TEXT_OR_NULL | {"description": "the VPC of the subnet group"},
        "subnets": {
            "type": "array",
            "description": "`{id, zone, free}` each: free addresses",
            "items": {
                "type": "object",
                "properties": {"id": {"type": "string"}, "zone": {"type": "string"}, "free": {"type": "integer"}},
            },
        },
        "zones": {"type": "array", "items": {"type": "string"}, "description": "zones with free addresses"},
        "problem": TEXT_OR_NULL | {"description": "what is wrong, with which parameter, from which setting"},
    }
    statuses: Mapping[str, Status] = {
        "ok": Status(cls="available", source="this tool"),
        "wrong": Status(cls="broken", source="this tool; `problem` says what is wrong"),
        "missing": Status(cls="missing", source="this tool: neither the subnet group nor a security group exists"),
    }
    calls: tuple[str, ...] = ("rds.DescribeDBSubnetGroups", "ec2.DescribeSubnets", "ec2.DescribeSecurityGroups")

    def look(self, identity: Mapping[str, Any], ctx: Context) -> Observation:
        name, groups = str(identity["subnet_group"]), _security_groups(listed(identity["security_groups"]), ctx)
        group = _subnet_group(name, ctx)
        if group is None:
            return _without_subnets(name, groups, ctx)
        wanted = [subnet["SubnetIdentifier"] for subnet in group.get("Subnets", ())]
        subnets, gone = _subnets(wanted, ctx)
        zones = sorted({subnet["zone"] for subnet in subnets if subnet["free"] > 0})
        vpc = str(group.get("VpcId"))
        problems = [
            *_of_subnets(name, zones, subnets, gone, ctx),
            *_absent(groups, ctx),
            *_elsewhere(name, vpc, groups, ctx),
        ]
        seen = {"vpc": vpc, "subnets": subnets, "zones": zones}
        return broken("wrong", "; ".join(problems), **seen) if problems else available("ok", **seen)


def _without_subnets(name: str, groups: _Groups, ctx: Context) -> Observation:
    """Wrong where something of it is there: most often a setting that names another group; missing where nothing is."""
    said = f"there is no subnet group {name} in {ctx.region} ({meant('subnet_group', ctx)})"
    problem = "; ".join([said, *_absent(groups, ctx)])
    return broken("wrong", problem, vpc=None, subnets=[], zones=[]) if groups.there else missing(problem)


def _subnet_group(name: str, ctx: Context) -> Mapping[str, Any] | None:
    client = ctx.client("rds")
    try:
        with calling(ctx):
            reply = client.describe_db_subnet_groups(DBSubnetGroupName=name)
            groups = told(reply, "rds.DescribeDBSubnetGroups", "DBSubnetGroups")
    except EffectFailed as error:
        if error.problem.name != NO_SUBNET_GROUP:
            raise
        return None
    return groups[0] if groups else None


def _subnets(ids: list[str], ctx: Context) -> tuple[list[dict[str, Any]], str]:
    """Subnets as `{id, zone, free}`; else AWS's word that one of them is gone."""
    if not ids:
        return [], ""
    client = ctx.client("ec2")
    try:
        with calling(ctx):
            found = told(client.describe_subnets(SubnetIds=ids), "ec2.DescribeSubnets", "Subnets")
    except EffectFailed as error:
        if error.problem.name not in NO_SUBNET:
            raise
        return [], error.problem.message
    rows = [
        {"id": one["SubnetId"], "zone": one["AvailabilityZone"], "free": one["AvailableIpAddressCount"]}
        for one in found
    ]
    return sorted(rows, key=lambda row: row["id"]), ""


def _of_subnets(name: str, zones: list[str], subnets: list[dict[str, Any]], gone: str, ctx: Context) -> Iterator[str]:
    where = meant("subnet_group", ctx)
    if gone:
        yield f"the subnet group {name} names a subnet that is not there: {gone} ({where})"
    elif len(zones) < ZONES_NEEDED:
        full = sorted(subnet["id"] for subnet in subnets if subnet["free"] <= 0)
        have = f"in {len(zones)} zone{'s' if len(zones) != 1 else ''} ({', '.join(zones) or 'none'})"
        besides = f"; without a free address: {', '.join(full)}" if full else ""
        yield (
            f"the subnet group {name} has subnets with free addresses {have}, and a cluster needs {ZONES_NEEDED}"
            f"{besides} ({where})"
        )


def _absent(groups: _Groups, ctx: Context) -> Iterator[str]:
    for id in groups.absent:
        yield f"there is no security group {id} in {ctx.region} ({meant('security_groups', ctx)})"


def _elsewhere(name: str, vpc: str, groups: _Groups, ctx: Context) -> Iterator[str]:
    where = f"{meant('security_groups', ctx)}; {meant('subnet_group', ctx)}"
    for group in groups.there:
        if group.get("VpcId") != vpc:
            yield (
                f"the security group {group['GroupId']} is in {group.get('VpcId')}, the subnet group {name} in {vpc} "
                f"({where})"
            )


class PortOpen(LookedAt):
    """Do security groups let a port in?"""

    name: str = "ec2.port_open"
    doc: str = "Do security groups let a TCP port in, from an address range, a security group, or anywhere at all?"
    facts: KindFacts = facts("ec2.port_open", "security_groups", "port", "from")
    params: Mapping[str, Param] = {
        "security_groups": _GROUPS,
        "port": Param(schema={"type": "integer", "minimum": 1, "maximum": 65535}, required=True, doc="TCP port"),
        "from": Param(
            schema={"type": "string", "minLength": 1},
            doc="a CIDR (all of it must be let in), an address, or a security group; without it: from anywhere at all",
        ),
    }
    attributes: Mapping[str, Mapping[str, Any]] = {
        "rules": {
            "type": "array",
            "description": "rules for that port: `{group, protocol, ports, from}`",
            "items": {"type": "object"},
        },
        "problem": TEXT_OR_NULL | {"description": "who is not let in, by which groups, from which setting"},
    }
    statuses: Mapping[str, Status] = {
        "ok": Status(cls="available", source="this tool"),
        "closed": Status(cls="broken", source="this tool: no rule admits the port"),
        "missing": Status(cls="missing", source="this tool: one of the security groups does not exist"),
    }
    calls: tuple[str, ...] = ("ec2.DescribeSecurityGroups",)

    def look(self, identity: Mapping[str, Any], ctx: Context) -> Observation:
        ids, port, origin = listed(identity["security_groups"]), int(identity["port"]), identity.get("from")
        groups = _security_groups(ids, ctx)
        where = meant("security_groups", ctx)
        if groups.absent:
            named = ", ".join(groups.absent)
            return missing(f"there is no security group {named} in {ctx.region} ({where})")
        rules = [rule for group in groups.there for rule in _rules(group, port)]
        if rules if origin is None else lets_in(rules, str(origin)):
            return available("ok", rules=rules)
        whom = f"{origin} ({meant('from', ctx)})" if origin is not None else "anybody"
        return broken(
            "closed",
            f"{', '.join(ids)} let port {port} in from {_origins(rules)}, not from {whom} ({where})",
            rules=rules,
        )


def _rules(group: Mapping[str, Any], port: int) -> Iterator[dict[str, Any]]:
    """What lets the port in, one rule an origin."""
    for rule in group.get("IpPermissions", ()):
        protocol, low, high = str(rule.get("IpProtocol")), rule.get("FromPort"), rule.get("ToPort")
        everything = protocol == "-1"
        if not everything and not (protocol in ("tcp", "6") and low <= port <= high):
            continue
        base = {"group": group["GroupId"], "protocol": protocol, "ports": "all" if everything else f"{low}-{high}"}
        origins = [
            *(one["CidrIp"] for one in rule.get("IpRanges", ())),
            *(one["CidrIpv6"] for one in rule.get("Ipv6Ranges", ())),
            *(one["GroupId"] for one in rule.get("UserIdGroupPairs", ()) if "GroupId" in one),
            *(one["PrefixListId"] for one in rule.get("PrefixListIds", ())),
        ]
        yield from (base | {"from": origin} for origin in origins)


def _origins(rules: Iterable[Mapping[str, Any]]) -> str:
    return ", ".join(dict.fromkeys(str(rule["from"]) for rule in rules)) or "nowhere"


def lets_in(rules: Iterable[Mapping[str, Any]], origin: str) -> bool:
    """Is every address of a CIDR let in, or every member of a security group? Prefix lists are not looked into."""
    import ipaddress

    origins = {str(rule["from"]) for rule in rules}
    if origin in origins:
        return True
    if origin.startswith("sg-"):  # its members have addresses, which a rule for all of them covers
        return "0.0.0.0/0" in origins
    try:
        wanted = ipaddress.ip_network(origin, strict=False)
    except ValueError:
        return False
    ranges = [ipaddress.ip_network(one) for one in origins if "/" in one]
    alike: list[Any] = [one for one in ranges if one.version == wanted.version]
    return any(wanted.subnet_of(one) for one in ipaddress.collapse_addresses(alike))


KINDS: Final = (NetworkOfCluster(), PortOpen())
