"""The longest time that a step can take: one attempt, and all attempts with their delays. Pure arithmetic."""

from __future__ import annotations

from engine.backoff import delay
from engine.language.durations import parse_duration
from engine.language.model import (
    Backoff,
    Call,
    Check,
    Delays,
    Ensure,
    Fail,
    Hold,
    KindFacts,
    Monitor,
    Notify,
    Remove,
    Runbook,
    Schedule,
    Step,
    TakeBack,
    Wait,
    attempts_in,
)
from engine.registry import DEFAULT_TIMEOUT
from engine.values import Value


class StepTime(Value):
    """Times in seconds. If the number of `for_each` items is unknown, `items` is None and the times are for one item."""

    id: str
    path: str
    once: float
    attempts: int | None  # None: as many as fit into `within`
    delays: tuple[float, ...]
    all: float
    items: int | None = 1

    @property
    def once_all_items(self) -> float:
        return self.once * (self.items or 1)

    @property
    def all_items(self) -> float:
        return self.all * (self.items or 1)


def times(runbook: Runbook) -> tuple[StepTime, ...]:
    """The times of each step of the main list, in its order."""
    return tuple(_time(runbook, step) for step in runbook.steps)


def _time(runbook: Runbook, step: Step) -> StepTime:
    once = longest_once(runbook, step)
    schedule = step.retry.schedule if step.retry is not None else None
    delays = delays_of(schedule)
    attempts = attempts_in(schedule)
    if isinstance(schedule, Backoff) and schedule.within is not None and attempts is None:
        total = schedule.within + once
    else:
        total = once * (attempts or 1) + sum(delays)
    return StepTime(
        id=step.id, path=step.path, once=once, attempts=attempts, delays=delays, all=total, items=_items(runbook, step)
    )


def longest_once(runbook: Runbook, step: Step) -> float:
    """One attempt: the time it monitors, or its call. A `check` waits only if it has `monitor` itself or in a row."""
    body = step.body
    call = step.timeout or DEFAULT_TIMEOUT
    match body:
        case Ensure() | Remove():
            return monitor_of(runbook, step).longest or 0.0
        case Check():
            waits = step.monitor.longest is not None or any(
                row.verb == "monitor" and not row.is_default for row in body.states
            )
            return monitor_of(runbook, step).longest or 0.0 if waits else 0.0
        case Call(until=until) if until is not None:
            return call + (monitor_of(runbook, step).longest or 0.0)
        case Call() | Notify():
            return call
        case Wait(duration=pause, until=until):
            return _seconds(pause) if until is None else 0.0
        case TakeBack() | Hold() | Fail():
            return 0.0


def _seconds(pause: object) -> float:
    """A pause in seconds; 0 if an expression sets it."""
    if isinstance(pause, (int, float)):
        return float(pause)
    try:
        return parse_duration(str(pause))
    except ValueError:
        return 0.0


def monitor_of(runbook: Runbook, step: Step) -> Monitor:
    """How the step monitors: its own settings, which include the top level's, else those of its kind (of its removal)."""
    kind = kind_of(runbook, step)
    base = kind.monitor if kind is not None else Monitor()
    if kind is not None and kind.removal is not None and isinstance(step.body, Remove):
        base = kind.removal
    return step.monitor.or_else(base)


def kind_of(runbook: Runbook, step: Step) -> KindFacts | None:
    """The kind that a step observes; for a call, that of its `until`."""
    body = step.body
    if isinstance(body, Call) and body.until is not None:
        body = body.until.body
    return runbook.kinds.get(body.kind) if isinstance(body, (Ensure, Remove, Check)) else None


def delays_of(schedule: Schedule | None) -> tuple[float, ...]:
    """The delays between attempts, each at its longest (no jitter); none if only `within` limits them."""
    match schedule:
        case Delays(delays=delays):
            return delays
        case Backoff(attempts=int() as attempts, first=first, factor=factor, longest=longest):
            failures = range(1, min(attempts, 10_001))
            return tuple([delay(failure, first=first, factor=factor, longest=longest) for failure in failures])
        case Backoff() | None:
            return ()


def _items(runbook: Runbook, step: Step) -> int | None:
    if step.for_each is None:
        return 1
    return len(step.for_each) if isinstance(step.for_each, (list, tuple)) else None
