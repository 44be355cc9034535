"""The exception classes of botocore by what they say about a call, and functions that recognise its exceptions.

`actions.aws.call_errors` decides how the call ended. A test has a table of every class in `botocore.exceptions`.
"""

from __future__ import annotations

from typing import Final

_CREDENTIAL_MODULES: Final = ("botocore.credentials", "botocore.tokens")
_PARSER_MODULES: Final = ("botocore.parsers",)

NEVER_SENT: Final = frozenset({"EndpointConnectionError", "ConnectTimeoutError", "ProxyConnectionError"})
"""No connection was made."""

INTERRUPTED: Final = frozenset(
    {
        "ReadTimeoutError", "ConnectionClosedError", "ResponseStreamingError", "HTTPClientError", "SSLError",
        "IncompleteReadError", "ResponseParserError", "ConnectionError", "ChecksumError", "FlexibleChecksumError",
        "PaginationError",
    }
)  # fmt: skip
"""The request may have reached AWS, and no readable reply came back."""

NOT_LOGGED_IN: Final = frozenset(
    {
        "NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError", "TokenRetrievalError",
        "NoAuthTokenError", "UnknownTokenProviderError", "ProfileNotFound", "MetadataRetrievalError",
        "RefreshWithMFAUnsupportedError", "SSOError", "SSOTokenLoadError", "UnauthorizedSSOTokenError", "LoginError",
        "LoginRefreshRequired", "LoginInsufficientPermissions", "LoginTokenLoadError", "LoginAuthorizationCodeError",
        "UnknownCredentialError",
    }
)  # fmt: skip

MISCONFIGURED: Final = frozenset(
    {
        "ConfigNotFound", "ConfigParseError", "InvalidConfigError", "InvalidDefaultsMode", "InvalidProxiesConfigError",
        "InvalidRetryConfigurationError", "InvalidChecksumConfigError", "InvalidIMDSEndpointError",
        "InvalidIMDSEndpointModeError", "InvalidEndpointConfigurationError", "InvalidSTSRegionalEndpointsConfigError",
        "InvalidEndpointDiscoveryConfigurationError", "InvalidS3AddressingStyleError",
        "InvalidS3UsEast1RegionalEndpointConfigError", "MissingDependencyException", "MD5UnavailableError",
    }
)  # fmt: skip
"""This machine is not set up for any call, whatever the step is. It stops the runner, as missing credentials do."""

NO_ENDPOINT: Final = frozenset(
    {
        "BaseEndpointResolverError", "InvalidRegionError", "EndpointProviderError", "UnknownRegionError",
        "ServiceNotInRegionError",
    }
)  # fmt: skip
"""There is no such region, or the service is not available in it."""

UNREADABLE: Final = frozenset({"ResponseParserError", "ChecksumError", "FlexibleChecksumError", "PaginationError"})
TIMED_OUT: Final = frozenset({"ReadTimeoutError", "ConnectTimeoutError"})


def is_botocore_error(error: Exception) -> bool:
    """Was it raised by botocore?"""
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    return isinstance(error, (BotoCoreError, ClientError, ResponseParserError)) or is_credential_error(error)


def is_credential_error(error: Exception) -> bool:
    """Is it an exception of Python's from botocore's search for credentials?

    botocore raises a FileNotFoundError if the `credential_process` does not exist, a ValueError if it prints no JSON, and a
    RuntimeError if new credentials have already expired (botocore/credentials.py).
    """
    from botocore.exceptions import BotoCoreError, ClientError

    if isinstance(error, (BotoCoreError, ClientError)):
        return False
    if isinstance(error, RuntimeError) and "refreshed credentials" in str(error):
        return True
    return _raised_in(error, _CREDENTIAL_MODULES)


def is_parser_error(error: Exception) -> bool:
    """Is it an exception of Python's from botocore's parser: a well-formed reply, but to another request?"""
    expected = (KeyError, ValueError, TypeError, AttributeError, IndexError)
    return isinstance(error, expected) and _raised_in(error, _PARSER_MODULES)


def _raised_in(error: Exception, modules: tuple[str, ...]) -> bool:
    """Was it raised in one of these modules, and not in code of this tool that they call?"""
    names = []
    at = error.__traceback__
    while at is not None:
        names.append(str(at.tb_frame.f_globals.get("__name__", "")))
        at = at.tb_next
    own_code = bool(names) and names[-1].startswith(("actions.", "engine."))
    return not own_code and any(name in modules for name in names)
