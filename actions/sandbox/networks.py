"""Subnet groups, security groups, subnets and VPCs of the pretend AWS, and what RDS asks of them.

Small worlds need not describe a network: a region for which the world declares no subnet group (or no security
group) has every one that is asked for, in one VPC, with the database's port open to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from actions.sandbox.calls import EC2_PAGES, Asked, Refusal, filtered, page
from actions.sandbox.listing import ARN_WORDS
from actions.sandbox.world import Resource, World

SUBNET_GROUP: Final = "subnet_group"
SECURITY_GROUP: Final = "security_group"
VPC: Final = "vpc-sandbox"
DEFAULT_GROUP: Final = "sg-default"
OPEN: Final = ({"port": 5432, "from": "10.0.0.0/16"}, {"port": 3306, "from": "10.0.0.0/16"})
ZONES_NEEDED: Final = 2


def subnet_group(world: World, account: str, region: str, name: str) -> Resource | None:
    """A subnet group that is declared, or made up where none is."""
    return _declared_or_made_up(world, SUBNET_GROUP, account, region, name.lower())


def security_group(world: World, account: str, region: str, name: str) -> Resource | None:
    """A security group that is declared, or made up where none is."""
    return _declared_or_made_up(world, SECURITY_GROUP, account, region, name)


def _declared_or_made_up(world: World, kind: str, account: str, region: str, name: str) -> Resource | None:
    found = world.find(kind, account, region, name)
    if found is not None:
        return None if found.status(world.now) == "missing" else found
    present = [other for other in world.all(kind, account, region) if other.status(world.now) != "missing"]
    if present and name not in ("default", DEFAULT_GROUP):
        return None
    return Resource(kind=kind, name=name, account=account, region=region, life=[("available", 0.0)])


def vpc_of(resource: Resource) -> str:
    """The VPC of a subnet group or security group."""
    return str(resource.data.get("vpc", VPC))


def subnets_of(group: Resource) -> list[dict[str, Any]]:
    """`[{id, zone, free}]`; three zones where the world does not say."""
    declared = group.data.get("subnets")
    if declared is not None:
        return [
            item if isinstance(item, dict) else {"id": f"subnet-{group.name}-{item[-1]}", "zone": item, "free": 250}
            for item in declared
        ]
    zones = [group.region + letter for letter in "abc"]
    return [{"id": f"subnet-{group.name}-{zone[-1]}", "zone": zone, "free": 250} for zone in zones]


def rules_of(group: Resource) -> list[dict[str, Any]]:
    """`[{port, from}]`: what may come in."""
    return list(group.data.get("ingress", OPEN))


def placement(world: World, asked: Asked) -> dict[str, Any]:
    """Where a new cluster goes, in wire names; refuses a network in which AWS would not put it."""
    name = asked.get("DBSubnetGroupName") or "default"
    group = subnet_group(world, asked.account, asked.region, name)
    if group is None:
        raise Refusal("DBSubnetGroupNotFoundFault", f"DB subnet group '{name}' does not exist.")
    zones = sorted({subnet["zone"] for subnet in subnets_of(group)})
    if len(zones) < ZONES_NEEDED:
        message = (
            "The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. Current AZ coverage: "
            f"{', '.join(zones)}. Add subnets to cover at least {ZONES_NEEDED} AZs."
        )
        raise Refusal("DBSubnetGroupDoesNotCoverEnoughAZs", message)
    groups = list(asked.get("VpcSecurityGroupIds") or [])
    require_security_groups(world, asked, groups, vpc_of(group))
    return {
        "DBSubnetGroup": name.lower(),
        "VpcSecurityGroupIds": groups or [DEFAULT_GROUP],
        "AvailabilityZones": zones[:3],
        "VpcId": vpc_of(group),
    }


def require_security_groups(world: World, asked: Asked, groups: list[str], vpc: str) -> None:
    """Refuses security groups that are not there, or are in another VPC than the subnet group."""
    for group_id in groups:
        found = security_group(world, asked.account, asked.region, group_id)
        if found is None:
            raise Refusal("InvalidParameterValue", f"Invalid security group , groupId= {group_id}, groupName=.")
        if vpc_of(found) != vpc:
            message = (
                f"The DB instance and EC2 security group are in different VPCs. The DB instance is in {vpc} and the EC2 "
                f"security group is in {vpc_of(found)}"
            )
            raise Refusal("InvalidParameterCombination", message)


def describe_subnet_groups(world: World, asked: Asked) -> dict[str, Any]:
    """DescribeDBSubnetGroups."""
    name = asked.get("DBSubnetGroupName")
    if not name:
        groups = [g for g in world.all(SUBNET_GROUP, asked.account, asked.region) if g.status(world.now) != "missing"]
        return page(asked, "DBSubnetGroups", [_subnet_group_wire(asked, group) for group in groups])
    found = subnet_group(world, asked.account, asked.region, name)
    if found is None:
        raise Refusal("DBSubnetGroupNotFoundFault", f"DB subnet group '{name}' does not exist.")
    return {"DBSubnetGroups": [_subnet_group_wire(asked, found)]}


def _subnet_group_wire(asked: Asked, group: Resource) -> dict[str, Any]:
    subnets = [
        {
            "SubnetIdentifier": subnet["id"],
            "SubnetAvailabilityZone": {"Name": subnet["zone"]},
            "SubnetOutpost": {},
            "SubnetStatus": "Active",
        }
        for subnet in subnets_of(group)
    ]
    return {
        "DBSubnetGroupName": group.name,
        "DBSubnetGroupDescription": "",
        "VpcId": vpc_of(group),
        "SubnetGroupStatus": "Complete",
        "Subnets": subnets,
        "DBSubnetGroupArn": f"arn:aws:rds:{asked.region}:{asked.account}:{ARN_WORDS[SUBNET_GROUP]}:{group.name}",
    }


def describe_security_groups(world: World, asked: Asked) -> dict[str, Any]:
    """DescribeSecurityGroups, by `GroupIds` or filters."""
    wires = [_security_group_wire(group) for group in _chosen_groups(world, asked)]
    fields = {
        "group-id": lambda item: item["GroupId"],
        "vpc-id": lambda item: item["VpcId"],
        "group-name": lambda item: item["GroupName"],
    }
    return page(asked, "SecurityGroups", filtered(asked, wires, fields), EC2_PAGES)


def _chosen_groups(world: World, asked: Asked) -> Iterator[Resource]:
    wanted = asked.get("GroupIds")
    if not wanted:
        yield from (
            g for g in world.all(SECURITY_GROUP, asked.account, asked.region) if g.status(world.now) != "missing"
        )
        return
    for group_id in wanted:
        found = security_group(world, asked.account, asked.region, group_id)
        if found is None:
            raise Refusal("InvalidGroup.NotFound", f"The security group '{group_id}' does not exist")
        yield found


def _security_group_wire(group: Resource) -> dict[str, Any]:
    permissions = []
    for rule in rules_of(group):
        low, high = _ports(rule)
        source: str = str(rule.get("from", "0.0.0.0/0"))
        by_group = source.startswith("sg-")
        permissions.append(
            {
                "IpProtocol": rule.get("protocol", "tcp"),
                "FromPort": low,
                "ToPort": high,
                "UserIdGroupPairs": [{"GroupId": source, "UserId": group.account}] if by_group else [],
                "IpRanges": [] if by_group or ":" in source else [{"CidrIp": source}],
                "Ipv6Ranges": [{"CidrIpv6": source}] if ":" in source else [],
                "PrefixListIds": [],
            }
        )
    return {
        "GroupId": group.name,
        "GroupName": str(group.data.get("name", group.name)),
        "Description": "",
        "OwnerId": group.account,
        "VpcId": vpc_of(group),
        "IpPermissions": permissions,
        "IpPermissionsEgress": [],
        "Tags": [],
    }


def _ports(rule: dict[str, Any]) -> tuple[int, int]:
    """`5432` or `5000-6000`."""
    low, _, high = str(rule["port"]).partition("-")
    return int(low), int(high or low)


def lets_in(group: Resource, port: int) -> bool:
    """Does the group let anybody in at that port?"""
    return any(low <= port <= high for low, high in map(_ports, rules_of(group)))


def describe_security_group_rules(world: World, asked: Asked) -> dict[str, Any]:
    """DescribeSecurityGroupRules, by the filter `group-id`."""
    wires = []
    for group in _rule_groups(world, asked):
        for number, rule in enumerate(rules_of(group)):
            low, high = _ports(rule)
            source = str(rule.get("from", "0.0.0.0/0"))
            target: dict[str, Any] = {"CidrIpv4": source}
            if source.startswith("sg-"):
                target = {"ReferencedGroupInfo": {"GroupId": source, "UserId": group.account}}
            elif ":" in source:
                target = {"CidrIpv6": source}
            base = {"SecurityGroupRuleId": f"sgr-{group.name}-{number}", "GroupId": group.name, "IsEgress": False}
            ports = {"IpProtocol": rule.get("protocol", "tcp"), "FromPort": low, "ToPort": high}
            wires.append(base | ports | target)
    return page(asked, "SecurityGroupRules", filtered(asked, wires, {"group-id": lambda i: i["GroupId"]}), EC2_PAGES)


def _rule_groups(world: World, asked: Asked) -> list[Resource]:
    named = [v for f in asked.get("Filters") or () if f.get("Name") == "group-id" for v in f.get("Values", ())]
    if not named:
        return [g for g in world.all(SECURITY_GROUP, asked.account, asked.region) if g.status(world.now) != "missing"]
    found = (security_group(world, asked.account, asked.region, name) for name in named)
    return [group for group in found if group is not None]


def describe_subnets(world: World, asked: Asked) -> dict[str, Any]:
    """DescribeSubnets: those of the subnet groups, declared or made up by their names."""
    wanted = asked.get("SubnetIds")
    found = {wire["SubnetId"]: wire for wire in _subnets(world, asked, wanted or [])}
    for subnet_id in wanted or ():
        if subnet_id not in found:
            raise Refusal("InvalidSubnetID.NotFound", f"The subnet ID '{subnet_id}' does not exist")
    chosen = [found[s] for s in wanted] if wanted else list(found.values())
    fields = {
        "subnet-id": lambda item: item["SubnetId"],
        "vpc-id": lambda item: item["VpcId"],
        "availability-zone": lambda item: item["AvailabilityZone"],
    }
    return page(asked, "Subnets", filtered(asked, chosen, fields), EC2_PAGES)


def _subnets(world: World, asked: Asked, wanted: list[str]) -> Iterator[dict[str, Any]]:
    groups = [g for g in world.all(SUBNET_GROUP, asked.account, asked.region) if g.status(world.now) != "missing"]
    if not groups:
        names = {subnet.removeprefix("subnet-").rpartition("-")[0] for subnet in wanted} or {"default"}
        made_up = (subnet_group(world, asked.account, asked.region, name) for name in sorted(names))
        groups = [group for group in made_up if group is not None]
    for group in groups:
        for subnet in subnets_of(group):
            yield {
                "SubnetId": subnet["id"],
                "VpcId": vpc_of(group),
                "AvailabilityZone": subnet["zone"],
                "AvailableIpAddressCount": subnet.get("free", 250),
                "State": "available",
                "OwnerId": asked.account,
            }


def describe_vpcs(world: World, asked: Asked) -> dict[str, Any]:
    """DescribeVpcs: those in which a group is."""
    groups = [
        *world.all(SUBNET_GROUP, asked.account, asked.region),
        *world.all(SECURITY_GROUP, asked.account, asked.region),
    ]
    known = dict.fromkeys([*(vpc_of(group) for group in groups), VPC])
    wanted = asked.get("VpcIds") or list(known)
    for vpc_id in wanted:
        if vpc_id not in known:
            raise Refusal("InvalidVpcID.NotFound", f"The vpc ID '{vpc_id}' does not exist")
    vpcs = [{"VpcId": vpc, "State": "available", "CidrBlock": "10.0.0.0/16", "IsDefault": False} for vpc in wanted]
    return page(asked, "Vpcs", filtered(asked, vpcs, {"vpc-id": lambda item: item["VpcId"]}), EC2_PAGES)
