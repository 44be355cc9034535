"""`ec2.network` and `ec2.port_open`: checks that a cluster can be created in a network, and reached there.

They are meant to run before anything is deleted. Each problem names what is wrong, the parameter, and the setting
that its value comes from.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from actions.aws.call_errors import aws_call
from actions.aws.error_codes import EC2_CODES
from actions.kinds.check_kind import (
    TEXT_OR_NULL,
    CheckKind,
    available,
    broken,
    check_facts,
    missing,
    reply_part,
    with_source,
)
from engine.errors import EffectFailed
from engine.language.model import KindFacts
from engine.registry import Context, Observation, Param, Status
from engine.values import Value

ZONES_NEEDED: Final = 2
"""Availability zones that the subnets of a cluster must cover (Amazon RDS API Reference, CreateDBSubnetGroup)."""

NO_SUBNET_GROUP: Final = "DBSubnetGroupNotFoundFault"
NO_GROUP: Final = frozenset({"InvalidGroup.NotFound", "InvalidGroupId.Malformed", "InvalidGroupId.NotFound"})
NO_SUBNET: Final = frozenset({"InvalidSubnetID.NotFound"})

_GROUPS: Final = Param(
    schema={"type": ["array", "string"], "items": {"type": "string"}, "minItems": 1, "minLength": 1},
    required=True,
    doc="ids of security groups: a list, or text with commas",
)


def id_list(value: Any) -> list[str]:
    """Ids from a list or from text with commas, each once."""
    parts = value.split(",") if isinstance(value, str) else value
    return list(dict.fromkeys(str(part).strip() for part in parts if str(part).strip()))


class _Groups(Value):
    """The security groups that exist, and the ids of those that do not."""

    found: list[Mapping[str, Any]]
    absent: list[str]


def _security_groups(ids: list[str], ctx: Context) -> _Groups:
    """AWS refuses the whole call if one group does not exist. Then each group is read with a call of its own."""
    client = ctx.client("ec2")
    try:
        with aws_call(ctx):
            reply = client.describe_security_groups(GroupIds=ids)
            return _Groups(found=reply_part(reply, "ec2.DescribeSecurityGroups", "SecurityGroups"), absent=[])
    except EffectFailed as error:
        if error.problem.name not in NO_GROUP:
            raise
    if len(ids) == 1:
        return _Groups(found=[], absent=ids)
    each = [_security_groups([id], ctx) for id in ids]
    return _Groups(
        found=[group for one in each for group in one.found], absent=[id for one in each for id in one.absent]
    )


class ClusterNetwork(CheckKind):
    """The kind `ec2.network`: a subnet group and security groups for a cluster."""

    name: str = "ec2.network"
    doc: str = "Checks the network of a cluster: subnets with free addresses in two zones, and security groups in the same VPC."
    facts: KindFacts = check_facts("ec2.network", "subnet_group", "security_groups")
    params: Mapping[str, Param] = {
        "subnet_group": Param(schema={"type": "string", "minLength": 1}, required=True, doc="a DB subnet group's name"),
        "security_groups": _GROUPS,
    }
    attributes: Mapping[str, Mapping[str, Any]] = {
        "vpc": TEXT_OR_NULL | {"description": "the VPC of the subnet group"},
        "subnets": {
            "type": "array",
            "description": "`{id, zone, free}` each; `free` is the number of free addresses",
            "items": {
                "type": "object",
                "properties": {"id": {"type": "string"}, "zone": {"type": "string"}, "free": {"type": "integer"}},
            },
        },
        "zones": {"type": "array", "items": {"type": "string"}, "description": "zones with free addresses"},
        "problem": TEXT_OR_NULL | {"description": "what is wrong, the parameter and the setting it comes from"},
    }
    statuses: Mapping[str, Status] = {
        "ok": Status(cls="available", source="this tool"),
        "wrong": Status(cls="broken", source="this tool; `problem` says what is wrong"),
        "missing": Status(cls="missing", source="this tool: neither the subnet group nor a security group exists"),
    }
    calls: Mapping[str, tuple[str, ...]] = {
        "rds.DescribeDBSubnetGroups": (NO_SUBNET_GROUP,),
        "ec2.DescribeSubnets": EC2_CODES,
        "ec2.DescribeSecurityGroups": EC2_CODES,
    }

    def look(self, identity: Mapping[str, Any], ctx: Context) -> Observation:
        name, groups = str(identity["subnet_group"]), _security_groups(id_list(identity["security_groups"]), ctx)
        group = _subnet_group(name, ctx)
        if group is None:
            return _no_subnet_group(name, groups, ctx)
        ids = [subnet["SubnetIdentifier"] for subnet in group.get("Subnets", ())]
        subnets, refusal = _subnets(ids, ctx)
        zones = sorted({subnet["zone"] for subnet in subnets if subnet["free"] > 0})
        vpc = str(group.get("VpcId"))
        problems = [
            *_subnet_problems(name, zones, subnets, refusal, ctx),
            *_absent_groups(groups, ctx),
            *_groups_of_other_vpcs(name, vpc, groups, ctx),
        ]
        seen = {"vpc": vpc, "subnets": subnets, "zones": zones}
        return broken("wrong", "; ".join(problems), **seen) if problems else available("ok", **seen)


def _no_subnet_group(name: str, groups: _Groups, ctx: Context) -> Observation:
    """`wrong` if a security group exists: then most often a setting names the wrong subnet group. Else `missing`."""
    no_group = f"there is no subnet group {name} in {ctx.region} ({with_source('subnet_group', ctx)})"
    problem = "; ".join([no_group, *_absent_groups(groups, ctx)])
    return broken("wrong", problem, vpc=None, subnets=[], zones=[]) if groups.found else missing(problem)


def _subnet_group(name: str, ctx: Context) -> Mapping[str, Any] | None:
    client = ctx.client("rds")
    try:
        with aws_call(ctx):
            reply = client.describe_db_subnet_groups(DBSubnetGroupName=name)
            groups = reply_part(reply, "rds.DescribeDBSubnetGroups", "DBSubnetGroups")
    except EffectFailed as error:
        if error.problem.name != NO_SUBNET_GROUP:
            raise
        return None
    return groups[0] if groups else None


def _subnets(ids: list[str], ctx: Context) -> tuple[list[dict[str, Any]], str]:
    """The subnets as `{id, zone, free}` and ""; if one does not exist, no subnets and AWS's message."""
    if not ids:
        return [], ""
    client = ctx.client("ec2")
    try:
        with aws_call(ctx):
            subnets = reply_part(client.describe_subnets(SubnetIds=ids), "ec2.DescribeSubnets", "Subnets")
    except EffectFailed as error:
        if error.problem.name not in NO_SUBNET:
            raise
        return [], error.problem.message
    rows = [
        {"id": one["SubnetId"], "zone": one["AvailabilityZone"], "free": one["AvailableIpAddressCount"]}
        for one in subnets
    ]
    return sorted(rows, key=lambda row: row["id"]), ""


