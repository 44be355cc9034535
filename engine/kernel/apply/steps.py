"""Folds of a step's life: it is entered, looked at, decided upon, done or failed."""

from __future__ import annotations

from engine.kernel import events as ev
from engine.kernel.apply import stack
from engine.kernel.effect import Seen
from engine.kernel.frame import (
    Acting,
    Address,
    EntryTurn,
    InItems,
    InRescue,
    InRow,
    Looking,
    MainStep,
    Proving,
    Refreshing,
    Surveying,
    Waiting,
    at_item,
    position_of,
)
from engine.kernel.operation import Operation, StepRecord, Target
from engine.kernel.queries import key_of, kind_of, step_of
from engine.language.model import Check, Ensure, Remove, Runbook
from engine.values import changed


def entered(runbook: Runbook, operation: Operation, event: ev.Entered) -> Operation:
    """What the step is about is recorded; a `for_each` pushes its first item."""
    frame = operation.frames[-1]
    path = frame.position.path
    step = runbook.index.get(path) or step_of(runbook, operation, frame)
    key = key_of(step, frame)
    steps, targets, results = operation.steps, operation.targets, operation.results
    if path in runbook.index:
        steps = steps.set(key, StepRecord(
            path=path, status="SKIPPED" if event.skipped else "IN_PROGRESS", visit=frame.visit,
            params=event.identity, region=event.region, account=event.account, since=event.at,
        ))  # fmt: skip
    if event.target is not None and key not in targets:
        targets = targets.set(key, event.target)
    last_step = key if isinstance(frame.position, MainStep) else operation.last_step
    if event.skipped:
        if runbook.by_name.get(step.name) is step:
            results = results.set(step.name, None)
        return stack.leave(runbook, changed(operation, steps=steps, last_step=last_step, results=results), None)
    if event.items is not None:
        phase = Surveying(items=event.items) if event.survey else InItems(items=event.items)
        frame = changed(frame, phase=phase)
    else:
        address = Address(identity=event.identity, region=event.region, account=event.account)
        frame = changed(frame, phase=stack.first_phase(step, event.until, event.queue), address=address)
    frames = (*operation.frames[:-1], frame)
    operation = changed(operation, steps=steps, last_step=last_step, targets=targets, frames=frames)
    return stack.push(operation, at_item(frame.position, 0)) if event.items and not event.survey else operation


# -- looking ---------------------------------------------------------------------------------------------------


def looked(runbook: Runbook, operation: Operation, event: ev.Looked) -> Operation:
    """What was seen waits for the decision. Live data that is available counts as used from here on."""
    phase = operation.top.phase
    if isinstance(phase, Looking):
        operation = _mark_used(operation, event.seen)
        return stack.in_phase(operation, changed(phase, seen=event.seen))
    assert isinstance(phase, (Proving, Surveying))
    return stack.in_phase(operation, changed(phase, seen=event.seen))


def _mark_used(operation: Operation, seen: Seen) -> Operation:
    """● Data that was seen available, before the end was recorded, may have been written to."""
    if seen.cls != "available" or seen.id is None or operation.ending is not None:
        return operation
    for number, entry in enumerate(operation.ledger):
        if entry.live and entry.id == seen.id and not entry.used:
            return stack.with_entry(operation, number, changed(entry, used=True))
    return operation


def adopted(runbook: Runbook, operation: Operation, event: ev.Adopted) -> Operation:
    """The entry has its id now. One that was void is open again: its create made something after all."""
    entry, frame = operation.ledger[event.entry], operation.top
    state = "open" if entry.state == "void" else entry.state
    operation = stack.with_entry(operation, event.entry, changed(entry, id=event.id, state=state))
    assert isinstance(frame.phase, Looking)
    # The effect that was to be repeated has been done: this is what it made.
    operation = stack.with_top(operation, changed(frame, performed=changed(frame.performed, repeat=None)))
    return _mark_used(operation, frame.phase.seen) if frame.phase.seen is not None else operation


def target_settled(runbook: Runbook, operation: Operation, event: ev.TargetSettled) -> Operation:
    """What the removal means is fixed, until a person accepts another."""
    return changed(operation, targets=operation.targets.set(event.step, event.target))


