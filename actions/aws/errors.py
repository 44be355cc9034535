"""AWS's and botocore's errors as the engine takes them: a no, an unknown outcome, or never sent.

Every kind and action puts `with calling(ctx, …):` around its calls, so that each error is given its names and category
in one place (docs/language.md, "Errors"). What a code means is in `error_names`; here is what became of the call:

- answered by a no: `EffectFailed`
- throttled, no credentials, no connection: `EffectNotSent`, nothing is used up
- a change that was sent, and answered by a 5xx, a time-out, a cut connection or a reply that cannot be read:
  `EffectUnknown`, never repeated blindly

Must not know any service. What is no error of botocore's goes through untouched: it is a bug, or the engine's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

from actions.aws.botocore_errors import (
    CUT,
    MISCONFIGURED,
    NEVER_SENT,
    NO_PLACE,
    NOT_LOGGED_IN,
    TIMED_OUT,
    UNREADABLE,
    is_botocores,
    of_credentials,
)
from actions.aws.error_names import NO_ANSWER, Meaning, meaning
from engine.errors import EffectFailed, EffectNotSent, EffectUnknown, Problem, RunbookError
from engine.registry import Context

Translated = EffectFailed | EffectUnknown | EffectNotSent


class _InHand:
    """What is known of the call in hand: has it left? None where nobody says."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left: bool | None = None


# Whether a request has left is known to botocore's event handlers alone (`actions.aws.sessions`). They are registered
# with a client, which threads share, and can hand nothing back to the call. So they find the call by the context of
# its thread; it does not outlive `calling`.
_IN_HAND: Final[ContextVar[_InHand | None]] = ContextVar("in_hand", default=None)

LOG_IN: Final = (
    "log in again (`aws sso login`, or fresh keys in AWS_PROFILE or the environment), then resume; nothing is lost"
)
MEND: Final = (
    "mend what this machine tells of AWS (~/.aws/config, ~/.aws/credentials, AWS's variables), then resume; "
    "nothing is lost"
)


@contextmanager
def calling(
    context: Context | None = None, *, changes: bool = False, words: Mapping[str, str] | None = None
) -> Iterator[None]:
    """Around calls to AWS. `changes`: can the call change anything; `words`: wire names → parameters of `with`."""
    in_hand = _InHand()
    token = _IN_HAND.set(in_hand)
    try:
        yield
    except RunbookError:
        raise
    except Exception as error:
        if not is_botocores(error):
            raise
        raise translated(error, sent=in_hand.left, context=context, changes=changes, words=words) from None
    finally:
        _IN_HAND.reset(token)


def begins() -> None:
    """A call begins: nothing of it has left. Told by the clients of `actions.aws.sessions`; outside of `calling` to nobody."""
    _leaves(left=False)


def leaves() -> None:
    """The call in hand leaves now."""
    _leaves(left=True)


def _leaves(*, left: bool) -> None:
    in_hand = _IN_HAND.get()
    if in_hand is not None:
        in_hand.left = left


def translated(
    error: Exception,
    *,
    sent: bool | None = None,
    context: Context | None = None,
    changes: bool,
    words: Mapping[str, str] | None = None,
) -> Translated:
    """What an exception of botocore's says to the engine. `sent` None: told by the exception alone."""
    from botocore.exceptions import ClientError

    if isinstance(error, ClientError):
        return _answered(error, context, changes=changes, sent=sent, words=words or {})
    names = [cls.__name__ for cls in type(error).__mro__]
    if any(name in NOT_LOGGED_IN for name in names) or of_credentials(error):
        return EffectNotSent(_problem(error, "credentials", f"{_text(error)}; {LOG_IN}"))
    if any(name in MISCONFIGURED for name in names):
        return EffectNotSent(_problem(error, "credentials", f"{_text(error)}; {MEND}"))
    if names[0] == "CapacityNotAvailableError":  # botocore's own limit of sendings
        return EffectNotSent(_problem(error, "throttled", _text(error)))
    if "ParamValidationError" in names:
        return EffectFailed(_invalid(error, context, words or {}))
    if names[0] in NEVER_SENT:
        return EffectNotSent(_problem(error, "network", _text(error), _timed_out(names)))
    if any(name in CUT for name in names) and sent is not False:
        return _unanswered(error, names, changes=changes)
    if any(name in CUT for name in names):
        return EffectNotSent(_problem(error, "network", _text(error), _timed_out(names)))
    category = "config" if any(name in NO_PLACE for name in names) else "invalid"
    return EffectFailed(_problem(error, category, _text(error)))


