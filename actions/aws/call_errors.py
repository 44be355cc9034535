"""Turns the exceptions of botocore into the engine's: refused, unknown outcome, or never sent.

Every kind and action wraps its calls in `with aws_call(ctx, …):`, so that each error gets its name and category in one
place (docs/language.md, "Errors"). `error_codes` knows what AWS's codes mean; this module decides how the call ended:

- AWS refused it: `EffectFailed`.
- It was throttled, or there were no credentials or no connection: `EffectNotSent`. Nothing was changed, and no attempt
  is counted.
- It was a change, was sent, and was answered by a 5xx, a timeout, a broken connection or an unreadable reply:
  `EffectUnknown`. It is never simply sent again.

Knows no service. An exception that is not botocore's passes through: it is a bug, or already one of the engine's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

from actions.aws.botocore_errors import (
    INTERRUPTED,
    MISCONFIGURED,
    NEVER_SENT,
    NO_ENDPOINT,
    NOT_LOGGED_IN,
    TIMED_OUT,
    UNREADABLE,
    is_botocore_error,
    is_credential_error,
)
from actions.aws.error_codes import NO_ANSWER, Meaning, meaning_of
from engine.errors import EffectFailed, EffectNotSent, EffectUnknown, Problem, RunbookError
from engine.registry import Context

Translated = EffectFailed | EffectUnknown | EffectNotSent


# Only botocore's event handlers know whether a request was sent (`actions.aws.sessions`). They are registered with a
# client, which threads share, and can return nothing to the call. So they find the current call by the context of its
# thread, which does not outlive `aws_call`.


class _CurrentCall:
    """Has the request of the current call been sent? None if its client does not report it."""

    __slots__ = ("sent",)

    def __init__(self) -> None:
        self.sent: bool | None = None


_CURRENT: Final[ContextVar[_CurrentCall | None]] = ContextVar("current_call", default=None)

SERVER_ERROR: Final = "ServerError"
REPLY_LOST: Final = "ReplyLost"
CALL_TIMEOUT: Final = "CallTimeout"
"""Wider names of errors after which nobody knows whether a call took effect: a 5xx, no reply, no reply in time."""

LOG_IN: Final = "log in (`aws sso login`, or set AWS_PROFILE or new keys in the environment)"
SET_REGION: Final = "Set `region` in the runbook, or --region, or AWS_REGION"
CONFIGURE: Final = (
    "correct the configuration of AWS on this machine (~/.aws/config, ~/.aws/credentials, AWS's environment variables)"
)


@contextmanager
def aws_call(
    context: Context | None = None, *, changes: bool = False, names: Mapping[str, str] | None = None
) -> Iterator[None]:
    """Translate the errors of the AWS calls in this block.

    `changes`: whether the call can change anything. `names`: AWS's name of each parameter → its name in `with`.
    """
    call = _CurrentCall()
    token = _CURRENT.set(call)
    try:
        yield
    except RunbookError:
        raise
    except Exception as error:
        if not is_botocore_error(error):
            raise
        raise translated(error, sent=call.sent, context=context, changes=changes, names=names) from None
    finally:
        _CURRENT.reset(token)


def mark_unsent() -> None:
    """A client of `actions.aws.sessions` starts a call. Has no effect outside `aws_call`."""
    _mark(sent=False)


def mark_sent() -> None:
    """The client sends the request now."""
    _mark(sent=True)


def _mark(*, sent: bool) -> None:
    call = _CURRENT.get()
    if call is not None:
        call.sent = sent


def translated(
    error: Exception,
    *,
    sent: bool | None = None,
    context: Context | None = None,
    changes: bool,
    names: Mapping[str, str] | None = None,
) -> Translated:
    """The engine's error for an exception of botocore. `sent` None: only the exception's class says if it was sent."""
    from botocore.exceptions import ClientError

    if isinstance(error, ClientError):
        return _answered(error, context, changes=changes, sent=sent, parameters=names or {})
    classes = [cls.__name__ for cls in type(error).__mro__]
    if NOT_LOGGED_IN.intersection(classes) or is_credential_error(error):
        reason = _first_line(error)
        if reason.endswith(":"):  # of a `credential_process` that failed without a word
            reason += " it failed and gave no reason"
        return EffectNotSent(_problem(error, "credentials", f"{reason}; {LOG_IN}"))
    if MISCONFIGURED.intersection(classes):
        return EffectNotSent(_problem(error, "credentials", f"{_first_line(error)}; {CONFIGURE}"))
    if classes[0] == "CapacityNotAvailableError":  # botocore's own rate limiter
        return EffectNotSent(_problem(error, "throttled", _first_line(error)))
    if "ParamValidationError" in classes:
        return EffectFailed(_invalid_parameters(error, context, names or {}))
    if classes[0] in NEVER_SENT:
        return EffectNotSent(_problem(error, "network", _first_line(error), _timeout_name(classes)))
    if INTERRUPTED.intersection(classes):
        if sent is False:
            return EffectNotSent(_problem(error, "network", _first_line(error), _timeout_name(classes)))
        return _unanswered(error, classes, changes=changes)
    if classes[0] == "NoRegionError":
        return EffectFailed(_problem(error, "config", f"{_first_line(error)} {SET_REGION}"))
    category = "config" if NO_ENDPOINT.intersection(classes) else "invalid"
    return EffectFailed(_problem(error, category, _first_line(error)))


def _answered(
    error: Any, context: Context | None, *, changes: bool, sent: bool | None, parameters: Mapping[str, str]
) -> Translated:
    """AWS has answered: with a refusal, or with a 5xx, after which the outcome of a change is unknown."""
    reply = error.response.get("Error", {})
    code, message = str(reply.get("Code") or "Unknown"), str(reply.get("Message") or "no message")
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") or 400)
    meaning = meaning_of(code, message, status)
    operation = getattr(error, "operation_name", "")
    match meaning.category:
        case "throttled":
            return EffectNotSent(Problem(name=code, category="throttled", message=f"{operation}: {message}"))
        case "credentials":
            advice = _credentials_advice(message)
            return EffectNotSent(Problem(name=code, category="credentials", message=f"{message}; {advice}"))
    if changes and (status >= 500 or meaning.category in ("timeout", "internal")):
        if sent is False:  # STS has answered, which was asked for credentials before the call
            return EffectNotSent(Problem(name=code, category="network", message=f"{operation}: {message}"))
        why = f"AWS answered {operation} with {status} {code}: {message}"
        name, wider = _wire_name(code, status), SERVER_ERROR if status >= 500 else REPLY_LOST
        return EffectUnknown(
            why, Problem(name=name, category="internal", message=why, also=(wider,), trace=_trace(error))
        )
    name = meaning.name or _wire_name(code, status)
    also: tuple[str, ...] = (code, *meaning.also) if meaning.name else meaning.also
    problem = Problem(
        name=name,
        category=meaning.category,
        message=_message(meaning, message, context, parameters),
        also=(*also, SERVER_ERROR) if status >= 500 else also,
        trace=_trace(error),
    )
    return EffectFailed(problem)


def _wire_name(code: str, status: int) -> str:
    """The code in the reply; `Http503` where it has none but the number: what came is a proxy's or load balancer's."""
    return f"Http{status}" if status >= 500 and (code == "Unknown" or code.isdigit()) else code


def _credentials_advice(message: str) -> str:
    if "Signature expired" in message or "time" in message.lower():
        return f"check that this machine's clock is right; if it is, {LOG_IN}"
    return f"{LOG_IN}. A region that the account has not enabled gives the same error"


def _message(meaning: Meaning, message: str, context: Context | None, parameters: Mapping[str, str]) -> str:
    """AWS's message, the parameters that it is about with the settings they come from, and what to do."""
    sources = context.sources if context is not None else {}
    mentioned = {parameter for name, parameter in parameters.items() if name in message}
    about = [name for name in sources if name in meaning.about or name in mentioned]
    text = message.rstrip(".") + _from_settings(about, sources)
    return f"{text}; {meaning.advice}" if meaning.advice else text


