"""What is next: the phase table of a step's life.

`pending` is a function of what is stored, and of nothing else. It is asked again after every event, and after every crash:
to resume an operation *is* to ask it. So there is no recovery path, and nothing that has to be remembered between two calls.
What it answers is one of

    Record(event)     a decision; it is folded into the operation, and `pending` is asked again
    Perform(effect)   touch the world; everything recorded so far is committed first, and the outcome is folded in after
    SleepUntil(at)    nothing to do before then
    Halt(status)      the operation has ended, or a person is needed

The position of an operation is a stack of frames, and the top frame's phase says what is next:

    entering          Record: the visit, `if`, what the step is about, the list of a `for_each`
    looking           Perform(look) when it is due; then Record: the decision after it (`decision`)
    proving           Perform(look) of each of `requires`; then the step's own resource again, or the effect
    acting            Perform(effect), whose intent is recorded; after a refusal, the error path (`errors`)
    waiting           SleepUntil: a retry's delay, or a `wait`
    in row, rescue    the frame above walks a `do`; when it is done, back to a look, or to the rescue's refresh
    surveying         Perform(look) at each item of a `for_each` that deletes; then the first item, if a person has confirmed
    in items, ledger  the frame above walks an item of a `for_each`, or an entry that is taken back
    refreshing        Perform(refresh) of the settings; then Record: the rescue's `then`

A step that works on a resource begins with a look; a call without `until`, a `notify`, a `hold` and a `fail` have nothing to
look at, and begin with proving their `requires`. Take a runbook whose first step is a call and whose second makes a copy:

    steps/0 entering                 Record(Entered)
            proving, then act        it requires nothing: Record(Intended(call)), which takes an attempt
            acting                   Perform(call). The intent is on the log before the call leaves
                                     … Succeeded is folded in: the frame of steps/0 is left, that of steps/1 pushed
    steps/1 entering                 Record(Entered): the name of the copy is rendered, and stays what it is
            looking                  Perform(look)
                                     … Looked is folded in
            looking, with a look     Record(RowTaken), then Record(Intended(create))
            acting                   Perform(create)
                                     … the runner dies here. The next one appends TakenUp: nobody knows the outcome, so the
                                     phase is looking, and the same create is to be repeated if a look sees nothing of it
            looking                  Perform(look), …, at last Record(StepDone): the last frame is left
    no frame                         Record(EndRecorded), and the frames of `on_success`, if it has any
    no frame                         Record(Ended)
    ended                            Halt(SUCCEEDED)

Before the phase three things come first: a failure that has to be passed on, an operation that kills its runners, and the
time limit. After it one thing does: in an undo or an `on_*` list, what fails or holds does not stop the operation.
"""

from __future__ import annotations

from typing import Any, assert_never

from engine.errors import ExpressionError, Problem
from engine.kernel import events as ev
from engine.kernel.apply.outcomes import may_repeat
from engine.kernel.decide import ends, errors
from engine.kernel.decide.address import address_of
from engine.kernel.decide.decision import decide
from engine.kernel.decide.intents import intend_call, intend_notice, look_effect
from engine.kernel.decide.notices import notice
from engine.kernel.decide.requirements import next_in_proof
from engine.kernel.decide.survey import must_survey, survey
from engine.kernel.decide.verbs import needed_later, removal_params
from engine.kernel.decide.view import View, view_of
from engine.kernel.effect import Effect
from engine.kernel.frame import (
    Acting,
    Entering,
    InItems,
    InLedger,
    InRescue,
    InRow,
    Looking,
    Phase,
    Proving,
    Refreshing,
    Surveying,
    Waiting,
)
from engine.kernel.operation import Command, Halt, Operation, Perform, Record, SleepUntil
from engine.kernel.queries import waits_for_a_person
from engine.kernel.rendering import rendered
from engine.language.durations import format_duration, parse_duration
from engine.language.expressions.evaluation import is_true
from engine.language.expressions.results import type_name
from engine.language.model import Call, Check, Ensure, Fail, Hold, Notify, Remove, Runbook, TakeBack, Wait
from engine.language.moments import is_moment, parse_moment

Next = ev.Event | Perform | SleepUntil | Halt
"""What a phase comes to: an event is to be recorded; the others are commands already."""

