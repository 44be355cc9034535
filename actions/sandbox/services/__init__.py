"""The pretend AWS services: for each call, by its name, the function that answers it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from actions.sandbox.calls import Request
from actions.sandbox.services import (
    cluster_changes,
    clusters,
    global_clusters,
    instances,
    keys,
    networks,
    new_clusters,
    parameters_and_secrets,
    security_groups,
    shared_snapshots,
    snapshots,
    tags,
    topics,
)
from actions.sandbox.world import World

Handler = Callable[[World, Request], dict[str, Any]]

HANDLERS: Final[Mapping[str, Handler]] = {
    "rds.CopyDBClusterSnapshot": snapshots.copy_snapshot,
    "rds.CreateDBClusterSnapshot": clusters.create_snapshot,
    "rds.DeleteDBClusterSnapshot": snapshots.delete_snapshot,
    "rds.DescribeDBClusterSnapshots": snapshots.describe_snapshots,
    "rds.DescribeDBClusterSnapshotAttributes": shared_snapshots.describe_attributes,
    "rds.ModifyDBClusterSnapshotAttribute": shared_snapshots.modify_attribute,
    "rds.RestoreDBClusterFromSnapshot": new_clusters.restore_from_snapshot,
    "rds.RestoreDBClusterToPointInTime": new_clusters.restore_to_point_in_time,
    "rds.CreateDBCluster": new_clusters.create_cluster,
    "rds.ModifyDBCluster": cluster_changes.modify_cluster,
    "rds.DeleteDBCluster": clusters.delete_cluster,
    "rds.DescribeDBClusters": clusters.describe_clusters,
    "rds.StartDBCluster": clusters.start_cluster,
    "rds.StopDBCluster": clusters.stop_cluster,
    "rds.CreateDBInstance": instances.create_instance,
    "rds.ModifyDBInstance": instances.modify_instance,
    "rds.DeleteDBInstance": instances.delete_instance,
    "rds.DescribeDBInstances": instances.describe_instances,
    "rds.DescribeDBClusterParameterGroups": cluster_changes.describe_parameter_groups,
    "rds.AddTagsToResource": tags.add_tags,
    "rds.RemoveTagsFromResource": tags.remove_tags,
    "rds.ListTagsForResource": tags.list_tags,
    "rds.DescribeGlobalClusters": global_clusters.describe_globals,
    "rds.RemoveFromGlobalCluster": global_clusters.remove_from_global,
    "rds.DescribeDBSubnetGroups": networks.describe_subnet_groups,
    "ec2.DescribeSecurityGroups": security_groups.describe_security_groups,
    "ec2.DescribeSecurityGroupRules": security_groups.describe_security_group_rules,
    "ec2.DescribeSubnets": networks.describe_subnets,
    "ec2.DescribeVpcs": networks.describe_vpcs,
    "ssm.GetParameter": parameters_and_secrets.get_parameter,
    "ssm.GetParameters": parameters_and_secrets.get_parameters,
    "secretsmanager.GetSecretValue": parameters_and_secrets.get_secret_value,
    "sns.Publish": topics.publish,
    "sts.GetCallerIdentity": keys.get_caller_identity,
    "sts.AssumeRole": keys.assume_role,
    "kms.DescribeKey": keys.describe_key,
    "kms.ListAliases": keys.list_aliases,
}

ENDS: Final = frozenset(name for name in HANDLERS if name.startswith("rds.Delete"))
"""Calls that delete a resource."""

LIVES: Final = ENDS | {name for name in HANDLERS if name.startswith(("rds.Copy", "rds.Create", "rds.Restore"))}
"""Calls that create or delete a resource, whose statuses a script can set."""


def unknown(name: str) -> str:
    """The message for a call that the sandbox does not have: the call, and which ones of the service it has."""
    service = name.partition(".")[0]
    known = sorted(other for other in HANDLERS if other.startswith(f"{service}."))
    has = f"its calls of {service} are {', '.join(known)}" if known else f"it has no calls of {service}"
    return f"the sandbox does not have the call {name}; {has}"
