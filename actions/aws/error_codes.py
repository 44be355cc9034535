"""What AWS's error codes mean: a table with the category, the wider names and the parameters of each, and its source.

Some codes have several meanings. Then the message decides: the first meaning whose `text` occurs in it applies. A code that
is not in the table gets its category from the words in it (`meaning_by_words`).

The codes of a service are one table, because its kinds share them. Which call can return which code is declared by the
kinds and actions (`calls`); `known_errors` joins the two. More about each source is in docs/aws.md, "Error codes".
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
"""Pages that an operator can open: `runbook explain NAME` prints them."""


EC2_CODES: Final = (
    "InvalidVpcID.NotFound", "InvalidSubnetID.NotFound", "InvalidSubnetID.Malformed", "InvalidGroup.NotFound",
    "InvalidGroupId.Malformed", "InvalidGroupId.NotFound", "InvalidSecurityGroupID.NotFound",
)  # fmt: skip
"""Codes of EC2 for networks. botocore's model of EC2 has no errors, so any of its calls may return them."""


class Meaning(Value):
    """One meaning of a code.

    `name` replaces the code as the error's name. `text` is a pattern that must occur in the message. `also` are wider names
    that a rescue can match. `about` are the parameters of `with` that may have caused it. `advice` says what to do
    if AWS's message does not.
    """

    category: str
    source: str
    also: tuple[str, ...] = ()
    about: tuple[str, ...] = ()
    text: str = ""
    name: str = ""
    advice: str = ""


Meanings = tuple[Meaning, ...]

_NETWORK: Final = ("subnet_group", "security_groups")
_SOURCE: Final = ("from_snapshot", "copy_of", "name")


def _row(category: str, codes: str, source: str = MODEL, **more: object) -> Iterator[tuple[str, Meanings]]:
    """Codes, separated by blanks, that all have this one meaning."""
    meaning = Meaning(category=category, source=source, **more)  # type: ignore[arg-type]
    for code in codes.split():
        yield code, (meaning,)


# -- RDS -----------------------------------------------------------------------------------------------------


def _states() -> Iterator[tuple[str, Meanings]]:
    """Conflicts with the status of a resource. Most pass by themselves."""
    wait = Meaning(category="conflict", source=MODEL)
    deleting = Meaning(category="conflict", source=DELETE, also=(BEING_DELETED,), text="being deleted|is deleting")
    members = Meaning(category="conflict", source=DELETE, text="still contains DB instances")
    in_global = Meaning(
        category="config", source=DELETE, also=("GlobalClusterMember",),
        text="global ?cluster", advice="add `detach: true` to remove it from its global cluster first",
    )  # fmt: skip
    last_of_source = Meaning(
        category="config", source=GITHUB + "rebuy-de/aws-nuke/issues/570", text="last instance of the master cluster",
        advice="delete its replica clusters, or remove the secondary clusters from its global cluster, first",
    )  # fmt: skip
    last_of_replica = Meaning(
        category="config", source=GITHUB + "hashicorp/terraform-provider-aws/pull/40409", text="last instance of the read replica",
        advice="promote the cluster first: aws rds promote-read-replica-db-cluster",
    )  # fmt: skip
    primary = Meaning(
        category="config", source=GITHUB + "gruntwork-io/cloud-nuke/issues/597", also=("GlobalClusterMember",),
        text="primary member|secondary cluster", advice="remove the secondary clusters from the global cluster first",
    )  # fmt: skip
    serverless = Meaning(
        category="config", source=GITHUB + "terraform-aws-modules/terraform-aws-rds-aurora/issues/537", about=("class",), text="serverless v2",
        advice="add `serverless: {min, max}` to the cluster",
    )  # fmt: skip
    only_manual = Meaning(
        category="denied", source=GITHUB + "rebuy-de/aws-nuke/issues/511", text="only manual snapshots"
    )
    yield "InvalidDBClusterStateFault", (
        deleting, members, last_of_source, last_of_replica, in_global, serverless, wait,
    )  # fmt: skip
    yield "InvalidGlobalClusterStateFault", (primary, wait)
    yield "InvalidDBInstanceState", (deleting, wait)
    yield "InvalidDBClusterSnapshotStateFault", (deleting, only_manual, wait)
    yield "InvalidDBSnapshotState", (deleting, wait)
    yield from _row(
        "conflict", "InvalidDBShardGroupState InvalidDBSecurityGroupState InvalidDBCapacityReservationState"
    )


