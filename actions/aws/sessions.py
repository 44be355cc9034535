"""Sessions and clients of AWS, by service, region and account.

A call that changes something is sent once and a read at most twice: the driver does every other retry
(docs/aws.md, "Retries by botocore"). Before the first call in an account of the runbook, the account id behind the
credentials is compared with the account's. Just before a request is sent, `before_send` is called; what it raises
comes out of the call.

AWS's own variables and configuration files apply. The lease is longer than both timeouts together
(docs/architecture.md, "The lease"), so a longer timeout needs a longer lease. botocore is imported when the first client
is made. Knows no service but STS.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, Final

from actions.aws.botocore_errors import is_botocore_error, is_credential_error, is_parser_error
from actions.aws.call_errors import aws_call, mark_sent, mark_unsent, translated
from actions.aws.web_pages import web_page_rejector
from engine.errors import EffectFailed, EffectNotSent, EnvironmentProblem, UsageError
from engine.language.model import Account

CONNECT_SECONDS: Final = 5
READ_SECONDS: Final = 30
READS: Final = ("Describe", "Get", "List", "Head")
"""How the names of calls that change nothing begin (docs/kinds.md, "Actions")."""

CALLS: Final = {
    "sts.AssumeRole": (
        "ExpiredTokenException", "InvalidContextAssertion", "MalformedPolicyDocument", "PackedPolicyTooLarge",
        "RegionDisabledException",
    )
}  # fmt: skip
"""The call that gets the credentials of a role, with the error codes that it can return."""

SESSION_NAME: Final = "runbook"
_NO_ACCOUNTS: Final[Mapping[str, Account]] = MappingProxyType({})
_TRANSIENT: Final = ("network", "timeout", "internal")
_EXPIRED: Final = ("ExpiredToken", "ExpiredTokenException")

Renew = Callable[[], None]
"""Discards the credentials of a role, so that the next call gets new ones."""


def _do_nothing() -> None:
    """The default of `before_send`."""


@cache
def _model_loader(data_path: str | None) -> Any:
    """One loader for all sessions, so that each model is read once: RDS's takes 0.1 s."""
    from botocore.loaders import create_loader

    return create_loader(data_path)


def _with_shared_models(session: Any) -> Any:
    """Replace the session's own loader, which its constructor registers (botocore.session.Session)."""
    session.register_component("data_loader", _model_loader(session.get_config_variable("data_path")))
    return session


