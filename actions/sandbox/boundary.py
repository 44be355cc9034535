"""Where the pretend AWS meets botocore: real boto3 clients whose calls never leave the process.

Parameters are validated and serialized, paginators and error classes are botocore's own; only the sending is replaced,
by the hooks `before-parameter-build` and `before-call`. Making a client is dear, so one a service and region is made
and every sandbox gets a shallow copy that names its own answerer. botocore is imported when the first client is asked for.
"""

from __future__ import annotations

import os
import threading
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from types import SimpleNamespace
from typing import Any, Protocol

from actions.sandbox.calls import Refusal, Request
from actions.sandbox.models import facts_of
from actions.sandbox.outcomes import Cut


class Answerer(Protocol):
    """What stands behind the boundary."""

    def answer(self, request: Request) -> dict[str, Any]:
        """The reply in wire names; raises Refusal or Cut."""


@dataclass(frozen=True, slots=True)
class _Caller:
    answerer: Answerer
    account: str


_caller: ContextVar[_Caller | None] = ContextVar("sandbox_caller", default=None)
_clients: dict[tuple[str, str], Any] = {}
_making = threading.Lock()


def client_for(answerer: Answerer, service: str, region: str, account: str) -> Any:
    """A boto3 client of `service` in `region` whose calls `answerer` answers, as `account`."""
    base = _clients.get((service, region)) or _make_client(service, region)
    own = object.__new__(type(base))
    own.__dict__.update(base.__dict__)
    caller = _Caller(answerer, account)
    call = base._make_api_call  # the one place through which every method and paginator goes

    def make_api_call(operation: str, params: dict[str, Any]) -> Any:
        token = _caller.set(caller)
        try:
            return call(operation, params)
        finally:
            _caller.reset(token)

    own.__dict__["_make_api_call"] = make_api_call
    return own


def _make_client(service: str, region: str) -> Any:
    from botocore.config import Config

    with _making:
        if (service, region) in _clients:
            return _clients[service, region]
        config = Config(retries={"total_max_attempts": 1, "mode": "standard"}, ignore_configured_endpoint_urls=True)
        client = _session().create_client(service, region_name=region, config=config)
        client.meta.events.register_first("before-parameter-build", _keep_params)
        client.meta.events.register_first("before-call", _answer)
        _clients[service, region] = client
        return client


@cache
def _session() -> Any:
    """A session that reads neither the user's files nor the environment's profile."""
    import botocore.session  # boto3's own takes a tenth of a second more, and adds nothing to these clients

    nothing = {
        "profile": (None, None, None, None),
        "config_file": (None, None, os.devnull, None),
        "credentials_file": (None, None, os.devnull, None),
    }
    session = botocore.session.Session(session_vars=nothing)
    session.set_credentials("AKIASANDBOXSANDBOX00", "sandbox")  # they open nothing
    return session


def _keep_params(params: Any, context: dict[str, Any], **_: Any) -> None:
    context["sandbox_params"] = dict(params)


def _answer(model: Any, context: dict[str, Any], **_: Any) -> tuple[Any, dict[str, Any]]:
    caller = _caller.get()
    assert caller is not None, "a shared client of the sandbox was called directly"
    params = context["sandbox_params"]
    facts = facts_of(model)
    request = Request(
        service=model.service_model.service_name,
        operation=model.name,
        region=context["client_region"],
        account=caller.account,
        params=params,
        masked=facts.masked(params),
        can_raise=facts.can_raise,
    )
    try:
        return _reply(200, caller.answerer.answer(request))
    except Refusal as refusal:
        status = refusal.status or facts.status(refusal.code)
        error = {"Type": "Sender" if status < 500 else "Receiver", "Code": refusal.code, "Message": refusal.message}
        return _reply(status, {"Error": error})
    except Cut as cut:
        raise _broken(cut, request) from None


def _reply(status: int, parsed: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    parsed["ResponseMetadata"] = {
        "RequestId": "00000000-0000-0000-0000-000000000000",
        "HTTPStatusCode": status,
        "HTTPHeaders": {},
        "RetryAttempts": 0,
    }
    return SimpleNamespace(status_code=status, headers={}), parsed


def _broken(cut: Cut, request: Request) -> Exception:
    """botocore's exception for a connection that broke."""
    import botocore.exceptions as broken

    usual = "EndpointConnectionError" if cut.kind == "unsent" else "ReadTimeoutError"
    name = cut.code or usual
    kind: Any = getattr(broken, name)
    made: Exception = kind(
        endpoint_url=f"https://{request.service}.{request.region}.amazonaws.com/", error=f"scripted {cut.kind}"
    )
    return made
