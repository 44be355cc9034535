"""Sessions and clients of AWS, by service, region and account.

A call that changes something is sent once, a read at most twice: whoever drives owns every other retry. Before the first
call in an account that a runbook names, the identity behind it is compared with the account's id. The last instant
before a request leaves, `before_send` is asked; what it raises comes out of the call.

AWS's own variables and files are obeyed. The lease is longer than the time-outs together (docs/architecture.md, "The lease"): who
asks for a longer one must have a longer lease.
Nothing here imports botocore before the first client is asked for. Must not know any service but STS.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, Final

from actions.aws.botocore_errors import is_botocores, of_a_reply, of_credentials
from actions.aws.errors import begins, calling, leaves, translated
from engine.errors import EffectFailed, EffectNotSent, EnvironmentProblem, UsageError
from engine.language.model import Account

CONNECT_SECONDS: Final = 5
READ_SECONDS: Final = 30
READS: Final = ("Describe", "Get", "List", "Head")
"""What the names of calls that change nothing begin with (docs/kinds.md, "Actions")."""

SESSION_NAME: Final = "runbook"
_NO_ACCOUNTS: Final[Mapping[str, Account]] = MappingProxyType({})
_PASSING: Final = ("network", "timeout", "internal")
_EXPIRED: Final = ("ExpiredToken", "ExpiredTokenException")

Renew = Callable[[], None]
"""Forgets credentials that were taken, so that the next call takes them anew."""


def _nothing() -> None:
    """Nobody minds."""


@cache
def _models(data_path: str | None) -> Any:
    """botocore's models, each read once for all sessions: RDS's takes a tenth of a second."""
    from botocore.loaders import create_loader

    return create_loader(data_path)


def _with_models(session: Any) -> Any:
    """As its constructor registers a loader of its own (botocore.session.Session)."""
    session.register_component("data_loader", _models(session.get_config_variable("data_path")))
    return session


class Sessions:
    """Clients of boto3's making, each made once; may be used by several threads."""

    def __init__(
        self,
        *,
        profile: str | None = None,
        region: str | None = None,
        endpoint_url: str | None = None,
        accounts: Mapping[str, Account] = _NO_ACCOUNTS,
        before_send: Callable[[], None] = _nothing,
        validates: bool = True,
    ) -> None:
        """`validates`: parameters are held against botocore's model, which is a seventh of a call's price here."""
        self._profile = profile
        self._region = region
        self._endpoint_url = endpoint_url
        self._accounts = accounts
        self._before_send = before_send
        self._validates = validates
        self._lock = threading.RLock()
        self._sessions: dict[str, Any] = {}  # by name of the account; "" is whoever runs this
        self._renews: dict[str, Renew] = {}  # by name of the account
        self._clients: dict[tuple[str, str, str, float], Any] = {}

    def clients(
        self, service: str, region: str | None = None, account: str | None = None, *, timeout: float | None = None
    ) -> Any:
        """A client of `service` in `region`, as `account` (a name of the runbook's, or an id).

        `timeout`: the seconds that an answer may take, where a step says how many.
        UsageError for an account that is not named; EnvironmentProblem where the credentials are of another account;
        EffectNotSent where there are none; EffectFailed where AWS does not let them be taken.
        """
        where = region or self._region or os.environ.get("AWS_REGION") or ""
        key = (service, where, account or "", timeout or READ_SECONDS)
        with self._lock:
            if key not in self._clients:
                with calling():
                    self._clients[key] = self._made(service, where, account, timeout or READ_SECONDS)
            return self._clients[key]

    def _made(self, service: str, region: str, account: str | None, timeout: float) -> Any:
        client = self._bare(service, region, self._session(account, region), timeout)
        client.meta.events.register_first("before-parameter-build", _begins)
        client.meta.events.register_last("before-send", self._leaves)
        renew = self._renews.get(self._named(account).name) if account is not None else None
        client._make_api_call = _again(_by_name(client._make_api_call), renew)
        return client

    def _bare(self, service: str, region: str, session: Any, timeout: float = READ_SECONDS, **credentials: Any) -> Any:
        from botocore.config import Config

        config = Config(
            retries={"total_max_attempts": 1, "mode": "standard"}, connect_timeout=CONNECT_SECONDS,
            read_timeout=timeout, tcp_keepalive=True, user_agent_extra="runbook",
            parameter_validation=self._validates,
        )  # fmt: skip
        made = _by_name(session.create_client)
        try:
            return made(
                service, region_name=region or None, endpoint_url=self._endpoint_url, config=config, **credentials
            )
        except ValueError as error:  # botocore's plain one: of `--endpoint-url`, or of AWS_ENDPOINT_URL
            if not str(error).startswith("Invalid endpoint"):
                raise
            message = f"{error}: an address is written http://HOST:PORT or https://HOST"
            raise UsageError(message) from error

    def _leaves(self, **_: Any) -> None:
        self._before_send()
        leaves()

    # -- accounts ---------------------------------------------------------------------------------------------

    def _session(self, account: str | None, region: str) -> Any:
        if account is None:
            return self._base()
        named = self._named(account)
        if named.name not in self._sessions:
            session = self._base() if named.role_arn is None else self._assuming(named, region)
            self._compare(named, self._bare("sts", region, session))
            self._sessions[named.name] = session
        return self._sessions[named.name]

    def _base(self) -> Any:
        """The session of whoever runs this."""
        if "" not in self._sessions:
            import botocore.session

            session = botocore.session.Session(profile=self._profile)
            if self._profile is not None and self._profile not in session.available_profiles:
                known = ", ".join(session.available_profiles) or "none"
                message = f"there is no profile `{self._profile}` in AWS's configuration; there are: {known}"
                raise EnvironmentProblem(message)
            self._sessions[""] = _with_models(session)
        return self._sessions[""]

    def _named(self, account: str) -> Account:
        found = self._accounts.get(account)
        if found is None:
            found = next((one for one in self._accounts.values() if one.id == account), None)
        if found is None:
            known = ", ".join(sorted(self._accounts)) or "none"
            message = f"the account `{account}` is not one of the runbook's `accounts`; there are: {known}"
            raise UsageError(message)
        return found

    def _assuming(self, account: Account, region: str) -> Any:
        """A session that takes the account's role, and takes it anew before it ends."""
        import botocore.session
        from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials
        from botocore.exceptions import NoCredentialsError

        base = self._base()
        source = base.get_credentials()
        if source is None:
            raise NoCredentialsError
        told = {"RoleSessionName": SESSION_NAME} | ({"ExternalId": account.external_id} if account.external_id else {})

        def sts(service: str, **credentials: Any) -> Any:
            return self._bare(service, region, base, **credentials)

        taken: dict[str, Any] = {}
        fetcher = AssumeRoleCredentialFetcher(sts, source, account.role_arn, extra_args=told, cache=taken)
        session = _with_models(botocore.session.Session(profile=self._profile))
        credentials = DeferredRefreshableCredentials(refresh_using=fetcher.fetch_credentials, method="assume-role")
        session._credentials = credentials  # as botocore's own providers do

        def renew() -> None:
            taken.clear()
            credentials._frozen_credentials = None  # botocore offers no other way to have them renewed

        self._renews[account.name] = renew
        return session

    def _compare(self, account: Account, sts: Any) -> None:
        """Is the identity behind it of the account that the runbook means?"""
        found = _again(_by_name(sts._make_api_call), None)("GetCallerIdentity", {})
        if found.get("Account") != account.id:
            message = (
                f"the account `{account.name}` is {account.id} in the runbook, and these credentials are of "
                f"{found.get('Account')} ({found.get('Arn')}): nothing was called there"
            )
            raise EnvironmentProblem(message)