def _from_settings(names: list[str], sources: Mapping[str, str]) -> str:
    """` (kms_key, from ssm:/key)`; "" for no names."""
    return " (" + ", ".join(f"{name}, from {sources[name]}" for name in names) + ")" if names else ""


def _unanswered(error: Exception, classes: list[str], *, changes: bool) -> Translated:
    name, wider = type(error).__name__, CALL_TIMEOUT if TIMED_OUT.intersection(classes) else REPLY_LOST
    if changes:
        why = f"AWS did not answer: {name}: {_first_line(error)}"
        return EffectUnknown(
            why, Problem(name=name, category="timeout", message=why, also=(wider,), trace=_trace(error))
        )
    if "SSLError" in classes:
        return EffectNotSent(_problem(error, "network", _first_line(error)))
    category = "internal" if classes[0] in UNREADABLE else "timeout"
    return EffectFailed(_problem(error, category, _first_line(error), (*_timeout_name(classes), wider)))


def _timeout_name(classes: list[str]) -> tuple[str, ...]:
    return (NO_ANSWER,) if TIMED_OUT.intersection(classes) else ()


_VALUE: Final = re.compile(r", value: .*(?=, (?:type: <|valid ))", re.DOTALL)


def _invalid_parameters(error: Exception, context: Context | None, parameters: Mapping[str, str]) -> Problem:
    """botocore's report: which parameters are wrong and what they should be, without values, which may be secret."""
    report = str(error.kwargs.get("report", "")) if hasattr(error, "kwargs") else str(error)
    lines = re.split(r"\n(?=Missing|Unknown|Invalid)", report)
    text = "; ".join(_VALUE.sub("", line) for line in lines)
    sources = context.sources if context is not None else {}
    mentioned = [parameters.get(name, name) for name in re.findall(r"(?:parameter|in) (\w+)", text)]
    from_setting = [name for name in mentioned if name in sources]
    category = "config" if from_setting else "invalid"
    return _problem(error, category, text + _from_settings(from_setting, sources))


