"""Every name that an error can have, and which calls can raise it: for checks, explanations and documentation.

The calls of the kinds and actions here are a table, so that checking a runbook reads no model of botocore's; tests hold
it against the models. What a generic call can raise, its own action says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Final

from actions.aws.error_names import CREDENTIALS, DENIED, INTERNAL, NO_ANSWER, THROTTLED, Meaning, table
from engine.registry import KnownError

_RESTORES: Final = """
    DBClusterAlreadyExistsFault DBClusterParameterGroupNotFound DBClusterQuotaExceededFault DBClusterRoleQuotaExceeded
    DBClusterSnapshotNotFoundFault DBSubnetGroupNotFoundFault DomainNotFoundFault InsufficientDBClusterCapacityFault
    InsufficientDBInstanceCapacity InsufficientStorageClusterCapacity InvalidDBClusterSnapshotStateFault
    InvalidDBSnapshotState InvalidRestoreFault InvalidSubnet InvalidVPCNetworkStateFault KMSKeyNotAccessibleFault
    NetworkTypeNotSupported OptionGroupNotFoundFault StorageQuotaExceeded StorageTypeNotSupported
    VpcEncryptionControlViolationException
"""

_CALLS: Final[Mapping[str, str]] = {
    "rds.DescribeDBClusterSnapshots": "DBClusterSnapshotNotFoundFault",
    "rds.CopyDBClusterSnapshot": """
        DBClusterSnapshotAlreadyExistsFault DBClusterSnapshotNotFoundFault InvalidDBClusterSnapshotStateFault
        InvalidDBClusterStateFault KMSKeyNotAccessibleFault SnapshotQuotaExceeded
    """,
    "rds.DeleteDBClusterSnapshot": "DBClusterSnapshotNotFoundFault InvalidDBClusterSnapshotStateFault",
    "rds.DescribeDBClusters": "DBClusterNotFoundFault",
    "rds.RestoreDBClusterFromSnapshot": f"{_RESTORES} DBSnapshotNotFound DBSubnetGroupDoesNotCoverEnoughAZs InvalidDBInstanceState",
    "rds.RestoreDBClusterToPointInTime": f"""
        {_RESTORES} DBClusterAutomatedBackupNotFoundFault DBClusterNotFoundFault InvalidDBClusterStateFault
    """,
    "rds.ModifyDBCluster": """
        DBClusterAlreadyExistsFault DBClusterNotFoundFault DBClusterParameterGroupNotFound DBInstanceAlreadyExists
        DBParameterGroupNotFound DBSubnetGroupNotFoundFault DomainNotFoundFault InvalidDBClusterStateFault
        InvalidDBInstanceState InvalidDBSecurityGroupState InvalidDBSubnetGroupStateFault InvalidGlobalClusterStateFault
        InvalidSubnet InvalidVPCNetworkStateFault KMSKeyNotAccessibleFault NetworkTypeNotSupported
        OptionGroupNotFoundFault StorageQuotaExceeded StorageTypeNotAvailableFault StorageTypeNotSupported
        VpcEncryptionControlViolationException
    """,
    "rds.RemoveFromGlobalCluster": """
        DBClusterNotFoundFault GlobalClusterNotFoundFault InvalidDBClusterStateFault InvalidGlobalClusterStateFault
    """,
    "rds.DeleteDBCluster": """
        DBClusterAutomatedBackupQuotaExceededFault DBClusterNotFoundFault DBClusterSnapshotAlreadyExistsFault
        InvalidDBClusterSnapshotStateFault InvalidDBClusterStateFault InvalidGlobalClusterStateFault
        KMSKeyNotAccessibleFault SnapshotQuotaExceeded
    """,
    "rds.DescribeDBInstances": "DBInstanceNotFound",
    "rds.CreateDBInstance": """
        AuthorizationNotFound BackupPolicyNotFoundFault CertificateNotFound DBCapacityReservationNotFound
        DBClusterNotFoundFault DBInstanceAlreadyExists DBParameterGroupNotFound DBSecurityGroupNotFound
        DBSubnetGroupDoesNotCoverEnoughAZs DBSubnetGroupNotFoundFault DomainNotFoundFault InstanceQuotaExceeded
        InsufficientDBInstanceCapacity InvalidDBCapacityReservationState InvalidDBClusterStateFault InvalidSubnet
        InvalidVPCNetworkStateFault KMSKeyNotAccessibleFault NetworkTypeNotSupported OptionGroupNotFoundFault
        ProvisionedIopsNotAvailableInAZFault StorageQuotaExceeded StorageTypeNotSupported TenantDatabaseQuotaExceeded
        VpcEncryptionControlViolationException
    """,
    "rds.DeleteDBInstance": """
        DBInstanceAutomatedBackupQuotaExceeded DBInstanceNotFound DBSnapshotAlreadyExists InvalidDBClusterStateFault
        InvalidDBInstanceState KMSKeyNotAccessibleFault SnapshotQuotaExceeded
    """,
    "rds.DescribeDBSubnetGroups": "DBSubnetGroupNotFoundFault",
    "kms.DescribeKey": "DependencyTimeoutException InvalidArnException KMSInternalException NotFoundException",
    "kms.ListAliases": """
        DependencyTimeoutException InvalidArnException InvalidMarkerException KMSInternalException NotFoundException
    """,
    "sns.Publish": """
        AuthorizationError EndpointDisabled InternalError InvalidParameter InvalidSecurity KMSAccessDenied KMSDisabled
        KMSInvalidState KMSNotFound KMSOptInRequired KMSThrottling NotFound ParameterValueInvalid
        PlatformApplicationDisabled ValidationException
    """,
    "ssm.GetParameter": "InternalServerError InvalidKeyId ParameterNotFound ParameterVersionNotFound",
    "secretsmanager.GetSecretValue": """
        DecryptionFailure InternalServiceError InvalidParameterException InvalidRequestException
        ResourceNotFoundException
    """,
    "sts.AssumeRole": """
        ExpiredTokenException InvalidContextAssertion MalformedPolicyDocument PackedPolicyTooLarge
        RegionDisabledException
    """,
}

_EC2: Final = (
    "ec2.DescribeSecurityGroups", "ec2.DescribeSecurityGroupRules", "ec2.DescribeSubnets", "ec2.DescribeVpcs",
)  # fmt: skip

_BOTOCORES: Final[Mapping[str, str]] = {
    "ParamValidationError": "invalid",
    "EndpointConnectionError": "network",
    "ConnectTimeoutError": "network",
    "ProxyConnectionError": "network",
    "SSLError": "network",
    "ReadTimeoutError": "timeout",
    "ConnectionClosedError": "timeout",
    "ResponseParserError": "internal",
    "NoRegionError": "config",
    "NoCredentialsError": "credentials",
}

_OURS: Final[Mapping[str, str]] = {
    "TruncatedReply": "internal",
    "NoAnswer": "timeout",
    NO_ANSWER: "timeout",
    "CannotBeDeleted": "conflict",
}


def modelled() -> Mapping[str, tuple[str, ...]]:
    """Call → the codes that botocore's model has for it."""
    return {call: tuple(sorted(codes.split())) for call, codes in _CALLS.items()}


