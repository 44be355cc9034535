"""Faults as values, for tests: which call, which of its occurrences, and what happens to it.

A fault knows nothing of how calls are answered; several can meet in one call.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Literal

from actions.sandbox.calls import Call, Refusal
from engine.values import Bundle, Value, changed

Kind = Literal[
    "error", "throttle", "server_error", "lost", "lost_unperformed", "unsent", "credentials", "invisible", "stale"
]
LAGS: Final = ("invisible", "stale")


class Fault(Value):
    """What is to happen to some calls.

    `call` is a call's name, with `*` at its end the beginning of names; `step` is an id of a step. From the `nth`
    matching call on, `times` of them are hit (None: for ever).

    - `error`: refused with `code` and `message`. `throttle`, `credentials`: refused in the service's own words.
      `server_error`: 500. `error` and `server_error` may have been `performed` all the same. `lost`: performed, and the reply lost. `lost_unperformed`: a time-out,
      and nothing came of it. `unsent`: no connection was made. `code` may name botocore's exception.
    - `invisible`: for `seconds` lists do not show what the call makes. `stale`: for `seconds` they show what it
      removes as it was before.
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

    def matches(self, call: Call) -> bool:
        """Is it about this call?"""
        if self.step is not None and self.step not in (call.step, call.step.partition("[")[0]):
            return False
        if not self.call.endswith("*"):
            return self.call == call.name
        return call.name.startswith(self.call[:-1])


class Faults:
    """Faults with how many matching calls each has seen."""

    def __init__(self) -> None:
        self.seen: list[tuple[Fault, int]] = []

    def add(self, fault: Fault) -> None:
        self.seen.append((fault, 0))

    def take(self, call: Call) -> list[Fault]:
        """Those that hit this call; it counts as an occurrence for every one that it matches."""
        hits: list[Fault] = []
        for number, (fault, count) in enumerate(self.seen):
            if not fault.matches(call):
                continue
            self.seen[number] = (fault, count + 1)
            past = count + 1 - fault.nth
            if past >= 0 and (fault.times is None or past < fault.times):
                hits.append(fault)
        return hits


_THROTTLES: Final = {
    "ec2": ("RequestLimitExceeded", "Request limit exceeded.", 503),
    "ssm": ("ThrottlingException", "Rate exceeded", 400),
    "secretsmanager": ("ThrottlingException", "Rate exceeded", 400),
    "kms": ("ThrottlingException", "Rate exceeded", 400),
}
_EXPIRED: Final = {
    "ec2": ("RequestExpired", "Request has expired.", 400),
    "ssm": ("ExpiredTokenException", "The security token included in the request is expired", 400),
    "secretsmanager": ("ExpiredTokenException", "The security token included in the request is expired", 400),
    "kms": ("ExpiredTokenException", "The security token included in the request is expired", 400),
}


def refusal_of(fault: Fault, service: str) -> tuple[str, str, int | None]:
    """Code, message and HTTP status (None: the model's) of a fault that is an answer, in the service's words."""
    match fault.kind:
        case "throttle":
            code, message, status = _THROTTLES.get(service, ("Throttling", "Rate exceeded", 400))
        case "credentials":
            usual = ("ExpiredToken", "The security token included in the request is expired", 403)
            code, message, status = _EXPIRED.get(service, usual)
        case "server_error":
            code, message, status = "InternalFailure", "An internal error has occurred.", 500
        case _:
            return fault.code or "InternalFailure", fault.message or f"A scripted {fault.code}.", None
    return fault.code or code, fault.message or message, status


def fault_of(word: str) -> Fault:
    """A script's error as a fault: a kind by its word, what everybody throttles by, else a code."""
    match word:
        case "lost" | "lost_unperformed" | "unsent" | "throttle" | "server_error" | "credentials":
            return Fault(kind=word)
        case "Throttling" | "ThrottlingException" | "RequestLimitExceeded":
            return Fault(kind="throttle", code=word)
        case "ExpiredToken" | "ExpiredTokenException" | "RequestExpired":
            return Fault(kind="credentials", code=word)
        case _:
            return Fault(kind="error", code=word, message=_TEXTS.get(word, ""))


_TEXTS: Final[dict[str, Any]] = {
    "DBSubnetGroupNotFoundFault": "DB subnet group does not exist.",
    "InvalidVPCNetworkStateFault": "DB instance and EC2 security group are in different VPCs.",
    "InsufficientDBInstanceCapacity": "There is not enough capacity for the DB instance class in this zone.",
    "SnapshotQuotaExceeded": "Cannot copy more than 5 snapshots across regions",
    "AccessDenied": "User is not authorized to perform this action.",
}


# --- what becomes of a call ---


class Cut(Exception):
    """No reply. `kind` says what became of the call, `code` may name botocore's exception."""

    def __init__(self, kind: Literal["lost", "lost_unperformed", "unsent"], code: str = "") -> None:
        super().__init__(kind)
        self.kind = kind
        self.code = code


class Outcome(Bundle):
    """`word` is the journal's: `ok`, a code, or what became of the reply."""

    word: str = "ok"
    performed: bool = True
    answer: Any = None
    error: BaseException | None = None


def carry_out(service: str, fault: Fault | None, perform: Callable[[], Any]) -> Outcome:
    """Perform it, or not, as the fault says; what the world refuses, or a connection meets, is an outcome."""
    if fault is None:
        return _tried(perform)
    match fault.kind:
        case "unsent" | "lost_unperformed":
            return Outcome(word=fault.kind, performed=False, error=Cut(fault.kind, fault.code))
        case "lost":
            return changed(_tried(perform), word="lost", answer=None, error=Cut("lost", fault.code))
        case _:
            code, message, status = refusal_of(fault, service)
            performed = fault.performed and _tried(perform).performed
            return Outcome(word=code, performed=performed, error=Refusal(code, message, status))


def _tried(perform: Callable[[], Any]) -> Outcome:
    try:
        return Outcome(answer=perform())
    except Refusal as refusal:
        return Outcome(word=refusal.code, performed=False, error=refusal)
    except OSError as error:
        return Outcome(word=type(error).__name__, performed=False, error=error)