def _quotas() -> Iterator[tuple[str, Meanings]]:
    """`SnapshotQuotaExceeded` has two meanings. With an unknown text it is retried, slowly."""
    issues = GITHUB + "pbudzon/aws-maintenance/issues/"
    yield "SnapshotQuotaExceeded", (
        Meaning(
            category="capacity", source=issues + "19", name="CopyQuotaExceeded", text=r"cannot copy more than|across regions",
            advice="AWS runs five copies to a region at a time; this passes when one of them is done",
        ),
        Meaning(
            category="quota", source=issues + "12", text=r"manual snapshots",
            advice="delete manual snapshots, or ask AWS for a higher quota",
        ),
        Meaning(category="capacity", source=MODEL),
    )  # fmt: skip
    yield from _row(
        "quota",
        "DBClusterQuotaExceededFault InstanceQuotaExceeded StorageQuotaExceeded SharedSnapshotQuotaExceeded "
        "DBClusterRoleQuotaExceeded TenantDatabaseQuotaExceeded DBClusterAutomatedBackupQuotaExceededFault "
        "DBInstanceAutomatedBackupQuotaExceeded",
    )
    yield from _row(
        "capacity",
        "InsufficientDBInstanceCapacity InsufficientDBClusterCapacityFault InsufficientStorageClusterCapacity",
        about=("class", "zone"),
    )


def _settings() -> Iterator[tuple[str, Meanings]]:
    """Wrong values that somebody can correct in a setting, for a rescue that reads the settings again."""
    yield from _row(
        "config",
        "DBSubnetGroupNotFoundFault DBSubnetGroupDoesNotCoverEnoughAZs InvalidSubnet InvalidDBSubnetGroupStateFault "
        "VpcEncryptionControlViolationException NetworkTypeNotSupported",
        also=(VPC,),
        about=("subnet_group",),
    )
    yield from _row("config", "InvalidVPCNetworkStateFault", also=(VPC,), about=_NETWORK)
    yield from _row("config", " ".join(EC2_CODES), EC2, also=(VPC,), about=_NETWORK)
    yield from _row("config", "DBClusterParameterGroupNotFound DBParameterGroupNotFound", about=("parameter_group",))
    yield from _row(
        "config",
        "InvalidRestoreFault StorageTypeNotSupported StorageTypeNotAvailableFault OptionGroupNotFoundFault "
        "DomainNotFoundFault CertificateNotFound BackupPolicyNotFoundFault ProvisionedIopsNotAvailableInAZFault "
        "DBSecurityGroupNotFound DBCapacityReservationNotFound AuthorizationNotFound",
    )


def _values() -> Iterator[tuple[str, Meanings]]:
    """Codes for any wrong value: only the message says what is wrong."""
    in_vpc = Meaning(
        category="config", source=GITHUB + "boto/boto3/issues/3168", also=(VPC,), about=_NETWORK,
        text=r"different VPCs|security group|subnet|\bVPC\b|availability zone",
    )  # fmt: skip
    key = Meaning(category="config", source=COPY, about=("kms_key",), text="KMS|KmsKeyId|encrypted")
    protected = Meaning(
        category="config", source=DELETE, also=("DeletionProtected",),
        text="delete protected|deletion protection", advice="add `unprotect: true` to delete it anyway",
    )  # fmt: skip
    other = Meaning(category="config", source=COMMON)
    yield "InvalidParameterValue", (in_vpc, key, other)
    yield "InvalidParameterCombination", (protected, in_vpc, key, other)
    yield "InvalidParameter", (other,)
    yield "MissingParameter", (other,)


