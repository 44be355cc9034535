"""Sessions and clients of AWS, by service, region and account.

A call that changes something is sent once, a read at most twice: whoever drives owns every other retry. Before the first
call in an account that a runbook names, the identity behind it is compared with the account's id. The last instant
before a request leaves, `before_send` is asked; what it raises comes out of the call.

AWS's own variables and files are obeyed. The time-outs together are shorter than a lease (engine.md, section 3).
Nothing here imports botocore before the first client is asked for. Must not know any service but STS.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from actions.errors import SENT, calling, is_botocores, translated
from engine.errors import EffectFailed, EffectNotSent, EnvironmentProblem, UsageError
from engine.language.model import Account

CONNECT_SECONDS: Final = 5
READ_SECONDS: Final = 30
READS: Final = ("Describe", "Get", "List", "Head")
"""What the names of calls that change nothing begin with (language.md, section 2)."""

SESSION_NAME: Final = "runbook"
_NO_ACCOUNTS: Final[Mapping[str, Account]] = MappingProxyType({})
_PASSING: Final = ("network", "timeout", "internal")


def _nothing() -> None:
    """Nobody minds."""


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
    ) -> None:
        self._profile = profile
        self._region = region
        self._endpoint_url = endpoint_url
        self._accounts = accounts
        self._before_send = before_send
        self._lock = threading.RLock()
        self._sessions: dict[str, Any] = {}  # by name of the account; "" is whoever runs this
        self._clients: dict[tuple[str, str, str], Any] = {}

    def clients(self, service: str, region: str | None = None, account: str | None = None) -> Any:
        """A client of `service` in `region`, as `account` (a name of the runbook's, or an id).

        UsageError for an account that is not named; EnvironmentProblem where the credentials are of another account;
        EffectNotSent where there are none; EffectFailed where AWS does not let them be taken.
        """
        where = region or self._region or os.environ.get("AWS_REGION") or ""
        key = (service, where, account or "")
        with self._lock:
            if key not in self._clients:
                with calling():
                    self._clients[key] = self._made(service, where, self._session(account, where))
            return self._clients[key]

    def _made(self, service: str, region: str, session: Any) -> Any:
        client = self._bare(service, region, session)
        client.meta.events.register_first("before-parameter-build", _begins)
        client.meta.events.register_last("before-send", self._leaves)
        client._make_api_call = _twice_if_it_reads(client._make_api_call)
        return client

    def _bare(self, service: str, region: str, session: Any, **credentials: str) -> Any:
        from botocore.config import Config

        config = Config(
            retries={"total_max_attempts": 1, "mode": "standard"}, connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS, tcp_keepalive=True, user_agent_extra="runbook",
        )  # fmt: skip
        return session.create_client(
            service, region_name=region or None, endpoint_url=self._endpoint_url, config=config, **credentials
        )

    def _leaves(self, **_: Any) -> None:
        self._before_send()
        SENT.set(True)

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
            self._sessions[""] = session
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

        def sts(service: str, **credentials: str) -> Any:
            return self._bare(service, region, base, **credentials)

        fetcher = AssumeRoleCredentialFetcher(sts, source, account.role_arn, extra_args=told)
        session = botocore.session.Session(profile=self._profile)
        session._credentials = DeferredRefreshableCredentials(  # noqa: SLF001 - as botocore's own providers do it
            refresh_using=fetcher.fetch_credentials, method="assume-role"
        )
        return session

    def _compare(self, account: Account, sts: Any) -> None:
        """Is the identity behind it of the account that the runbook means?"""
        found = _twice_if_it_reads(sts._make_api_call)("GetCallerIdentity", {})
        if found.get("Account") != account.id:
            message = (
                f"the account `{account.name}` is {account.id} in the runbook, and these credentials are of "
                f"{found.get('Account')} ({found.get('Arn')}): nothing was called there"
            )
            raise EnvironmentProblem(message)


def _begins(**_: Any) -> None:
    """A call begins: nothing of it has left."""
    SENT.set(False)


def is_read(operation: str) -> bool:
    """Does a call of that name (`DescribeDBClusters`) change nothing?"""
    return operation.startswith(READS)


def _twice_if_it_reads(call: Callable[..., Any]) -> Callable[..., Any]:
    """A read whose connection or reply was lost is sent once more, at once."""

    def make_api_call(operation: str, params: Mapping[str, Any]) -> Any:
        try:
            return call(operation, params)
        except Exception as error:
            if not is_read(operation) or not is_botocores(error) or not _passes(error):
                raise
        return call(operation, params)

    return make_api_call


def _passes(error: Exception) -> bool:
    told = translated(error, changes=False)
    return isinstance(told, (EffectFailed, EffectNotSent)) and told.problem.category in _PASSING
