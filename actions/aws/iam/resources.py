"""What generic calls act on, for `runbook iam`: ARNs of resources.

Source: AWS's Service Authorization Reference, which names the types of resources of each action; tests/actions/test_iam_names.py
holds the tables against it. For a service or a call that is not here, every resource is allowed, and a hint says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

RDS: Final = {"docdb": "rds", "neptune": "rds"}
"""Services whose calls are those of RDS."""

TYPES: Final[Mapping[str, Mapping[str, tuple[str, tuple[str, ...]]]]] = {
    "rds": {
        "cluster": ("arn:{partition}:rds:{region}:{account}:cluster:{}", ("DBClusterIdentifier", "SourceDBClusterIdentifier")),
        "db": ("arn:{partition}:rds:{region}:{account}:db:{}", ("DBInstanceIdentifier", "TargetDBInstanceIdentifier")),
        "cluster-snapshot": ("arn:{partition}:rds:{region}:{account}:cluster-snapshot:{}", ("SnapshotIdentifier", "DBClusterSnapshotIdentifier", "SourceDBClusterSnapshotIdentifier", "TargetDBClusterSnapshotIdentifier", "FinalDBSnapshotIdentifier")),
        "snapshot": ("arn:{partition}:rds:{region}:{account}:snapshot:{}", ("SnapshotIdentifier", "DBSnapshotIdentifier", "SourceDBSnapshotIdentifier", "TargetDBSnapshotIdentifier")),
        "cluster-pg": ("arn:{partition}:rds:{region}:{account}:cluster-pg:{}", ()),
        "og": ("arn:{partition}:rds:{region}:{account}:og:{}", ()),
        "subgrp": ("arn:{partition}:rds:{region}:{account}:subgrp:{}", ()),
        "global-cluster": ("arn:{partition}:rds::{account}:global-cluster:{}", ()),
        "cluster-endpoint": ("arn:{partition}:rds:{region}:{account}:cluster-endpoint:{}", ()),
        "pg": ("arn:{partition}:rds:{region}:{account}:pg:{}", ()),
        "secgrp": ("arn:{partition}:rds:{region}:{account}:secgrp:{}", ()),
        "shardgrp": ("arn:{partition}:rds:{region}:{account}:shard-group:{}", ()),
        "tenant-database": ("arn:{partition}:rds:{region}:{account}:tenant-database:{}", ()),
        "cluster-auto-backup": ("arn:{partition}:rds:{region}:{account}:cluster-auto-backup:{}", ()),
        "auto-backup": ("arn:{partition}:rds:{region}:{account}:auto-backup:{}", ()),
        "snapshot-tenant-database": ("arn:{partition}:rds:{region}:{account}:snapshot-tenant-database:*:{}", ()),
    },
    "dynamodb": {
        "table": ("arn:{partition}:dynamodb:{region}:{account}:table/{}", ("TableName", "SourceTableName", "TargetTableName")),
        "index": ("arn:{partition}:dynamodb:{region}:{account}:table/{}/index/*", ("TableName",)),
        "backup": ("arn:{partition}:dynamodb:{region}:{account}:table/*/backup/{}", ()),
    },
    "lambda": {
        "function": ("arn:{partition}:lambda:{region}:{account}:function:{}", ("FunctionName",)),
        "function alias": ("arn:{partition}:lambda:{region}:{account}:function:{}:*", ("FunctionName",)),
        "function version": ("arn:{partition}:lambda:{region}:{account}:function:{}:*", ("FunctionName",)),
        "code signing config": ("arn:{partition}:lambda:{region}:{account}:code-signing-config:{}", ()),
    },
    "ec2": {
        "instance": ("arn:{partition}:ec2:{region}:{account}:instance/{}", ("InstanceId", "InstanceIds")),
        "elastic-ip": ("arn:{partition}:ec2:{region}:{account}:elastic-ip/{}", ()),
        "network-interface": ("arn:{partition}:ec2:{region}:{account}:network-interface/{}", ()),
        "security-group": ("arn:{partition}:ec2:{region}:{account}:security-group/{}", ()),
        "vpc": ("arn:{partition}:ec2:{region}:{account}:vpc/{}", ()),
        "volume": ("arn:{partition}:ec2:{region}:{account}:volume/{}", ("VolumeId",)),
        "snapshot": ("arn:{partition}:ec2:{region}::snapshot/{}", ("SnapshotId", "SourceSnapshotId")),
        "mac-modification-task": ("arn:{partition}:ec2:{region}:{account}:mac-modification-task/{}", ()),
        "image": ("arn:{partition}:ec2:{region}::image/{}", ()),
        "export-instance-task": ("arn:{partition}:ec2:{region}:{account}:export-instance-task/{}", ()),
        "replace-root-volume-task": ("arn:{partition}:ec2:{region}:{account}:replace-root-volume-task/{}", ()),
        "capacity-reservation": ("arn:{partition}:ec2:{region}:{account}:capacity-reservation/{}", ()),
        "dedicated-host": ("arn:{partition}:ec2:{region}:{account}:dedicated-host/{}", ()),
        "placement-group": ("arn:{partition}:ec2:{region}:{account}:placement-group/{}", ()),
        "license-configuration": ("arn:{partition}:license-manager:{region}:{account}:license-configuration:{}", ()),
    },
    "ecs": {
        "cluster": ("arn:{partition}:ecs:{region}:{account}:cluster/{}", ("cluster", "clusterName")),
        "service": ("arn:{partition}:ecs:{region}:{account}:service/*/{}", ("service", "serviceName")),
        "task": ("arn:{partition}:ecs:{region}:{account}:task/*/{}", ()),
    },
    "ssm": {
        "parameter": ("arn:{partition}:ssm:{region}:{account}:parameter/{}", ("Name", "Names")),
    },
    "secretsmanager": {
        "Secret": ("arn:{partition}:secretsmanager:{region}:{account}:secret:{}-??????", ("SecretId", "Name")),
    },
    "kms": {
        "key": ("arn:{partition}:kms:{region}:{account}:key/{}", ("KeyId",)),
    },
    "logs": {
        "log-group": ("arn:{partition}:logs:{region}:{account}:log-group:{}", ("logGroupName",)),
        "log-stream": ("arn:{partition}:logs:{region}:{account}:log-group:{}:*", ("logGroupName",)),
        "destination": ("arn:{partition}:logs:{region}:{account}:destination:{}", ()),
    },
    "sqs": {
        "queue": ("arn:{partition}:sqs:{region}:{account}:{}", ("QueueUrl", "QueueName")),
    },
    "sns": {
        "topic": ("arn:{partition}:sns:{region}:{account}:{}", ("TopicArn",)),
    },
    "s3": {
        "object": ("arn:{partition}:s3:::{}/*", ("Bucket",)),
        "bucket": ("arn:{partition}:s3:::{}", ("Bucket",)),
    },
}  # fmt: skip
"""By service and type of resource: its ARN, and the parameters that name it. Without a parameter, any of the type."""

OPERATIONS: Final[Mapping[str, Mapping[str, str]]] = {
    "rds": {
        "cluster": (
            "AddRoleToDBCluster BacktrackDBCluster DescribeDBClusterBacktracks DescribeDBClusters "
            "FailoverDBCluster ModifyCurrentDBClusterCapacity PromoteReadReplicaDBCluster RebootDBCluster "
            "RemoveRoleFromDBCluster StartDBCluster StopDBCluster"
        ),
        "db": (
            "AddRoleToDBInstance DeleteDBInstance DescribeDBInstances DescribeDBLogFiles "
            "DescribeValidDBInstanceModifications DownloadDBLogFilePortion PromoteReadReplica RebootDBInstance "
            "RemoveRoleFromDBInstance StartDBInstance SwitchoverReadReplica"
        ),
        "cluster-snapshot": (
            "CopyDBClusterSnapshot DeleteDBClusterSnapshot DescribeDBClusterSnapshotAttributes "
            "ModifyDBClusterSnapshotAttribute"
        ),
        "snapshot": "CopyDBSnapshot DeleteDBSnapshot DescribeDBSnapshotAttributes ModifyDBSnapshotAttribute",
        "cluster + cluster-pg + og + subgrp + db + global-cluster": "CreateDBCluster",
        "cluster + cluster-endpoint": "CreateDBClusterEndpoint DescribeDBClusterEndpoints",
        "cluster + cluster-snapshot": "CreateDBClusterSnapshot DeleteDBCluster DescribeDBClusterSnapshots",
        "cluster + db + og + pg + secgrp + subgrp": "CreateDBInstance",
        "cluster + db + og + pg + subgrp": "CreateDBInstanceReadReplica",
        "cluster + shardgrp": "CreateDBShardGroup",
        "db + snapshot": "CreateDBSnapshot DescribeDBSnapshots StopDBInstance",
        "cluster + global-cluster": "CreateGlobalCluster",
        "db + tenant-database": (
            "CreateTenantDatabase DeleteTenantDatabase DescribeTenantDatabases ModifyTenantDatabase"
        ),
        "cluster + cluster-auto-backup": "DescribeDBClusterAutomatedBackups",
        "db + auto-backup": "DescribeDBInstanceAutomatedBackups",
        "db + snapshot + snapshot-tenant-database": "DescribeDBSnapshotTenantDatabases",
        "cluster + cluster-pg + og + pg": "ModifyDBCluster",
        "db + og + pg + secgrp + subgrp": "ModifyDBInstance",
        "snapshot + og": "ModifyDBSnapshot",
        "cluster + cluster-pg + og + subgrp": "RestoreDBClusterFromS3",
        "cluster + cluster-snapshot + snapshot + cluster-pg + og + subgrp": "RestoreDBClusterFromSnapshot",
        "cluster + cluster-pg + og + subgrp + cluster-auto-backup": "RestoreDBClusterToPointInTime",
        "db + cluster-snapshot + snapshot + og + pg + subgrp": "RestoreDBInstanceFromDBSnapshot",
        "db + og + pg + subgrp + secgrp": "RestoreDBInstanceFromS3",
        "db + og + pg + subgrp + auto-backup": "RestoreDBInstanceToPointInTime",
    },
    "dynamodb": {
        "table": (
            "CreateBackup CreateTable DeleteItem DeleteTable DescribeContinuousBackups "
            "DescribeKinesisStreamingDestination DescribeTable DescribeTableReplicaAutoScaling DescribeTimeToLive "
            "DisableKinesisStreamingDestination EnableKinesisStreamingDestination GetItem PutItem "
            "RestoreTableToPointInTime UpdateContinuousBackups UpdateItem UpdateKinesisStreamingDestination "
            "UpdateTable UpdateTableReplicaAutoScaling UpdateTimeToLive"
        ),
        "table + index": "DescribeContributorInsights Query Scan UpdateContributorInsights",
        "table + backup": "RestoreTableFromBackup",
    },
    "lambda": {
        "function": (
            "AddPermission CreateAlias CreateFunction CreateFunctionUrlConfig DeleteAlias DeleteFunction "
            "DeleteFunctionCodeSigningConfig DeleteFunctionConcurrency DeleteFunctionEventInvokeConfig "
            "DeleteFunctionUrlConfig GetAlias GetFunction GetFunctionCodeSigningConfig GetFunctionConcurrency "
            "GetFunctionConfiguration GetFunctionEventInvokeConfig GetFunctionRecursionConfig "
            "GetFunctionScalingConfig GetFunctionUrlConfig GetPolicy GetRuntimeManagementConfig Invoke "
            "InvokeAsync InvokeWithResponseStream ListAliases ListDurableExecutionsByFunction "
            "ListFunctionEventInvokeConfigs ListFunctionUrlConfigs ListProvisionedConcurrencyConfigs "
            "ListVersionsByFunction PublishVersion PutFunctionConcurrency PutFunctionEventInvokeConfig "
            "PutFunctionRecursionConfig PutFunctionScalingConfig PutRuntimeManagementConfig RemovePermission "
            "UpdateAlias UpdateFunctionCode UpdateFunctionConfiguration UpdateFunctionEventInvokeConfig "
            "UpdateFunctionUrlConfig"
        ),
        "function alias + function version": (
            "DeleteProvisionedConcurrencyConfig GetProvisionedConcurrencyConfig PutProvisionedConcurrencyConfig"
        ),
        "function + code signing config": "PutFunctionCodeSigningConfig",
    },
    "ec2": {
        "instance + elastic-ip + network-interface": "AssociateAddress",
        "instance": (
            "AssociateIamInstanceProfile DescribeInstanceAttribute DisableInstanceSqlHaStandbyDetections "
            "EnableInstanceSqlHaStandbyDetections GetConsoleOutput GetConsoleScreenshot GetInstanceTpmEkPub "
            "GetInstanceUefiData GetLaunchTemplateData GetPasswordData ModifyInstanceCpuOptions "
            "ModifyInstanceEventStartTime ModifyInstanceMaintenanceOptions ModifyInstanceMetadataOptions "
            "ModifyInstanceNetworkPerformanceOptions ModifyPrivateDnsNameOptions MonitorInstances RebootInstances "
            "ResetInstanceAttribute SendDiagnosticInterrupt StopInstances TerminateInstances UnmonitorInstances"
        ),
        "instance + security-group + vpc": "AttachClassicLinkVpc",
        "instance + network-interface": "AttachNetworkInterface",
        "instance + volume": "AttachVolume DetachVolume",
        "snapshot": (
            "CopySnapshot DeleteSnapshot DescribeSnapshotAttribute LockSnapshot ModifySnapshotAttribute "
            "ModifySnapshotTier ResetSnapshotAttribute RestoreSnapshotFromRecycleBin RestoreSnapshotTier "
            "UnlockSnapshot"
        ),
        "instance + mac-modification-task": (
            "CreateDelegateMacVolumeOwnershipTask CreateMacSystemIntegrityProtectionModificationTask"
        ),
        "instance + image + snapshot": "CreateImage",
        "instance + export-instance-task": "CreateInstanceExportTask",
        "instance + volume + snapshot + replace-root-volume-task + image": "CreateReplaceRootVolumeTask",
        "volume + snapshot": "CreateSnapshot",
        "snapshot + volume": "CreateVolume",
        "volume": (
            "DeleteVolume DescribeVolumeAttribute EnableVolumeIO ModifyVolume ModifyVolumeAttribute "
            "RestoreVolumeFromRecycleBin"
        ),
        "instance + vpc": "DetachClassicLinkVpc",
        "instance + security-group + volume": "ModifyInstanceAttribute",
        "instance + capacity-reservation": "ModifyInstanceCapacityReservationAttributes",
        "instance + dedicated-host + placement-group": "ModifyInstancePlacement",
        "instance + license-configuration": "StartInstances",
    },
    "ecs": {
        "cluster": (
            "CreateCluster DeleteCluster DeregisterContainerInstance ListAttributes ListContainerInstances "
            "PutClusterCapacityProviders RegisterContainerInstance SubmitAttachmentStateChanges "
            "SubmitContainerStateChange SubmitTaskStateChange UpdateCluster UpdateClusterSettings"
        ),
        "service": (
            "CreateExpressGatewayService CreateService DeleteService ListServiceDeployments UpdateService "
            "UpdateServicePrimaryTaskSet"
        ),
        "cluster + task": "ExecuteCommand",
    },
    "ssm": {
        "parameter": (
            "DeleteParameter DeleteParameters GetParameter GetParameterHistory GetParameters "
            "LabelParameterVersion PutParameter UnlabelParameterVersion"
        ),
    },
    "secretsmanager": {
        "Secret": (
            "CancelRotateSecret CreateSecret DeleteResourcePolicy DeleteSecret DescribeSecret GetResourcePolicy "
            "GetSecretValue ListSecretVersionIds PutResourcePolicy PutSecretValue RemoveRegionsFromReplication "
            "ReplicateSecretToRegions RestoreSecret RotateSecret StopReplicationToReplica TagResource "
            "UntagResource UpdateSecret UpdateSecretVersionStage ValidateResourcePolicy"
        ),
    },
    "kms": {
        "key": (
            "CancelKeyDeletion CreateGrant Decrypt DeleteImportedKeyMaterial DeriveSharedSecret DescribeKey "
            "DisableKey DisableKeyRotation EnableKey EnableKeyRotation Encrypt GenerateDataKey "
            "GenerateDataKeyPair GenerateDataKeyPairWithoutPlaintext GenerateDataKeyWithoutPlaintext GenerateMac "
            "GetKeyPolicy GetKeyRotationStatus GetParametersForImport GetPublicKey ImportKeyMaterial ListGrants "
            "ListKeyPolicies ListKeyRotations ListResourceTags PutKeyPolicy ReplicateKey RetireGrant RevokeGrant "
            "RotateKeyOnDemand ScheduleKeyDeletion Sign TagResource UntagResource UpdateKeyDescription "
            "UpdatePrimaryRegion Verify VerifyMac"
        ),
    },
    "logs": {
        "log-group": (
            "AssociateKmsKey CreateExportTask CreateLogGroup DeleteLogGroup DeleteMetricFilter "
            "DeleteRetentionPolicy DeleteSubscriptionFilter DescribeLogStreams DescribeMetricFilters "
            "DescribeSubscriptionFilters DisassociateKmsKey FilterLogEvents GetLogGroupFields ListTagsLogGroup "
            "PutMetricFilter PutRetentionPolicy StartQuery TagLogGroup UntagLogGroup"
        ),
        "log-stream": "CreateLogStream DeleteLogStream GetLogEvents PutLogEvents",
        "log-group + destination": "PutSubscriptionFilter",
    },
    "sqs": {
        "queue": (
            "AddPermission ChangeMessageVisibility ChangeMessageVisibilityBatch CreateQueue DeleteMessage "
            "DeleteMessageBatch DeleteQueue GetQueueAttributes GetQueueUrl ListDeadLetterSourceQueues "
            "ListQueueTags PurgeQueue ReceiveMessage RemovePermission SendMessage SendMessageBatch "
            "SetQueueAttributes TagQueue UntagQueue"
        ),
    },
    "sns": {
        "topic": (
            "AddPermission ConfirmSubscription DeleteTopic GetTopicAttributes ListSubscriptionsByTopic Publish "
            "PublishBatch RemovePermission SetTopicAttributes Subscribe"
        ),
    },
    "s3": {
        "object": (
            "AbortMultipartUpload CompleteMultipartUpload CreateMultipartUpload DeleteObject DeleteObjectTagging "
            "DeleteObjects GetObject GetObjectAcl GetObjectAttributes GetObjectLegalHold GetObjectRetention "
            "GetObjectTagging GetObjectTorrent HeadObject ListParts PutObject PutObjectAcl PutObjectLegalHold "
            "PutObjectRetention PutObjectTagging RestoreObject SelectObjectContent UpdateObjectEncryption "
            "UploadPart"
        ),
        "bucket": (
            "CreateBucket CreateBucketMetadataConfiguration CreateBucketMetadataTableConfiguration CreateSession "
            "DeleteBucket DeleteBucketAnalyticsConfiguration DeleteBucketCors DeleteBucketEncryption "
            "DeleteBucketIntelligentTieringConfiguration DeleteBucketInventoryConfiguration DeleteBucketLifecycle "
            "DeleteBucketMetadataConfiguration DeleteBucketMetadataTableConfiguration "
            "DeleteBucketMetricsConfiguration DeleteBucketOwnershipControls DeleteBucketPolicy "
            "DeleteBucketReplication DeleteBucketTagging DeleteBucketWebsite DeletePublicAccessBlock "
            "GetBucketAbac GetBucketAccelerateConfiguration GetBucketAcl GetBucketAnalyticsConfiguration "
            "GetBucketCors GetBucketEncryption GetBucketIntelligentTieringConfiguration "
            "GetBucketInventoryConfiguration GetBucketLifecycle GetBucketLifecycleConfiguration GetBucketLocation "
            "GetBucketLogging GetBucketMetadataConfiguration GetBucketMetadataTableConfiguration "
            "GetBucketMetricsConfiguration GetBucketNotification GetBucketNotificationConfiguration "
            "GetBucketOwnershipControls GetBucketPolicy GetBucketPolicyStatus GetBucketReplication "
            "GetBucketRequestPayment GetBucketTagging GetBucketVersioning GetBucketWebsite "
            "GetObjectLockConfiguration GetPublicAccessBlock HeadBucket ListBucketAnalyticsConfigurations "
            "ListBucketIntelligentTieringConfigurations ListBucketInventoryConfigurations "
            "ListBucketMetricsConfigurations ListMultipartUploads ListObjectVersions ListObjects ListObjectsV2 "
            "PutBucketAbac PutBucketAccelerateConfiguration PutBucketAcl PutBucketAnalyticsConfiguration "
            "PutBucketCors PutBucketEncryption PutBucketIntelligentTieringConfiguration "
            "PutBucketInventoryConfiguration PutBucketLifecycle PutBucketLifecycleConfiguration PutBucketLogging "
            "PutBucketMetricsConfiguration PutBucketNotification PutBucketNotificationConfiguration "
            "PutBucketOwnershipControls PutBucketPolicy PutBucketReplication PutBucketRequestPayment "
            "PutBucketTagging PutBucketVersioning PutBucketWebsite PutObjectLockConfiguration "
            "PutPublicAccessBlock RenameObject UpdateBucketMetadataInventoryTableConfiguration "
            "UpdateBucketMetadataJournalTableConfiguration"
        ),
    },
}  # fmt: skip
"""By service and types of resources: the operations that act on them."""


def resources(call: str, params: Mapping[str, Any]) -> tuple[str, ...]:
    """The ARNs that a call acts on, with its rendered parameters; `("*",)` where they are not known."""
    service, _, operation = call.partition(".")
    service = RDS.get(service, service)
    types = next((types for types, ones in OPERATIONS.get(service, {}).items() if operation in ones.split()), "")
    listed = types.split(" + ") if types else []
    found = [arn for type in listed for arn in _arns(*TYPES[service][type], params)]
    return tuple(dict.fromkeys(found)) or ("*",)


def _arns(arn: str, names: tuple[str, ...], params: Mapping[str, Any]) -> Iterator[str]:
    given = [params[name] for name in names if params.get(name) is not None]
    values = [one for value in given for one in (value if isinstance(value, (list, tuple)) else [value])]
    for value in values or ["*"]:
        text = str(value)
        if "alias/" in text:  # a key's alias; permissions are on the key
            yield arn.replace("{}", "*")
        elif text.startswith("arn:"):
            yield text
        elif "://" in text:  # the URL of a queue
            yield arn.replace("{}", text.rpartition("/")[2])
        else:
            yield arn.replace("{}", text.lstrip("/") if "parameter" in arn else text)
