"""Errors, in the order of docs/language.md, "Errors": the rescues, then the schedule, then the step fails."""

from __future__ import annotations

from engine.errors import PASSING, Problem
from engine.kernel import events as ev
from engine.kernel.decide.view import View
from engine.kernel.rendering import true
from engine.kernel.schedule import delay_before
from engine.language.model import RetryIf, TakeBack


def error_path(v: View, problem: Problem) -> ev.Event:
    """What follows an error of a create, a delete or a call."""
    rescue = rescued(v, problem)
    if rescue is not None:
        return rescue
    retry = v.step.retry
    # `retry` covers categories that can pass by themselves, and what its `errors` name.
    if retry is None or not (problem.category in PASSING or any(map(problem.answers_to, retry.errors))):
        return ev.StepFailed(at=v.now, problem=problem)
    return _again(v, problem)


def rescued(v: View, problem: Problem) -> ev.Event | None:
    """The first rescue that matches."""
    for number, rescue in enumerate(v.step.rescue):
        if any(problem.answers_to(wanted) for wanted in rescue.errors):
            return ev.Rescued(at=v.now, rescue=number, problem=problem)
    return None


def _again(v: View, problem: Problem) -> ev.Event:
    """The next delay, then the next attempt, if there is one."""
    delay = delay_of_next(v)
    return exhausted(v, problem) if delay is None else ev.Delayed(at=v.now, until=v.now + delay, why="retry")


def delay_of_next(v: View) -> float | None:
    """Seconds before the next attempt; None when none is left."""
    attempts = v.frame.attempts
    if attempts.granted or attempts.spent == 0:
        return 0.0
    since = 0.0 if attempts.first_failure is None else v.now - attempts.first_failure
    seed = f"{v.operation.id}/{v.key}/{v.frame.visit}"
    schedule = v.step.retry.schedule if v.step.retry is not None else None
    return delay_before(schedule, attempts.spent, seed=seed, since_failure=since)


def next_attempt(v: View) -> ev.Event | None:
    """None when an attempt may begin now; else its delay, or the end of them."""
    delay = delay_of_next(v)
    if delay is None:
        last = v.frame.error or Problem(name="Unanswered", category="timeout", message="the resource did not appear")
        return exhausted(v, last)
    return ev.Delayed(at=v.now, until=v.now + delay, why="next attempt") if delay > 0 else None


def exhausted(v: View, last: Problem) -> ev.Event:
    """● No attempt is left: the step fails (or holds), and nothing is deleted first."""
    if v.step.retry is None:
        return ev.StepFailed(at=v.now, problem=last)
    message = f"{last.name}: {last.message} (attempt {v.frame.attempts.spent}, the last one)"
    problem = Problem(name="AttemptsExhausted", category=last.category, message=message, also=(last.name, *last.also))
    if v.step.retry.then == "hold":
        return ev.Held(at=v.now, kind="failure", reason=message, error=problem)
    return ev.StepFailed(at=v.now, problem=problem)


def then_of_rescue(v: View, number: int) -> ev.Event:
    """`do` and `refresh` are done: the rescue's `then`."""
    then, error = v.step.rescue[number].then, v.frame.error
    assert error is not None
    if isinstance(then, RetryIf):
        then = "retry" if true(then.condition, v.names()) else then.otherwise
    match then:
        case "retry":
            return _again(v, error)
        case "hold":
            return ev.Held(at=v.now, kind="rescue", reason=f"{error.name}: {error.message}", error=error)
        case "done":
            return ev.StepDone(at=v.now, result=v.frame.performed.output)
        case _:  # `fail`: the word is text, as it was written
            return ev.StepFailed(at=v.now, problem=error)


def after_failure(v: View) -> ev.Event:
    """A step has failed: the step below it fails, or the operation."""
    problem = v.frame.failed
    assert problem is not None
    if len(v.operation.frames) > 1:
        return ev.FailurePassedOn(at=v.now)
    if not holds_on_failure(v):
        return ev.EndRecorded(at=v.now, status="FAILED", error=problem)
    if v.operation.failing is None:  # before it holds, what is own and broken goes, once
        ledger = enumerate(v.operation.ledger)
        mine = [n for n, entry in ledger if entry.state == "open" and entry.kind != "call" and entry.undo == "delete"]
        return ev.BrokenTakenBack(at=v.now, problem=problem, queue=tuple(reversed(mine)))
    return ev.Held(at=v.now, kind="failure", reason=f"{problem.name}: {problem.message}", error=problem)


def holds_on_failure(v: View) -> bool:
    """● Past the point of no return a failure holds, unless `on_failure` says `past:` that step."""
    begun = v.operation.irreversible
    bodies = (step.body for step in v.runbook.ends.get("on_failure", ()))
    return bool(begun) and not any(isinstance(body, TakeBack) and begun in body.past for body in bodies)
