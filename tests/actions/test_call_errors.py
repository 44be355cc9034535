"""What botocore's exceptions mean: refused, unknown or not sent, and the messages for a person."""

from __future__ import annotations

from typing import Any

import pytest
from botocore import exceptions as broken
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

from actions.aws.botocore_errors import is_botocore_error, is_credential_error
from actions.aws.call_errors import aws_call, mark_sent, mark_unsent, refusal, translated
from actions.aws.error_codes import meaning_of
from engine.errors import Busy, EffectFailed, EffectNotSent, EffectUnknown, Problem
from tests.actions.contexts import context


def answer(code: str, message: str = "No.", status: int = 400, operation: str = "CopyDBClusterSnapshot") -> ClientError:
    metadata = {"HTTPStatusCode": status, "RequestId": "req-1"}
    return ClientError({"Error": {"Code": code, "Message": message}, "ResponseMetadata": metadata}, operation)  # type: ignore[typeddict-item]


def no(error: Exception, **more: Any) -> Problem:
    outcome = translated(error, **{"changes": True, **more})
    assert isinstance(outcome, EffectFailed)
    return outcome.problem


def exception(name: str) -> Exception:
    """An exception of botocore, by the name of its class."""
    if name == "ResponseParserError":
        return ResponseParserError("cut off")
    kind: Any = getattr(broken, name)
    error = kind.__new__(kind)
    Exception.__init__(error, "text")
    return error  # type: ignore[no-any-return]


# -- what became of the call --------------------------------------------------------------------------------

FAILED, UNKNOWN, NOT_SENT = EffectFailed, EffectUnknown, EffectNotSent


OUTCOMES: list[tuple[str, Any, Any, str]] = [
    ("EndpointConnectionError ConnectTimeoutError ProxyConnectionError", NOT_SENT, NOT_SENT, "network"),
    (
        """
        ReadTimeoutError ConnectionClosedError HTTPClientError IncompleteReadError ResponseStreamingError
        ConnectionError
        """,
        UNKNOWN,
        FAILED,
        "timeout",
    ),
    ("ResponseParserError ChecksumError FlexibleChecksumError PaginationError", UNKNOWN, FAILED, "internal"),
    ("SSLError", UNKNOWN, NOT_SENT, "network"),
    (
        """
        NoCredentialsError PartialCredentialsError CredentialRetrievalError TokenRetrievalError NoAuthTokenError
        UnknownTokenProviderError UnknownCredentialError ProfileNotFound MetadataRetrievalError
        RefreshWithMFAUnsupportedError SSOError SSOTokenLoadError UnauthorizedSSOTokenError LoginError
        LoginRefreshRequired LoginInsufficientPermissions LoginTokenLoadError LoginAuthorizationCodeError

        ConfigNotFound ConfigParseError InvalidConfigError InfiniteLoopConfigError InvalidDefaultsMode
        InvalidProxiesConfigError InvalidRetryConfigurationError InvalidRetryModeError InvalidMaxRetryAttemptsError
        InvalidChecksumConfigError InvalidIMDSEndpointError InvalidIMDSEndpointModeError
        InvalidEndpointConfigurationError InvalidSTSRegionalEndpointsConfigError
        InvalidEndpointDiscoveryConfigurationError InvalidS3AddressingStyleError
        InvalidS3UsEast1RegionalEndpointConfigError MissingDependencyException MD5UnavailableError
        """,
        NOT_SENT,
        NOT_SENT,
        "credentials",
    ),
    ("CapacityNotAvailableError", NOT_SENT, NOT_SENT, "throttled"),
    (
        """
        NoRegionError InvalidRegionError UnknownEndpointError UnknownRegionError ServiceNotInRegionError
        BaseEndpointResolverError EndpointVariantError UnknownFIPSEndpointError EndpointProviderError
        EndpointResolutionError UnknownEndpointResolutionBuiltInName
        """,
        FAILED,
        FAILED,
        "config",
    ),
    (
        """
        ParamValidationError ValidationError AliasConflictParameterError RangeError UnknownKeyError
        UnknownParameterError MissingParametersError InvalidHostLabelError InvalidDNSNameError UnseekableStreamError
        AwsChunkedWrapperError OperationNotPageableError UnknownClientMethodError InvalidExpressionError
        UnknownServiceError DataNotFoundError ApiVersionNotFoundError UnknownServiceStyle
        UnknownSignatureVersionError UnsupportedSignatureVersionError UnsupportedServiceProtocolsError
        UnsupportedOutpostResourceError UnsupportedS3AccesspointConfigurationError UnsupportedS3ArnError
        UnsupportedS3ConfigurationError UnsupportedS3ControlArnError UnsupportedS3ControlConfigurationError
        WaiterError WaiterConfigError StubResponseError StubAssertionError UnStubbedResponseError BotoCoreError
        """,
        FAILED,
        FAILED,
        "invalid",
    ),
]
EACH = [(name, *outcome) for names, *outcome in OUTCOMES for name in names.split()]
ELSEWHERE = {
    "ClientError", "EventStreamError",  # an answer: what its code says
    "UndefinedModelAttributeError", "MissingServiceIdError",  # a model of botocore's that is broken: a bug
    "ImminentRemovalWarning", "UnsupportedTLSVersionWarning",
}  # fmt: skip