@cache
def known_errors() -> Mapping[str, KnownError]:
    """By name: wire codes, botocore's exceptions, the tool's wider names."""
    raised = _raised()
    found: dict[str, KnownError] = {}
    for code, lines in table().items():
        calls = raised.get(code)
        also = tuple(dict.fromkeys(name for line in lines for name in (*line.also, line.name) if name))
        found[code] = KnownError(
            name=code, category=lines[-1].category, source=lines[-1].source, calls=calls, also=also
        )
        for name, line in _wider(lines):
            found[name] = _widened(found.get(name), name, line, calls)
    for names, source in ((_BOTOCORES, "botocore.exceptions"), (_OURS, "of this tool")):
        found |= {name: KnownError(name=name, category=category, source=source) for name, category in names.items()}
    return found


def _raised() -> dict[str, tuple[str, ...]]:
    """Code → the calls that can raise it; one that any call can raise is not in it."""
    anywhere = set(f"{DENIED} {THROTTLED} {CREDENTIALS} {INTERNAL}".split())
    found: dict[str, tuple[str, ...]] = {}
    for call, codes in modelled().items():
        for code in codes:
            if code not in anywhere:
                found[code] = (*found.get(code, ()), call)
    for code, lines in table().items():
        if lines[-1].source.startswith("Amazon EC2"):
            found[code] = _EC2
    return found


def _wider(lines: tuple[Meaning, ...]) -> Iterator[tuple[str, Meaning]]:
    for line in lines:
        for name in (line.name, *line.also):
            if name:
                yield name, line


def _widened(before: KnownError | None, name: str, line: Meaning, calls: tuple[str, ...] | None) -> KnownError:
    """A wider name is raised by whatever raises one of its codes; codes that any call has do not count."""
    more = tuple(dict.fromkeys((*(before.calls or () if before is not None else ()), *(calls or ()))))
    return KnownError(name=name, category=line.category, source=line.source, calls=more or None)
