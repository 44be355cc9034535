"""One event in one line, for progress and for `runbook history`. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.kernel import events as ev
from engine.kernel.rendering import iso


def told(event: ev.Event) -> str:
    """One event in one line, for progress and history."""
    match event:
        case ev.Started(operation=id, runbook=name):
            return f"started {id} of {name}"
        case ev.TakenUp(runner=runner, released=released):
            return f"taken up by {runner or '?'}" + ("" if released else ", after a runner that did not say good-bye")
        case ev.Entered(skipped=True):
            return "skipped: its `if` is false"
        case ev.Entered(items=items) if items is not None:
            return f"entered, {len(items)} items"
        case ev.Entered():
            return "entered"
        case ev.Looked(seen=seen):
            return f"seen: {seen.status}" + (f" ({seen.problem.name})" if seen.problem is not None else "")
        case ev.RowTaken(verb=verb, status=status):
            return f"{status}: {verb}"
        case ev.Watched(status=status, next=at):
            return f"{status}: look again at {iso(at)}"
        case ev.Delayed(until=until, why=why):
            return f"{why} in {until - event.at:.0f} s"
        case ev.ReplaceBegun(delay=delay):
            return f"replace: delete it, wait {delay:.0f} s, create it anew"
        case ev.Intended(effect=effect):
            return f"{effect.verb} {effect.name} {_what(effect.params)}".rstrip()
        case ev.Succeeded(id=id):
            return "accepted" + (f": {id}" if id else "")
        case ev.Failed(problem=problem):
            return f"{problem.name}: {problem.message}"
        case ev.Unknown(why=why):
            return f"outcome unknown: {why}"
        case ev.NotSent(problem=problem):
            return f"not sent: {problem.name}"
        case _:
            return _told_otherwise(event)


def _what(params: Mapping[str, Any]) -> str:
    for key in ("name", "cluster", "host", "topic", "id"):
        if key in params:
            return str(params[key])
    return ""


def _told_otherwise(event: ev.Event) -> str:
    match event:
        case ev.Adopted(id=id):
            return f"it is ours: {id}"
        case ev.TargetSettled(target=target):
            return f"what is meant: {target.id or 'nothing is there'}"
        case ev.EntrySettled(state=state, why=why):
            return f"ledger: {state}" + (f" ({why})" if why else "")
        case ev.Rescued(problem=problem):
            return f"rescue for {problem.name}"
        case ev.Refreshed(changed=changed):
            return "settings read again: " + ("changed" if changed else "unchanged")
        case ev.StepDone(status=status):
            return "done" + (f": {status}" if status else "")
        case ev.StepFailed(problem=problem):
            return f"failed: {problem.name}: {problem.message}"
        case ev.Held(kind=kind, reason=reason):
            return f"HELD ({kind}): {reason}"
        case ev.Resumed(actor=actor, why=why):
            return f"resumed by {actor or '?'}" + (f": {why}" if why else "")
        case ev.RunbookEdited(actor=actor, digest=digest):
            return f"another text of the runbook ({digest[:12]}), from {actor or '?'}"
        case ev.Restarted(path=path, actor=actor):
            return f"restarted from {path} by {actor or '?'}"
        case ev.Cancelled(actor=actor, undo=undo):
            return f"cancelled by {actor or '?'}" + (", with undo" if undo else "")
        case ev.CleanupBegun(actor=actor):
            return f"clean-up begun by {actor or '?'}"
        case ev.EndRecorded(status=status, error=error):
            return f"it ends: {status}" + (f": {error.name}: {error.message}" if error is not None else "")
        case ev.TroubleRecorded(why=why):
            return f"trouble: {why}"
        case ev.Ended():
            return "ended"
        case _:
            return type(event).__name__
