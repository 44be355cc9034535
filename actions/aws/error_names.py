"""What AWS's error codes mean: name, category, wider names, which parameters they are about. Data, each with its source.

One code can mean two things; then the message tells them apart, and the first line whose `text` is found in it counts.
Knows no exception and no call; what a code that is not here means is told by its ending (`by_ending`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Final

from engine.values import Value

VPC: Final = "InvalidVPCConfiguration"
NO_SNAPSHOT: Final = "InvalidSnapshot.NotFound"
NO_CLUSTER: Final = "ClusterNotFound"
NO_ANSWER: Final = "ConnectionTimeout"
BEING_DELETED: Final = "BeingDeleted"

_DOCS: Final = "https://docs.aws.amazon.com/"
_RDS: Final = _DOCS + "AmazonRDS/latest/APIReference/"
MODEL: Final = f"Amazon RDS API Reference, {_RDS}API_Operations.html"
COMMON: Final = f"Amazon RDS API Reference, {_RDS}CommonErrors.html"
DELETE: Final = f"Amazon RDS API Reference, {_RDS}API_DeleteDBCluster.html"
COPY: Final = f"Amazon RDS API Reference, {_RDS}API_CopyDBClusterSnapshot.html"
EC2: Final = f"Amazon EC2 API Reference, {_DOCS}AWSEC2/latest/APIReference/errors-overview.html"
SSM: Final = f"{_DOCS}systems-manager/latest/APIReference/API_GetParameter.html"
SNS: Final = f"{_DOCS}sns/latest/api/API_Publish.html"
KMS: Final = f"{_DOCS}kms/latest/APIReference/API_DescribeKey.html"
SECRETS: Final = f"{_DOCS}secretsmanager/latest/apireference/API_GetSecretValue.html"
STS: Final = f"{_DOCS}STS/latest/APIReference/API_AssumeRole.html"
BOTOCORE: Final = "https://github.com/boto/botocore/blob/develop/botocore/retries/standard.py"
GITHUB: Final = "https://github.com/"
"""Sources that an operator can open: `runbook explain NAME` prints them. More about each is in docs/aws.md."""


class Meaning(Value):
    """What a code means. `name` where the tool has its own, `text` a pattern that the message must have.

    `about` are parameters of `with` that it may be about; `advice` is what to do, where the message does not say.
    """

    category: str
    source: str
    also: tuple[str, ...] = ()
    about: tuple[str, ...] = ()
    text: str = ""
    name: str = ""
    advice: str = ""


Lines = tuple[Meaning, ...]

PLACED: Final = ("subnet_group", "security_groups")
SOURCED: Final = ("from_snapshot", "copy_of", "name")


def _line(category: str, codes: str, source: str = MODEL, **more: object) -> Iterator[tuple[str, Lines]]:
    meaning = Meaning(category=category, source=source, **more)  # type: ignore[arg-type]
    for code in codes.split():
        yield code, (meaning,)


def _states() -> Iterator[tuple[str, Lines]]:
    """Conflicts: codes that speak of a state; most pass, some never do."""
    wait = Meaning(category="conflict", source=MODEL)
    going = Meaning(category="conflict", source=DELETE, also=(BEING_DELETED,), text="being deleted|is deleting")
    members = Meaning(category="conflict", source=DELETE, text="still contains DB instances")
    in_global = Meaning(
        category="config", source=DELETE, also=("GlobalClusterMember",),
        text="global ?cluster", advice="say `detach: true` if it is to leave its global cluster",
    )  # fmt: skip
    serverless = Meaning(
        category="config", source=GITHUB + "terraform-aws-modules/terraform-aws-rds-aurora/issues/537", about=("class",), text="serverless v2",
        advice="give the cluster `serverless: {min, max}`",
    )  # fmt: skip
    only_manual = Meaning(
        category="denied", source=GITHUB + "rebuy-de/aws-nuke/issues/511", text="only manual snapshots"
    )
    yield "InvalidDBClusterStateFault", (going, members, in_global, serverless, wait)
    yield "InvalidGlobalClusterStateFault", (wait,)
    yield "InvalidDBInstanceState", (going, wait)
    yield "InvalidDBClusterSnapshotStateFault", (going, only_manual, wait)
    yield "InvalidDBSnapshotState", (going, wait)
    yield from _line(
        "conflict", "InvalidDBShardGroupState InvalidDBSecurityGroupState InvalidDBCapacityReservationState"
    )


def _quotas() -> Iterator[tuple[str, Lines]]:
    """`SnapshotQuotaExceeded` is two errors; a text that nobody has seen yet is tried again, slowly."""
    issues = GITHUB + "pbudzon/aws-maintenance/issues/"
    yield "SnapshotQuotaExceeded", (
        Meaning(
            category="capacity", source=issues + "19", name="CopyQuotaExceeded", text=r"cannot copy more than|across regions",
            advice="five copies at once go into one region; it passes when one of them is done",
        ),
        Meaning(
            category="quota", source=issues + "12", text=r"manual snapshots",
            advice="delete manual snapshots, or have the quota raised",
        ),
        Meaning(category="capacity", source=MODEL),
    )  # fmt: skip
    yield from _line(
        "quota",
        "DBClusterQuotaExceededFault InstanceQuotaExceeded StorageQuotaExceeded SharedSnapshotQuotaExceeded "
        "DBClusterRoleQuotaExceeded TenantDatabaseQuotaExceeded DBClusterAutomatedBackupQuotaExceededFault "
        "DBInstanceAutomatedBackupQuotaExceeded",
    )
    yield from _line(
        "capacity",
        "InsufficientDBInstanceCapacity InsufficientDBClusterCapacityFault InsufficientStorageClusterCapacity",
        about=("class", "zone"),
    )


def _settings() -> Iterator[tuple[str, Lines]]:
    """What somebody can mend in a setting: the rescue that reads it again is for these."""
    yield from _line(
        "config",
        "DBSubnetGroupNotFoundFault DBSubnetGroupDoesNotCoverEnoughAZs InvalidSubnet InvalidDBSubnetGroupStateFault "
        "VpcEncryptionControlViolationException NetworkTypeNotSupported",
        also=(VPC,),
        about=("subnet_group",),
    )
    yield from _line("config", "InvalidVPCNetworkStateFault", also=(VPC,), about=PLACED)
    yield from _line(
        "config",
        "InvalidVpcID.NotFound InvalidSubnetID.NotFound InvalidSubnetID.Malformed InvalidGroup.NotFound "
        "InvalidGroupId.Malformed InvalidGroupId.NotFound InvalidSecurityGroupID.NotFound",
        EC2,
        also=(VPC,),
        about=PLACED,
    )
    yield from _line("config", "DBClusterParameterGroupNotFound DBParameterGroupNotFound", about=("parameter_group",))
    yield from _line(
        "config",
        "InvalidRestoreFault StorageTypeNotSupported StorageTypeNotAvailableFault OptionGroupNotFoundFault "
        "DomainNotFoundFault CertificateNotFound BackupPolicyNotFoundFault ProvisionedIopsNotAvailableInAZFault "
        "DBSecurityGroupNotFound DBCapacityReservationNotFound AuthorizationNotFound",
    )


def _values() -> Iterator[tuple[str, Lines]]:
    """AWS's two words for every wrong value: only the message says what is wrong."""
    in_vpc = Meaning(
        category="config", source=GITHUB + "boto/boto3/issues/3168", also=(VPC,), about=PLACED,
        text=r"different VPCs|security group|subnet|\bVPC\b|availability zone",
    )  # fmt: skip
    key = Meaning(category="config", source=COPY, about=("kms_key",), text="KMS|KmsKeyId|encrypted")
    protected = Meaning(
        category="config", source=DELETE, also=("DeletionProtected",),
        text="delete protected|deletion protection", advice="say `unprotect: true` if it is to go all the same",
    )  # fmt: skip
    anything = Meaning(category="config", source=COMMON)
    yield "InvalidParameterValue", (in_vpc, key, anything)
    yield "InvalidParameterCombination", (protected, in_vpc, key, anything)
    yield "InvalidParameter", (anything,)
    yield "MissingParameter", (anything,)


