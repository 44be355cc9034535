"""What the names of errors mean that come from this tool, from PostgreSQL's answers or from botocore: for `runbook explain`."""

from __future__ import annotations

import re
from typing import Final

MEANINGS: Final[dict[str, str]] = {
    # the engine
    "AttemptsExhausted": "the last attempt of `retry` failed too; the message repeats its error, which a rescue matches",
    "Broken": "the resource was made, and AWS says that it failed; without a `broken` row the step holds",
    "ExpressionError": "an expression cannot be evaluated with the values that it was given",
    "Failed": "a `fail` step or row ended the step; its text says why",
    "Interrupted": "a signal stopped the runner during a call; `runbook resume` continues",
    "InvalidSetting": "a setting cannot be read as the type that it has",
    "OutputTooLarge": "the reply is larger than what is recorded; ask for less of it",
    "OutputTooLong": "the reply has more pages or items than are read; ask for fewer",
    "Rejected": "a person answered a hold with `--reject`",
    "Unanswered": "the resource did not appear in time after it was asked for",
    "Unknown": "it is not known whether the call took effect; `resume --outcome` says it",
    # settings and secrets
    "InvalidSecret": "the secret is not of the form that is needed, or has no such field",
    "SecureString": "values of `ssm:` are recorded, so a SecureString is refused; use `secret:NAME`",
    # PostgreSQL
    "AuthenticationFailed": "the server does not accept the user or the password, or asks for it in a way that is not safe",
    "DatabaseNotFound": "the server has no database of that name",
    "InsufficientPrivilege": "the admin may not do it; the message names the right that is missing",
    "InvalidParameter": "a value of `with` cannot be used; the message names it",
    "InvalidPassword": "a password has characters that PostgreSQL's login does not take, or is empty",
    "PostgresError": "any other error of the server; a rescue may match its SQLSTATE, which the message shows",
    "ReadOnly": "the server is a reader, or was the writer before a failover; connect to the writer's endpoint",
    "TlsFailed": "the TLS connection cannot be set up, or the server's certificate is not accepted",
    # botocore: no connection, or no answer
    "ChecksumError": "the reply does not have the checksum that it says: it was damaged on the way",
    "ConnectTimeoutError": "no connection in time: often a route, a security group or a proxy",
    "ConnectionClosedError": "the connection was closed before the reply",
    "ConnectionError": "the connection broke before the reply",
    "EndpointConnectionError": "no connection to the address of the service: the name, the network or `endpoint_url` is wrong",
    "FlexibleChecksumError": "the reply does not have the checksum that it says: it was damaged on the way",
    "HTTPClientError": "the connection broke before the reply",
    "IncompleteReadError": "the reply was cut off",
    "PaginationError": "a page of the reply names itself as the next one",
    "ProxyConnectionError": "no connection to the proxy that HTTPS_PROXY or the AWS configuration names",
    "ReadTimeoutError": "the call was sent, and no reply came in time",
    "ResponseParserError": "the reply is not one of AWS's: often a proxy or a login page answered",
    "ResponseStreamingError": "the body of the reply was cut off",
    "SSLError": "the TLS connection cannot be set up: often a proxy whose certificate is not known here",
    # botocore: what it refuses
    "CapacityNotAvailableError": "botocore holds calls back, because AWS throttled those before",
    "NoCredentialsError": "no credentials of AWS were found; the message says where they can come from",
    "NoRegionError": "no region is set; name it in the runbook, with --region or in the profile",
    "ParamValidationError": "the parameters do not fit the model of the call; nothing was sent",
}  # fmt: skip
"""By name. Codes of AWS have their meaning in `actions.aws.error_codes`."""

CREDENTIALS_MEANING: Final = "the credentials cannot be found, read or renewed; nothing was sent"
CONFIGURATION_MEANING: Final = "the configuration of the AWS SDK on this machine is wrong; nothing was sent"
REGION_MEANING: Final = "there is no such region, or the service is not available in it"


def meaning_of_name(name: str) -> str:
    """What an error of that name means; "" for codes of AWS and unknown names."""
    from actions.aws.botocore_errors import MISCONFIGURED, NO_ENDPOINT, NOT_LOGGED_IN

    if name in MEANINGS:
        return MEANINGS[name]
    if name in NOT_LOGGED_IN:
        return CREDENTIALS_MEANING
    if name in MISCONFIGURED:
        return CONFIGURATION_MEANING
    return REGION_MEANING if name in NO_ENDPOINT else _of_sqlstate(name) or _of_botocore(name)


def _of_sqlstate(name: str) -> str:
    from actions.postgres.allowed_values import SQLSTATE
    from actions.postgres.server_errors import CODES

    if re.fullmatch(SQLSTATE, name) is None:
        return ""
    ours = f"; its name here is {CODES[name][0]}" if name in CODES else ""
    return f"an SQLSTATE of PostgreSQL (its manual, Appendix A, Error Codes){ours}"


def _of_botocore(name: str) -> str:
    """Any other exception of botocore, from its documentation there."""
    from botocore import exceptions

    found = getattr(exceptions, name, None)
    if not isinstance(found, type) or not issubclass(found, exceptions.BotoCoreError):
        return ""
    doc = " ".join((found.__doc__ or "").partition(":ivar")[0].split()).rstrip(".")
    return f"botocore refuses the call or its configuration: {doc}" if doc else "botocore refuses the call"