def confirmed(runbook: Runbook, operation: Operation, event: ev.Confirmed) -> Operation:
    """● A person's word is kept with the operation: it outlives crashes and restarts. A removal means what it names."""
    new = tuple(one for one in event.deletions if one not in operation.confirmed)
    targets = operation.targets
    for one in event.deletions:
        if one.step in targets and targets[one.step].id != one.id:
            targets = targets.set(one.step, Target(id=one.id, name=one.name, region=one.region, account=one.account))
    return changed(operation, confirmed=(*operation.confirmed, *new), targets=targets)


def item_surveyed(runbook: Runbook, operation: Operation, event: ev.ItemSurveyed) -> Operation:
    """The next item's turn to be looked at."""
    phase = operation.top.phase
    assert isinstance(phase, Surveying)
    found = (*phase.found, *event.deletions)
    return stack.in_phase(operation, Surveying(items=phase.items, index=phase.index + 1, found=found))


def items_begun(runbook: Runbook, operation: Operation, event: ev.ItemsBegun) -> Operation:
    """The first item begins."""
    frame = operation.top
    assert isinstance(frame.phase, Surveying)
    operation = stack.in_phase(operation, InItems(items=frame.phase.items))
    return stack.push(operation, at_item(frame.position, 0))


def row_taken(runbook: Runbook, operation: Operation, event: ev.RowTaken) -> Operation:
    """● A row's `do` runs once, until another row is taken."""
    frame = operation.top
    frame = changed(frame, observed=changed(frame.observed, row=event.row, status=event.status))
    body = step_of(runbook, operation, frame).body
    for row in body.states if isinstance(body, (Ensure, Remove, Check)) else ():
        if row.path == event.row and row.do:
            frame = changed(frame, phase=InRow(), observed=changed(frame.observed, seen=stack.seen_in(frame)))
            return stack.push(
                stack.with_top(operation, frame), position_of(row.do[0].path, within=event.within)
            )  # fmt: skip
    return stack.with_top(operation, frame)


def watched(runbook: Runbook, operation: Operation, event: ev.Watched) -> Operation:
    """It is looked at again at `next`."""
    frame = operation.top
    phase, observed = frame.phase, frame.observed
    if isinstance(phase, Proving):
        since = phase.since if phase.since is not None else event.at
        return stack.in_phase(operation, changed(phase, next=event.next, since=since, status=event.status, seen=None))
    watching = observed.watching if observed.watching is not None else event.at
    observed = changed(observed, watching=watching, status=event.status)
    return stack.with_top(operation, changed(frame, phase=Looking(next=event.next), observed=observed))


def delayed(runbook: Runbook, operation: Operation, event: ev.Delayed) -> Operation:
    """The next attempt is granted; its delay is waited first."""
    operation = _with_delay(runbook, operation, event.until - event.at)
    frame = operation.top
    first = frame.attempts.first_failure
    return stack.with_top(operation, changed(
        frame, phase=Waiting(until=event.until, then="begin"), observed=changed(frame.observed, watching=None),
        attempts=changed(frame.attempts, granted=True, first_failure=event.at if first is None else first),
    ))  # fmt: skip


def _with_delay(runbook: Runbook, operation: Operation, delay: float) -> Operation:
    """A delay that is waited counts among those that this step has paid."""
    key = key_of(step_of(runbook, operation, operation.top), operation.top)
    paid = (*operation.waited.get(key, ()), delay)
    return changed(operation, waited=operation.waited.set(key, paid)) if delay > 0 else operation


def replace_begun(runbook: Runbook, operation: Operation, event: ev.ReplaceBegun) -> Operation:
    """An attempt is taken: first a removal, then the create that belongs to it."""
    frame = operation.top
    before = frame.attempts
    attempts = changed(
        before, number=before.number + 1, spent=before.spent + 1, granted=False,
        first_failure=event.at if before.first_failure is None else before.first_failure,
    )  # fmt: skip
    operation = stack.with_top(operation, changed(
        frame, attempts=attempts, removal=changed(frame.removal, routine="deleting", delay=event.delay),
        observed=changed(frame.observed, watching=None), performed=changed(frame.performed, since=None),
    ))  # fmt: skip
    return stack.with_record(
        runbook, operation, lambda record: changed(record, attempt=attempts.number, spent=attempts.spent)
    )


def vanished(runbook: Runbook, operation: Operation, event: ev.Vanished) -> Operation:
    """What `replace` deleted is gone; its create follows, after the delay."""
    operation = _mark_gone(runbook, operation)
    frame = operation.top
    delay = frame.removal.delay
    operation = _with_delay(runbook, operation, delay)
    return stack.with_top(operation, changed(
        frame, phase=Waiting(until=event.at + delay, then="begin") if delay > 0 else Looking(),
        removal=changed(frame.removal, routine="creating", delay=0.0),
        observed=changed(frame.observed, watching=None), performed=changed(frame.performed, since=None),
    ))  # fmt: skip