def _there_or_not() -> Iterator[tuple[str, Lines]]:
    yield from _line(
        "not_found", "DBClusterSnapshotNotFoundFault DBSnapshotNotFound", also=(NO_SNAPSHOT,), about=SOURCED
    )
    yield from _line(
        "not_found", "DBClusterNotFoundFault", also=(NO_CLUSTER,), about=("name", "cluster", "from_cluster")
    )
    yield from _line("not_found", "DBInstanceNotFound GlobalClusterNotFoundFault DBClusterAutomatedBackupNotFoundFault")
    yield from _line("not_found", "ParameterNotFound ParameterVersionNotFound", SSM)
    yield from _line("not_found", "NotFound", SNS, about=("topic",))
    yield from _line("not_found", "NotFoundException", KMS, about=("key", "kms_key"))
    yield from _line("not_found", "ResourceNotFoundException", SECRETS)
    yield from _line(
        "exists",
        "DBClusterSnapshotAlreadyExistsFault DBClusterAlreadyExistsFault DBInstanceAlreadyExists DBSnapshotAlreadyExists",
    )


def _keys() -> Iterator[tuple[str, Lines]]:
    blame = "the key's policy must let RDS and this role use it; the message may blame the wrong side"
    yield from _line(
        "denied",
        "KMSKeyNotAccessibleFault",
        GITHUB + "pbudzon/aws-maintenance/issues/13",
        about=("kms_key",),
        advice=blame,
    )
    yield from _line(
        "denied",
        "KMSAccessDenied KMSDisabled KMSInvalidState KMSNotFound KMSOptInRequired",
        SNS,
        about=("topic",),
    )
    yield from _line("denied", "DecryptionFailure", SECRETS)
    yield from _line("config", "InvalidKeyId", SSM)
    yield from _line("config", "EndpointDisabled PlatformApplicationDisabled", SNS)
    yield from _line("denied", "InvalidSecurity", SNS)
    yield from _line("throttled", "KMSThrottling", SNS)
    yield from _line("config", "DisabledException InvalidArnException KMSInvalidStateException", KMS)


