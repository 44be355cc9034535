"""The text of each event, for progress and for `runbook history`: what happened, in one line. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from engine.cli.output.times import format_attempt
from engine.errors import Problem
from engine.kernel import Transition
from engine.kernel import events as ev
from engine.kernel.frame import Acting, Looking
from engine.kernel.operation import AccountIdentity, Entry
from engine.kernel.queries import name_of, step_of
from engine.kernel.rendering import iso
from engine.language.durations import format_duration
from engine.language.model import Remove

FIXED_TEXTS: Final[dict[type[ev.Event], str]] = {
    ev.ProofBegun: "checking its requirements",
    ev.NestedDone: "continuing",
    ev.ItemsBegun: "all items were looked at",
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
NAME_PARAMETERS: Final = ("name", "cluster", "host", "topic", "id")
"""The parameters of an effect that name what it is about; the first that is there is shown."""


def _accounts_text(accounts: Mapping[str, AccountIdentity]) -> str:
    """`account 123456789012, west 210987654321`: the runner's own, then those that the runbook names."""
    return ", ".join(f"{name or 'account'} {accounts[name].id}" for name in sorted(accounts))


def event_text(transition: Transition) -> str:
    """The text of an event: about the operation, the current step, or an effect."""
    return _step_text(transition) or _effect_text(transition) or _operation_text(transition)


def _operation_text(transition: Transition) -> str:
    """Events about the operation as a whole."""
    event = transition.event
    match event:
        case ev.Started(operation=id, runbook=name, accounts=accounts):
            return f"started {id} of {name}" + (f" in {_accounts_text(accounts)}" if accounts else "")
        case ev.AccountsRecorded(accounts=accounts):
            return f"recorded: {_accounts_text(accounts)}"
        case ev.TakenUp(runner=runner, released=released):
            unreleased = "" if released else "; the previous runner exited without releasing it"
            return f"taken over by {runner or 'a runner'}{unreleased}"
        case ev.Held(kind=kind, reason=reason):
            return f"HELD ({kind}): {reason}"
        case ev.Resumed(actor=actor, why=why, reject=None, outcome=outcome):
            answer = f", with outcome {outcome}" if outcome else ""
            return f"resumed by {actor or '?'}{answer}" + (f": {why}" if why else "")
        case ev.Resumed(actor=actor, reject=reason):
            return f"rejected by {actor or '?'}: {reason}"
        case ev.RunbookEdited(actor=actor, digest=digest):
            return f"runbook replaced by {actor or '?'} (digest {digest[:12]})"
        case ev.Restarted(path=path, actor=actor):
            step = transition.runbook.index.get(path)
            return f"restarted from {step.id if step is not None else path} by {actor or '?'}"
        case ev.Cancelled(actor=actor, undo=undo):
            return f"cancelled by {actor or '?'}" + (", with undo" if undo else "")
        case ev.CleanupBegun(actor=actor):
            return f"cleanup started by {actor or '?'}"
        case ev.EndRecorded(status=status, error=problem):
            return f"finished: {status}" + (f": {problem.name}" if problem is not None else "")
        case ev.Ended():
            return transition.after.ended
        case _:
            return FIXED_TEXTS.get(type(event)) or type(event).__name__