def _subnet_problems(
    name: str, zones: list[str], subnets: list[dict[str, Any]], refusal: str, ctx: Context
) -> Iterator[str]:
    where = with_source("subnet_group", ctx)
    if refusal:
        yield f"the subnet group {name} contains a subnet that does not exist: {refusal} ({where})"
    elif len(zones) < ZONES_NEEDED:
        full = sorted(subnet["id"] for subnet in subnets if subnet["free"] <= 0)
        covered = f"{len(zones)} zone{'s' if len(zones) != 1 else ''} ({', '.join(zones) or 'none'})"
        without = f"; subnets without a free address: {', '.join(full)}" if full else ""
        yield (
            f"the subnet group {name} has free addresses in {covered}, and a cluster needs {ZONES_NEEDED} zones{without} "
            f"({where})"
        )


def _absent_groups(groups: _Groups, ctx: Context) -> Iterator[str]:
    for id in groups.absent:
        yield f"there is no security group {id} in {ctx.region} ({with_source('security_groups', ctx)})"


def _groups_of_other_vpcs(name: str, vpc: str, groups: _Groups, ctx: Context) -> Iterator[str]:
    where = f"{with_source('security_groups', ctx)}; {with_source('subnet_group', ctx)}"
    for group in groups.found:
        if group.get("VpcId") != vpc:
            yield (
                f"the security group {group['GroupId']} is in {group.get('VpcId')}, but the subnet group {name} is in {vpc} "
                f"({where})"
            )