DENIED: Final = (
    "AccessDenied AccessDeniedException UnauthorizedOperation AuthorizationError OptInRequired SubscriptionRequired"
)
THROTTLED: Final = (
    "Throttling ThrottlingException ThrottledException Throttled RequestThrottledException RequestThrottled "
    "TooManyRequestsException ProvisionedThroughputExceededException RequestLimitExceeded BandwidthLimitExceeded "
    "LimitExceededException SlowDown PriorRequestNotComplete EC2ThrottledException TransactionInProgressException"
)
CREDENTIALS: Final = (
    "ExpiredToken ExpiredTokenException RequestExpired InvalidClientTokenId UnrecognizedClientException AuthFailure "
    "InvalidAccessKeyId IncompleteSignature IncompleteSignatureException MissingAuthenticationToken "
    "MissingAuthenticationTokenException InvalidToken SignatureDoesNotMatch InvalidSignatureException "
    "RequestTimeTooSkewed NotAuthenticated"
)
INTERNAL: Final = (
    "InternalFailure InternalError InternalServerError InternalServiceError InternalServiceErrorException "
    "ServiceUnavailable ServiceUnavailableException Unavailable KMSInternalException DependencyTimeoutException"
)


def _everywhere() -> Iterator[tuple[str, Lines]]:
    """What any service may say."""
    iam = "`runbook iam FILE` prints the permissions that a runbook needs"
    yield from _line("denied", DENIED, COMMON, advice=iam)
    yield from _line("throttled", THROTTLED, BOTOCORE)
    yield from _line("credentials", CREDENTIALS, COMMON)
    yield from _line("internal", INTERNAL, COMMON)
    yield from _line("timeout", "RequestTimeout RequestTimeoutException", BOTOCORE)
    yield from _line("config", "RegionDisabledException", STS)
    yield from _line(
        "invalid",
        "MalformedPolicyDocument PackedPolicyTooLarge InvalidContextAssertion InvalidMarkerException "
        "InvalidParameterException InvalidRequestException ParameterValueInvalid",
        STS,
    )
    yield from _line("invalid", "ValidationError ValidationException InvalidAction MalformedQueryString", COMMON)


@cache
def table() -> Mapping[str, Lines]:
    """Every code that is known, with the lines that say what it means."""
    parts = (_states(), _quotas(), _settings(), _values(), _there_or_not(), _keys(), _everywhere())
    return {code: lines for part in parts for code, lines in part}


_ENDINGS: Final = (
    (r"Throttl|TooManyRequests|RateExceeded", "throttled"),
    (r"AlreadyExist|\.Duplicate$|Duplicate", "exists"),
    (r"NotFound|NoSuch|DoesNotExist", "not_found"),
    (r"QuotaExceeded|LimitExceeded|TooMany", "quota"),
    (r"^Insufficient.*Capacity|CapacityNotAvailable", "capacity"),
    (r"AccessDenied|Unauthorized|Forbidden|NotAuthorized", "denied"),
    (r"ExpiredToken|InvalidToken", "credentials"),
    (r"Conflict|InUse|InProgress|Invalid.*State|NotReady", "conflict"),
    (r"Timeout|TimedOut", "timeout"),
    (r"^Internal|Unavailable|ServiceFailure", "internal"),
    (r"^Invalid|Malformed|Missing|Validation|Unsupported|NotSupported", "invalid"),
)


def by_ending(code: str, status: int) -> Meaning:
    """What a code that is not in the table means, by its words; else by the HTTP status."""
    for pattern, category in _ENDINGS:
        if re.search(pattern, code):
            return Meaning(category=category, source="by the words of the code")
    by_status = {401: "credentials", 403: "denied", 404: "not_found", 409: "conflict", 429: "throttled"}
    category = by_status.get(status, "internal" if status >= 500 else "invalid")
    return Meaning(category=category, source="by the HTTP status")


def meaning(code: str, message: str, status: int = 400) -> Meaning:
    """What an answer means: by its code, and by its message where one code is two errors."""
    for line in table().get(code, ()):
        if not line.text or re.search(line.text, message, re.IGNORECASE):
            return line
    return by_ending(code, status)
