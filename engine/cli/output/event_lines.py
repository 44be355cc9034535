"""Events as lines of progress: the text, and how much it matters. A wait says what for, how long, and until when.

Pure: no clock and no stream. Events without a text of their own here have the one of `engine.reports.history`.
"""

from __future__ import annotations

from typing import Final, Literal

from engine.cli.output.times import format_attempt, format_current_attempt, format_deadline, format_duration
from engine.errors import Problem
from engine.kernel import events as ev
from engine.kernel.decide.requirements import awaited
from engine.kernel.decide.view import view
from engine.kernel.effect import Effect
from engine.kernel.frame import Acting, Frame, Looking, Proving, Waiting
from engine.kernel.operation import Entry, Operation
from engine.kernel.queries import current_key, monitor_of, step_of
from engine.kernel.transition import Transition
from engine.language.model import Monitor, Remove, Runbook
from engine.reports.history import told as describe_event
from engine.values import Value, changed

Weight = Literal["detail", "note", "wait", "problem", "end"]
"""`detail` is shown only with --verbose."""

DETAILS: Final = (
    ev.Entered, ev.Looked, ev.Adopted, ev.ProofBegun, ev.Proved, ev.NestedDone, ev.EntryTaken, ev.SentAgain,
    ev.FailurePassedOn, ev.BrokenTakenBack, ev.RowTaken, ev.Vanished, ev.Watched, ev.Delayed,
)  # fmt: skip
PROBLEMS: Final = (ev.Failed, ev.Unknown, ev.NotSent, ev.StepFailed, ev.TroubleRecorded, ev.Held)
ENDS: Final = (ev.EndRecorded, ev.Ended, ev.Started, ev.Resumed, ev.Restarted, ev.Cancelled, ev.CleanupBegun)

TEXTS: Final[dict[type[ev.Event], str]] = {
    ev.ProofBegun: "checking its requirements",
    ev.NestedDone: "continuing",
    ev.SentAgain: "sending it again",
    ev.Vanished: "it no longer exists",
    ev.FailurePassedOn: "the step it belongs to fails",
    ev.BrokenTakenBack: "past the point of no return: undoing what is broken, keeping the rest",
}
LEDGER_ACTIONS: Final = {
    "undo": "undoing",
    "broken": "undoing if broken:",
    "settle": "checking whether it was created:",
    "lost": "checking by id:",
}


class Line(Value):
    """One line of progress."""

    at: float
    step: str
    text: str
    weight: Weight


def event_lines(transition: Transition) -> list[Line]:
    """The line of an event, and a second one for a wait that begins with it."""
    event = transition.event
    lines = [Line(at=event.at, step=event.step, text=_event_text(transition), weight=_weight(transition))]
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


def _event_text(transition: Transition) -> str:
    event, after = transition.event, transition.after
    match event:
        case ev.Intended(takes=True) if after.frames:
            attempt = format_attempt(step_of(transition.runbook, after, after.top), after.top.attempts.spent)
            return describe_event(event) + (f" ({attempt})" if attempt else "")
        case ev.ReplaceBegun(delay=delay):
            return _replacement_text(transition, delay)
        case ev.StepDone(status="missing") if _is_removal(transition):
            return "done: deleted"
        case ev.Delayed(until=until, why=why):
            return f"{why} in {format_duration(until - event.at)}"
        case ev.EntrySettled(entry=number, state=state, why=why):
            return _entry_text(after.ledger[number], state, why)
        case ev.Ended():
            return after.ended
        case ev.Restarted(path=path) if path in transition.runbook.index:
            return describe_event(changed(event, path=transition.runbook.index[path].id))
        case ev.StepFailed(problem=problem) if _was_shown(transition, problem):
            return f"failed: {problem.name}"
        case ev.EndRecorded(status=status, error=problem):
            return f"finished: {status}" + (f": {problem.name}" if problem is not None else "")
        case ev.Proved(all=is_all):
            return "all requirements are met" if is_all else "a requirement is met"
        case ev.EntryTaken(entry=number, how=how):
            entry = after.ledger[number]
            return f"{LEDGER_ACTIONS[how]} {entry.kind} {entry.id or '(id unknown)'}"
        case _:
            return TEXTS.get(type(event)) or describe_event(event)


def _replacement_text(transition: Transition, delay: float) -> str:
    frame, before = transition.after.top, transition.before
    phase = before.top.phase if before is not None else None
    status = phase.seen.status if isinstance(phase, Looking) and phase.seen is not None else ""
    attempt = format_attempt(step_of(transition.runbook, transition.after, frame), frame.attempts.spent)
    return f"{status or 'broken'}; deleting it, then {attempt or 'creating it again'} after {format_duration(delay)}"


def _entry_text(entry: Entry, state: str, why: str) -> str:
    if state == "void":
        return f"{entry.kind}: nothing was created" + (f": {why}" if why else "")
    resource = f"{entry.kind} {entry.id}" if entry.id else entry.kind
    return f"{resource} is {state}" + (f": {why}" if why else "")


def _was_shown(transition: Transition, problem: Problem) -> bool:
    """Whether the line before has the whole problem already."""
    phase = transition.before.top.phase if transition.before is not None and transition.before.frames else None
    return isinstance(phase, Acting) and phase.failed == problem


def _is_removal(transition: Transition) -> bool:
    before = transition.before
    return before is not None and isinstance(step_of(transition.runbook, before, before.top).body, Remove)


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
    text = f"waiting {format_duration(phase.until - at)} until {format_deadline(phase.until, at)}"
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
    requirement = awaited(view(runbook, operation, operation.at)) if operation.frames else None
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