def _existence() -> Iterator[tuple[str, Meanings]]:
    yield from _row(
        "not_found", "DBClusterSnapshotNotFoundFault DBSnapshotNotFound", also=(NO_SNAPSHOT,), about=_SOURCE
    )
    yield from _row(
        "not_found", "DBClusterNotFoundFault", also=(NO_CLUSTER,), about=("name", "cluster", "from_cluster")
    )
    yield from _row("not_found", "DBInstanceNotFound GlobalClusterNotFoundFault DBClusterAutomatedBackupNotFoundFault")
    yield from _row("not_found", "ParameterNotFound ParameterVersionNotFound", SSM)
    yield from _row("not_found", "NotFound", SNS, about=("topic",))
    yield from _row("not_found", "NotFoundException", KMS, about=("key", "kms_key"))
    yield from _row("not_found", "ResourceNotFoundException", SECRETS)
    yield from _row(
        "exists",
        "DBClusterSnapshotAlreadyExistsFault DBClusterAlreadyExistsFault DBInstanceAlreadyExists DBSnapshotAlreadyExists",
    )


def _keys() -> Iterator[tuple[str, Meanings]]:
    advice = "the key's policy must allow RDS and this role to use it; the message may name the wrong key or account"
    yield from _row(
        "denied",
        "KMSKeyNotAccessibleFault",
        GITHUB + "pbudzon/aws-maintenance/issues/13",
        about=("kms_key",),
        advice=advice,
    )
    yield from _row(
        "denied",
        "KMSAccessDenied KMSDisabled KMSInvalidState KMSNotFound KMSOptInRequired",
        SNS,
        about=("topic",),
    )
    yield from _row("denied", "DecryptionFailure", SECRETS)
    yield from _row("config", "InvalidKeyId", SSM)
    yield from _row("config", "EndpointDisabled PlatformApplicationDisabled", SNS)
    yield from _row("denied", "InvalidSecurity", SNS)
    yield from _row("throttled", "KMSThrottling", SNS)
    yield from _row("config", "DisabledException InvalidArnException KMSInvalidStateException", KMS)


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


def _everywhere() -> Iterator[tuple[str, Meanings]]:
    """Codes that any service may return."""
    iam = "`runbook iam FILE` prints the permissions that a runbook needs"
    yield from _row("denied", DENIED, COMMON, advice=iam)
    yield from _row("throttled", THROTTLED, BOTOCORE)
    yield from _row("credentials", CREDENTIALS, COMMON)
    yield from _row("internal", INTERNAL, COMMON)
    yield from _row("timeout", "RequestTimeout RequestTimeoutException", BOTOCORE)
    yield from _row("config", "RegionDisabledException", STS)
    yield from _row(
        "invalid",
        "MalformedPolicyDocument PackedPolicyTooLarge InvalidContextAssertion InvalidMarkerException "
        "InvalidParameterException InvalidRequestException ParameterValueInvalid",
        STS,
    )
    yield from _row("invalid", "ValidationError ValidationException InvalidAction MalformedQueryString", COMMON)


@cache
def table() -> Mapping[str, Meanings]:
    """Every known code with its meanings."""
    parts = (_states(), _quotas(), _settings(), _values(), _existence(), _keys(), _everywhere())
    return {code: meanings for part in parts for code, meanings in part}


# -- codes that are not in the table -------------------------------------------------------------------------

_WORDS: Final = (
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


def meaning_by_words(code: str, status: int) -> Meaning:
    """What an unknown code means, by the words in it or else by the HTTP status."""
    for pattern, category in _WORDS:
        if re.search(pattern, code):
            return Meaning(category=category, source="by the words of the code")
    by_status = {401: "credentials", 403: "denied", 404: "not_found", 409: "conflict", 429: "throttled"}
    category = by_status.get(status, "internal" if status >= 500 else "invalid")
    return Meaning(category=category, source="by the HTTP status")


def meaning_of(code: str, message: str, status: int = 400) -> Meaning:
    """What an error response means: by its code, and by its message if the code has several meanings."""
    for one in table().get(code, ()):
        if not one.text or re.search(one.text, message, re.IGNORECASE):
            return one
    return meaning_by_words(code, status)