def _begins(**_: Any) -> None:
    begins()


def is_read(operation: str) -> bool:
    """Does a call of that name (`DescribeDBClusters`) change nothing?"""
    return operation.startswith(READS)


def _again(call: Callable[..., Any], renew: Renew | None) -> Callable[..., Any]:
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
            elif not is_read(operation) or not is_botocores(error) or not _passes(error):
                raise
        return call(operation, params)

    return make_api_call


def _passes(error: Exception) -> bool:
    told = translated(error, changes=False)
    return isinstance(told, (EffectFailed, EffectNotSent)) and told.problem.category in _PASSING


def _has_expired(error: Exception, operation: str) -> bool:
    """Did AWS refuse this very call, and not the one that takes credentials for it?"""
    from botocore.exceptions import ClientError

    if not isinstance(error, ClientError) or error.operation_name != operation:
        return False
    return error.response.get("Error", {}).get("Code") in _EXPIRED


def _by_name(call: Callable[..., Any]) -> Callable[..., Any]:
    """An error of Python's own, out of botocore's search for credentials or its reading of a reply, gets its name."""

    def named(*args: Any, **words: Any) -> Any:
        from botocore.exceptions import CredentialRetrievalError
        from botocore.parsers import ResponseParserError

        try:
            return call(*args, **words)
        except Exception as error:
            if of_credentials(error):
                raise CredentialRetrievalError(provider="this machine", error_msg=str(error)) from error
            if of_a_reply(error):
                message = f"a reply that is none of this call ({type(error).__name__})"
                raise ResponseParserError(message) from error
            raise

    return named
