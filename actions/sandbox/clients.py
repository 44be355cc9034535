"""botocore clients whose calls never leave the process, and what botocore's models say about operations.

Methods, paginators, waiters, parameter checks and error classes are botocore's own. Only the method through which every
call passes is replaced, so nothing is serialized, signed or sent (`http.server` tests that part). Creating a client
is slow, so there is one per service and region, and every sandbox gets a shallow copy that calls its own handler.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from functools import cache
from typing import Any, Final, Protocol

from actions.sandbox.calls import Refusal, Request
from actions.sandbox.faults import NoReply
from engine.values import Value


class RequestHandler(Protocol):
    """What answers the calls of clients."""

    def answer(self, request: Request) -> dict[str, Any]:
        """The reply in wire names; raises Refusal or NoReply."""


_clients: Final[dict[tuple[str, str], Any]] = {}
_making: Final = threading.Lock()


def client_for(handler: RequestHandler, service: str, region: str, account: str) -> Any:
    """A client of `service` in `region` whose calls `handler` answers, as `account`."""
    from botocore.validate import validate_parameters

    base = _clients.get((service, region)) or _make_client(service, region)

    def make_api_call(name: str, params: dict[str, Any]) -> Any:
        model = base.meta.service_model.operation_model(name)
        if model.input_shape is not None:
            validate_parameters(params, model.input_shape)
        request = request_for(model, region, account, params)
        try:
            return _reply(200, handler.answer(request))
        except Refusal as refusal:
            status = refusal.status or operation_facts(model).status(refusal.code)
            fault = "Sender" if status < 500 else "Receiver"
            error = {"Type": fault, "Code": refusal.code, "Message": refusal.message}
            raise base.exceptions.from_code(refusal.code)(_reply(status, {"Error": error}), name) from None
        except NoReply as no_reply:
            raise _broken(no_reply, request) from None

    own = object.__new__(type(base))
    own.__dict__.update(base.__dict__)
    own.__dict__["_make_api_call"] = make_api_call
    return own


def _make_client(service: str, region: str) -> Any:
    from botocore.config import Config

    with _making:
        if (service, region) not in _clients:
            config = Config(retries={"total_max_attempts": 1}, ignore_configured_endpoint_urls=True)
            _clients[service, region] = session().create_client(service, region_name=region, config=config)
        return _clients[service, region]


@cache
def session() -> Any:
    """A session that reads neither the user's files nor the profile in the environment."""
    import botocore.session  # boto3's session takes 0.1 s longer, and adds nothing to these clients

    nothing = {
        "profile": (None, None, None, None),
        "config_file": (None, None, os.devnull, None),
        "credentials_file": (None, None, os.devnull, None),
    }
    session = botocore.session.Session(session_vars=nothing)
    session.set_credentials("AKIASANDBOXSANDBOX00", "sandbox")  # valid nowhere
    return session


def _reply(status: int, parsed: dict[str, Any]) -> dict[str, Any]:
    parsed["ResponseMetadata"] = {
        "RequestId": "00000000-0000-0000-0000-000000000000",
        "HTTPStatusCode": status,
        "HTTPHeaders": {},
        "RetryAttempts": 0,
    }
    return parsed


def _broken(no_reply: NoReply, request: Request) -> Exception:
    """The exception of botocore for a call without a reply."""
    import botocore.exceptions as broken

    usual = "EndpointConnectionError" if no_reply.kind == "unsent" else "ReadTimeoutError"
    kind: Any = getattr(broken, no_reply.code or usual)
    made: Exception = kind(
        endpoint_url=f"https://{request.service}.{request.region}.amazonaws.com/", error=f"scripted {no_reply.kind}"
    )
    return made


# --- botocore's models ---

MASK: Final = "***"


class OperationFacts(Value):
    """What botocore's model says about one operation."""

    own: frozenset[str]  # error codes that the operation declares
    statuses: Mapping[str, int]  # HTTP status of every error code of the service
    sensitive: frozenset[str]  # names of parameters

    def can_raise(self, code: str) -> bool:
        """Whether it declares this code, or no operation does (throttling, access, …)."""
        return code in self.own or code not in self.statuses

    def masked(self, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """The parameters with secrets replaced."""
        hidden = self.sensitive.intersection(params)
        return {**params, **dict.fromkeys(hidden, MASK)} if hidden else params

    def status(self, code: str) -> int:
        """The HTTP status of an error code."""
        return self.statuses.get(code, 400)


@cache
def operation_facts(model: Any) -> OperationFacts:
    """The facts in the model of an operation."""
    members = {} if model.input_shape is None else model.input_shape.members
    return OperationFacts(
        own=frozenset(_error_of(shape)[0] for shape in model.error_shapes),
        statuses=dict(_error_of(shape) for shape in model.service_model.error_shapes),
        sensitive=frozenset(
            name for name, shape in members.items() if shape.metadata.get("sensitive") or name.endswith("Password")
        ),
    )


def _error_of(shape: Any) -> tuple[str, int]:
    """Code and HTTP status."""
    error = shape.metadata.get("error", {})
    return error.get("code") or shape.name, error.get("httpStatusCode") or 400


def request_for(model: Any, region: str, account: str, params: Mapping[str, Any]) -> Request:
    """The call of an operation, with what its model says about it."""
    facts = operation_facts(model)
    return Request(
        service=model.service_model.service_name, operation=model.name, region=region, account=account, params=params,
        masked=facts.masked(params), can_raise=facts.can_raise,
    )  # fmt: skip
