"""Which operations of AWS delete something, or switch a protection off, and which of their parameters say what.

An operation deletes if its name says so: *delete*, *deletion*, *terminate*, *remove* or *purge*. The tables below are the
exceptions both ways, reviewed against the operations and the documentation in botocore's models (docs/aws.md, "Calls that
delete"); tests/actions/test_deleting_calls.py holds them against every operation that botocore knows. Deletes of data, such
as items, objects and messages, do not count: they are what an application does all day.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from actions.aws.service_models import ApiOperation
from actions.aws.sessions import is_read
from engine.language.model import Deletes

_SAYS_SO: Final = re.compile(r"(Delete|Deletion|Terminate|Remove|Purge)(?![a-z])")
_TAGS: Final = re.compile(r"(Delete|Remove)(LF)?Tags(From\w+|For\w+)?")

ALSO_DELETE: Final = frozenset({
    "backup.DisassociateRecoveryPoint", "codeartifact.DisposePackageVersions", "connect.ReleasePhoneNumber",
    "ec2.CancelSpotFleetRequests", "ec2.DeprovisionByoipCidr", "ec2.DeprovisionIpamPoolCidr",
    "ec2.DeprovisionPublicIpv4PoolCidr", "ec2.DeregisterImage", "ec2.ReleaseAddress", "ec2.ReleaseHosts",
    "ec2.ReleaseIpamPoolAllocation", "elasticbeanstalk.RebuildEnvironment", "globalaccelerator.DeprovisionByoipCidr",
    "kms.RetireGrant", "kms.RevokeGrant", "lightsail.ReleaseStaticIp", "organizations.CloseAccount",
    "organizations.LeaveOrganization", "pinpoint-sms-voice-v2.ReleasePhoneNumber",
    "pinpoint-sms-voice-v2.ReleaseSenderId", "sns.Unsubscribe", "workspaces.RebuildWorkspaces",
})  # fmt: skip
"""They delete, and their names have none of these words."""

DELETE_DATA: Final = frozenset({
    "bedrock-agent.DeleteKnowledgeBaseDocuments", "bedrock-agentcore-control.DeleteDatasetExamples",
    "bedrock-agentcore.BatchDeleteMemoryRecords", "bedrock-agentcore.DeleteEvent",
    "bedrock-agentcore.DeleteMemoryRecord", "chime-sdk-messaging.DeleteChannelMessage",
    "cleanroomsml.DeleteMLInputChannelData", "clouddirectory.DeleteObject", "clouddirectory.RemoveFacetFromObject",
    "codecommit.DeleteCommentContent", "codecommit.DeleteFile", "cognito-idp.AdminDeleteUserAttributes",
    "cognito-idp.DeleteUserAttributes", "connect.BatchDeleteDataTableValue", "connect.DeleteAttachedFile",
    "connect.DeleteContactData", "customer-profiles.DeleteProfileKey", "customer-profiles.DeleteProfileObject",
    "datazone.DeleteLineageEvent", "datazone.DeleteTimeSeriesDataPoints", "devops-agent.DeleteAssetFile",
    "discovery.BatchDeleteImportData", "dynamodb.DeleteItem", "ecs.DeleteAttributes",
    "entityresolution.BatchDeleteUniqueId", "frauddetector.DeleteEvent", "frauddetector.DeleteEventsByEventType",
    "glue.DeleteColumnStatisticsForPartition", "glue.DeleteColumnStatisticsForTable",
    "glue.RemoveSchemaVersionMetadata", "inspector.RemoveAttributesFromFindings",
    "iotsitewise.BatchDeleteDatasetDataSegments", "iotwireless.DeleteQueuedMessages", "ivschat.DeleteMessage",
    "kendra.BatchDeleteDocument", "lakeformation.DeleteObjectsOnCancel", "lex-runtime.DeleteSession",
    "lexv2-models.BatchDeleteCustomVocabularyItem", "lexv2-runtime.DeleteSession",
    "location.BatchDeleteDevicePositionHistory", "mediastore-data.DeleteObject",
    "neptunedata.DeletePropertygraphStatistics", "neptunedata.DeleteSparqlStatistics", "opensearchmemory.DeleteEvent",
    "personalize.CreateDataDeletionJob", "pinpoint.RemoveAttributes", "qbusiness.BatchDeleteDocument",
    "qbusiness.DeleteConversation", "rekognition.DeleteFaces", "s3.DeleteObject", "s3.DeleteObjectAnnotation",
    "s3.DeleteObjects", "s3vectors.DeleteVectors", "sagemaker-featurestore-runtime.DeleteRecord",
    "sdb.BatchDeleteAttributes", "sdb.DeleteAttributes", "servicediscovery.DeleteServiceAttributes",
    "sqs.DeleteMessage", "sqs.DeleteMessageBatch", "ssm-incidents.DeleteTimelineEvent", "transfer.StartRemoteDelete",
    "workdocs.DeleteComment", "workdocs.DeleteCustomMetadata",
})  # fmt: skip
"""They delete data in a resource, and leave the resource."""

DELETE_NOTHING: Final = frozenset({
    "chime-sdk-voice.PutVoiceConnectorTermination", "chime-sdk-voice.PutVoiceConnectorTerminationCredentials",
    "codedeploy.SkipWaitTimeForInstanceTermination", "emr.PutAutoTerminationPolicy", "emr.RemoveAutoTerminationPolicy",
    "kms.CancelKeyDeletion", "servicecatalog.NotifyTerminateProvisionedProductEngineWorkflowResult",
})  # fmt: skip
"""Their names say so, and they do not."""

ALWAYS: Final[tuple[tuple[str, ...], ...]] = ()
SWITCHES: Final[Mapping[str, tuple[tuple[str, ...], ...]]] = {
    "appconfig.UpdateAccountSettings": (("DeletionProtection", "Enabled"),),
    "autoscaling.SetInstanceProtection": (("ProtectedFromScaleIn",),),
    "autoscaling.UpdateAutoScalingGroup": (("DeletionProtection",),),
    "backup.CancelLegalHold": ALWAYS,
    "cloudformation.UpdateTerminationProtection": (("EnableTerminationProtection",),),
    "cloudtrail.UpdateDashboard": (("TerminationProtectionEnabled",),),
    "cloudtrail.UpdateEventDataStore": (("TerminationProtectionEnabled",),),
    "cognito-idp.UpdateUserPool": (("DeletionProtection",),),
    "datazone.UpdateDesignation": (("deletionProtection",),),
    "docdb.ModifyDBCluster": (("DeletionProtection",),),
    "docdb.ModifyGlobalCluster": (("DeletionProtection",),),
    "dsql.UpdateCluster": (("deletionProtectionEnabled",),),
    "dynamodb.UpdateTable": (("DeletionProtectionEnabled",),),
    "ec2.DisableImageDeregistrationProtection": ALWAYS,
    "ec2.ModifyInstanceAttribute": (("DisableApiTermination", "Value"), ("disableApiTermination",)),
    "ec2.UnlockSnapshot": ALWAYS,
    "ecs.UpdateGateway": (("deletionProtection",),),
    "ecs.UpdateTaskProtection": (("protectionEnabled",),),
    "efs.UpdateFileSystemProtection": (("ReplicationOverwriteProtection",),),
    "eks.UpdateClusterConfig": (("deletionProtection",),),
    "elbv2.ModifyLoadBalancerAttributes": (("Attributes", "deletion_protection.enabled"),),
    "emr.SetTerminationProtection": (("TerminationProtected",),),
    "endusermessaging.UpdateBrandProfile": (("deletionProtectionEnabled",),),
    "endusermessaging.UpdateNotifyCodeConfiguration": (("deletionProtectionEnabled",),),
    "gamelift.UpdateGameServerGroup": (("GameServerProtectionPolicy",),),
    "gamelift.UpdateGameSession": (("ProtectionPolicy",),),
    "logs.PutLogGroupDeletionProtection": (("deletionProtectionEnabled",),),
    "neptune-graph.UpdateGraph": (("deletionProtection",),),
    "neptune.ModifyDBCluster": (("DeletionProtection",),),
    "neptune.ModifyDBInstance": (("DeletionProtection",),),
    "neptune.ModifyGlobalCluster": (("DeletionProtection",),),
    "network-firewall.UpdateFirewallDeleteProtection": (("DeleteProtection",),),
    "opensearchserverless.UpdateCollection": (("deletionProtection",),),
    "pinpoint-sms-voice-v2.UpdateNotifyConfiguration": (("DeletionProtectionEnabled",),),
    "pinpoint-sms-voice-v2.UpdatePhoneNumber": (("DeletionProtectionEnabled",),),
    "pinpoint-sms-voice-v2.UpdatePool": (("DeletionProtectionEnabled",),),
    "pinpoint-sms-voice-v2.UpdateProtectConfiguration": (("DeletionProtectionEnabled",),),
    "pinpoint-sms-voice-v2.UpdateRcsAgent": (("DeletionProtectionEnabled",),),
    "pinpoint-sms-voice-v2.UpdateSenderId": (("DeletionProtectionEnabled",),),
    "quicksight.UpdateAccountSettings": (("TerminationProtectionEnabled",),),
    "rbin.UnlockRule": ALWAYS,
    "rds.ModifyDBCluster": (("DeletionProtection",),),
    "rds.ModifyDBInstance": (("DeletionProtection",),),
    "rds.ModifyGlobalCluster": (("DeletionProtection",),),
    "ssm-incidents.UpdateDeletionProtection": (("deletionProtected",),),
    "verifiedpermissions.UpdatePolicyStore": (("deletionProtection",),),
    "wellarchitected.UpdateAgentOrganizationalProfile": (("deletionProtection",),),
    "wellarchitected.UpdateAgentProfile": (("deletionProtection",),),
}
"""Operations that can switch off a protection against deletion: the members that do. `ALWAYS`: the operation itself does."""

RETURN_WHAT_EXISTS: Final = frozenset({
    "account-access.CreateApplication", "account-access.CreateEntitlement", "connectcampaigns.CreateCampaign",
    "connectcampaignsv2.CreateCampaign", "ec2.CreateVpnConnection", "ecs.CreateCluster",
    "elasticbeanstalk.CreateStorageLocation", "elbv2.CreateListener", "elbv2.CreateLoadBalancer",
    "elbv2.CreateTargetGroup", "glacier.CreateVault", "quicksight.CreateFlow", "sns.CreatePlatformEndpoint",
    "sns.CreateTopic", "sqs.CreateQueue", "stepfunctions.CreateActivity", "stepfunctions.CreateStateMachine",
    "stepfunctions.CreateStateMachineAlias", "verifiedpermissions.CreatePolicyStoreAlias",
    "wellarchitected.CreateAgentBasicProfile",
})  # fmt: skip
"""They return what somebody else has made, if it is there already: their output proves nothing."""

KINDS: Final[Mapping[str, str]] = {
    "rds.dbcluster": "rds.cluster", "rds.dbinstance": "rds.instance", "rds.dbclustersnapshot": "rds.cluster_snapshot",
}  # fmt: skip
"""Things that a kind of resource can remove."""

_VERB: Final = re.compile(r"(Batch|Admin|StartBatch)?[A-Z][a-z]+")
_REST: Final = re.compile(
    r"((From|In|For)[A-Z].*|Attributes?|Config|Settings|Deletion|(Deletion|Delete|Termination)?Protection)$"
)
"""What follows a noun in the name of an operation."""
_MAKES: Final = re.compile(r"(Create|Copy|Run|Restore|Allocate|Import|Clone|Register)(?=[A-Z])")
_ORIGIN: Final = re.compile(r"((From|To)[A-Z].*|ReadReplica)$")
_ENDING: Final = re.compile(r"(Identifiers?|Ids?|IDs?|Names?|Arns?|ARNs?|Urls?|List|ToDelete)$")
_NAMES_NOTHING: Final = re.compile(
    r"(Token|Bearer|IfMatch|ETag|Hash|Reason|Comment|Mode|Type|Version|Timestamp|lastUpdatedAt)$", re.IGNORECASE
)
_WHOLE: Final = re.compile(r"(?i)(cluster(name|arn|id)?|bucket|eventbusname|catalogid|databasename|username)")


def full_name(operation: ApiOperation) -> str:
    """`rds.DeleteDBInstance`."""
    return f"{operation.service.name}.{operation.wire}"


def is_deleting(name: str) -> bool:
    """Does an operation of that full name delete a resource?"""
    wire = name.partition(".")[2]
    if name in ALSO_DELETE:
        return True
    if is_read(wire) or name in SWITCHES or name in DELETE_DATA or name in DELETE_NOTHING or _TAGS.fullmatch(wire):
        return False
    return _SAYS_SO.search(wire) is not None


def deletes_of(operation: ApiOperation) -> Deletes | None:
    """What the operation deletes or unprotects; None if it does neither."""
    name = full_name(operation)
    if not is_deleting(name) and name not in SWITCHES:
        return None
    noun = _noun(operation.wire)
    thing = f"{operation.service.name}.{noun.lower()}"
    names, within = _naming(operation, noun)
    return Deletes(
        names=names, within=within, thing=thing, kind=KINDS.get(thing, ""), switches=SWITCHES.get(name, ()),
        always=name in SWITCHES and not SWITCHES[name],
        own_members=own_members(noun) | {_singular(one).lower() for one in names[:1]},
    )  # fmt: skip


def own_members(noun: str) -> frozenset[str]:
    """Members of an output, in lower case, that name the thing itself."""
    ends = ("Id", "Identifier", "Name", "Arn")
    return frozenset({*(f"{noun}{end}".lower() for end in ends), *(end.lower() for end in ends)})


def made_by(operation: ApiOperation) -> str:
    """What the operation makes: `ec2.volume`; "" if it makes nothing, or may return what somebody else has made."""
    noun = _made(operation)
    return f"{operation.service.name}.{noun.lower()}" if noun else ""


def names_what_it_makes(operation: ApiOperation) -> bool:
    """Has its output a name or an id of what it makes?"""
    noun = _made(operation)
    if not noun:
        return False
    shapes = operation.service.shapes
    members = [*operation.outputs]
    for member in operation.outputs.values():
        shape = shapes[member["shape"]]
        inner = shapes[shape["member"]["shape"]] if shape["type"] == "list" else shape
        members += inner.get("members", {})
    return any(name.lower() in own_members(noun) for name in members)


def _made(operation: ApiOperation) -> str:
    made = _MAKES.match(operation.wire)
    if made is None or full_name(operation) in RETURN_WHAT_EXISTS:
        return ""
    return _singular(_ORIGIN.sub("", operation.wire[made.end() :]))


def _noun(wire: str) -> str:
    """`DBInstance` for `DeleteDBInstance`."""
    verb = _VERB.match(wire)
    return _singular(_REST.sub("", wire[verb.end() :])) if verb is not None else wire


def _singular(word: str) -> str:
    if word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


def _naming(operation: ApiOperation, noun: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The parameters that name what goes, the best first, and those that name what it is in."""
    shapes, inputs = operation.service.shapes, operation.inputs
    switches = {name for path in SWITCHES.get(full_name(operation), ()) for name in path[:1]}

    def shape_of(name: str) -> str:
        return str(shapes[inputs[name]["shape"]]["type"])

    texts = [
        name
        for name in inputs
        if name not in operation.tokens
        and shape_of(name) in ("string", "list", "structure")
        and name not in switches
        and not _NAMES_NOTHING.search(name)
    ]
    fits = {name: _fit(name, noun) for name in texts}
    required = [name for name in operation.required if name in texts]
    offered = required if full_name(operation) in SWITCHES and required else texts
    best = max((fits[name] for name in offered if name in required or fits[name] > 1), default=0)
    if best:
        names = [name for name in offered if fits[name] == best]
    else:
        names = required[-1:] or [name for name in texts if _ENDING.search(name)] or texts
        names = names or [name for name in operation.required if shape_of(name) == "string" and "Token" not in name]
    whole = [name for name in texts if name in required or _WHOLE.fullmatch(name)]
    return tuple(names), tuple(name for name in whole if name not in names)


def _fit(parameter: str, noun: str) -> int:
    """How well the name of a parameter fits what is deleted: 0 not at all, higher is better."""
    stem = _singular(_ENDING.sub("", parameter)).lower()
    if stem and stem == noun.lower():
        return 1000
    if not stem:
        return 1  # `Id`, `Name`, `Arn`
    return len(stem) + 1 if len(stem) > 2 and noun.lower().endswith(stem) else 0