class Sessions:
    """Makes boto3's clients, each once. Threads may share it."""

    def __init__(
        self,
        *,
        profile: str | None = None,
        region: str | None = None,
        endpoint_url: str | None = None,
        accounts: Mapping[str, Account] = _NO_ACCOUNTS,
        before_send: Callable[[], None] = _do_nothing,
        validates: bool = True,
        ask_code: Callable[[str], str] | None = None,
    ) -> None:
        """`validates`: check parameters against botocore's model, which is a seventh of the cost of a call.

        `ask_code` asks a person for an MFA code, with the given prompt; None: botocore asks.
        """
        self._profile = profile
        self._region = region
        self._endpoint_url = endpoint_url
        self._accounts = accounts
        self._before_send = before_send
        self._validates = validates
        self._ask_code = ask_code
        self._lock = threading.RLock()
        self._sessions: dict[str, Any] = {}  # by name of the account; "" is the caller's own
        self._renewals: dict[str, Renew] = {}  # by name of the account
        self._clients: dict[tuple[str, str, str, float], Any] = {}

    def clients(
        self, service: str, region: str | None = None, account: str | None = None, *, timeout: float | None = None
    ) -> Any:
        """A client of `service` in `region`, in an account of the runbook (its name or id; None: the caller's own).

        `timeout`: seconds to wait for an answer.
        Raises UsageError for an unknown account, EnvironmentProblem if the credentials are of another account,
        EffectNotSent if there are none, and EffectFailed if AWS refuses the account's role.
        """
        where = region or self._region or os.environ.get("AWS_REGION") or ""
        key = (service, where, account or "", timeout or READ_SECONDS)
        with self._lock:
            if key not in self._clients:
                with aws_call():
                    self._clients[key] = self._client(service, where, account, timeout or READ_SECONDS)
            return self._clients[key]

    def _client(self, service: str, region: str, account: str | None, timeout: float) -> Any:
        client = self._plain_client(service, region, self._session(account, region), timeout)
        client.meta.events.register_first("before-parameter-build", _on_start)
        client.meta.events.register_last("before-send", self._on_send)
        renew = self._renewals.get(self._find_account(account).name) if account is not None else None
        client._make_api_call = _with_retry(_with_botocore_errors(client._make_api_call), renew)
        return client

    def _plain_client(
        self, service: str, region: str, session: Any, timeout: float = READ_SECONDS, **credentials: Any
    ) -> Any:
        from botocore.config import Config

        config = Config(
            retries={"total_max_attempts": 1, "mode": "standard"}, connect_timeout=CONNECT_SECONDS,
            read_timeout=timeout, tcp_keepalive=True, user_agent_extra="runbook",
            parameter_validation=self._validates,
        )  # fmt: skip
        create_client = _with_botocore_errors(session.create_client)
        try:
            client = create_client(
                service, region_name=region or None, endpoint_url=self._endpoint_url, config=config, **credentials
            )
        except ValueError as error:  # botocore's, for `--endpoint-url` or AWS_ENDPOINT_URL
            if not str(error).startswith("Invalid endpoint"):
                raise
            message = f"{error}: write the endpoint as http://HOST:PORT or https://HOST"
            raise UsageError(message) from error
        client.meta.events.register_first("before-parse", web_page_rejector(client.meta.endpoint_url))
        return client

    def _on_send(self, **_: Any) -> None:
        self._before_send()
        mark_sent()

    # -- accounts ---------------------------------------------------------------------------------------------

    def _session(self, account: str | None, region: str) -> Any:
        if account is None:
            return self._own_session()
        found = self._find_account(account)
        if found.name not in self._sessions:
            session = self._own_session() if found.role_arn is None else self._role_session(found, region)
            self._check_account(found, self._plain_client("sts", region, session))
            self._sessions[found.name] = session
        return self._sessions[found.name]

    def _own_session(self) -> Any:
        """The session with the caller's own credentials."""
        if "" not in self._sessions:
            import botocore.session

            session = botocore.session.Session(profile=self._profile)
            if self._profile is not None and self._profile not in session.available_profiles:
                known = ", ".join(session.available_profiles) or "none"
                message = f"AWS's configuration has no profile `{self._profile}`; its profiles: {known}"
                raise EnvironmentProblem(message)
            if self._ask_code is not None:  # botocore has no other way to replace its own prompt
                provider = session.get_component("credential_provider").get_provider("assume-role")
                provider._prompter = self._ask_code
            self._sessions[""] = _with_shared_models(session)
        return self._sessions[""]

    def _find_account(self, account: str) -> Account:
        found = self._accounts.get(account)
        if found is None:
            found = next((one for one in self._accounts.values() if one.id == account), None)
        if found is None:
            known = ", ".join(sorted(self._accounts)) or "none"
            message = f"the runbook has no account `{account}`; its `accounts`: {known}"
            raise UsageError(message)
        return found

    def _role_session(self, account: Account, region: str) -> Any:
        """A session with the credentials of the account's role, which are renewed before they expire."""
        import botocore.session
        from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials
        from botocore.exceptions import NoCredentialsError

        own = self._own_session()
        source = own.get_credentials()
        if source is None:
            raise NoCredentialsError
        arguments = {"RoleSessionName": SESSION_NAME}
        if account.external_id:
            arguments["ExternalId"] = account.external_id

        def sts_client(service: str, **credentials: Any) -> Any:
            return self._plain_client(service, region, own, **credentials)

        cached: dict[str, Any] = {}
        fetcher = AssumeRoleCredentialFetcher(sts_client, source, account.role_arn, extra_args=arguments, cache=cached)
        session = _with_shared_models(botocore.session.Session(profile=self._profile))
        credentials = DeferredRefreshableCredentials(refresh_using=fetcher.fetch_credentials, method="assume-role")
        session._credentials = credentials  # as botocore's own providers do

        def renew() -> None:
            cached.clear()
            credentials._frozen_credentials = None  # botocore has no other way to renew them early

        self._renewals[account.name] = renew
        return session

    def _check_account(self, account: Account, sts: Any) -> None:
        """EnvironmentProblem if the credentials are of another account than the runbook's."""
        identity = _with_retry(_with_botocore_errors(sts._make_api_call), None)("GetCallerIdentity", {})
        if identity.get("Account") != account.id:
            message = (
                f"the account `{account.name}` has the id {account.id} in the runbook, but its credentials are of "
                f"{identity.get('Account')} ({identity.get('Arn')}); nothing was called there; correct the account's `id` "
                "or `role_arn`, or use other credentials"
            )
            raise EnvironmentProblem(message)


def _on_start(**_: Any) -> None:
    mark_unsent()


def is_read(operation: str) -> bool:
    """Does a call of that name (`DescribeDBClusters`) change nothing?"""
    return operation.startswith(READS)


def _with_retry(call: Callable[..., Any], renew: Renew | None) -> Callable[..., Any]:
    """The call, sent once more at once if it is a read and its connection or reply was lost.

    A call that was refused because the credentials of a role have expired is sent again with new ones: AWS has not
    performed it.
    """

    def make_api_call(operation: str, params: Mapping[str, Any]) -> Any:
        try:
            return call(operation, params)
        except Exception as error:
            if renew is not None and _has_expired(error, operation):
                renew()
            elif not is_read(operation) or not is_botocore_error(error) or not _is_transient(error):
                raise
        return call(operation, params)

    return make_api_call


def _is_transient(error: Exception) -> bool:
    outcome = translated(error, changes=False)
    return isinstance(outcome, (EffectFailed, EffectNotSent)) and outcome.problem.category in _TRANSIENT


def _has_expired(error: Exception, operation: str) -> bool:
    """Was this call refused for expired credentials, and not the one that gets credentials for it?"""
    from botocore.exceptions import ClientError

    if not isinstance(error, ClientError) or error.operation_name != operation:
        return False
    return error.response.get("Error", {}).get("Code") in _EXPIRED


def _with_botocore_errors(call: Callable[..., Any]) -> Callable[..., Any]:
    """The call, with an exception of botocore's own where its search for credentials or its parser raises Python's."""

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        from botocore.exceptions import CredentialRetrievalError
        from botocore.parsers import ResponseParserError

        try:
            return call(*args, **kwargs)
        except Exception as error:
            if is_credential_error(error):
                raise CredentialRetrievalError(provider="this machine", error_msg=str(error)) from error
            if is_parser_error(error):
                message = f"the reply does not belong to this call ({type(error).__name__})"
                raise ResponseParserError(message) from error
            raise

    return wrapped