TOO_OFTEN = 10
"""So often may an operation be taken up in a row, from runners that died, without an outcome."""


def pending(runbook: Runbook, operation: Operation, now: float) -> Command:
    """The next command."""
    if operation.ended:
        return Halt(status=operation.ended)
    if not operation.frames:
        return Record(event=ends.at_the_end(operation, now))
    if operation.hold is not None and waits_for_a_person(operation):
        return Halt(status="HELD")
    view = view_of(runbook, operation, now)
    try:
        phase = view.frame.phase
        found = _before_the_phase(view) or _in_phase(view, phase)
    except ExpressionError as error:
        found = ev.StepFailed(at=now, problem=error.problem)
    if isinstance(found, ev.Event):
        return Record(event=ends.without_stopping(view, found))
    if type(found) is SleepUntil and (limit := _time_limit(view)) is not None and limit < found.at:
        return SleepUntil(at=limit)
    return found


def _before_the_phase(view: View) -> ev.Event | None:
    """A failure to pass on, a document that kills its runners, the time limit."""
    phase = view.frame.phase
    if view.frame.failed is not None:
        return errors.after_failure(view)
    if is_poison(view.operation):
        reason = f"{view.operation.taken_up} runners in a row stopped before a single call had an outcome"
        return ev.Held(at=view.now, kind="trouble", reason=reason)
    if view.runbook.time_limit is None:
        return None
    # It is asked between two effects alone: what has been seen is decided upon first, and what was sent is waited for.
    looks = isinstance(phase, (Looking, Surveying)) and phase.seen is None
    between = looks or isinstance(phase, (Entering, Proving, Waiting))
    limit = _time_limit(view)
    if between and limit is not None and view.now >= limit:
        reason = f"the time limit of {format_duration(view.runbook.time_limit)} was reached"
        return ev.Held(at=view.now, kind="time_limit", reason=reason)
    return None


def is_poison(operation: Operation) -> bool:
    """● A document that kills its runners must not loop indefinitely."""
    return operation.taken_up >= TOO_OFTEN and operation.hold is None and operation.ending is None


def _time_limit(view: View) -> float | None:
    """When the operation holds for time; None once its end is recorded, or while it holds."""
    operation, limit = view.operation, view.runbook.time_limit
    ends_or_holds = operation.ending is not None or operation.hold is not None
    return None if limit is None or ends_or_holds else operation.since + limit


def _in_phase(view: View, phase: Phase) -> Next:
    """The phase table. Of a nested phase it is asked when the frames above are done."""
    match phase:
        case Entering():
            return _entering(view)
        case Proving():
            return next_in_proof(view, phase) or _act(view)
        case Acting():
            return _acting(view, phase)
        case Looking():
            return _looking(view, phase)
        case Waiting(until=until, then=then):
            if until > view.now:
                return SleepUntil(at=until)
            return ev.StepDone(at=view.now, result=None) if then == "done" else ev.NestedDone(at=view.now)
        case InRow() | InRescue():
            return ev.NestedDone(at=view.now)
        case InItems(results=results):
            return ev.StepDone(at=view.now, result=list(results))
        case InLedger(queue=queue):
            return ends.next_of_queue(view, queue)
        case Surveying():
            return survey(view, phase)
        case Refreshing(rescue=rescue, refreshed=refreshed):
            if view.step.rescue[rescue].refresh and not refreshed:
                return Perform(effect=Effect(verb="refresh", name="settings", key=view.effect_key("refresh")))
            return errors.then_of_rescue(view, rescue)
        case _:
            assert_never(phase)


# -- entering --------------------------------------------------------------------------------------------------


def _entering(view: View) -> Next:
    """What the step is about is rendered once, and recorded: a later look is of the same thing."""
    step, body, frame = view.step, view.step.body, view.frame
    if frame.position.item is None:
        if step.condition is not None and not is_true(step.condition, view.names()):
            return ev.Entered(at=view.now, skipped=True)
        if step.for_each is not None:
            items = _items(rendered(step.for_each, view.names()), step.for_each)
            return ev.Entered(at=view.now, items=items, survey=bool(items) and must_survey(step))
    address, target = address_of(view)
    queue = ends.queue_of(view.operation, view.runbook, body) if type(body) is TakeBack else ()
    until = _end_of_wait(view, body) if type(body) is Wait else None
    return ev.Entered(
        at=view.now, identity=address.identity, region=address.region, account=address.account,
        queue=queue, until=until, target=target,
    )  # fmt: skip


