"""What is next: the phase table of a step's life. A function of durable state alone, so a crash cannot lose it.

entering    Record: visit, `if`, identity rendered, the list of a `for_each`
looking     Perform(look) when due; Record: the decision after it
proving     Perform(look) of each of `requires`, then the own resource again, or the effect
acting      Perform(effect)
waiting     SleepUntil: a retry's delay, a `wait`
nested      what the frames above have come to
refreshing  Perform: settings are read again; Record: the rescue's `then`
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from engine.errors import ExpressionError, Problem
from engine.kernel.decide import ends, errors
from engine.kernel.decide.decision import decide
from engine.kernel.decide.effects import intend_call, intend_notice, look_effect
from engine.kernel.decide.notices import notice
from engine.kernel.decide.removal import needed_later, removal_params
from engine.kernel.decide.requirements import proving
from engine.kernel.decide.view import View, view
from engine.kernel.events import (
    Entered,
    Event,
    Held,
    Intended,
    NestedDone,
    ProofBegun,
    SentAgain,
    StepDone,
    StepFailed,
)
from engine.kernel.operation import (
    Acting,
    Command,
    Effect,
    Entering,
    Halt,
    Looking,
    Nested,
    Operation,
    Perform,
    Phase,
    Proving,
    Record,
    Refreshing,
    SleepUntil,
    Target,
    Waiting,
)
from engine.kernel.queries import is_undo
from engine.kernel.rendering import place, rendered, true
from engine.language.durations import duration
from engine.language.model import (
    Call,
    Check,
    Ensure,
    Fail,
    Hold,
    Notify,
    Remove,
    Runbook,
    TakeBack,
    Wait,
)

Next = Event | Perform | SleepUntil | Halt
"""What a phase comes to: an event is to be recorded; the others are commands already."""

TOO_OFTEN = 10
"""So many takings-up in a row that were not released, without an outcome: a poison document."""


def pending(runbook: Runbook, operation: Operation, now: float) -> Command:
    """The next command."""
    if operation.ended:
        return Halt(status=operation.ended)
    if not operation.frames:
        return Record(event=ends.at_the_end(operation, now))
    v = view(runbook, operation, now)
    if operation.hold is not None and not v.frame.path.startswith("on_hold/"):
        return Halt(status="HELD")
    try:
        phase = v.frame.phase
        found = _stopped(v) or _PHASES[type(phase)](v, phase)
    except ExpressionError as error:
        problem = Problem(name="ExpressionError", category="config", message=str(error))
        found = StepFailed(at=now, problem=problem)
    if isinstance(found, Event):
        return Record(event=ends.in_its_place(v, found))
    return _in_time(v, found)


def _stopped(v: View) -> Event | None:
    """What comes before the phase: a failure to pass on, a poison document, the time limit."""
    if v.frame.failed is not None:
        return errors.after_failure(v)
    if is_poison(v.operation):
        reason = f"taken up {v.operation.taken_up} times in a row without an outcome"
        return Held(at=v.now, kind="trouble", reason=reason)
    if v.runbook.time_limit is not None and _overdue(v):
        return Held(at=v.now, kind="time_limit", reason=f"the time limit of {v.runbook.time_limit:.0f} s is over")
    return None


def is_poison(operation: Operation) -> bool:
    """● A document that kills its runners must not loop for ever."""
    return operation.taken_up >= TOO_OFTEN and operation.hold is None and operation.ending is None


def _limit(v: View) -> float | None:
    if v.runbook.time_limit is None or v.operation.ending is not None or v.operation.hold is not None:
        return None
    return v.operation.since + v.runbook.time_limit


def _overdue(v: View) -> bool:
    phase, limit = v.frame.phase, _limit(v)
    decided = isinstance(phase, Looking) and phase.seen is not None
    between = isinstance(phase, (Looking, Proving, Waiting, Entering)) and not decided
    return between and limit is not None and v.now >= limit


def _in_time(v: View, command: Command) -> Command:
    """A sleep ends at the time limit."""
    if type(command) is SleepUntil and (limit := _limit(v)) is not None and limit < command.at:
        return SleepUntil(at=limit)
    return command


# -- entering --------------------------------------------------------------------------------------------


def _entering(v: View, phase: Entering) -> Next:
    step = v.step
    if v.frame.item is None:
        if step.condition is not None and not true(step.condition, v.names()):
            return Entered(at=v.now, skipped=True)
        if step.for_each is not None:
            return Entered(at=v.now, items=_items(rendered(step.for_each, v.names())))
    region, account = place(v.runbook, v.operation, step, v.names)
    body = step.body
    identity = {} if type(body) is TakeBack else _identity(v)
    queue = ends.queue_of(v.operation, v.runbook, body) if type(body) is TakeBack else ()
    until = v.now + _seconds(v, body.duration) if type(body) is Wait else None
    target = _target(v)
    if target is not None and target.id is not None:
        identity = {"id": target.id}
    return Entered(at=v.now, identity=identity, region=region, account=account, queue=queue, until=until, target=target)


def _items(value: Any) -> tuple[Any, ...]:
    if value is None:
        return ()
    if isinstance(value, (list, tuple)):
        return tuple(value)
    message = f"`for_each` needs a list, and got {type(value).__name__}"
    raise ExpressionError(message)


def _seconds(v: View, written: Any) -> float:
    value = rendered(written, v.names()) if isinstance(written, str) else written
    try:
        return float(value) if not isinstance(value, str) else duration(value)
    except ValueError as error:
        message = f"`wait`: {error}"
        raise ExpressionError(message) from error


def _identity(v: View) -> dict[str, Any]:
    body = v.step.body
    if isinstance(body, Call):
        until = body.until.body if body.until is not None else None
        return dict(rendered(until.params, v.names())) if type(until) is Check else {}
    if isinstance(body, Check):
        return dict(rendered(body.params, v.names()))
    if not isinstance(body, (Ensure, Remove)) or v.kind is None:
        return {}
    written = {key: body.params[key] for key in v.kind.identity if key in body.params}
    return dict(rendered(written, v.names()))


def _target(v: View) -> Target | None:
    """`target: STEP`: that thing's id is what is meant; recorded once."""
    body = v.step.body
    if type(body) is not Remove or body.target is None:
        return None
    if v.key in v.operation.targets:
        return v.operation.targets[v.key]
    result = v.operation.results.get(body.target.replace("-", "_"))
    id = result.get("id") if isinstance(result, dict) else None
    name = result.get("name", "") if isinstance(result, dict) else ""
    return Target(id=id, name=str(name), region=v.frame.region)


