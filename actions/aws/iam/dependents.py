"""Permissions that a call needs besides its own, for `runbook iam`.

Source: the dependent actions of AWS's Service Authorization Reference; for passwords that RDS manages, Amazon RDS User Guide,
"Password management with Amazon RDS and AWS Secrets Manager". tests/actions/test_iam_names.py holds the table against it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

SERVICE_LINKED: Final[Mapping[str, str]] = {
    "accessanalyzer": "CreateAnalyzer",
    "amp": "CreateScraper",
    "appintegrations": "CreateApplication CreateDataIntegration CreateEventIntegration",
    "appsync": "CreateApi CreateGraphqlApi UpdateApi UpdateGraphqlApi",
    "arc-zonal-shift": (
        "CreatePracticeRunConfiguration UpdatePracticeRunConfiguration UpdateZonalAutoshiftConfiguration"
    ),
    "autoscaling": "CreateAutoScalingGroup",
    "batch": "CreateServiceEnvironment",
    "billing": "AssociateSourceViews CreateBillingView",
    "cloud9": "CreateEnvironmentEC2 DeleteEnvironment",
    "cloudhsmv2": "CreateCluster",
    "cloudtrail": (
        "CreateEventDataStore CreateTrail PutEventConfiguration RegisterOrganizationDelegatedAdmin "
        "UpdateEventDataStore UpdateTrail"
    ),
    "codeguru-reviewer": "AssociateRepository",
    "config": (
        "PutConformancePack PutOrganizationConfigRule PutOrganizationConformancePack "
        "PutServiceLinkedConfigurationRecorder"
    ),
    "connect": (
        "AssociateBot AssociateInstanceStorageConfig AssociateLexBot CreateInstance "
        "CreateIntegrationAssociation DisassociateBot DisassociateLexBot ReplicateInstance "
        "UpdateInstanceAttribute UpdateInstanceStorageConfig"
    ),
    "customer-profiles": "CreateDomain UpdateDomain",
    "detective": "EnableOrganizationAdminAccount",
    "devicefarm": "CreateProject CreateTestGridProject UpdateProject UpdateTestGridProject",
    "discovery": "StartContinuousExport",
    "docdb-elastic": "CreateCluster CreateClusterSnapshot RestoreClusterFromSnapshot",
    "drs": "InitializeService",
    "ds": "CreateHybridAD",
    "dsql": "CreateCluster",
    "ec2": (
        "CreateIpam CreateIpamResourceDiscovery EnableIpamOrganizationAdminAccount "
        "EnableReachabilityAnalyzerOrganizationSharing"
    ),
    "ecr": (
        "CreatePullThroughCacheRule CreateRepositoryCreationTemplate PutReplicationConfiguration "
        "UpdateRepositoryCreationTemplate"
    ),
    "evs": "CreateEnvironment",
    "fis": "StartExperiment",
    "grafana": "CreateWorkspace UpdateWorkspace",
    "health": "EnableHealthServiceAccessForOrganization",
    "imagebuilder": (
        "CreateImage CreateImagePipeline ImportDiskImage ImportVmImage StartImagePipelineExecution "
        "UpdateImagePipeline"
    ),
    "kafka": "CreateCluster CreateClusterV2 CreateReplicator CreateVpcConnection",
    "kafkaconnect": "CreateConnector",
    "kms": "CreateCustomKeyStore CreateKey ReplicateKey",
    "lambda": "CreateCapacityProvider",
    "lightsail": "ExportSnapshot",
    "m2": "CreateEnvironment",
    "mailmanager": "CreateIngressPoint",
    "managedblockchain": "CreateMember CreateNetwork CreateNode UpdateMember UpdateNode",
    "mediaconnect": "CreateRouterNetworkInterface UpdateRouterNetworkInterface",
    "mediapackage": "ConfigureLogs",
    "mediapackage-vod": "ConfigureLogs",
    "mediatailor": "ConfigureLogsForPlaybackConfiguration",
    "mgn": "InitializeService",
    "mq": "CreateBroker",
    "neptune-graph": "CreateGraph CreateGraphUsingImportTask",
    "network-firewall": "CreateFirewall CreateTLSInspectionConfiguration CreateVpcEndpointAssociation",
    "networkmanager": "CreateGlobalNetwork",
    "notifications": "EnableNotificationsAccessForOrganization",
    "omics": "CreateConfiguration",
    "organizations": "AcceptHandshake CreateOrganization",
    "osis": "CreatePipeline CreatePipelineEndpoint",
    "pcs": "CreateCluster UpdateCluster",
    "ram": "EnableSharingWithAwsOrganization",
    "rds": "CreateCustomDBEngineVersion",
    "rum": "CreateAppMonitor UpdateAppMonitor",
    "sagemaker": "CreateCluster CreateDomain",
    "security-ir": "CreateMembership UpdateMembership",
    "securitylake": (
        "CreateAwsLogSource CreateDataLake RegisterDataLakeDelegatedAdministrator UpdateDataLake "
        "UpdateSubscriberNotification"
    ),
    "servicecatalog-appregistry": "CreateApplication UpdateApplication",
    "sesv2": "CreateMultiRegionEndpoint GetEmailAddressInsights",
    "shield": "EnableApplicationLayerAutomaticResponse",
    "ssm-incidents": "CreateReplicationSet",
    "sso-admin": "CreateInstance",
    "storagegateway": "AssociateFileSystem",
    "vpc-lattice": "CreateService CreateServiceNetwork CreateTargetGroup",
    "waf": "PutLoggingConfiguration",
    "waf-regional": "PutLoggingConfiguration",
    "wafv2": "PutLoggingConfiguration",
    "workspaces-thin-client": "CreateEnvironment",
    "workspaces-web": "CreateNetworkSettings CreatePortal",
}  # fmt: skip
"""Operations that make the role of their service, if the account has none yet."""


def needed_besides(call: str, params: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Actions that the call needs besides its own, with their resources."""
    service, _, operation = call.partition(".")
    found: list[tuple[str, str]] = []
    if operation in SERVICE_LINKED.get(service, "").split():
        found.append(("iam:CreateServiceLinkedRole", "arn:{partition}:iam::{account}:role/aws-service-role/*"))
    if service in ("rds", "docdb", "neptune"):
        if params.get("ManageMasterUserPassword") is not None:
            secret = "arn:{partition}:secretsmanager:{region}:{account}:secret:rds!*"
            found += [(f"secretsmanager:{name}", secret) for name in ("CreateSecret", "TagResource", "RotateSecret")]
        if params.get("Tags") is not None:
            found.append(("rds:AddTagsToResource", "arn:{partition}:rds:{region}:{account}:*"))
    return tuple(found)
