"""Events as lines, of progress and of `runbook history`. A wait says what for, how long, and until when.

Pure: no clock and no stream. `event_texts` has the texts of events; the texts of waits are here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

from engine.cli.output import terminal
from engine.cli.output.event_texts import event_text
from engine.cli.output.times import format_current_attempt, format_deadline, format_time
from engine.errors import Problem
from engine.kernel import Transition
from engine.kernel import events as ev
from engine.kernel.decide.requirements import awaited
from engine.kernel.decide.view import view_of
from engine.kernel.effect import Effect
from engine.kernel.frame import Frame, Proving, Waiting
from engine.kernel.operation import Operation
from engine.kernel.queries import current_key, monitor_of, step_of
from engine.language.durations import format_duration
from engine.language.model import Monitor, Runbook
from engine.stores.port import LogRecord
from engine.values import Value, changed

Weight = Literal["detail", "note", "wait", "problem", "end"]
"""`detail` is shown only with --verbose."""

WEIGHTS: Final[Mapping[Weight, tuple[type[ev.Event], ...]]] = {
    "detail": (
        ev.Entered, ev.Looked, ev.Adopted, ev.ProofBegun, ev.Proved, ev.NestedDone, ev.EntryTaken, ev.SentAgain,
        ev.FailurePassedOn, ev.BrokenTakenBack, ev.RowTaken, ev.Vanished, ev.Watched, ev.Delayed,
        ev.ItemSurveyed, ev.ItemsBegun,
    ),
    "problem": (ev.Failed, ev.Unknown, ev.NotSent, ev.StepFailed, ev.TroubleRecorded, ev.Held),
    "end": (ev.EndRecorded, ev.Ended, ev.Started, ev.Resumed, ev.Restarted, ev.Cancelled, ev.CleanupBegun),
}  # fmt: skip
"""The weight of each event; `note` for others."""


class Line(Value):
    """One line of progress."""

    at: float
    step: str
    text: str
    weight: Weight


def event_lines(transition: Transition) -> list[Line]:
    """The line of an event, and a second one for a wait that begins with it."""
    event = transition.event
    line = Line(at=event.at, step=event.step, text=event_text(transition), weight=_weight(transition))
    wait = _wait_text(transition)
    return [line, changed(line, text=wait, weight="wait")] if wait else [line]


def _weight(transition: Transition) -> Weight:
    event, ending = transition.event, transition.after.ending
    match event:
        case ev.Ended():
            # The recorded end was shown already; only an end that differs from it is news.
            return "detail" if ending is not None and ending.status == transition.after.ended else "end"
        case ev.Entered(skipped=True):
            return "note"
        case ev.TakenUp(released=True):
            return "detail"
        case _:
            return next((weight for weight, events in WEIGHTS.items() if isinstance(event, events)), "note")


# -- waits ------------------------------------------------------------------------------------------------------


def _wait_text(transition: Transition) -> str:
    """The wait that begins with this event, or whose reason it changes; "" for any other event."""
    runbook, after, before, at = transition.runbook, transition.after, transition.before, transition.event.at
    if not after.frames or after.ended:
        return ""
    frame = after.top
    last = before.top if before is not None and before.frames else None
    if isinstance(frame.phase, Waiting):
        until = frame.phase.until
        if until <= at or (last is not None and (last.path, last.phase) == (frame.path, frame.phase)):
            return ""
        text = f"waiting {format_duration(until - at, units=2)} until {format_deadline(until, at)}"
        if frame.phase.then != "begin":
            return text
        return f"{text}, then {format_current_attempt(step_of(runbook, after, frame), frame) or 'trying again'}"
    since = frame.observed.watching if isinstance(transition.event, ev.Watched) else None
    if since is None or (last is not None and _is_same_watch(last, frame)):
        return ""
    step = step_of(runbook, after, frame)
    attempt = format_current_attempt(step, frame)
    text = f"{frame.observed.status or 'not there yet'}; {describe_checks(monitor_of(runbook, step, frame.observed.row), since, at)}"
    return f"{text} ({attempt})" if attempt else text


def _is_same_watch(before: Frame, frame: Frame) -> bool:
    same = (before.path, before.item, before.observed.status, before.attempts.number) == (
        frame.path, frame.item, frame.observed.status, frame.attempts.number,
    )  # fmt: skip
    return same and before.observed.watching is not None


def requirement_line(runbook: Runbook, operation: Operation) -> Line | None:
    """The wait for what the current step requires; None where it does not wait for that."""
    if not operation.frames:
        return None
    requirement, phase = awaited(view_of(runbook, operation, operation.at)), operation.top.phase
    if requirement is None or not isinstance(phase, Proving) or phase.since is None:
        return None
    checks = describe_checks(monitor_of(runbook, requirement.step), phase.since, operation.at)
    text = f"waiting for {requirement.key}, which is {phase.status or 'not there yet'}; {checks}"
    return Line(at=operation.at, step=current_key(runbook, operation), text=text, weight="wait")


def describe_checks(monitor: Monitor, since: float, now: float) -> str:
    """`checking every 30s until 01:54Z`."""
    deadline = format_deadline(since + (monitor.longest or 0.0), now)
    return f"checking every {format_duration(monitor.every or 30.0)} until {deadline}"


def resend_line(
    runbook: Runbook, operation: Operation, effect: Effect, problem: Problem, delay: float, now: float
) -> Line:  # fmt: skip
    """A request that is sent again after a delay: AWS throttled it, or it could not be sent."""
    request = f"{effect.verb} {effect.name}"
    if problem.category == "throttled":
        text = f"AWS throttled {request}; retrying in {format_duration(delay)}"
    else:
        text = f"could not send {request} ({problem.name}: {problem.message}); retrying in {format_duration(delay)}"
    return Line(at=now, step=current_key(runbook, operation), text=text, weight="wait")


# -- lines of `runbook history` ----------------------------------------------------------------------------------


def format_event(record: LogRecord, raw: Mapping[str, Any], transition: Transition) -> str:
    """`  12  2024-03-20 00:06:00Z  copy-snapshot  …`: the record's number, time, step and text."""
    event = transition.event
    step, text = terminal.escape(event.step).ljust(20), terminal.escape(event_text(transition))
    return f"{record.seq:>4}  {format_time(event.at)}  {step}  {text}".rstrip()


def format_event_json(record: LogRecord, raw: Mapping[str, Any], transition: Transition) -> str:
    """One JSON document on one line. `raw`: the event as it was stored."""
    from engine.kernel.codec import TAG
    from engine.kernel.rendering import iso

    fields = {key: value for key, value in raw.items() if key not in (TAG, "at", "step")}
    document = {
        "format": 1, "operation_id": record.operation, "seq": record.seq, "at": iso(raw["at"]), "actor": record.actor,
        "host": record.host, "process": record.process, "step": transition.event.step, "event": raw[TAG],
        "text": event_text(transition), "fields": fields,
    }  # fmt: skip
    return terminal.to_json(document)
