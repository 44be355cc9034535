"""What is told of an event: one line, and how much it matters. Every wait says what, how long, until when.

Pure: no clock and no stream. The plain words of an event are `engine.reports.status.told`.
"""

from __future__ import annotations

from typing import Final, Literal

from engine.cli.output.times import attempt_at, attempt_of, spoken, until
from engine.errors import Problem
from engine.kernel import events as ev
from engine.kernel.decide.requirements import awaited
from engine.kernel.decide.view import view
from engine.kernel.frame import Acting, Frame, Looking, Proving, Waiting
from engine.kernel.operation import Operation
from engine.kernel.queries import current_key, monitor_of, step_of
from engine.kernel.transition import Transition
from engine.language.model import Monitor, Remove, Runbook
from engine.reports.history import told
from engine.values import Value, changed

Weight = Literal["detail", "note", "wait", "problem", "end"]

DETAILS: Final = (
    ev.Entered, ev.Looked, ev.Adopted, ev.ProofBegun, ev.Proved, ev.NestedDone, ev.EntryTaken, ev.SentAgain,
    ev.FailurePassedOn, ev.BrokenTakenBack, ev.RowTaken, ev.Vanished, ev.Watched, ev.Delayed,
)  # fmt: skip
"""Shown with -v alone; what waits is told as a wait besides."""

PROBLEMS: Final = (ev.Failed, ev.Unknown, ev.NotSent, ev.StepFailed, ev.TroubleRecorded, ev.Held)
ENDS: Final = (ev.EndRecorded, ev.Ended, ev.Started, ev.Resumed, ev.Restarted, ev.Cancelled, ev.CleanupBegun)


QUIET: Final[dict[type[ev.Event], str]] = {
    ev.ProofBegun: "what it requires is looked at",
    ev.NestedDone: "goes on",
    ev.SentAgain: "sent again",
    ev.Vanished: "it is gone",
    ev.FailurePassedOn: "and the step that it belongs to fails",
    ev.BrokenTakenBack: "past the point of no return: what is broken is taken back, the rest is kept",
}
TURNS: Final = {
    "undo": "to be taken back:",
    "broken": "to be taken back if it is broken:",
    "settle": "looked for:",
    "lost": "looked for by its id:",
}


class Line(Value):
    """One line of progress."""

    at: float
    step: str
    text: str
    weight: Weight


def lines(transition: Transition) -> list[Line]:
    """What is told of one event: itself, and the wait that it begins."""
    event = transition.event
    told_lines = [Line(at=event.at, step=event.step, text=_text(transition), weight=_weight(transition))]
    waiting = wait(transition)
    if waiting is not None:
        told_lines.append(waiting)
    return told_lines


def _weight(transition: Transition) -> Weight:
    """The end is told once, where it is the one that was recorded."""
    ending = transition.after.ending
    same = isinstance(transition.event, ev.Ended) and ending is not None and ending.status == transition.after.ended
    return "detail" if same else weight(transition.event)


def weight(event: ev.Event) -> Weight:
    """How much it matters."""
    if isinstance(event, PROBLEMS):
        return "problem"
    if isinstance(event, ENDS):
        return "end"
    if isinstance(event, ev.Entered) and event.skipped:
        return "note"
    if isinstance(event, ev.TakenUp) and event.released:
        return "detail"
    return "detail" if isinstance(event, DETAILS) else "note"


def _text(transition: Transition) -> str:
    event, after = transition.event, transition.after
    match event:
        case ev.Intended(takes=True) if after.frames:
            step = step_of(transition.runbook, after, after.top)
            told_attempt = attempt_of(step, after.top.attempts.spent)
            return told(event) + (f" ({told_attempt})" if told_attempt else "")
        case ev.ReplaceBegun(delay=delay):
            return _replaced(transition, delay)
        case ev.StepDone(status="missing") if _removes(transition):
            return "done: it is gone"
        case ev.Delayed(until=at, why=why):
            return f"{why} in {spoken(at - event.at)}"
        case ev.EntrySettled(entry=number, state=state, why=why):
            entry = after.ledger[number]
            return f"{entry.kind} {entry.id or ''} is {state}".replace("  ", " ") + (f": {why}" if why else "")
        case ev.Ended():
            return after.ended
        case ev.Restarted(path=path) if path in transition.runbook.index:
            return told(changed(event, path=transition.runbook.index[path].id))
        case ev.StepFailed(problem=problem) if _was_told(transition, problem):
            return f"failed: {problem.name}"
        case ev.EndRecorded(status=status, error=problem) if problem is not None:
            return f"it ends: {status}: {problem.name}"
        case ev.Proved(all=all_of_them):
            return "all that it requires is met" if all_of_them else "one of its requirements is met"
        case ev.EntryTaken(entry=number, how=how):
            entry = after.ledger[number]
            return f"{TURNS[how]} {entry.kind} {entry.id or 'whose id is not known'}"
        case _:
            return QUIET.get(type(event)) or told(event)