def _items(value: Any, written: Any) -> tuple[Any, ...]:
    if isinstance(value, (list, tuple)):
        return tuple(value)
    if value is None:
        return ()
    message = f"`for_each` needs a list; `{written}` is {type_name(value)}"
    if isinstance(value, str):
        message += f" (`{value[:40]}`): make the parameter a StringList, or give the setting or input `type: list`"
    raise ExpressionError(message)


def _end_of_wait(view: View, body: Wait) -> float:
    """When the wait is over; a moment that is past is over at once."""
    written = body.duration if body.until is None else body.until
    value = rendered(written, view.names()) if isinstance(written, str) else written
    try:
        if body.until is not None:
            return parse_moment(value).timestamp()
        return view.now + (float(value) if not isinstance(value, str) else parse_duration(value))
    except (TypeError, ValueError) as error:
        hint = "; for a moment, write `wait: {until: …}`" if body.until is None and is_moment(value) else ""
        message = f"`wait`: {error}{hint}"
        raise ExpressionError(message) from error


# -- looking, proving, acting ----------------------------------------------------------------------------------


def _looking(view: View, phase: Looking) -> Next:
    if phase.seen is not None:
        return decide(view, phase.seen)
    if phase.next > view.now:
        return SleepUntil(at=phase.next)
    body, identity = view.step.body, view.frame.address.identity
    removal = removal_params(view)
    if isinstance(body, Remove) and view.entry is None:
        if body.target is not None and "id" not in identity:
            return ev.StepDone(at=view.now, result=None, status="missing")  # the step that it names has found nothing
        removal = (removal or {}) | {"needed": needed_later(view)}
    if removal is not None and view.frame.removal.sent:
        removal |= {"begun": True}
    return Perform(effect=look_effect(view, identity, removal))


def _act(view: View) -> ev.Event:
    """A step without a look of its own: what it does, when its `requires` are met."""
    body = view.step.body
    if view.frame.performed.repeat is not None:
        return ev.Intended(at=view.now, effect=view.frame.performed.repeat, takes=False)
    match body:
        case Call():
            return errors.next_attempt(view) or intend_call(view)
        case Notify():
            message = notice(view)
            if message is None:  # its topic is null: nobody is to be notified
                return ev.StepDone(at=view.now, result=None)
            return errors.next_attempt(view) or intend_notice(view, *message)
        case Hold(reason=reason):
            return ev.Held(at=view.now, kind="approval", reason=str(rendered(reason, view.names())))
        case Fail(reason=reason, error=error):
            text = str(rendered(reason, view.names()))
            return ev.StepFailed(at=view.now, problem=Problem(name=error or "Failed", category="invalid", message=text))
        case Ensure() | Remove() | Check() | TakeBack() | Wait():
            raise AssertionError(body)  # `begin` never puts these here
        case _:
            assert_never(body)


def _acting(view: View, phase: Acting) -> Next:
    if phase.failed is not None:
        return errors.error_path(view, phase.failed)
    if phase.unknown:
        reason = f"the outcome of {phase.effect.name} is unknown: {phase.unknown}"
        return ev.Held(at=view.now, kind="unknown_outcome", reason=reason)
    if not phase.sent:
        if too_late_to_repeat(view, phase.effect):
            reason = f"the outcome of {phase.effect.name} is unknown: AWS may no longer know its idempotency token"
            return ev.Held(at=view.now, kind="unknown_outcome", reason=reason)
        return ev.ProofBegun(at=view.now) if proves_again(view) else ev.SentAgain(at=view.now)
    return Perform(effect=phase.effect)


def too_late_to_repeat(view: View, effect: Effect) -> bool:
    """● A call that may have taken effect is sent again only while AWS takes it for the same call."""
    body, may_have_run = view.step.body, view.frame.performed.perhaps_done
    return isinstance(body, Call) and may_have_run and not may_repeat(body, effect, view.now)


def proves_again(view: View) -> bool:
    """● A call that is still due after a resume is not sent before what it requires has been proved again."""
    return bool(view.step.requires)
