"""Where the pretend AWS meets botocore: real clients whose calls never leave the process.

Methods, paginators, waiters, the checking of parameters and the classes of errors are botocore's own; what would
serialize, sign and send a request is replaced, in the one place through which every call goes. (Over HTTP, that is
tried too: `http.server`.) Making a client is dear, so one a service and region is made, and every sandbox gets a shallow
copy that asks its own answerer. botocore is imported when the first client is asked for.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final, Protocol

from actions.sandbox.calls import Refusal, Request
from actions.sandbox.faults import Cut
from engine.values import Value


class Answerer(Protocol):
    """What stands behind the boundary."""

    def answer(self, request: Request) -> dict[str, Any]:
        """The reply in wire names; raises Refusal or Cut."""


_clients: Final[dict[tuple[str, str], Any]] = {}
_making: Final = threading.Lock()


def client_for(answerer: Answerer, service: str, region: str, account: str) -> Any:
    """A client of `service` in `region` whose calls `answerer` answers, as `account`."""
    base = _clients.get((service, region)) or _make_client(service, region)
    own = object.__new__(type(base))
    own.__dict__.update(base.__dict__)
    own.__dict__["_make_api_call"] = _calling(base, answerer, region, account)
    return own


def _calling(base: Any, answerer: Answerer, region: str, account: str) -> Callable[[str, dict[str, Any]], Any]:
    service = base.meta.service_model

    def make_api_call(name: str, params: dict[str, Any]) -> Any:
        model = service.operation_model(name)
        _check(model, params)
        facts = facts_of(model)
        request = Request(
            service=service.service_name, operation=name, region=region, account=account, params=params,
            masked=facts.masked(params), can_raise=facts.can_raise,
        )  # fmt: skip
        try:
            return _reply(200, answerer.answer(request))
        except Refusal as refusal:
            status = refusal.status or facts.status(refusal.code)
            kind = base.exceptions.from_code(refusal.code)
            raise kind(_reply(status, {"Error": _error(refusal, status)}), name) from None
        except Cut as cut:
            raise _broken(cut, request) from None

    return make_api_call


def _check(model: Any, params: dict[str, Any]) -> None:
    """botocore's own checking."""
    from botocore.exceptions import ParamValidationError

    if model.input_shape is None:
        return
    report = _validator().validate(params, model.input_shape)
    if report.has_errors():
        raise ParamValidationError(report=report.generate_report())


@cache
def _validator() -> Any:
    from botocore.validate import ParamValidator

    return ParamValidator()


def _make_client(service: str, region: str) -> Any:
    from botocore.config import Config

    with _making:
        if (service, region) not in _clients:
            config = Config(retries={"total_max_attempts": 1}, ignore_configured_endpoint_urls=True)
            _clients[service, region] = session().create_client(service, region_name=region, config=config)
        return _clients[service, region]


@cache
def session() -> Any:
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


def _error(refusal: Refusal, status: int) -> dict[str, str]:
    fault = "Sender" if status < 500 else "Receiver"
    return {"Type": fault, "Code": refusal.code, "Message": refusal.message}


def _reply(status: int, parsed: dict[str, Any]) -> dict[str, Any]:
    parsed["ResponseMetadata"] = {
        "RequestId": "00000000-0000-0000-0000-000000000000",
        "HTTPStatusCode": status,
        "HTTPHeaders": {},
        "RetryAttempts": 0,
    }
    return parsed


def _broken(cut: Cut, request: Request) -> Exception:
    """botocore's exception for a connection that broke."""
    import botocore.exceptions as broken

    usual = "EndpointConnectionError" if cut.kind == "unsent" else "ReadTimeoutError"
    kind: Any = getattr(broken, cut.code or usual)
    made: Exception = kind(
        endpoint_url=f"https://{request.service}.{request.region}.amazonaws.com/", error=f"scripted {cut.kind}"
    )
    return made


# --- what botocore's model says of an operation ---

MASK: Final = "***"


class Facts(Value):
    """Of one operation."""

    own: frozenset[str]  # the codes that it can raise
    statuses: Mapping[str, int]  # HTTP status of every code of the service
    sensitive: frozenset[str]  # parameters

    def can_raise(self, code: str) -> bool:
        """Its own codes, and those that the model has for no operation (throttling, access, …)."""
        return code in self.own or code not in self.statuses

    def masked(self, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """The parameters without what is a secret."""
        hidden = self.sensitive.intersection(params)
        return {**params, **dict.fromkeys(hidden, MASK)} if hidden else params

    def status(self, code: str) -> int:
        """The HTTP status that a code comes with."""
        return self.statuses.get(code, 400)


_known: dict[tuple[str, str], Facts] = {}


def facts_of(model: Any) -> Facts:
    """Of an operation's model."""
    key = (model.service_model.service_name, model.name)
    if key not in _known:
        members = {} if model.input_shape is None else model.input_shape.members
        _known[key] = Facts(
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