class PortOpen(CheckKind):
    """The kind `ec2.port_open`."""

    name: str = "ec2.port_open"
    doc: str = (
        "Checks that security groups allow a TCP port from an address range, from a security group, or from anywhere."
    )
    facts: KindFacts = check_facts("ec2.port_open", "security_groups", "port", "from")
    params: Mapping[str, Param] = {
        "security_groups": _GROUPS,
        "port": Param(schema={"type": "integer", "minimum": 1, "maximum": 65535}, required=True, doc="TCP port"),
        "from": Param(
            schema={"type": "string", "minLength": 1},
            doc="a CIDR (all of it must be allowed), an address or a security group; without it any rule for the port counts",
        ),
    }
    attributes: Mapping[str, Mapping[str, Any]] = {
        "rules": {
            "type": "array",
            "description": "rules for that port: `{group, protocol, ports, from}`",
            "items": {"type": "object"},
        },
        "problem": TEXT_OR_NULL
        | {"description": "who is not allowed, by which groups, and the setting they come from"},
    }
    statuses: Mapping[str, Status] = {
        "ok": Status(cls="available", source="this tool"),
        "closed": Status(cls="broken", source="this tool: no rule allows the port"),
        "missing": Status(cls="missing", source="this tool: one of the security groups does not exist"),
    }
    calls: Mapping[str, tuple[str, ...]] = {"ec2.DescribeSecurityGroups": EC2_CODES}

    def look(self, identity: Mapping[str, Any], ctx: Context) -> Observation:
        ids, port, origin = id_list(identity["security_groups"]), int(identity["port"]), identity.get("from")
        groups = _security_groups(ids, ctx)
        where = with_source("security_groups", ctx)
        if groups.absent:
            absent = ", ".join(groups.absent)
            return missing(f"there is no security group {absent} in {ctx.region} ({where})")
        rules = [rule for group in groups.found for rule in _rules(group, port)]
        if rules if origin is None else allows(rules, str(origin)):
            return available("ok", rules=rules)
        if origin is None:
            problem = f"{', '.join(ids)}: no rule allows port {port} ({where})"
        else:
            allowed, wanted = _origins(rules), f"{origin} ({with_source('from', ctx)})"
            problem = f"{', '.join(ids)}: port {port} is allowed from {allowed}, but not from {wanted} ({where})"
        return broken("closed", problem, rules=rules)


def _rules(group: Mapping[str, Any], port: int) -> Iterator[dict[str, Any]]:
    """The rules of a group that allow the port, one for each origin."""
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


def allows(rules: Iterable[Mapping[str, Any]], origin: str) -> bool:
    """Do the rules allow every address of a CIDR, or every member of a security group? Prefix lists are not read."""
    import ipaddress

    origins = {str(rule["from"]) for rule in rules}
    if origin in origins:
        return True
    if origin.startswith("sg-"):  # a rule for all addresses covers its members
        return "0.0.0.0/0" in origins
    try:
        wanted = ipaddress.ip_network(origin, strict=False)
    except ValueError:
        return False
    ranges = [ipaddress.ip_network(one) for one in origins if "/" in one]
    same_version: list[Any] = [one for one in ranges if one.version == wanted.version]
    return any(wanted.subnet_of(one) for one in ipaddress.collapse_addresses(same_version))


KINDS: Final = (ClusterNetwork(), PortOpen())