def _replaced(transition: Transition, delay: float) -> str:
    frame, before = transition.after.top, transition.before
    looked = before.top.phase if before is not None else None
    seen = looked.seen.status if isinstance(looked, Looking) and looked.seen is not None else ""
    number = attempt_of(step_of(transition.runbook, transition.after, frame), frame.attempts.spent)
    return f"{seen or 'broken'}: it is deleted, and made anew {spoken(delay)} after it is gone ({number})"


def _was_told(transition: Transition, problem: Problem) -> bool:
    """Has the line before said the whole of it?"""
    phase = transition.before.top.phase if transition.before is not None and transition.before.frames else None
    return isinstance(phase, Acting) and phase.failed == problem


def _removes(transition: Transition) -> bool:
    before = transition.before
    return before is not None and isinstance(step_of(transition.runbook, before, before.top).body, Remove)


def wait(transition: Transition) -> Line | None:
    """The wait that this event begins, or that it gives another reason."""
    after, before = transition.after, transition.before
    if not after.frames or after.ended:
        return None
    frame = after.top
    if isinstance(frame.phase, Waiting):
        if frame.phase.until <= transition.event.at:
            return None
        return None if before is not None and _same_wait(before, frame) else _pause(transition, frame)
    watched = isinstance(transition.event, ev.Watched) and frame.observed.watching is not None
    if not watched or (before is not None and before.frames and _same_watch(before.top, frame)):
        return None
    return _watch(transition, frame)


def _same_wait(before: Operation, frame: Frame) -> bool:
    return bool(before.frames) and before.top.path == frame.path and before.top.phase == frame.phase


def _same_watch(before: Frame, frame: Frame) -> bool:
    same = (before.path, before.item, before.observed.status, before.attempts.number) == (
        frame.path, frame.item, frame.observed.status, frame.attempts.number,
    )  # fmt: skip
    return same and before.observed.watching is not None


def _pause(transition: Transition, frame: Frame) -> Line:
    assert isinstance(frame.phase, Waiting)
    at, after = transition.event.at, transition.after
    step = step_of(transition.runbook, after, frame)
    long = f"waits {spoken(frame.phase.until - at)}, until {until(frame.phase.until, at)}"
    before_what = attempt_at(step, frame) if frame.phase.then == "begin" else ""
    text = f"{long}, then {before_what or 'goes on'}"
    return Line(at=at, step=transition.event.step, text=text, weight="wait")


def _watch(transition: Transition, frame: Frame) -> Line:
    at = transition.event.at
    assert frame.observed.watching is not None
    step = step_of(transition.runbook, transition.after, frame)
    number = attempt_at(step, frame)
    watching = _watching(monitor_of(transition.runbook, step), frame.observed.watching, at)
    text = f"{frame.observed.status or 'not there yet'}: {watching}" + (f" ({number})" if number else "")
    return Line(at=at, step=transition.event.step, text=text, weight="wait")


def requirement(runbook: Runbook, operation: Operation) -> Line | None:
    """The wait for what a step requires, which is watched as its own step would; None where nothing is waited for."""
    proof = awaited(view(runbook, operation, operation.at)) if operation.frames else None
    phase = operation.top.phase if operation.frames else None
    if proof is None or not isinstance(phase, Proving) or phase.since is None:
        return None
    watching = _watching(monitor_of(runbook, proof.step), phase.since, operation.at)
    text = f"requires {proof.key}, which is {phase.status or 'not there'}: {watching}"
    return Line(at=operation.at, step=current_key(runbook, operation), text=text, weight="wait")


def _watching(monitor: Monitor, since: float, at: float) -> str:
    last = until(since + (monitor.longest or 0.0), at)
    return f"waits for it, looks every {spoken(monitor.every or 30.0)}, until {last} at most"
