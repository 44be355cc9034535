"""The data that a resource has beside what a world says about it: wire names, with a default for everything.

Nothing is required here, so that small worlds work. Must not know how a world is written.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from actions.sandbox.services import networks
from actions.sandbox.services.keys import default_key_arn, key_data
from actions.sandbox.services.new_clusters import PORTS, VERSIONS
from actions.sandbox.services.security_groups import rules_of
from actions.sandbox.world import Resource, World

DAY: Final = 86_400.0
USUAL_CLASS: Final = "db.r6g.large"
Spec = Mapping[str, Any]


def add_defaults(world: World, resource: Resource, spec: Spec) -> list[dict[str, Any]]:
    """Give a resource its id and data; returns one entry for each instance that a cluster declares."""
    match resource.kind:
        case "rds.cluster_snapshot":
            resource.id = world.new_id("snapshot-")
            resource.data = _snapshot(world, resource, spec)
        case "rds.cluster":
            resource.id = str(spec.get("id") or world.new_id("cluster-"))
            resource.data = _cluster(world, resource, spec)
            world.databases[resource.id] = {"admin": _admin(spec.get("admin") or {})}
            _global(world, resource)
            return _instances(resource, spec)
        case "rds.instance":
            resource.id = str(spec.get("id") or world.new_id("db-"))
            resource.data = _instance(resource, spec)
        case "kms.key":
            resource.data = key_data(resource.name, spec)
        case "rds.global_cluster":
            resource.id = world.new_id("cluster-")
            resource.data = {"Engine": str(spec.get("engine", "aurora-postgresql"))}
        case kind:
            resource.data = {name: entry for name, entry in spec.items() if name != "status"}
            if kind == networks.SECURITY_GROUP:
                rules_of(resource)
            elif kind == networks.SUBNET_GROUP:
                networks.subnets_of(resource)
    return []


def _admin(spec: Spec) -> dict[str, Any]:
    """Who may log in. Where the world does not say, any user and password may."""
    return {"user": spec.get("username"), "password": spec.get("password")}


def _encryption(resource: Resource, spec: Spec) -> dict[str, Any]:
    if not (spec.get("encrypted") or spec.get("kms_key")):
        return {"StorageEncrypted": False}
    key = spec.get("kms_key") or default_key_arn(resource.account, resource.region)
    return {"StorageEncrypted": True, "KmsKeyId": str(key)}


def _snapshot(world: World, resource: Resource, spec: Spec) -> dict[str, Any]:
    automated = resource.name.startswith("rds:")
    data = {
        "DBClusterIdentifier": str(spec.get("cluster", "source")),
        "DbClusterResourceId": str(spec.get("cluster_id") or world.new_id("cluster-")),
        "ClusterCreateTime": resource.created - DAY,
        "SnapshotType": spec.get("type") or ("automated" if automated else "manual"),
        "SharedWith": [world.account(str(account)) for account in spec.get("shared_with") or []],
        "Database": {"admin": _admin(spec.get("admin") or {})},
        "DatabaseName": spec.get("database"),
    } | _engine(spec)
    if spec.get("source"):
        data["SourceDBClusterSnapshotArn"] = str(spec["source"])
    return data | _encryption(resource, spec)


def _engine(spec: Spec) -> dict[str, Any]:
    engine = str(spec.get("engine", "aurora-postgresql"))
    return {
        "Engine": engine,
        "EngineVersion": str(spec.get("engine_version") or VERSIONS.get(engine, "15.4")),
        "EngineMode": "provisioned",
        "AllocatedStorage": 1,
        "Port": int(spec.get("port") or PORTS.get(engine, 5432)),
        "MasterUsername": str((spec.get("admin") or {}).get("username") or "admin"),
    }


def _cluster(world: World, resource: Resource, spec: Spec) -> dict[str, Any]:
    name = str(spec.get("subnet_group", "default"))
    group = networks.subnet_group(world, resource.account, resource.region, name)
    zones = [] if group is None else sorted({subnet["zone"] for subnet in networks.subnets_of(group)})[:3]
    serverless = spec.get("serverless")
    data = {
        "DatabaseName": spec.get("database"),
        "DBSubnetGroup": name,
        "VpcId": networks.VPC if group is None else networks.vpc_of(group),
        "AvailabilityZones": zones,
        "VpcSecurityGroupIds": [str(group) for group in spec.get("security_groups") or [networks.DEFAULT_GROUP]],
        "DBClusterParameterGroup": "default",
        "BackupRetentionPeriod": 1,
        "MultiAZ": False,
        "DeletionProtection": bool(spec.get("protected")),
        "CopyTagsToSnapshot": bool(spec.get("copy_tags")),
        "IAMDatabaseAuthenticationEnabled": False,
        "GlobalClusterIdentifier": spec.get("global"),
        "ServerlessV2ScalingConfiguration": serverless
        and {"MinCapacity": float(serverless["min"]), "MaxCapacity": float(serverless["max"])},
    }
    return data | _engine(spec) | _encryption(resource, spec)


def _instances(cluster: Resource, spec: Spec) -> list[dict[str, Any]]:
    listed = spec.get("instances") or 0
    if isinstance(listed, int):
        listed = [f"{cluster.name}-{number}" for number in range(1, listed + 1)]
    if not isinstance(listed, list):
        message = f"`{listed}` is neither a number nor a list of instances"
        raise ValueError(message)
    usual = {"class": spec.get("class", USUAL_CLASS), "cluster": cluster.name}
    return [usual | ({"name": entry} if isinstance(entry, str) else dict(entry)) for entry in listed]


def _instance(instance: Resource, spec: Spec) -> dict[str, Any]:
    return {
        "DBClusterIdentifier": str(spec.get("cluster", "")),
        "DBInstanceClass": str(spec.get("class", USUAL_CLASS)),
        "AvailabilityZone": str(spec.get("zone", f"{instance.region}a")),
        "PromotionTier": int(spec.get("tier", 1)),
        "PubliclyAccessible": bool(spec.get("public")),
    }


def _global(world: World, cluster: Resource) -> None:
    name = cluster.data.get("GlobalClusterIdentifier")
    if name and world.find("rds.global_cluster", cluster.account, "global", str(name)) is None:
        one = Resource(kind="rds.global_cluster", name=str(name), account=cluster.account, region="global")
        one.id = world.new_id("cluster-")
        one.begin(cluster.created, last="available")
        world.add(one)
