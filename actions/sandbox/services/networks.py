"""Subnet groups, subnets and VPCs, and what RDS requires of a network.

Small worlds need not declare networks: if the world declares no subnet group (or no security group) in a region, every
one that a call names exists there, in one VPC, with the ports of databases open to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from actions.sandbox.calls import Refusal, Request
from actions.sandbox.services.lists import list_ec2, page
from actions.sandbox.services.rds_names import arn_of
from actions.sandbox.world import Resource, World
from actions.sandbox.world_kinds import Spec, WorldKind, keep_spec

SUBNET_GROUP: Final = "subnet_group"
SECURITY_GROUP: Final = "security_group"
VPC: Final = "vpc-sandbox"
DEFAULT_GROUP: Final = "sg-default"
ZONES_NEEDED: Final = 2


def find_group(world: World, kind: str, account: str, region: str, name: str) -> Resource | None:
    """A subnet group or security group that is declared or implied; the default one always is."""
    return world.find_or_imply(kind, account, region, name, always=("default", DEFAULT_GROUP))


def vpc_of(resource: Resource) -> str:
    """The VPC of a subnet group or security group."""
    return str(resource.data.get("vpc", VPC))


def subnets_of(group: Resource) -> list[dict[str, Any]]:
    """`[{id, zone, free}]`: by default three zones, and 250 free addresses in each."""
    declared = group.data.get("subnets", [group.region + letter for letter in "abc"])
    specs = [item if isinstance(item, dict) else {"zone": item} for item in declared]
    return [
        {
            "id": str(spec.get("id") or f"subnet-{group.name}-{str(spec['zone'])[-1]}"),
            "zone": str(spec["zone"]),
            "free": int(spec.get("free", 250)),
        }
        for spec in specs
    ]


def zones_of(group: Resource) -> list[str]:
    """The zones of its subnets."""
    return sorted({subnet["zone"] for subnet in subnets_of(group)})


def placement(world: World, request: Request) -> dict[str, Any]:
    """The network of a new cluster, in wire names; refuses one that AWS would not accept."""
    name = request.get("DBSubnetGroupName") or "default"
    group = _require_subnet_group(world, request, name)
    zones = zones_of(group)
    if len(zones) < ZONES_NEEDED:
        message = (
            "The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. Current AZ coverage: "
            f"{', '.join(zones)}. Add subnets to cover at least {ZONES_NEEDED} AZs."
        )
        raise Refusal("DBSubnetGroupDoesNotCoverEnoughAZs", message)
    groups = list(request.get("VpcSecurityGroupIds") or [])
    require_security_groups(world, request, groups, vpc_of(group))
    return {
        "DBSubnetGroup": name.lower(),
        "VpcSecurityGroupIds": groups or [DEFAULT_GROUP],
        "AvailabilityZones": zones[:3],
        "VpcId": vpc_of(group),
    }


def require_security_groups(world: World, request: Request, groups: list[str], vpc: str) -> None:
    """Refuse security groups that do not exist, or are not in the VPC of the subnet group."""
    for group_id in groups:
        found = find_group(world, SECURITY_GROUP, request.account, request.region, group_id)
        if found is None:
            raise Refusal("InvalidParameterValue", f"Invalid security group , groupId= {group_id}, groupName=.")
        if vpc_of(found) != vpc:
            message = (
                f"The DB instance and EC2 security group are in different VPCs. The DB instance is in {vpc} and the EC2 "
                f"security group is in {vpc_of(found)}"
            )
            raise Refusal("InvalidParameterCombination", message)


def describe_subnet_groups(world: World, request: Request) -> dict[str, Any]:
    """DescribeDBSubnetGroups."""
    name = request.get("DBSubnetGroupName")
    if not name:
        groups = world.declared(SUBNET_GROUP, request.account, request.region)
        return page(request, "DBSubnetGroups", [_subnet_group_wire(group) for group in groups])
    return {"DBSubnetGroups": [_subnet_group_wire(_require_subnet_group(world, request, name))]}


def _require_subnet_group(world: World, request: Request, name: str) -> Resource:
    found = find_group(world, SUBNET_GROUP, request.account, request.region, name.lower())
    if found is None:
        raise Refusal("DBSubnetGroupNotFoundFault", f"DB subnet group '{name}' does not exist.")
    return found


def _subnet_group_wire(group: Resource) -> dict[str, Any]:
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
        "DBSubnetGroupArn": arn_of(group),
    }


def describe_subnets(world: World, request: Request) -> dict[str, Any]:
    """DescribeSubnets: those of declared subnet groups, or of groups that their names imply."""
    found = {wire["SubnetId"]: wire for wire in _subnets(world, request, request.get("SubnetIds") or [])}
    fields = {"subnet-id": "SubnetId", "vpc-id": "VpcId", "availability-zone": "AvailabilityZone"}
    return list_ec2(request, "Subnets", found, fields, "SubnetIds", "InvalidSubnetID.NotFound", "subnet ID")


def _subnets(world: World, request: Request, wanted: list[str]) -> Iterator[dict[str, Any]]:
    groups = world.declared(SUBNET_GROUP, request.account, request.region)
    if not groups:
        names = {subnet.removeprefix("subnet-").rpartition("-")[0] for subnet in wanted} or {"default"}
        implied = (find_group(world, SUBNET_GROUP, request.account, request.region, name) for name in sorted(names))
        groups = [group for group in implied if group is not None]
    for group in groups:
        for subnet in subnets_of(group):
            yield {
                "SubnetId": subnet["id"],
                "VpcId": vpc_of(group),
                "AvailabilityZone": subnet["zone"],
                "AvailableIpAddressCount": subnet["free"],
                "State": "available",
                "OwnerId": request.account,
            }


def describe_vpcs(world: World, request: Request) -> dict[str, Any]:
    """DescribeVpcs: those that have a subnet group or security group, and the default one."""
    groups = [
        *world.all(SUBNET_GROUP, request.account, request.region),
        *world.all(SECURITY_GROUP, request.account, request.region),
    ]
    vpcs = dict.fromkeys([*(vpc_of(group) for group in groups), VPC])
    found = {vpc: {"VpcId": vpc, "State": "available", "CidrBlock": "10.0.0.0/16", "IsDefault": False} for vpc in vpcs}
    return list_ec2(request, "Vpcs", found, {"vpc-id": "VpcId"}, "VpcIds", "InvalidVpcID.NotFound", "vpc ID")


HANDLERS: Final = {
    "rds.DescribeDBSubnetGroups": describe_subnet_groups,
    "ec2.DescribeSubnets": describe_subnets,
    "ec2.DescribeVpcs": describe_vpcs,
}


def _fill(world: World, resource: Resource, spec: Spec) -> None:
    """Refuses subnets that cannot be read."""
    keep_spec(world, resource, spec)
    subnets_of(resource)


WORLD_KINDS: Final = (
    WorldKind(name=SUBNET_GROUP, fields=frozenset(("status", "vpc", "subnets")), everywhere=True, fill=_fill),
)