def test_every_exception_class_of_botocore_is_in_the_table() -> None:
    there = {
        name for name, kind in vars(broken).items() if isinstance(kind, type) and kind.__module__ == broken.__name__
    }
    named = [name for name, *_ in EACH]
    assert sorted(named) == sorted(set(named))
    assert (there | {"ResponseParserError"}) - ELSEWHERE == set(named)
    assert not is_botocore_error(broken.UndefinedModelAttributeError("a bug"))


@pytest.mark.parametrize(("name", "to_a_change", "to_a_read", "category"), EACH)
def test_an_exception_has_its_outcome_and_category(name: str, to_a_change: Any, to_a_read: Any, category: str) -> None:
    change, read = translated(exception(name), changes=True), translated(exception(name), changes=False)
    assert (type(change), type(read)) == (to_a_change, to_a_read)
    assert read.problem.category == category  # type: ignore[union-attr]
    assert read.problem.name == name  # type: ignore[union-attr]


@pytest.mark.parametrize("name", ["ReadTimeoutError", "ConnectionClosedError", "HTTPClientError"])
def test_a_request_that_had_not_been_sent_is_not_sent(name: str) -> None:
    assert isinstance(translated(exception(name), sent=False, changes=True), EffectNotSent)
    assert isinstance(translated(exception(name), sent=True, changes=True), EffectUnknown)


@pytest.mark.parametrize("name", ["ConnectTimeoutError", "ReadTimeoutError"])
def test_a_timeout_has_the_wider_name(name: str) -> None:
    outcome = translated(exception(name), changes=False)
    assert outcome.problem.answers_to("ConnectionTimeout")  # type: ignore[union-attr]


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_change_answered_by_a_5xx_is_unknown(status: int) -> None:
    assert isinstance(translated(answer("InternalFailure", status=status), changes=True), EffectUnknown)
    assert no(answer("InternalFailure", status=status), changes=False).category == "internal"
    for code in ("WhoKnows", "InsufficientInstanceCapacity"):  # the latter is EC2's, with 500
        assert isinstance(translated(answer(code, status=status), changes=True), EffectUnknown)


def test_a_5xx_of_sts_means_that_the_call_was_not_sent() -> None:
    outcome = translated(answer("InternalFailure", status=500, operation="AssumeRole"), sent=False, changes=True)
    assert isinstance(outcome, EffectNotSent)


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("Throttling", 400), ("ThrottlingException", 400), ("RequestLimitExceeded", 503), ("SlowDown", 503),
        ("TooManyRequestsException", 429), ("ProvisionedThroughputExceededException", 400),
    ],
)  # fmt: skip
def test_a_throttled_request_is_not_sent_even_with_a_5xx(code: str, status: int) -> None:
    outcome = translated(answer(code, "Rate exceeded", status), changes=True)
    assert isinstance(outcome, EffectNotSent)
    assert (outcome.problem.name, outcome.problem.category) == (code, "throttled")


def test_botocores_throttling_codes_are_known() -> None:
    from botocore.retries.standard import ThrottledRetryableChecker

    for code in ThrottledRetryableChecker._THROTTLED_ERROR_CODES:
        assert meaning_of(code, "").category == "throttled", code


@pytest.mark.parametrize(
    "code",
    ["ExpiredToken", "ExpiredTokenException", "RequestExpired", "InvalidClientTokenId", "UnrecognizedClientException",
     "SignatureDoesNotMatch", "AuthFailure"],
)  # fmt: skip
def test_expired_credentials_stop_the_runner_and_say_how_to_log_in(code: str) -> None:
    outcome = translated(answer(code, "The security token is expired", 403), changes=True)
    assert isinstance(outcome, EffectNotSent)
    assert outcome.problem.category == "credentials"
    assert "aws sso login" in outcome.problem.message


def test_an_expired_signature_asks_for_the_clock() -> None:
    outcome = translated(answer("SignatureDoesNotMatch", "Signature expired: 2024 is now earlier", 403), changes=True)
    assert "clock" in outcome.problem.message  # type: ignore[union-attr]


# -- around calls ---------------------------------------------------------------------------------------------


def test_other_exceptions_pass_through_unchanged() -> None:
    for error in (
        KeyError("bug"),
        Busy("another runner"),
        EffectFailed(Problem(name="A", category="config", message="")),
    ):
        with pytest.raises(type(error)) as caught, aws_call():
            raise error
        assert caught.value is error


