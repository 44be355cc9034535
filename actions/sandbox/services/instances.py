"""DB instances of clusters."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from actions.sandbox.calls import Refusal, Request, moment
from actions.sandbox.services.cluster_changes import require_parameter_group
from actions.sandbox.services.clusters import RDS_KIND as CLUSTER
from actions.sandbox.services.clusters import endpoint_suffix, members, refuse_last_instance, require_status
from actions.sandbox.services.lists import RdsKind, describe, require
from actions.sandbox.services.rds_names import arn_of, checked_name, cluster_names
from actions.sandbox.services.tags import given_tags, tag_list
from actions.sandbox.world import Resource, World
from actions.sandbox.world_kinds import Spec, WorldKind

KIND: Final = "rds.instance"
INSTANCES: Final = 40


def wire(world: World, instance: Resource, status: str) -> dict[str, Any]:
    """An instance as DescribeDBInstances returns it; while it is being created it has no endpoint."""
    cluster = _cluster(world, instance)
    inherited = {} if cluster is None else cluster.data
    port = inherited.get("Port", 5432)
    answer = {
        "DBInstanceIdentifier": instance.name,
        "DBInstanceArn": arn_of(instance),
        "DbiResourceId": instance.id,
        "DBInstanceStatus": status,
        "InstanceCreateTime": moment(instance.created),
        "Engine": inherited.get("Engine", "aurora-postgresql"),
        "EngineVersion": inherited.get("EngineVersion", "15.4"),
        "StorageEncrypted": inherited.get("StorageEncrypted", False),
        "VpcSecurityGroups": [
            {"VpcSecurityGroupId": group, "Status": "active"} for group in inherited.get("VpcSecurityGroupIds", [])
        ],
        "PendingModifiedValues": {},
        "TagList": tag_list(instance.tags),
    }
    if status != "creating":
        address = f"{instance.name}.{endpoint_suffix(instance)}"
        answer["Endpoint"] = {"Address": address, "Port": port, "HostedZoneId": "Z1SANDBOX"}
    return answer | {key: value for key, value in instance.data.items() if value is not None}


def _cluster(world: World, instance: Resource) -> Resource | None:
    name = instance.data.get("DBClusterIdentifier", "")
    return world.find("rds.cluster", instance.account, instance.region, name)


RDS_KIND: Final = RdsKind(
    kind=KIND,
    identifier="DBInstanceIdentifier",
    key="DBInstances",
    missing="DBInstanceNotFound",
    missing_text="DBInstance {name} not found.",
    wire=wire,
    filters={
        "db-cluster-id": lambda item: cluster_names(item, item["DBInstanceArn"]),
        "db-instance-id": lambda item: [item["DBInstanceIdentifier"], item["DBInstanceArn"]],
        "dbi-resource-id": "DbiResourceId",
        "engine": "Engine",
        "domain": "Domain",
    },
    unrelated_filters=frozenset({"db-cluster-id"}),
)


def create_instance(world: World, request: Request) -> dict[str, Any]:
    """CreateDBInstance in a cluster: `creating`, `configuring-enhanced-monitoring`, `available`."""
    name = checked_name("DBInstanceIdentifier", request.params["DBInstanceIdentifier"])
    if not request.get("DBClusterIdentifier"):
        raise Refusal("InvalidParameterCombination", "The sandbox creates only instances of Aurora clusters.")
    if world.find(KIND, request.account, request.region, name) is not None:
        raise Refusal("DBInstanceAlreadyExists", "DB instance already exists")
    cluster = require(world, request, CLUSTER)
    require_status(world, cluster)
    _validate(world, request, cluster)
    if sum(1 for _ in world.all(KIND, request.account, request.region)) >= INSTANCES:
        raise Refusal("InstanceQuotaExceeded", f"The quota of {INSTANCES} DB instances has been reached.")
    zones = cluster.data.get("AvailabilityZones") or [f"{request.region}a"]
    data = {
        "DBClusterIdentifier": cluster.name,
        "DBInstanceClass": request.params["DBInstanceClass"],
        "AvailabilityZone": request.get("AvailabilityZone") or zones[len(members(world, cluster)) % len(zones)],
        "PromotionTier": 1 if request.get("PromotionTier") is None else request.params["PromotionTier"],
        "PubliclyAccessible": bool(request.get("PubliclyAccessible")),
    }
    instance = Resource(
        kind=KIND, name=name, account=request.account, region=request.region, id=world.new_id("db-"), data=data,
        tags=given_tags(request),
    )  # fmt: skip
    seconds = world.takes["instance"]
    world.create(request, instance, ("creating", seconds * 0.75), ("configuring-enhanced-monitoring", seconds * 0.25))
    return {"DBInstance": wire(world, instance, instance.status(world.now))}


def _validate(world: World, request: Request, cluster: Resource) -> None:
    engine = cluster.data.get("Engine")
    if request.get("DBParameterGroupName"):
        require_parameter_group(world, request, request.params["DBParameterGroupName"], "DBParameterGroup")
    if request.params["Engine"] != engine:
        message = (
            f"The engine name requested for your DB instance ({request.params['Engine']}) doesn't match the engine name "
            f"of your DB cluster ({engine})."
        )
        raise Refusal("InvalidParameterCombination", message)
    serverless = request.params["DBInstanceClass"] == "db.serverless"
    if serverless and not cluster.data.get("ServerlessV2ScalingConfiguration"):
        message = "Set the Serverless v2 scaling configuration on the parent DB cluster before creating a db.serverless instance."
        raise Refusal("InvalidDBClusterStateFault", message)
    zones = cluster.data.get("AvailabilityZones")
    wanted = request.get("AvailabilityZone")
    if wanted and zones and wanted not in zones:
        raise Refusal("InvalidVPCNetworkStateFault", f"No subnet of the subnet group is in {wanted}.")


def modify_instance(world: World, request: Request) -> dict[str, Any]:
    """ModifyDBInstance: class, tier, public access, name. All take effect at once."""
    instance = require(world, request, RDS_KIND)
    status = instance.status(world.now)
    if status != "available":
        raise Refusal("InvalidDBInstanceState", f"Instance {instance.name} is not in available state.")
    for key in ("DBInstanceClass", "PromotionTier", "PubliclyAccessible"):
        if request.get(key) is not None:
            instance.data[key] = request.params[key]
    new = request.get("NewDBInstanceIdentifier")
    if new:
        instance.rename = (checked_name("NewDBInstanceIdentifier", new), world.now + world.takes["modify"])
    instance.begin(world.now, ("renaming" if new else "modifying", world.takes["modify"]), last="available")
    request.resource = str(instance)
    return {"DBInstance": wire(world, instance, instance.status(world.now))}


def delete_instance(world: World, request: Request) -> dict[str, Any]:
    """DeleteDBInstance. Instances of clusters have no final snapshot, and one that is being created cannot be deleted."""
    instance = require(world, request, RDS_KIND)
    status = instance.status(world.now)
    if status == "deleting":  # hashicorp/terraform-provider-aws #11434
        raise Refusal("InvalidDBInstanceState", f"Instance {instance.name} is already being deleted.")
    if status == "creating":  # not documented; the sandbox is the stricter one
        raise Refusal("InvalidDBInstanceState", f"Instance {instance.name} is not in available state.")
    if request.get("FinalDBSnapshotIdentifier"):  # cloud-custodian #1153
        message = "FinalDBSnapshotIdentifier can not be specified when deleting a cluster instance"
        raise Refusal("InvalidParameterCombination", message)
    cluster = _cluster(world, instance)
    if cluster is not None and cluster.status(world.now) in ("stopped", "stopping", "starting"):
        require_status(world, cluster)
    if (
        cluster is not None
        and len([one for one in members(world, cluster) if one.status(world.now) != "deleting"]) == 1
    ):
        refuse_last_instance(world, cluster)
    before = wire(world, instance, status)
    world.delete(request, instance, world.takes["delete_instance"])
    return {"DBInstance": before | {"DBInstanceStatus": "deleting"}}


HANDLERS: Final = {
    "rds.CreateDBInstance": create_instance,
    "rds.ModifyDBInstance": modify_instance,
    "rds.DeleteDBInstance": delete_instance,
    "rds.DescribeDBInstances": partial(describe, kind=RDS_KIND),
}


USUAL_CLASS: Final = "db.r6g.large"


def _fill(world: World, resource: Resource, spec: Spec) -> None:
    resource.id = str(spec.get("id") or world.new_id("db-"))
    resource.data = {
        "DBClusterIdentifier": str(spec.get("cluster", "")),
        "DBInstanceClass": str(spec.get("class", USUAL_CLASS)),
        "AvailabilityZone": str(spec.get("zone", f"{resource.region}a")),
        "PromotionTier": int(spec.get("tier", 1)),
        "PubliclyAccessible": bool(spec.get("public")),
    }


def declared_instances(cluster: Resource, spec: Spec) -> list[dict[str, Any]]:
    """One entry for each instance that the world's entry of a cluster declares."""
    listed = spec.get("instances") or 0
    if isinstance(listed, int):
        listed = [f"{cluster.name}-{number}" for number in range(1, listed + 1)]
    if not isinstance(listed, list):
        message = f"`{listed}` is neither a number nor a list of instances"
        raise ValueError(message)
    usual = {
        "class": spec.get("class", USUAL_CLASS), "cluster": cluster.name, "created": cluster.created,
        "tags": cluster.tags,
    }  # fmt: skip
    return [usual | ({"name": entry} if isinstance(entry, str) else dict(entry)) for entry in listed]


WORLD_KINDS: Final = (
    WorldKind(
        name=KIND,
        fields=frozenset(("status", "cluster", "class", "zone", "tier", "public", "tags", "id", "created")),
        durations={"creating": "instance", "deleting": "delete_instance"},
        fill=_fill,
    ),
)
