"""Where the pretend AWS meets botocore: real boto3 clients whose calls never leave the process.

Parameters are validated and serialized, paginators and error classes are botocore's own; only the sending is replaced,
by the hooks `before-parameter-build` and `before-call`. Making a client is dear, so one a service and region is made
and every sandbox gets a shallow copy that names its own answerer. This is the only file of the sandbox that knows
botocore, and it imports it when the first client is asked for.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from types import SimpleNamespace
from typing import Any, Final, Literal, Protocol

from actions.sandbox.calls import Refusal

MASK: Final = "***"


class Cut(Exception):  # noqa: N818 - a connection that broke, turned into botocore's own exception
    """No reply. `kind` says what became of the call, `code` may name botocore's exception."""

    def __init__(self, kind: Literal["lost", "lost_unperformed", "unsent"], code: str = "") -> None:
        super().__init__(kind)
        self.kind = kind
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A call as it arrives: validated parameters, and what botocore's model says of it."""

    service: str
    operation: str
    region: str
    account: str
    params: Mapping[str, Any]
    masked: Mapping[str, Any]  # for the journal: what the model marks as sensitive is not in it
    can_raise: Callable[[str], bool]


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
    call = base._make_api_call  # noqa: SLF001 - the one place through which every method and paginator goes

    def make_api_call(operation: str, params: dict[str, Any]) -> Any:
        token = _caller.set(caller)
        try:
            return call(operation, params)
        finally:
            _caller.reset(token)

    own.__dict__["_make_api_call"] = make_api_call
    return own


def _make_client(service: str, region: str) -> Any:
    from botocore.config import Config  # noqa: PLC0415 - dear to import, and only here

    with _making:
        if (service, region) in _clients:
            return _clients[service, region]
        config = Config(retries={"total_max_attempts": 1, "mode": "standard"}, ignore_configured_endpoint_urls=True)
        client = _session().client(service, region_name=region, config=config)
        client.meta.events.register_first("before-parameter-build", _keep_params)
        client.meta.events.register_first("before-call", _answer)
        _clients[service, region] = client
        return client


@cache
def _session() -> Any:
    """A session that reads neither the user's files nor the environment's profile."""
    import boto3.session  # noqa: PLC0415
    import botocore.session  # noqa: PLC0415

    nothing = {
        "profile": (None, None, None, None),
        "config_file": (None, None, os.devnull, None),
        "credentials_file": (None, None, os.devnull, None),
    }
    inner = botocore.session.Session(session_vars=nothing)
    return boto3.session.Session(
        aws_access_key_id="AKIASANDBOXSANDBOX00",
        aws_secret_access_key="sandbox",  # noqa: S106 - opens nothing
        region_name="us-east-1",
        botocore_session=inner,
    )


def _keep_params(params: Any, context: dict[str, Any], **_: Any) -> None:
    context["sandbox_params"] = dict(params)


def _answer(model: Any, context: dict[str, Any], **_: Any) -> tuple[Any, dict[str, Any]]:
    caller = _caller.get()
    assert caller is not None, "a shared client of the sandbox was called directly"  # noqa: S101
    params = context["sandbox_params"]
    facts = _facts(model)
    hidden = facts.sensitive.intersection(params)
    request = Request(
        service=model.service_model.service_name,
        operation=model.name,
        region=context["client_region"],
        account=caller.account,
        params=params,
        masked=params | dict.fromkeys(hidden, MASK) if hidden else params,
        can_raise=facts.can_raise,
    )
    try:
        return _reply(200, caller.answerer.answer(request))
    except Refusal as refusal:
        status = refusal.status or facts.statuses.get(refusal.code, 400)
        error = {"Type": "Sender" if status < 500 else "Receiver", "Code": refusal.code, "Message": refusal.message}  # noqa: PLR2004
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
    import botocore.exceptions as broken  # noqa: PLC0415

    usual = "EndpointConnectionError" if cut.kind == "unsent" else "ReadTimeoutError"
    name = cut.code or usual
    kind: Any = getattr(broken, name)
    made: Exception = kind(
        endpoint_url=f"https://{request.service}.{request.region}.amazonaws.com/", error=f"scripted {cut.kind}"
    )
    return made


@dataclass(frozen=True, slots=True)
class _Facts:
    """What botocore's model says of an operation."""

    own: frozenset[str]  # the codes that it can raise
    statuses: Mapping[str, int]  # HTTP status of every code of the service
    sensitive: frozenset[str]  # parameters

    def can_raise(self, code: str) -> bool:
        """Its own codes, and those that the model has for no operation (throttling, access, …)."""
        return code in self.own or code not in self.statuses


_known: dict[tuple[str, str], _Facts] = {}


def _facts(model: Any) -> _Facts:
    key = (model.service_model.service_name, model.name)
    if key not in _known:
        members = {} if model.input_shape is None else model.input_shape.members
        _known[key] = _Facts(
            own=frozenset(_code(shape) for shape in model.error_shapes),
            statuses={_code(shape): _status(shape) for shape in model.service_model.error_shapes},
            sensitive=frozenset(
                name for name, shape in members.items() if shape.metadata.get("sensitive") or name.endswith("Password")
            ),
        )
    return _known[key]


def _code(shape: Any) -> str:
    return str(shape.metadata.get("error", {}).get("code") or shape.name)


def _status(shape: Any) -> int:
    return int(shape.metadata.get("error", {}).get("httpStatusCode") or 400)