def _step_text(transition: Transition) -> str:
    """Events about the current step; "" for others."""
    event = transition.event
    match event:
        case ev.Entered(skipped=True):
            return "skipped: its `if` is false"
        case ev.Entered(items=items):
            return f"entered, {len(items)} items" if items is not None else "entered"
        case ev.RowTaken(verb=verb, status=status):
            return f"{status}: {verb}"
        case ev.Watched(status=status, next=at):
            return f"{status}: next check at {iso(at)}"
        case ev.Delayed(until=until, why=why):
            return f"{why} in {format_duration(until - event.at)}"
        case ev.ReplaceBegun(delay=delay):
            return _replacement_text(transition, delay)
        case ev.Proved(all=is_all):
            return "all requirements are met" if is_all else "a requirement is met"
        case ev.TargetSettled(target=target):
            return f"target: {target.id}" if target.id else "target: does not exist"
        case ev.Confirmed(deletions=deletions, actor=actor):
            return f"deletion of {', '.join(one.id for one in deletions)} confirmed by {actor or '?'}"
        case ev.ItemSurveyed(deletions=deletions):
            return (
                f"to be confirmed: {', '.join(one.id for one in deletions)}" if deletions else "nothing to be confirmed"
            )
        case ev.Rescued(problem=problem):
            return f"rescue for {problem.name}"
        case ev.Refreshed(changed=changed):
            return "settings read again: " + ("changed" if changed else "unchanged")
        case ev.StepDone(status="missing") if _is_removal(transition):
            return "done: deleted"
        case ev.StepDone(status=status):
            return "done" + (f": {status}" if status else "")
        case ev.StepFailed(problem=problem):
            return f"failed: {problem.name}" + ("" if _was_shown(transition, problem) else f": {problem.message}")
        case ev.TroubleRecorded(why=why):
            return f"trouble: {why}"
        case _:
            return ""


def _effect_text(transition: Transition) -> str:
    """Events about an effect or an entry of the ledger; "" for others."""
    event, after = transition.event, transition.after
    match event:
        case ev.Looked(seen=seen):
            return f"seen: {seen.status}" + (f" ({seen.problem.name})" if seen.problem is not None else "")
        case ev.Intended(effect=effect, takes=takes):
            attempt = ""
            if takes and after.frames:
                attempt = format_attempt(step_of(transition.runbook, after, after.top), after.top.attempts.spent)
            text = f"{effect.verb} {effect.name} {_name_in(effect.params)}".rstrip()
            return text + (f" ({attempt})" if attempt else "")
        case ev.Succeeded(id=id):
            return "accepted" + (f": {id}" if id else "")
        case ev.Failed(problem=problem):
            return f"{problem.name}: {problem.message}"
        case ev.Unknown(why=why):
            return f"outcome unknown: {why}"
        case ev.NotSent(problem=problem):
            return f"not sent: {problem.name}"
        case ev.Adopted(id=id):
            return f"found, created by this operation: {id}"
        case ev.EntrySettled(entry=number, state=state, why=why):
            return _entry_text(after.ledger[number], state, why)
        case ev.EntryTaken(entry=number, how=how):
            entry = after.ledger[number]
            what = name_of(entry) if entry.kind == "call" else f"{entry.kind} {entry.id or '(id unknown)'}"
            return f"{LEDGER_ACTIONS[how]} {what}"
        case _:
            return ""


def _name_in(params: Mapping[str, Any]) -> str:
    return next((str(params[key]) for key in NAME_PARAMETERS if key in params), "")


def _replacement_text(transition: Transition, delay: float) -> str:
    frame, before = transition.after.top, transition.before
    phase = before.top.phase if before is not None else None
    status = phase.seen.status if isinstance(phase, Looking) and phase.seen is not None else ""
    attempt = format_attempt(step_of(transition.runbook, transition.after, frame), frame.attempts.spent)
    return f"{status or 'broken'}; deleting it, then {attempt or 'creating it again'} after {format_duration(delay)}"


def _entry_text(entry: Entry, state: str, why: str) -> str:
    if state == "void":
        return f"{entry.kind}: {why or 'nothing was created'}"
    resource = name_of(entry) if entry.kind == "call" else f"{entry.kind} {entry.id or ''}".rstrip()
    return f"{resource} is {state}" + (f": {why}" if why else "")


def _was_shown(transition: Transition, problem: Problem) -> bool:
    """Whether the line before has the whole problem already."""
    phase = transition.before.top.phase if transition.before is not None and transition.before.frames else None
    return isinstance(phase, Acting) and phase.failed == problem


def _is_removal(transition: Transition) -> bool:
    before = transition.before
    return before is not None and isinstance(step_of(transition.runbook, before, before.top).body, Remove)
