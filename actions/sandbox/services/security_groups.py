"""Security groups of EC2 and their ingress rules.

A world says `ingress: [{port: 5432, from: 10.0.0.0/16}, {port: 5000-6000, from: sg-app}, {protocol: -1}]`. `from` is a
CIDR or a group, by default anywhere; `port` is one port or a range, by default all.
"""

from __future__ import annotations

import ipaddress
from typing import Any, Final

from actions.sandbox.calls import Request
from actions.sandbox.services.lists import EC2_PAGES, apply_filters, list_ec2, page
from actions.sandbox.services.networks import SECURITY_GROUP, find_group, vpc_of
from actions.sandbox.world import Resource, World
from actions.sandbox.world_kinds import Spec, WorldKind, keep_spec
from engine.values import Value

OPEN: Final = ({"port": 5432, "from": "10.0.0.0/16"}, {"port": 3306, "from": "10.0.0.0/16"})
ALL: Final = "-1"
HIGHEST: Final = 65_535


class IngressRule(Value):
    """An ingress rule for the ports from `low` to `high`, inclusive."""

    protocol: str
    low: int
    high: int
    source: str

    @property
    def from_group(self) -> bool:
        return self.source.startswith("sg-")

    @property
    def ports(self) -> dict[str, Any]:
        """In wire names; a group shows no ports in a rule for all protocols."""
        limits = {} if self.protocol == ALL else {"FromPort": self.low, "ToPort": self.high}
        return {"IpProtocol": self.protocol} | limits


def rules_of(group: Resource) -> list[IngressRule]:
    """The rules of a group; by default the ports of databases are open to the VPC. ValueError if one is not a rule."""
    return [_rule(spec) for spec in group.data.get("ingress", OPEN)]


def _rule(spec: dict[str, Any]) -> IngressRule:
    low, _, high = str(spec.get("port", f"0-{HIGHEST}")).partition("-")
    source = str(spec.get("from", "0.0.0.0/0"))
    if not source.startswith("sg-"):
        ipaddress.ip_network(source)
    unknown = set(spec) - {"port", "from", "protocol"}
    if unknown:
        raise ValueError(f"a rule has port, from and protocol, not {', '.join(sorted(unknown))}")
    return IngressRule(protocol=str(spec.get("protocol", "tcp")), low=int(low), high=int(high or low), source=source)


def lets_in(group: Resource, port: int) -> bool:
    """Whether the group lets anybody in at that port."""
    return any(rule.low <= port <= rule.high and rule.protocol in ("tcp", ALL) for rule in rules_of(group))


def describe_security_groups(world: World, request: Request) -> dict[str, Any]:
    """DescribeSecurityGroups, by `GroupIds` or filters."""
    found = {group.name: _wire(group) for group in _groups(world, request, request.get("GroupIds") or [])}
    fields = {"group-id": "GroupId", "vpc-id": "VpcId", "group-name": "GroupName"}
    return list_ec2(request, "SecurityGroups", found, fields, "GroupIds", "InvalidGroup.NotFound", "security group")


def _groups(world: World, request: Request, names: list[str]) -> list[Resource]:
    """The groups of those names, or without names all that are declared."""
    if not names:
        return world.declared(SECURITY_GROUP, request.account, request.region)
    found = (find_group(world, SECURITY_GROUP, request.account, request.region, name) for name in names)
    return [group for group in found if group is not None]


def _wire(group: Resource) -> dict[str, Any]:
    return {
        "GroupId": group.name,
        "GroupName": str(group.data.get("name", group.name)),
        "Description": "",
        "OwnerId": group.account,
        "VpcId": vpc_of(group),
        "IpPermissions": [_permission(group, rule) for rule in rules_of(group)],
        "IpPermissionsEgress": [],
        "Tags": [],
    }


def _permission(group: Resource, rule: IngressRule) -> dict[str, Any]:
    six = ":" in rule.source
    return rule.ports | {
        "UserIdGroupPairs": [{"GroupId": rule.source, "UserId": group.account}] if rule.from_group else [],
        "IpRanges": [] if rule.from_group or six else [{"CidrIp": rule.source}],
        "Ipv6Ranges": [{"CidrIpv6": rule.source}] if six else [],
        "PrefixListIds": [],
    }


def describe_security_group_rules(world: World, request: Request) -> dict[str, Any]:
    """DescribeSecurityGroupRules, by the filter `group-id`."""
    named = [v for f in request.get("Filters") or () if f.get("Name") == "group-id" for v in f.get("Values", ())]
    wires = [
        _rule_wire(group, number, rule)
        for group in _groups(world, request, named)
        for number, rule in enumerate(rules_of(group))
    ]
    return page(request, "SecurityGroupRules", apply_filters(request, wires, {"group-id": "GroupId"}), EC2_PAGES)


def _rule_wire(group: Resource, number: int, rule: IngressRule) -> dict[str, Any]:
    source: dict[str, Any] = {"CidrIpv6" if ":" in rule.source else "CidrIpv4": rule.source}
    if rule.from_group:
        source = {"ReferencedGroupInfo": {"GroupId": rule.source, "UserId": group.account}}
    base = {"SecurityGroupRuleId": f"sgr-{group.name}-{number}", "GroupId": group.name, "IsEgress": False}
    ports = rule.ports if rule.protocol != ALL else {"IpProtocol": ALL, "FromPort": -1, "ToPort": -1}
    return base | ports | source


HANDLERS: Final = {
    "ec2.DescribeSecurityGroups": describe_security_groups,
    "ec2.DescribeSecurityGroupRules": describe_security_group_rules,
}


def _fill(world: World, resource: Resource, spec: Spec) -> None:
    """Refuses rules that cannot be read."""
    keep_spec(world, resource, spec)
    rules_of(resource)


WORLD_KINDS: Final = (
    WorldKind(name=SECURITY_GROUP, fields=frozenset(("status", "vpc", "ingress", "name")), everywhere=True, fill=_fill),
)
