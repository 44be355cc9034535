"""What botocore's own exceptions mean, by their classes: data, and questions about an exception.

What became of the call is `actions.aws.errors`' to say. Every class of `botocore.exceptions` is in a test's table.
"""

from __future__ import annotations

from typing import Final

_SEEKING: Final = ("botocore.credentials", "botocore.tokens")
_READING: Final = ("botocore.parsers",)

NEVER_SENT: Final = frozenset({"EndpointConnectionError", "ConnectTimeoutError", "ProxyConnectionError"})
"""botocore: no connection was made."""

CUT: Final = frozenset(
    {
        "ReadTimeoutError", "ConnectionClosedError", "ResponseStreamingError", "HTTPClientError", "SSLError",
        "IncompleteReadError", "ResponseParserError", "ConnectionError", "ChecksumError", "FlexibleChecksumError",
        "PaginationError",
    }
)  # fmt: skip
"""botocore: it may have arrived, and no answer came that can be read."""

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
"""botocore: this machine is not set up for any call, whatever the step is. It stops the runner, as credentials do."""

NO_PLACE: Final = frozenset(
    {
        "BaseEndpointResolverError", "InvalidRegionError", "EndpointProviderError", "UnknownRegionError",
        "ServiceNotInRegionError",
    }
)  # fmt: skip
"""botocore: there is no such region, or the service is not in it."""

UNREADABLE: Final = frozenset({"ResponseParserError", "ChecksumError", "FlexibleChecksumError", "PaginationError"})
TIMED_OUT: Final = frozenset({"ReadTimeoutError", "ConnectTimeoutError"})


def is_botocores(error: Exception) -> bool:
    """Is it one of botocore's, whose meaning is known here?"""
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    return isinstance(error, (BotoCoreError, ClientError, ResponseParserError)) or of_credentials(error)


def of_credentials(error: Exception) -> bool:
    """Is it Python's own, out of botocore's search for credentials?

    A `credential_process` that is not there is a FileNotFoundError, one that prints no JSON a ValueError, and fresh
    credentials that are expired already a RuntimeError (botocore/credentials.py).
    """
    from botocore.exceptions import BotoCoreError, ClientError

    if isinstance(error, (BotoCoreError, ClientError)):
        return False
    if isinstance(error, RuntimeError) and "refreshed credentials" in str(error):
        return True
    return _out_of(error, _SEEKING)


def of_a_reply(error: Exception) -> bool:
    """Is it Python's own, out of botocore's reading of a reply: XML that is whole, and another's?"""
    return isinstance(error, (KeyError, ValueError, TypeError, AttributeError, IndexError)) and _out_of(error, _READING)


def _out_of(error: Exception, sought: tuple[str, ...]) -> bool:
    """Was it raised within one of these modules, and not by code of ours that they called?"""
    modules = []
    at = error.__traceback__
    while at is not None:
        modules.append(str(at.tb_frame.f_globals.get("__name__", "")))
        at = at.tb_next
    ours = bool(modules) and modules[-1].startswith(("actions.", "engine."))
    return not ours and any(name in sought for name in modules)
