"""Faults: which call they hit, which of its occurrences, and what happens to it then.

Several faults can hit one call. Must not know how calls are answered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

from actions.sandbox.calls import ApiCall, Refusal
from engine.values import Resources, Value, changed

Kind = Literal[
    "error", "throttle", "server_error", "lost", "lost_unperformed", "unsent", "credentials", "invisible", "stale"
]
LAGS: Final = ("invisible", "stale")


class Fault(Value):
    """What happens to some calls.

    `call` is the name of a call, or the start of names if it ends with `*`; `step` is the id of a step. The `nth`
    matching call is hit, and those after it until `times` are (None: no limit).

    - `error`: the answer is `code` with `message`. `server_error`: the answer is 500. Either may be `performed`.
    - `throttle`, `credentials`: the answer is the service's own error for throttling or expired credentials.
    - `lost`: performed, but the reply is lost. `lost_unperformed`: a timeout, and nothing was performed. `unsent`: no
      connection was made. `code` may name the exception of botocore.
    - `invisible`: lists do not show what the call creates for `seconds`. `stale`: lists show what the call deletes as
      it was for `seconds`.
    """

    kind: Kind
    call: str = "*"
    step: str | None = None
    nth: int = 1
    times: int | None = 1
    code: str = ""
    message: str = ""
    performed: bool = False
    seconds: float = 45.0

    def matches(self, call: ApiCall) -> bool:
        """Whether this call is one that it counts."""
        if self.step is not None and self.step not in (call.step, call.step.partition("[")[0]):
            return False
        if not self.call.endswith("*"):
            return self.call == call.name
        return call.name.startswith(self.call[:-1])


class Faults:
    """Faults, each with the number of matching calls so far."""

    def __init__(self) -> None:
        self.seen: list[tuple[Fault, int]] = []

    def add(self, fault: Fault) -> None:
        self.seen.append((fault, 0))

    def take(self, call: ApiCall) -> list[Fault]:
        """The faults that hit this call. It is counted for every fault that it matches."""
        hits: list[Fault] = []
        for number, (fault, count) in enumerate(self.seen):
            if not fault.matches(call):
                continue
            self.seen[number] = (fault, count + 1)
            past = count + 1 - fault.nth
            if past >= 0 and (fault.times is None or past < fault.times):
                hits.append(fault)
        return hits


_EXPIRED: Final = "The security token included in the request is expired"
_SERVICE_ERRORS: Final[Mapping[str, Mapping[str, tuple[str, str, int]]]] = {
    "throttle": {
        "ec2": ("RequestLimitExceeded", "Request limit exceeded.", 503),
        "json": ("ThrottlingException", "Rate exceeded", 400),
        "query": ("Throttling", "Rate exceeded", 400),
    },
    "credentials": {
        "ec2": ("RequestExpired", "Request has expired.", 400),
        "json": ("ExpiredTokenException", _EXPIRED, 400),
        "query": ("ExpiredToken", _EXPIRED, 403),
    },
    "server_error": dict.fromkeys(
        ("ec2", "json", "query"), ("InternalFailure", "An internal error has occurred.", 500)
    ),
}
"""Kind of fault → protocol of the service → code, message and HTTP status."""

_PROTOCOLS: Final = {"ec2": "ec2", "ssm": "json", "secretsmanager": "json", "kms": "json"}  # of others: query


def refusal_of(fault: Fault, service: str) -> tuple[str, str, int | None]:
    """Code, message and HTTP status (None: the model's) of a fault that is an error answer of a service."""
    if fault.kind not in _SERVICE_ERRORS:
        return fault.code or "InternalFailure", fault.message or f"A scripted {fault.code}.", None
    code, message, status = _SERVICE_ERRORS[fault.kind][_PROTOCOLS.get(service, "query")]
    return fault.code or code, fault.message or message, status


def fault_of(word: str) -> Fault:
    """The fault for a word of a script: a kind of fault, a code for throttling or credentials, or any other code."""
    match word:
        case "lost" | "lost_unperformed" | "unsent" | "throttle" | "server_error" | "credentials":
            return Fault(kind=word)
        case "Throttling" | "ThrottlingException" | "RequestLimitExceeded":
            return Fault(kind="throttle", code=word)
        case "ExpiredToken" | "ExpiredTokenException" | "RequestExpired":
            return Fault(kind="credentials", code=word)
        case _:
            return Fault(kind="error", code=word, message=_TEXTS.get(word, ""))


_TEXTS: Final[dict[str, str]] = {
    "DBSubnetGroupNotFoundFault": "DB subnet group does not exist.",
    "InvalidVPCNetworkStateFault": "DB instance and EC2 security group are in different VPCs.",
    "InsufficientDBInstanceCapacity": "There is not enough capacity for the DB instance class in this zone.",
    "SnapshotQuotaExceeded": "Cannot copy more than 5 snapshots across regions",
    "AccessDenied": "User is not authorized to perform this action.",
}


# --- the outcome of a call ---


class NoReply(Exception):
    """No reply came. `kind` says what happened to the call, `code` may name the exception of botocore."""

    def __init__(self, kind: Literal["lost", "lost_unperformed", "unsent"], code: str = "") -> None:
        super().__init__(kind)
        self.kind = kind
        self.code = code


class Outcome(Resources):
    """What came of a call. `word` is the journal's: `ok`, an error code, or the kind of `NoReply`."""

    word: str = "ok"
    performed: bool = True
    answer: Any = None
    error: BaseException | None = None


def perform_call(service: str, fault: Fault | None, perform: Callable[[], Any]) -> Outcome:
    """Perform a call unless its fault prevents that; a refusal or a connection error is an outcome too."""
    if fault is None:
        return _attempt(perform)
    match fault.kind:
        case "unsent" | "lost_unperformed":
            return Outcome(word=fault.kind, performed=False, error=NoReply(fault.kind, fault.code))
        case "lost":
            return changed(_attempt(perform), word="lost", answer=None, error=NoReply("lost", fault.code))
        case _:
            code, message, status = refusal_of(fault, service)
            performed = fault.performed and _attempt(perform).performed
            return Outcome(word=code, performed=performed, error=Refusal(code, message, status))


def _attempt(perform: Callable[[], Any]) -> Outcome:
    try:
        return Outcome(answer=perform())
    except Refusal as refusal:
        return Outcome(word=refusal.code, performed=False, error=refusal)
    except OSError as error:
        return Outcome(word=type(error).__name__, performed=False, error=error)
