"""What AWS knows of a thing besides what a world says of it: data in wire names, with a default for everything.

Small worlds must work, so nothing is asked for here. Must not know how a world is written down.
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
Said = Mapping[str, Any]


def fill(world: World, resource: Resource, said: Said) -> list[dict[str, Any]]:
    """Give a resource its id and data; returns what a cluster says of its instances, one entry each."""
    match resource.kind:
        case "rds.cluster_snapshot":
            resource.id = world.new_id("snapshot-")
            resource.data = _snapshot(world, resource, said)
        case "rds.cluster":
            resource.id = str(said.get("id") or world.new_id("cluster-"))
            resource.data = _cluster(world, resource, said)
            world.databases[resource.id] = {"admin": _admin(said.get("admin") or {})}
            _global(world, resource)
            return _instances(resource, said)
        case "rds.instance":
            resource.id = str(said.get("id") or world.new_id("db-"))
            resource.data = _instance(resource, said)
        case "kms.key":
            resource.data = key_data(resource.name, said)
        case "rds.global_cluster":
            resource.id = world.new_id("cluster-")
            resource.data = {"Engine": str(said.get("engine", "aurora-postgresql"))}
        case kind:
            resource.data = {name: entry for name, entry in said.items() if name != "status"}
            if kind == networks.SECURITY_GROUP:
                rules_of(resource)
            elif kind == networks.SUBNET_GROUP:
                networks.subnets_of(resource)
    return []


def _admin(said: Said) -> dict[str, Any]:
    """Who may log in. Where the world does not say, any name and password do."""
    return {"user": said.get("username"), "password": said.get("password")}


def _encryption(resource: Resource, said: Said) -> dict[str, Any]:
    if not (said.get("encrypted") or said.get("kms_key")):
        return {"StorageEncrypted": False}
    key = said.get("kms_key") or default_key_arn(resource.account, resource.region)
    return {"StorageEncrypted": True, "KmsKeyId": str(key)}


def _snapshot(world: World, resource: Resource, said: Said) -> dict[str, Any]:
    automated = resource.name.startswith("rds:")
    data = {
        "DBClusterIdentifier": str(said.get("cluster", "source")),
        "DbClusterResourceId": str(said.get("cluster_id") or world.new_id("cluster-")),
        "ClusterCreateTime": resource.created - DAY,
        "SnapshotType": said.get("type") or ("automated" if automated else "manual"),
        "SharedWith": [world.account(str(account)) for account in said.get("shared_with") or []],
        "Database": {"admin": _admin(said.get("admin") or {})},
        "DatabaseName": said.get("database"),
    } | _engine(said)
    if said.get("source"):
        data["SourceDBClusterSnapshotArn"] = str(said["source"])
    return data | _encryption(resource, said)


def _engine(said: Said) -> dict[str, Any]:
    engine = str(said.get("engine", "aurora-postgresql"))
    return {
        "Engine": engine,
        "EngineVersion": str(said.get("engine_version") or VERSIONS.get(engine, "15.4")),
        "EngineMode": "provisioned",
        "AllocatedStorage": 1,
        "Port": int(said.get("port") or PORTS.get(engine, 5432)),
        "MasterUsername": str((said.get("admin") or {}).get("username") or "admin"),
    }


def _cluster(world: World, resource: Resource, said: Said) -> dict[str, Any]:
    name = str(said.get("subnet_group", "default"))
    group = networks.subnet_group(world, resource.account, resource.region, name)
    zones = [] if group is None else sorted({subnet["zone"] for subnet in networks.subnets_of(group)})[:3]
    serverless = said.get("serverless")
    data = {
        "DatabaseName": said.get("database"),
        "DBSubnetGroup": name,
        "VpcId": networks.VPC if group is None else networks.vpc_of(group),
        "AvailabilityZones": zones,
        "VpcSecurityGroupIds": [str(group) for group in said.get("security_groups") or [networks.DEFAULT_GROUP]],
        "DBClusterParameterGroup": "default",
        "BackupRetentionPeriod": 1,
        "MultiAZ": False,
        "DeletionProtection": bool(said.get("protected")),
        "CopyTagsToSnapshot": bool(said.get("copy_tags")),
        "IAMDatabaseAuthenticationEnabled": False,
        "GlobalClusterIdentifier": said.get("global"),
        "ServerlessV2ScalingConfiguration": serverless
        and {"MinCapacity": float(serverless["min"]), "MaxCapacity": float(serverless["max"])},
    }
    return data | _engine(said) | _encryption(resource, said)


def _instances(cluster: Resource, said: Said) -> list[dict[str, Any]]:
    listed = said.get("instances") or 0
    if isinstance(listed, int):
        listed = [f"{cluster.name}-{number}" for number in range(1, listed + 1)]
    if not isinstance(listed, list):
        message = f"`{listed}` is no number or list of instances"
        raise ValueError(message)
    usual = {"class": said.get("class", USUAL_CLASS), "cluster": cluster.name}
    return [usual | ({"name": entry} if isinstance(entry, str) else dict(entry)) for entry in listed]


def _instance(instance: Resource, said: Said) -> dict[str, Any]:
    return {
        "DBClusterIdentifier": str(said.get("cluster", "")),
        "DBInstanceClass": str(said.get("class", USUAL_CLASS)),
        "AvailabilityZone": str(said.get("zone", f"{instance.region}a")),
        "PromotionTier": int(said.get("tier", 1)),
        "PubliclyAccessible": bool(said.get("public")),
    }


def _global(world: World, cluster: Resource) -> None:
    name = cluster.data.get("GlobalClusterIdentifier")
    if name and world.find("rds.global_cluster", cluster.account, "global", str(name)) is None:
        one = Resource(kind="rds.global_cluster", name=str(name), account=cluster.account, region="global")
        one.id = world.new_id("cluster-")
        one.begin(cluster.created, last="available")
        world.add(one)