# -- requirements ----------------------------------------------------------------------------------------------


def proof_begun(runbook: Runbook, operation: Operation, event: ev.ProofBegun) -> Operation:
    """The change waits until `requires` are looked at, and its own resource once more."""
    frame = operation.top
    if not isinstance(frame.phase, Acting):
        return stack.in_phase(operation, Proving())
    # A call that could not be sent, and is still due: the requirements first, then this same call.
    assert not frame.phase.sent
    repeat = changed(frame.performed, repeat=frame.phase.effect)
    return stack.with_top(
        operation, changed(frame, phase=stack.first_phase(step_of(runbook, operation, frame)), performed=repeat)
    )


def proved(runbook: Runbook, operation: Operation, event: ev.Proved) -> Operation:
    """The next requirement; after the last, the step's own resource once more.

    When a log is folded again, the step is looking where a proof was: that it had begun is volatile.
    """
    phase = operation.top.phase
    before = phase if isinstance(phase, Proving) else Proving()
    return stack.in_phase(
        operation,
        Looking(proved=True, source=event.source) if event.all else Proving(then=before.then, index=before.index + 1),
    )


# -- leaving ---------------------------------------------------------------------------------------------------


def nested_done(runbook: Runbook, operation: Operation, event: ev.NestedDone) -> Operation:
    """From a row's `do` back to a look, from a rescue's to its refresh; from a delay, the step begins again."""
    frame = operation.top
    match frame.phase:
        case InRescue(rescue=number):
            return stack.in_phase(operation, Refreshing(rescue=number))
        case InRow():
            return stack.in_phase(operation, Looking())
        case Waiting():
            return stack.in_phase(operation, stack.first_phase(step_of(runbook, operation, frame)))
        case _:
            raise AssertionError(frame.phase)  # the table in `evolve` lets no other phase come here


def step_done(runbook: Runbook, operation: Operation, event: ev.StepDone) -> Operation:
    """Its result is kept, and the next step begins. What a removal has deleted is gone."""
    removes = isinstance(step_of(runbook, operation, operation.top).body, Remove)
    if removes and event.status == "missing" and not isinstance(operation.top.position, EntryTurn):
        operation = _mark_gone(runbook, operation)
    return stack.complete(runbook, operation, event.result, event.id, event.status)


def _mark_gone(runbook: Runbook, operation: Operation) -> Operation:
    """● What this step has deleted is gone: its resource, and that resource's parts. Of another's delete it says nothing."""
    frame = operation.top
    kind, address = kind_of(runbook, step_of(runbook, operation, frame)), frame.address
    names = address.identity.values()
    sent = {one.partition(":")[2] for one in frame.removal.sent}
    for number, entry in enumerate(operation.ledger):
        if entry.id is None or entry.id not in operation.deletes or entry.state == "gone":
            continue
        same_kind = kind is not None and (entry.kind, entry.region) == (kind.name, address.region)
        its_own = same_kind and (entry.identity == address.identity or entry.id in names)
        if its_own or entry.id in sent or (entry.region == address.region and entry.part_of in names):
            operation = stack.with_entry(operation, number, changed(entry, state="gone"))
    return operation


def step_failed(runbook: Runbook, operation: Operation, event: ev.StepFailed) -> Operation:
    """What becomes of the failure is decided by what is below."""
    frame, problem = operation.top, event.problem
    steps = stack.recorded(runbook, operation, lambda record: changed(record, status="FAILED", error=problem))
    observed = changed(frame.observed, status=event.status or frame.observed.status)
    frame = changed(frame, failed=problem, error=frame.error or problem, observed=observed)
    return changed(stack.with_top(operation, frame), steps=steps)


def failure_passed_on(runbook: Runbook, operation: Operation, event: ev.FailurePassedOn) -> Operation:
    """A nested step that fails, fails the step below it; in a rescue, with the error that the rescue was for."""
    problem = operation.top.failed
    operation = changed(operation, frames=operation.frames[:-1])
    parent = operation.top
    failed = parent.error if isinstance(parent.phase, InRescue) and parent.error is not None else problem
    operation = stack.with_top(operation, changed(parent, failed=failed))
    return stack.with_record(runbook, operation, lambda record: changed(record, status="FAILED", error=failed))
