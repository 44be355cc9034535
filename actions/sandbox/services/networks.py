"""Subnet groups, subnets and VPCs, and what RDS requires of a network.

Small worlds need not declare networks: if the world declares no subnet group (or no security group) in a region, every
one that a call names exists there, in one VPC, with the ports of databases open to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from actions.sandbox.calls import Refusal, Request
from actions.sandbox.services.lists import EC2_PAGES, apply_filters, page
from actions.sandbox.services.rds_names import ARN_WORDS
from actions.sandbox.world import Resource, World
from actions.sandbox.world_kinds import Spec, WorldKind, keep_spec

SUBNET_GROUP: Final = "subnet_group"
SECURITY_GROUP: Final = "security_group"
VPC: Final = "vpc-sandbox"
DEFAULT_GROUP: Final = "sg-default"
ZONES_NEEDED: Final = 2


def subnet_group(world: World, account: str, region: str, name: str) -> Resource | None:
    """A subnet group that is declared, or implied where none is."""
    return _declared_or_implied(world, SUBNET_GROUP, account, region, name.lower())


def security_group(world: World, account: str, region: str, name: str) -> Resource | None:
    """A security group that is declared, or implied where none is."""
    return _declared_or_implied(world, SECURITY_GROUP, account, region, name)


def _declared_or_implied(world: World, kind: str, account: str, region: str, name: str) -> Resource | None:
    found = world.find(kind, account, region, name)
    if found is not None:
        return None if found.status(world.now) == "missing" else found
    if declared(world, kind, account, region) and name not in ("default", DEFAULT_GROUP):
        return None
    return Resource(kind=kind, name=name, account=account, region=region, life=[("available", 0.0)])


def declared(world: World, kind: str, account: str, region: str) -> list[Resource]:
    """All resources of a kind that the world declares, without those that it declares missing."""
    return [other for other in world.all(kind, account, region) if other.status(world.now) != "missing"]


def vpc_of(resource: Resource) -> str:
    """The VPC of a subnet group or security group."""
    return str(resource.data.get("vpc", VPC))


def subnets_of(group: Resource) -> list[dict[str, Any]]:
    """`[{id, zone, free}]`: by default three zones, and 250 free addresses in each."""
    declared = group.data.get("subnets", [group.region + letter for letter in "abc"])
    return [_subnet(group, item if isinstance(item, dict) else {"zone": item}) for item in declared]


def _subnet(group: Resource, spec: dict[str, Any]) -> dict[str, Any]:
    zone = str(spec["zone"])
    return {
        "id": str(spec.get("id") or f"subnet-{group.name}-{zone[-1]}"),
        "zone": zone,
        "free": int(spec.get("free", 250)),
    }


def placement(world: World, request: Request) -> dict[str, Any]:
    """The network of a new cluster, in wire names; refuses one that AWS would not accept."""
    name = request.get("DBSubnetGroupName") or "default"
    group = subnet_group(world, request.account, request.region, name)
    if group is None:
        raise Refusal("DBSubnetGroupNotFoundFault", f"DB subnet group '{name}' does not exist.")
    zones = sorted({subnet["zone"] for subnet in subnets_of(group)})
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
        found = security_group(world, request.account, request.region, group_id)
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
        groups = declared(world, SUBNET_GROUP, request.account, request.region)
        return page(request, "DBSubnetGroups", [_subnet_group_wire(request, group) for group in groups])
    found = subnet_group(world, request.account, request.region, name)
    if found is None:
        raise Refusal("DBSubnetGroupNotFoundFault", f"DB subnet group '{name}' does not exist.")
    return {"DBSubnetGroups": [_subnet_group_wire(request, found)]}


def _subnet_group_wire(request: Request, group: Resource) -> dict[str, Any]:
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
        "DBSubnetGroupArn": f"arn:aws:rds:{request.region}:{request.account}:{ARN_WORDS[SUBNET_GROUP]}:{group.name}",
    }


def describe_subnets(world: World, request: Request) -> dict[str, Any]:
    """DescribeSubnets: those of declared subnet groups, or of groups that their names imply."""
    wanted = request.get("SubnetIds")
    found = {wire["SubnetId"]: wire for wire in _subnets(world, request, wanted or [])}
    for subnet_id in wanted or ():
        if subnet_id not in found:
            raise Refusal("InvalidSubnetID.NotFound", f"The subnet ID '{subnet_id}' does not exist")
    chosen = [found[s] for s in wanted] if wanted else list(found.values())
    fields = {
        "subnet-id": lambda item: item["SubnetId"],
        "vpc-id": lambda item: item["VpcId"],
        "availability-zone": lambda item: item["AvailabilityZone"],
    }
    return page(request, "Subnets", apply_filters(request, chosen, fields), EC2_PAGES)


def _subnets(world: World, request: Request, wanted: list[str]) -> Iterator[dict[str, Any]]:
    groups = declared(world, SUBNET_GROUP, request.account, request.region)
    if not groups:
        names = {subnet.removeprefix("subnet-").rpartition("-")[0] for subnet in wanted} or {"default"}
        implied = (subnet_group(world, request.account, request.region, name) for name in sorted(names))
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
    known = dict.fromkeys([*(vpc_of(group) for group in groups), VPC])
    wanted = request.get("VpcIds") or list(known)
    for vpc_id in wanted:
        if vpc_id not in known:
            raise Refusal("InvalidVpcID.NotFound", f"The vpc ID '{vpc_id}' does not exist")
    vpcs = [{"VpcId": vpc, "State": "available", "CidrBlock": "10.0.0.0/16", "IsDefault": False} for vpc in wanted]
    return page(request, "Vpcs", apply_filters(request, vpcs, {"vpc-id": lambda item: item["VpcId"]}), EC2_PAGES)


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
