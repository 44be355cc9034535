"""Errors, in the order of docs/language.md, "Errors": the rescues, then the schedule, then the step fails."""

from __future__ import annotations

from engine.errors import PASSING, Problem
from engine.kernel import events as ev
from engine.kernel.decide.view import View
from engine.kernel.schedule import delay_before
from engine.language.expressions.evaluation import is_true
from engine.language.model import RetryIf, TakeBack


def error_path(view: View, problem: Problem) -> ev.Event:
    """What follows an error of a create, a delete or a call."""
    rescue = rescued(view, problem)
    if rescue is not None:
        return rescue
    retry = view.step.retry
    # `retry` covers categories that can pass by themselves, and what its `errors` name.
    if retry is None or not (problem.category in PASSING or any(map(problem.answers_to, retry.errors))):
        return ev.StepFailed(at=view.now, problem=problem)
    return _again(view, problem)


def rescued(view: View, problem: Problem) -> ev.Event | None:
    """The first rescue that matches."""
    for number, rescue in enumerate(view.step.rescue):
        if any(problem.answers_to(wanted) for wanted in rescue.errors):
            return ev.Rescued(at=view.now, rescue=number, problem=problem, within=view.within(rescue.do))
    return None


def _again(view: View, problem: Problem) -> ev.Event:
    """The next delay, then the next attempt, if there is one."""
    delay = delay_of_next(view)
    return exhausted(view, problem) if delay is None else ev.Delayed(at=view.now, until=view.now + delay, why="retry")


def delay_of_next(view: View) -> float | None:
    """Seconds before the next attempt; None when none is left."""
    attempts = view.frame.attempts
    if attempts.granted or attempts.spent == 0:
        return 0.0
    since = 0.0 if attempts.first_failure is None else view.now - attempts.first_failure
    seed = f"{view.operation.id}/{view.key}/{view.frame.visit}"
    schedule = view.step.retry.schedule if view.step.retry is not None else None
    return delay_before(schedule, attempts.spent, seed=seed, since_failure=since)


def next_attempt(view: View) -> ev.Event | None:
    """None when an attempt may begin now; else its delay, or the end of them."""
    delay = delay_of_next(view)
    if delay is None:
        last = view.frame.error or Problem(name="Unanswered", category="timeout", message="the resource did not appear")
        return exhausted(view, last)
    return ev.Delayed(at=view.now, until=view.now + delay, why="next attempt") if delay > 0 else None


def exhausted(view: View, last: Problem) -> ev.Event:
    """● No attempt is left: the step fails (or holds), and nothing is deleted first."""
    if view.step.retry is None:
        return ev.StepFailed(at=view.now, problem=last)
    message = f"{last.name}: {last.message} (attempt {view.frame.attempts.spent}, the last one)"
    problem = Problem(name="AttemptsExhausted", category=last.category, message=message, also=(last.name, *last.also))
    if view.step.retry.then == "hold":
        return ev.Held(at=view.now, kind="failure", reason=message, error=problem)
    return ev.StepFailed(at=view.now, problem=problem)


def then_of_rescue(view: View, number: int) -> ev.Event:
    """`do` and `refresh` are done: the rescue's `then`."""
    then, error = view.step.rescue[number].then, view.frame.error
    assert error is not None
    if isinstance(then, RetryIf):
        then = "retry" if is_true(then.condition, view.names()) else then.otherwise
    match then:
        case "retry":
            return _again(view, error)
        case "hold":
            return ev.Held(at=view.now, kind="rescue", reason=f"{error.name}: {error.message}", error=error)
        case "done":
            return ev.StepDone(at=view.now, result=view.frame.performed.output)
        case _:  # `fail`: the word is text, as it was written
            return ev.StepFailed(at=view.now, problem=error)


def after_failure(view: View) -> ev.Event:
    """A step has failed: the step below it fails, or the operation."""
    problem = view.frame.failed
    assert problem is not None
    if len(view.operation.frames) > 1:
        return ev.FailurePassedOn(at=view.now)
    if not holds_on_failure(view):
        return ev.EndRecorded(at=view.now, status="FAILED", error=problem)
    if view.operation.failing is None:  # before it holds, what is own and broken goes, once
        ledger = enumerate(view.operation.ledger)
        mine = [n for n, entry in ledger if entry.state == "open" and entry.kind != "call" and entry.undo == "delete"]
        return ev.BrokenTakenBack(at=view.now, problem=problem, queue=tuple(reversed(mine)))
    return ev.Held(at=view.now, kind="failure", reason=f"{problem.name}: {problem.message}", error=problem)


def holds_on_failure(view: View) -> bool:
    """● Past the point of no return a failure holds, unless `on_failure` says `past:` that step."""
    begun = view.operation.irreversible
    bodies = (step.body for step in view.runbook.ends.get("on_failure", ()))
    return bool(begun) and not any(isinstance(body, TakeBack) and begun in body.past for body in bodies)