# -- looking ---------------------------------------------------------------------------------------------


def _looking(v: View, phase: Looking) -> Next:
    if phase.seen is not None:
        return decide(v, phase.seen)
    if phase.next > v.now:
        return SleepUntil(at=phase.next)
    if isinstance(v.step.body, Remove) and v.step.body.target is not None and "id" not in v.frame.identity:
        return StepDone(at=v.now, result=None, status="missing")
    removal = removal_params(v)
    if isinstance(v.step.body, Remove) and removal is not None and not is_undo(v.frame):
        removal |= {"needed": needed_later(v)}
    return Perform(effect=look_effect(v, v.frame.identity, removal))


# -- proving ---------------------------------------------------------------------------------------------


def _proving(v: View, phase: Proving) -> Next:
    return proving(v, phase) or _act(v)


# -- acting ----------------------------------------------------------------------------------------------


def _act(v: View) -> Event:
    """A step without a look before it: what it does, when its `requires` are met."""
    body = v.step.body
    if v.frame.repeat is not None:
        return Intended(at=v.now, effect=v.frame.repeat, takes=False)
    match body:
        case Call():
            return errors.next_attempt(v) or intend_call(v)
        case Notify():
            return _notify(v)
        case Hold(reason=reason):
            return Held(at=v.now, kind="approval", reason=str(rendered(reason, v.names())))
        case Fail(reason=reason, error=error):
            message = str(rendered(reason, v.names()))
            return StepFailed(at=v.now, problem=Problem(name=error or "Failed", category="invalid", message=message))
        case _:
            raise AssertionError(body)


def _notify(v: View) -> Event:
    told = notice(v)
    if told is None:
        return StepDone(at=v.now, result=None)
    return errors.next_attempt(v) or intend_notice(v, *told)


def _acting(v: View, phase: Acting) -> Next:
    if phase.failed is not None:
        return errors.error_path(v, phase.failed)
    if phase.unknown:
        reason = f"nobody knows whether {phase.effect.name} was done: {phase.unknown}"
        return Held(at=v.now, kind="unknown_outcome", reason=reason)
    if not phase.sent:
        return ProofBegun(at=v.now) if proves_again(v) else SentAgain(at=v.now)
    return Perform(effect=phase.effect)


def proves_again(v: View) -> bool:
    """● A call that is still due after a resume is not sent before what it requires has been proved anew."""
    return bool(v.step.requires)


# -- waiting, nested, refreshing ---------------------------------------------------------------------------


def _waiting(v: View, phase: Waiting) -> Next:
    if phase.until > v.now:
        return SleepUntil(at=phase.until)
    if phase.then == "done":
        return StepDone(at=v.now, result=None)
    return NestedDone(at=v.now)


def _nested(v: View, phase: Nested) -> Next:
    match phase.why:
        case "items":
            return StepDone(at=v.now, result=list(v.frame.collected))
        case "ledger":
            return ends.next_of_queue(v)
        case "row" | "rescue":
            return NestedDone(at=v.now)


def _refreshing(v: View, phase: Refreshing) -> Next:
    rescue = v.step.rescue[phase.rescue]
    if rescue.refresh and not phase.refreshed:
        return Perform(effect=Effect(verb="refresh", name="settings", key=v.effect_key("refresh")))
    return errors.then_of_rescue(v, phase.rescue)


_PHASES: Final[Mapping[type[Phase], Callable[[View, Any], Next]]] = {
    Entering: _entering,
    Looking: _looking,
    Proving: _proving,
    Acting: _acting,
    Waiting: _waiting,
    Nested: _nested,
    Refreshing: _refreshing,
}
"""The phase table."""
