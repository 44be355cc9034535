"""Parameters of one call for every handler of the sandbox, in an order in which each call succeeds in `WORLD | MORE`."""

from __future__ import annotations

import hmac

OURS_OF_M = hmac.digest(b"arn:aws:kms:us-west-2:123456789012:key/ours", b"m", "sha256")
"""The HMAC of `m` with the key `ours`."""

CALLS = {
    "rds.CopyDBClusterSnapshot": {
        "SourceDBClusterSnapshotIdentifier": "here-secret",
        "TargetDBClusterSnapshotIdentifier": "copy",
        "Tags": [{"Key": "a", "Value": "b"}],
    },
    "rds.CreateDBClusterSnapshot": {"DBClusterIdentifier": "orders", "DBClusterSnapshotIdentifier": "mine"},
    "rds.DescribeDBClusterSnapshots": {},
    "rds.DescribeDBClusterSnapshotAttributes": {"DBClusterSnapshotIdentifier": "here"},
    "rds.ModifyDBClusterSnapshotAttribute": {
        "DBClusterSnapshotIdentifier": "here",
        "AttributeName": "restore",
        "ValuesToAdd": ["210987654321"],
    },
    "rds.RestoreDBClusterFromSnapshot": {
        "DBClusterIdentifier": "restored",
        "SnapshotIdentifier": "here-secret",
        "Engine": "aurora-postgresql",
        "ServerlessV2ScalingConfiguration": {"MinCapacity": 1.0, "MaxCapacity": 2.0},
    },
    "rds.RestoreDBClusterToPointInTime": {
        "DBClusterIdentifier": "back",
        "SourceDBClusterIdentifier": "orders",
        "UseLatestRestorableTime": True,
    },
    "rds.CreateDBCluster": {
        "DBClusterIdentifier": "fresh",
        "Engine": "aurora-postgresql",
        "MasterUsername": "root",
        "MasterUserPassword": "long-enough",
        "StorageEncrypted": True,
    },
    "rds.CreateDBInstance": {
        "DBInstanceIdentifier": "alone-1",
        "DBInstanceClass": "db.r6g.large",
        "DBClusterIdentifier": "alone",
        "Engine": "aurora-postgresql",
    },
    "rds.ModifyDBInstance": {"DBInstanceIdentifier": "orders-1", "DBInstanceClass": "db.r6g.xlarge"},
    "rds.DescribeDBInstances": {},
    "rds.ModifyDBCluster": {"DBClusterIdentifier": "orders", "ManageMasterUserPassword": True},
    "rds.DescribeDBClusters": {},
    "rds.DescribeDBClusterParameterGroups": {"DBClusterParameterGroupName": "default"},
    "rds.AddTagsToResource": {
        "ResourceName": "arn:aws:rds:us-west-2:123456789012:cluster:orders",
        "Tags": [{"Key": "c", "Value": "d"}],
    },
    "rds.ListTagsForResource": {"ResourceName": "arn:aws:rds:us-west-2:123456789012:cluster:orders"},
    "rds.RemoveTagsFromResource": {
        "ResourceName": "arn:aws:rds:us-west-2:123456789012:cluster:orders",
        "TagKeys": ["c"],
    },
    "rds.DescribeGlobalClusters": {},
    "rds.RemoveFromGlobalCluster": {
        "GlobalClusterIdentifier": "world",
        "DbClusterIdentifier": "arn:aws:rds:us-west-2:123456789012:cluster:part",
    },
    "rds.StopDBCluster": {"DBClusterIdentifier": "alone"},
    "rds.StartDBCluster": {"DBClusterIdentifier": "halted"},
    "rds.DescribeDBSubnetGroups": {"DBSubnetGroupName": "default"},
    "rds.DeleteDBInstance": {"DBInstanceIdentifier": "orders-2", "SkipFinalSnapshot": True},
    "rds.DeleteDBCluster": {"DBClusterIdentifier": "dead", "SkipFinalSnapshot": True},
    "rds.DeleteDBClusterSnapshot": {"DBClusterSnapshotIdentifier": "here"},
    "ec2.DescribeSecurityGroups": {"GroupIds": ["sg-1"]},
    "ec2.DescribeSecurityGroupRules": {"Filters": [{"Name": "group-id", "Values": ["sg-1"]}]},
    "ec2.DescribeSubnets": {},
    "ec2.DescribeVpcs": {},
    "ssm.GetParameter": {"Name": "/x/topic"},
    "ssm.GetParameters": {"Names": ["/x/topic", "/no"]},
    "secretsmanager.GetSecretValue": {"SecretId": "s"},
    "sns.Publish": {"TopicArn": "arn:aws:sns:us-west-2:123456789012:t", "Message": "m"},
    "sts.GetCallerIdentity": {},
    "sts.AssumeRole": {"RoleArn": "arn:aws:iam::210987654321:role/runbook", "RoleSessionName": "me"},
    "kms.DescribeKey": {"KeyId": "ours"},
    "kms.GenerateMac": {"KeyId": "ours", "MacAlgorithm": "HMAC_SHA_256", "Message": b"m"},
    "kms.ListAliases": {},
    "kms.VerifyMac": {"KeyId": "ours", "MacAlgorithm": "HMAC_SHA_256", "Message": b"m", "Mac": OURS_OF_M},
}
MORE = {
    "rds.cluster/part@us-west-2": {"global": "world"},
    "rds.cluster/halted@us-west-2": "stopped",
    "rds.cluster/dead@us-west-2": "failed",
    "security_group/sg-1@us-west-2": {"ingress": [{"port": 1, "from": "sg-2"}, {"port": "1-9", "from": "::/0"}]},
    "secret:s": {"a": 1},
}


def call(client, operation, params):
    """The reply to an operation by its wire name."""
    from botocore import xform_name

    return getattr(client, xform_name(operation))(**params)