def _problem(error: Exception, category: str, message: str, also: tuple[str, ...] = ()) -> Problem:
    return Problem(name=type(error).__name__, category=category, message=message, also=also, trace=_trace(error))


def _first_line(error: Exception) -> str:
    """botocore's message without the other errors that it quotes on the following lines."""
    return str(error).strip().partition("\n")[0]


def _trace(error: Exception) -> str:
    """Files and lines of the traceback, without values, and AWS's request id."""
    import traceback  # only needed when something went wrong

    lines = "".join(traceback.format_tb(error.__traceback__))
    reply = getattr(error, "response", None) or {}  # None if the connection broke
    request_id = reply.get("ResponseMetadata", {}).get("RequestId")
    return lines + (f"request id {request_id}\n" if request_id else "")


def refusal(
    message: str, *, code: str = "InvalidParameterValue", about: str = "", context: Context | None = None
) -> EffectFailed:
    """An error found before the call, in the form that AWS's refusal with `code` would have.

    `about` is the parameter of `with` that is wrong; the message then names the setting that its value comes from.
    """
    meaning = meaning_of(code, message)
    sources = context.sources if context is not None else {}
    text = message + _from_settings([about] if about in sources else [], sources)
    return EffectFailed(Problem(name=meaning.name or code, category=meaning.category, message=text, also=meaning.also))


def truncated_reply(call: str, key: str) -> EffectFailed:
    """The reply has status 200 but not the list that it must have, so it was cut off (docs/aws.md, "Retries by botocore")."""
    message = f"the reply of {call} has no `{key}`: it was cut off, so nothing is known about what exists"
    return EffectFailed(Problem(name="TruncatedReply", category="internal", message=message))
