"""Which calls only read: those that a `check` can make, and that may always be repeated.

The names of most begin with *Describe*, *Get*, *List* or *Head*. The tables are the exceptions both ways. Their source is the access
level (Read or List) of each action in AWS's Service Authorization Reference, reviewed: AWS also calls it reading to start a query,
to invoke a model, or to receive (and hide) a message of a queue, and a check, which is repeated, must not do that.
tests/actions/test_read_calls.py holds the tables against the reference.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final

from actions.aws.sessions import READS

ALSO_READ: Final[Mapping[str, str]] = {
    "accessanalyzer": "CheckAccessNotGranted CheckNoNewAccess CheckNoPublicAccess ValidatePolicy",
    "acm": "ExportCertificate SearchCertificates",
    "amplifyuibuilder": "ExportComponents ExportForms ExportThemes",
    "apigatewayv2": "ExportApi",
    "application-signals": "BatchGetServiceLevelObjectiveBudgetReport",
    "appsync": "EvaluateCode EvaluateMappingTemplate",
    "athena": "BatchGetNamedQuery BatchGetPreparedStatement BatchGetQueryExecution",
    "auditmanager": "ValidateAssessmentReportIntegrity",
    "backup": "ExportBackupPlanTemplate",
    "bedrock": "ExportAutomatedReasoningPolicyVersion",
    "bedrock-agent": "ValidateFlowDefinition",
    "bedrock-agent-runtime": "OptimizePrompt Retrieve",
    "bedrock-agentcore": "RetrieveMemoryRecords",
    "bedrock-runtime": "CountTokens",
    "braket": "SearchDevices SearchJobs SearchQuantumTasks SearchSpendingLimits",
    "chime": "SearchAvailablePhoneNumbers",
    "chime-sdk-messaging": "SearchChannels",
    "chime-sdk-voice": "SearchAvailablePhoneNumbers ValidateE911Address",
    "cleanrooms": "BatchGetCollaborationAnalysisTemplate BatchGetSchema BatchGetSchemaAnalysisRule PreviewPrivacyImpact",
    "clouddirectory": "BatchRead LookupPolicy",
    "cloudformation": "BatchDescribeTypeConfigurations EstimateTemplateCost ValidateTemplate",
    "cloudfront": "VerifyDnsConfiguration",
    "cloudsearchdomain": "Search Suggest",
    "cloudtrail": "LookupEvents SearchSampleQueries",
    "codebuild": (
        "BatchGetBuildBatches BatchGetBuilds BatchGetCommandExecutions BatchGetFleets BatchGetProjects "
        "BatchGetReportGroups BatchGetReports BatchGetSandboxes"
    ),
    "codecommit": "BatchDescribeMergeConflicts BatchGetCommits BatchGetRepositories EvaluatePullRequestApprovalRules",
    "codedeploy": (
        "BatchGetApplicationRevisions BatchGetApplications BatchGetDeploymentGroups BatchGetDeploymentInstances "
        "BatchGetDeploymentTargets BatchGetDeployments BatchGetOnPremisesInstances"
    ),
    "codeguru-security": "BatchGetFindings",
    "codeguruprofiler": "BatchGetFrameMetricData",
    "cognito-identity": "LookupDeveloperIdentity",
    "cognito-idp": "AdminGetDevice AdminGetUser AdminListDevices AdminListGroupsForUser AdminListUserAuthEvents",
    "comprehend": (
        "BatchDetectDominantLanguage BatchDetectEntities BatchDetectKeyPhrases BatchDetectSentiment BatchDetectSyntax "
        "BatchDetectTargetedSentiment ClassifyDocument ContainsPiiEntities DetectDominantLanguage DetectEntities "
        "DetectKeyPhrases DetectPiiEntities DetectSentiment DetectSyntax DetectTargetedSentiment DetectToxicContent"
    ),
    "comprehendmedical": "DetectEntitiesV2 DetectPHI InferICD10CM InferRxNorm InferSNOMEDCT",
    "config": "BatchGetAggregateResourceConfig BatchGetResourceConfig SelectAggregateResourceConfig SelectResourceConfig",
    "connect": (
        "BatchDescribeDataTableValue BatchGetAttachedFileMetadata BatchGetFlowAssociation EvaluateDataTableValues "
        "SearchAgentStatuses SearchAvailablePhoneNumbers SearchContactEvaluations SearchContactFlowModules "
        "SearchContactFlows SearchContacts SearchDataTables SearchEmailAddresses SearchEvaluationForms "
        "SearchHoursOfOperationOverrides SearchHoursOfOperations SearchNotifications SearchPredefinedAttributes "
        "SearchPrompts SearchQueues SearchQuickConnects SearchResourceTags SearchRoutingProfiles "
        "SearchSecurityProfiles SearchUserHierarchyGroups SearchUsers SearchViews SearchVocabularies "
        "SearchWorkspaceAssociations SearchWorkspaces"
    ),
    "connectcases": "BatchGetCaseRule BatchGetField SearchCases SearchRelatedItems",
    "customer-profiles": "BatchGetCalculatedAttributeForProfile BatchGetProfile DetectProfileObjectType SearchProfiles",
    "datapipeline": "EvaluateExpression QueryObjects ValidatePipelineDefinition",
    "datazone": (
        "BatchGetAttributesMetadata QueryGraph Search SearchGroupProfiles SearchListings SearchTypes "
        "SearchUserProfiles"
    ),
    "deadline": "BatchGetJobEntity SearchJobs SearchSteps SearchTasks SearchWorkers",
    "detective": "BatchGetGraphMemberDatasources BatchGetMembershipDatasources",
    "devops-guru": "SearchInsights SearchOrganizationInsights",
    "dms": "TestConnection",
    "ds": "VerifyTrust",
    "ds-data": "SearchGroups SearchUsers",
    "dynamodb": "BatchGetItem Query Scan TransactGetItems",
    "ec2": (
        "ExportClientVpnClientCertificateRevocationList ExportClientVpnClientConfiguration "
        "ExportVerifiedAccessInstanceClientConfiguration SearchLocalGatewayRoutes SearchTransitGatewayMulticastGroups "
        "SearchTransitGatewayRoutes"
    ),
    "ecr": (
        "BatchCheckLayerAvailability BatchGetImage BatchGetRepositoryScanningConfiguration "
        "ValidatePullThroughCacheRule"
    ),
    "ecr-public": "BatchCheckLayerAvailability",
    "elasticbeanstalk": "CheckDNSAvailability RetrieveEnvironmentInfo ValidateConfigurationSettings",
    "events": "TestEventPattern",
    "forecastquery": "QueryForecast QueryWhatIfForecast",
    "frauddetector": "BatchGetVariable",
    "gamelift": "ResolveAlias SearchGameSessions ValidateMatchmakingRuleSet",
    "geo-places": "Autocomplete Geocode ReverseGeocode SearchNearby SearchText Suggest",
    "geo-routes": "CalculateIsolines CalculateRouteMatrix CalculateRoutes OptimizeWaypoints SnapToRoads",
    "glue": (
        "BatchGetBlueprints BatchGetCrawlers BatchGetCustomEntityTypes BatchGetDevEndpoints BatchGetJobs "
        "BatchGetPartition BatchGetTableOptimizer BatchGetTriggers BatchGetWorkflows CheckSchemaVersionValidity "
        "QuerySchemaVersionMetadata SearchTables"
    ),
    "greengrassv2": "ResolveComponentCandidates",
    "iam": "SimulateCustomPolicy SimulatePrincipalPolicy",
    "identitystore": "IsMemberInGroups",
    "inspector": "PreviewAgents",
    "inspector-scan": "ScanSbom",
    "inspector2": (
        "BatchGetAccountStatus BatchGetCodeSnippet BatchGetFindingDetails BatchGetFreeTrialInfo "
        "BatchGetMemberEc2DeepInspectionStatus SearchVulnerabilities"
    ),
    "invoicing": "BatchGetInvoiceProfile",
    "iot": "SearchIndex TestAuthorization TestInvokeAuthorizer ValidateSecurityProfileBehaviors",
    "iotsitewise": "BatchGetAssetPropertyAggregates BatchGetAssetPropertyValue BatchGetAssetPropertyValueHistory ExecuteQuery",
    "iottwinmaker": "ExecuteQuery",
    "ivs": "BatchGetChannel BatchGetStreamKey",
    "kendra": "BatchGetDocumentStatus Query Retrieve",
    "kendra-ranking": "Rescore",
    "kinesisanalytics": "DiscoverInputSchema",
    "kinesisanalyticsv2": "DiscoverInputSchema",
    "lakeformation": "SearchDatabasesByLFTags SearchTablesByLFTags",
    "lexv2-models": "SearchAssociatedTranscripts",
    "lightsail": "IsVpcPeered",
    "location": (
        "BatchGetDevicePosition CalculateRoute CalculateRouteMatrix ForecastGeofenceEvents "
        "SearchPlaceIndexForPosition SearchPlaceIndexForSuggestions SearchPlaceIndexForText VerifyDevicePosition"
    ),
    "logs": "FilterLogEvents TestMetricFilter TestTransformer",
    "macie2": "BatchGetCustomDataIdentifiers SearchResources",
    "managedblockchain-query": "BatchGetTokenBalance",
    "marketplace-agreement": "SearchAgreements",
    "mediaconvert": "Probe SearchJobs",
    "medical-imaging": "SearchImageSets",
    "observabilityadmin": "TestTelemetryPipeline ValidateTelemetryPipelineConfiguration",
    "opensearchserverless": (
        "BatchGetCollection BatchGetCollectionGroup BatchGetEffectiveLifecyclePolicy BatchGetLifecyclePolicy "
        "BatchGetVpcEndpoint"
    ),
    "osis": "ValidatePipeline",
    "pinpoint": "PhoneNumberValidate",
    "polly": "SynthesizeSpeech",
    "qbusiness": "CheckDocumentAccess SearchRelevantContent",
    "qconnect": (
        "QueryAssistant RenderMessageTemplate Retrieve SearchContent SearchMessageTemplates SearchQuickResponses "
        "SearchSessions"
    ),
    "quicksight": (
        "PredictQAResults SearchActionConnectors SearchAgents SearchAnalyses SearchDashboards SearchDataSets "
        "SearchDataSources SearchFlows SearchFolders SearchGroups SearchTopics"
    ),
    "rds": "DownloadDBLogFilePortion",
    "rekognition": (
        "CompareFaces DetectCustomLabels DetectFaces DetectLabels DetectModerationLabels DetectProtectiveEquipment "
        "DetectText RecognizeCelebrities SearchFaces SearchFacesByImage SearchUsers SearchUsersByImage"
    ),
    "resource-explorer-2": "BatchGetView Search",
    "resource-groups": "SearchResources",
    "route53": "TestDNSAnswer",
    "route53domains": "CheckDomainAvailability CheckDomainTransferability ViewBilling",
    "rum": "BatchGetRumMetricDefinitions",
    "s3": "SelectObjectContent",
    "s3vectors": "QueryVectors",
    "sagemaker": "BatchDescribeModelPackage QueryLineage RenderUiTemplate Search SearchTrainingPlanOfferings",
    "sagemaker-featurestore-runtime": "BatchGetRecord",
    "sagemaker-geospatial": "SearchRasterDataCollection",
    "sagemaker-metrics": "BatchGetMetrics",
    "schemas": "ExportSchema SearchSchemas",
    "sdb": "DomainMetadata Select",
    "secretsmanager": "BatchGetSecretValue",
    "security-ir": "BatchGetMemberAccountDetails",
    "securityagent": (
        "BatchGetAgentSpaces BatchGetArtifactMetadata BatchGetFindings BatchGetPentestJobTasks BatchGetPentestJobs "
        "BatchGetPentests BatchGetTargetDomains"
    ),
    "securityhub": (
        "BatchGetAutomationRules BatchGetConfigurationPolicyAssociations BatchGetSecurityControls "
        "BatchGetStandardsControlAssociations"
    ),
    "servicecatalog": "ScanProvisionedProducts SearchProducts SearchProductsAsAdmin SearchProvisionedProducts",
    "servicediscovery": "DiscoverInstances DiscoverInstancesRevision",
    "sesv2": "BatchGetMetricData",
    "sns": "CheckIfPhoneNumberIsOptedOut",
    "ssm-incidents": "BatchGetIncidentFindings",
    "stepfunctions": "ValidateStateMachineDefinition",
    "swf": (
        "CountClosedWorkflowExecutions CountOpenWorkflowExecutions CountPendingActivityTasks "
        "CountPendingDecisionTasks"
    ),
    "textract": "AnalyzeDocument AnalyzeExpense AnalyzeID DetectDocumentText",
    "timestream-query": "PrepareQuery",
    "transfer": "TestIdentityProvider",
    "translate": "TranslateDocument TranslateText",
    "verifiedpermissions": "IsAuthorized IsAuthorizedWithToken",
    "wafv2": "CheckCapacity",
    "wellarchitected": "ExportLens",
    "wickr": "BatchLookupUserUname",
    "wisdom": "QueryAssistant SearchContent SearchQuickResponses SearchSessions",
    "workdocs": "SearchResources",
    "workmail": "TestAvailabilityConfiguration",
    "xray": "BatchGetTraces",
}  # fmt: skip
"""By service: operations that read, whatever their names are."""

DO_NOT_READ: Final = frozenset({
    "athena.GetSessionEndpoint", "bedrock-agentcore.GetWorkloadAccessToken",
    "bedrock-agentcore.GetWorkloadAccessTokenForJWT", "bedrock-agentcore.GetWorkloadAccessTokenForUserId",
    "cognito-identity.GetId", "cognito-idp.GetTokensFromRefreshToken", "datazone.GetIamPortalLoginUrl",
    "emr-containers.GetManagedEndpointSessionCredentials", "emr.GetClusterSessionCredentials",
    "emr.GetOnClusterAppUIPresignedURL", "emr.GetPersistentAppUIPresignedURL", "lightsail.GetInstanceAccessDetails",
    "lightsail.GetRelationalDatabaseMasterUserPassword", "redshift-serverless.GetCredentials",
    "redshift.GetClusterCredentials", "redshift.GetClusterCredentialsWithIAM",
    "security-ir.GetCaseAttachmentUploadUrl", "socialmessaging.GetWhatsAppMessageMedia",
    "stepfunctions.GetActivityTask", "sts.GetDelegatedAccessToken", "sts.GetWebIdentityToken",
})  # fmt: skip
"""They make credentials, take a task, or put something somewhere."""


@cache
def _also_read(service: str) -> frozenset[str]:
    return frozenset(ALSO_READ.get(service, "").split())


def is_read_call(service: str, operation: str) -> bool:
    """Does `dynamodb`, `Query` change nothing?"""
    if operation.startswith(READS):
        return f"{service}.{operation}" not in DO_NOT_READ
    return operation in _also_read(service)
