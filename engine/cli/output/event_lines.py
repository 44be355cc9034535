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
from engine.values import Value

Weight = Literal["detail", "note", "wait", "problem", "end"]
"""`detail` is shown only with --verbose."""

DETAILS: Final = (
    ev.Entered, ev.Looked, ev.Adopted, ev.ProofBegun, ev.Proved, ev.NestedDone, ev.EntryTaken, ev.SentAgain,
    ev.FailurePassedOn, ev.BrokenTakenBack, ev.RowTaken, ev.Vanished, ev.Watched, ev.Delayed,
)  # fmt: skip
PROBLEMS: Final = (ev.Failed, ev.Unknown, ev.NotSent, ev.StepFailed, ev.TroubleRecorded, ev.Held)
ENDS: Final = (ev.EndRecorded, ev.Ended, ev.Started, ev.Resumed, ev.Restarted, ev.Cancelled, ev.CleanupBegun)


class Line(Value):
    """One line of progress."""

    at: float
    step: str
    text: str
    weight: Weight


def event_lines(transition: Transition) -> list[Line]:
    """The line of an event, and a second one for a wait that begins with it."""
    event = transition.event
    lines = [Line(at=event.at, step=event.step, text=event_text(transition), weight=_weight(transition))]
    wait = wait_line(transition)
    if wait is not None:
        lines.append(wait)
    return lines


def _weight(transition: Transition) -> Weight:
    event = transition.event
    if isinstance(event, ev.Ended):
        # The recorded end was shown already; only an end that differs from it is news.
        ending = transition.after.ending
        return "detail" if ending is not None and ending.status == transition.after.ended else "end"
    if isinstance(event, PROBLEMS):
        return "problem"
    if isinstance(event, ENDS):
        return "end"
    if isinstance(event, ev.Entered) and event.skipped:
        return "note"
    if isinstance(event, ev.TakenUp) and event.released:
        return "detail"
    return "detail" if isinstance(event, DETAILS) else "note"


# -- waits ------------------------------------------------------------------------------------------------------


def wait_line(transition: Transition) -> Line | None:
    """The wait that begins with this event, or whose reason it changes; None for any other event."""
    after, before = transition.after, transition.before
    if not after.frames or after.ended:
        return None
    frame = after.top
    if isinstance(frame.phase, Waiting):
        if frame.phase.until <= transition.event.at or (before is not None and _is_same_wait(before, frame)):
            return None
        return _delay_line(transition, frame, frame.phase)
    is_watched = isinstance(transition.event, ev.Watched) and frame.observed.watching is not None
    if not is_watched or (before is not None and before.frames and _is_same_watch(before.top, frame)):
        return None
    return _watch_line(transition, frame)


def _is_same_wait(before: Operation, frame: Frame) -> bool:
    return bool(before.frames) and before.top.path == frame.path and before.top.phase == frame.phase


def _is_same_watch(before: Frame, frame: Frame) -> bool:
    same = (before.path, before.item, before.observed.status, before.attempts.number) == (
        frame.path, frame.item, frame.observed.status, frame.attempts.number,
    )  # fmt: skip
    return same and before.observed.watching is not None


def _delay_line(transition: Transition, frame: Frame, phase: Waiting) -> Line:
    at = transition.event.at
    text = f"waiting {format_duration(phase.until - at, units=2)} until {format_deadline(phase.until, at)}"
    if phase.then == "begin":
        attempt = format_current_attempt(step_of(transition.runbook, transition.after, frame), frame)
        text += f", then {attempt or 'trying again'}"
    return Line(at=at, step=transition.event.step, text=text, weight="wait")


def _watch_line(transition: Transition, frame: Frame) -> Line:
    at = transition.event.at
    assert frame.observed.watching is not None
    step = step_of(transition.runbook, transition.after, frame)
    attempt = format_current_attempt(step, frame)
    checks = describe_checks(monitor_of(transition.runbook, step), frame.observed.watching, at)
    text = f"{frame.observed.status or 'not there yet'}; {checks}" + (f" ({attempt})" if attempt else "")
    return Line(at=at, step=transition.event.step, text=text, weight="wait")


def requirement_line(runbook: Runbook, operation: Operation) -> Line | None:
    """The wait for what the current step requires; None where it does not wait for that."""
    requirement = awaited(view_of(runbook, operation, operation.at)) if operation.frames else None
    phase = operation.top.phase if operation.frames else None
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
    line = event_lines(transition)[0]
    step = terminal.escape(line.step).ljust(20)
    return f"{record.seq:>4}  {format_time(line.at)}  {step}  {terminal.escape(line.text)}".rstrip()


def format_event_json(record: LogRecord, raw: Mapping[str, Any], transition: Transition) -> str:
    """One JSON document on one line. `raw`: the event as it was stored."""
    import json

    from engine.kernel.codec import TAG
    from engine.kernel.rendering import iso

    line = event_lines(transition)[0]
    fields = {key: value for key, value in raw.items() if key not in (TAG, "at", "step")}
    document = {
        "format": 1, "operation_id": record.operation, "seq": record.seq, "at": iso(raw["at"]), "actor": record.actor,
        "host": record.host, "process": record.process, "step": line.step, "event": raw[TAG], "text": line.text,
        "fields": fields,
    }  # fmt: skip
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))