def _answered(
    error: Any, context: Context | None, *, changes: bool, sent: bool | None, words: Mapping[str, str]
) -> Translated:
    """AWS has answered with a no, or with a 5xx, which is no answer to a change."""
    told = error.response.get("Error", {})
    code, message = str(told.get("Code") or "Unknown"), str(told.get("Message") or "no message")
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") or 400)
    what = meaning(code, message, status)
    operation = getattr(error, "operation_name", "")
    match what.category:
        case "throttled":
            return EffectNotSent(Problem(name=code, category="throttled", message=f"{operation}: {message}"))
        case "credentials":
            return EffectNotSent(Problem(name=code, category="credentials", message=f"{message}; {_login(message)}"))
    if changes and (status >= 500 or what.category in ("timeout", "internal")):
        if sent is False:  # it was STS that answered, who was asked for credentials first
            return EffectNotSent(Problem(name=code, category="network", message=f"{operation}: {message}"))
        return EffectUnknown(f"{operation} was answered with {status} {code}: {message}")
    problem = Problem(
        name=what.name or code,
        category=what.category,
        message=message_of(what, message, context, words),
        also=(code, *what.also) if what.name else what.also,
        trace=_trace(error),
    )
    return EffectFailed(problem)


def _login(message: str) -> str:
    if "Signature expired" in message or "time" in message.lower():
        return f"is this machine's clock right? If so, {LOG_IN}"
    return f"{LOG_IN}. A region that the account has not opted into says the same"


def message_of(what: Meaning, message: str, context: Context | None, words: Mapping[str, str]) -> str:
    """AWS's text, the parameters that it is about with where their values came from, and what to do."""
    sources = context.sources if context is not None else {}
    mentioned = {ours for wire, ours in words.items() if wire in message}
    about = [name for name in sources if name in what.about or name in mentioned]
    told = message.rstrip(".")
    if about:
        told += " (" + ", ".join(f"{name}, from {sources[name]}" for name in about) + ")"
    return f"{told}; {what.advice}" if what.advice else told


def _unanswered(error: Exception, names: list[str], *, changes: bool) -> Translated:
    if changes:
        return EffectUnknown(f"no answer came: {type(error).__name__}: {_text(error)}")
    if "SSLError" in names:
        return EffectNotSent(_problem(error, "network", _text(error)))
    unreadable = names[0] in UNREADABLE
    return EffectFailed(_problem(error, "internal" if unreadable else "timeout", _text(error), _timed_out(names)))


def _timed_out(names: list[str]) -> tuple[str, ...]:
    return (NO_ANSWER,) if any(name in TIMED_OUT for name in names) else ()


_VALUE: Final = re.compile(r", value: .*(?=, (?:type: <|valid ))", re.DOTALL)


def _invalid(error: Exception, context: Context | None, words: Mapping[str, str]) -> Problem:
    """botocore refuses parameters: which, and what they should be, never their values, which may be secret."""
    report = str(error.kwargs.get("report", "")) if hasattr(error, "kwargs") else str(error)
    lines = re.split(r"\n(?=Missing|Unknown|Invalid)", report)
    told = "; ".join(_VALUE.sub("", line) for line in lines)
    sources = context.sources if context is not None else {}
    mentioned = [words.get(wire, wire) for wire in re.findall(r"(?:parameter|in) (\w+)", told)]
    from_setting = [name for name in mentioned if name in sources]
    if from_setting:
        told += " (" + ", ".join(f"{name}, from {sources[name]}" for name in from_setting) + ")"
    category = "config" if from_setting else "invalid"
    return _problem(error, category, told)


def _problem(error: Exception, category: str, message: str, also: tuple[str, ...] = ()) -> Problem:
    return Problem(name=type(error).__name__, category=category, message=message, also=also, trace=_trace(error))


def _text(error: Exception) -> str:
    """botocore's own sentence; of an error that quotes others, its first line."""
    return str(error).strip().partition("\n")[0]


def _trace(error: Exception) -> str:
    """Where it came from: files and lines, no locals and no values."""
    import traceback  # only where something went wrong

    lines = "".join(traceback.format_tb(error.__traceback__))
    reply = getattr(error, "response", None) or {}  # of a connection that broke it is None
    told = reply.get("ResponseMetadata", {}).get("RequestId")
    return lines + (f"request id {told}\n" if told else "")


def refusal(
    message: str, *, code: str = "InvalidParameterValue", about: str = "", context: Context | None = None
) -> EffectFailed:
    """A no of our own, said before a call that AWS would refuse with `code`; `about` is a parameter of `with`."""
    what = meaning(code, message)
    source = context.sources.get(about) if context is not None else None
    told = f"{message} ({about}, from {source})" if source else message
    problem = Problem(name=what.name or code, category=what.category, message=told, also=what.also)
    return EffectFailed(problem)


def truncated(call: str, key: str) -> EffectFailed:
    """A reply of 200 without the list that it must have is no reply: nothing is concluded from it."""
    message = f"{call} was answered without `{key}`: the reply was cut off, and nothing is concluded from it"
    return EffectFailed(Problem(name="TruncatedReply", category="internal", message=message))