def test_the_current_call_decides_whether_it_was_sent() -> None:
    with pytest.raises(EffectNotSent), aws_call(changes=True):
        mark_unsent()
        raise exception("HTTPClientError")
    mark_unsent()  # outside aws_call it has no effect
    with pytest.raises(EffectUnknown), aws_call(changes=True):
        raise exception("HTTPClientError")
    with pytest.raises(EffectUnknown), aws_call(changes=True):
        mark_unsent()
        mark_sent()
        raise exception("HTTPClientError")


def test_nested_calls_are_independent() -> None:
    with pytest.raises(EffectUnknown), aws_call(changes=True):
        mark_unsent()
        mark_sent()
        with aws_call():
            mark_unsent()
        raise exception("HTTPClientError")


def test_new_credentials_that_have_expired_are_a_credentials_error() -> None:
    error = RuntimeError("Credentials were refreshed, but the refreshed credentials are still expired.")
    with pytest.raises(EffectNotSent) as caught, aws_call(changes=True):
        raise error
    assert caught.value.problem.category == "credentials"
    assert "aws sso login" in caught.value.problem.message
    assert not is_credential_error(RuntimeError("another"))


def test_a_trace_has_files_and_no_values() -> None:
    password = "hunter2-" + "hunter2"

    def fails(secret: str) -> None:
        raise answer("KMSKeyNotAccessibleFault")

    with pytest.raises(EffectFailed) as caught, aws_call():
        fails(password)
    assert "test_call_errors.py" in caught.value.problem.trace
    assert "request id req-1" in caught.value.problem.trace
    assert password not in repr(caught.value.problem)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


# -- parameters -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("params", "says"),
    [
        ({"DBClusterIdentifier": "a", "MasterUserPassword": ["hunter2"]}, "MasterUserPassword"),
        (
            {"DBClusterIdentifier": "a", "MasterUserPassword": {"a": "x, type: hunter2\nhunter2"}, "Port": "hunter2"},
            "Port",
        ),
        ({"DBClusterIdentifier": {"MasterUserPassword": "hunter2, valid types: hunter2"}}, "DBClusterIdentifier"),
        ({"MasterUserPassword": "hunter2"}, "DBClusterIdentifier"),
        ({"DBClusterIdentifier": "a", "Nonsense": "hunter2"}, "Nonsense"),
    ],
)
def test_invalid_parameters_are_reported_without_values(params: Any, says: str) -> None:
    from actions.sandbox import Sandbox

    with pytest.raises(EffectFailed) as caught, aws_call(changes=True):
        Sandbox({}).clients("rds", "us-west-2").modify_db_cluster(**params)
    problem = caught.value.problem
    assert (problem.name, problem.category) == ("ParamValidationError", "invalid")
    assert says in problem.message
    assert "hunter2" not in problem.message


def test_an_invalid_parameter_from_a_setting_names_the_setting() -> None:
    ctx = context(sources={"security_groups": "ssm:/west/groups", "port": "ssm:/port"})
    report = (
        "Invalid type for parameter VpcSecurityGroupIds, value: sg-1, type: <class 'str'>, valid types: <class 'list'>"
    )
    error = broken.ParamValidationError(report=report)
    problem = no(error, context=ctx, names={"VpcSecurityGroupIds": "security_groups", "Port": "port"})
    assert problem.category == "config"
    assert "(security_groups, from ssm:/west/groups)" in problem.message
    assert "sg-1" not in problem.message


@pytest.mark.parametrize(
    ("code", "message", "named"),
    [
        ("DBSubnetGroupNotFoundFault", "No.", ["subnet_group"]),
        ("KMSKeyNotAccessibleFault", "No.", ["kms_key"]),
        ("InvalidVPCNetworkStateFault", "No.", ["subnet_group", "security_groups"]),
        ("InvalidParameterValue", "The parameter EngineVersion is not valid", ["engine_version"]),
        ("InvalidParameterValue", "Nobody knows why", []),
    ],
)
def test_an_error_about_a_parameter_names_its_setting(code: str, message: str, named: list[str]) -> None:
    names = ("subnet_group", "security_groups", "kms_key", "engine_version")
    ctx = context(sources={name: f"ssm:/{name}" for name in names})
    problem = no(answer(code, message), context=ctx, names={"EngineVersion": "engine_version"})
    assert [name for name in names if f"{name}, from ssm:/{name}" in problem.message] == named


def test_a_refusal_before_the_call_looks_like_awss() -> None:
    ctx = context(sources={"copy_of": "ssm:/source"})
    problem = refusal("gone", code="DBClusterSnapshotNotFoundFault", about="copy_of", context=ctx).problem
    assert (problem.category, problem.also) == ("not_found", ("InvalidSnapshot.NotFound",))
    assert problem.message == "gone (copy_of, from ssm:/source)"
