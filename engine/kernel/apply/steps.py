"""Folds of a step's life: entering, looking, deciding, leaving."""

from __future__ import annotations

from engine.kernel import events as ev
from engine.kernel.apply.stack import (
    begin,
    complete,
    leave,
    push,
    record,
    seen_in,
    top,
    topped,
    with_entry,
)
from engine.kernel.operation import Acting, Looking, Nested, Operation, Proving, Refreshing, Seen, StepRecord, Waiting
from engine.kernel.queries import is_undo, key_of, kind_of, step_of
from engine.language.model import Check, Ensure, Remove, Runbook, Step
from engine.values import changed


def entered(runbook: Runbook, operation: Operation, event: ev.Entered) -> Operation:
    """Its place and identity are recorded; items push the first of them."""
    frame = operation.frames[-1]
    step = step_of(runbook, operation, frame)
    key = key_of(step, frame)
    its_own = frame.path.startswith("steps/") and frame.path.count("/") == 1  # not of a `do`, nor of an `on_*` list
    steps = operation.steps
    if frame.path in runbook.index:
        steps = steps.set(key, StepRecord(
            path=frame.path, status="SKIPPED" if event.skipped else "IN_PROGRESS", visit=frame.visit,
            params=event.identity, region=event.region, account=event.account, since=event.at,
        ))  # fmt: skip
    last_step = key if its_own else operation.last_step
    if event.skipped:
        return _skipped(runbook, changed(operation, steps=steps, last_step=last_step))
    targets = operation.targets
    if event.target is not None and key not in targets:
        targets = targets.set(key, event.target)
    if event.items is not None:
        frames = topped(operation, phase=Nested(why="items"), items=event.items)
        operation = changed(operation, steps=steps, last_step=last_step, targets=targets, frames=frames)
        return push(operation, frame.path, 0) if event.items else operation
    frame = changed(
        frame, phase=begin(step, event.until), identity=event.identity, region=event.region, account=event.account,
        queue=event.queue,
    )  # fmt: skip
    frames = (*operation.frames[:-1], frame)
    return changed(operation, steps=steps, last_step=last_step, targets=targets, frames=frames)


def _skipped(runbook: Runbook, operation: Operation) -> Operation:
    frame = operation.top
    step = runbook.index.get(frame.path)
    if step is not None and runbook.by_name.get(step.name) is step:
        operation = changed(operation, results=operation.results.set(step.name, None))
    return leave(runbook, operation, None)


# -- looking --------------------------------------------------------------------------------------------


def looked(runbook: Runbook, operation: Operation, event: ev.Looked) -> Operation:
    """It is to be decided upon. Live data that is available has been used from here on."""
    phase = operation.top.phase
    if isinstance(phase, Looking):
        operation = _mark_used(operation, event.seen)
        return top(operation, phase=Looking(next=phase.next, seen=event.seen, proved=phase.proved))
    assert isinstance(phase, Proving)
    return top(operation, phase=changed(phase, seen=event.seen))


def _mark_used(operation: Operation, seen: Seen) -> Operation:
    """● Data that was seen available, before the end was recorded, may have been written to."""
    if seen.cls != "available" or seen.id is None or operation.ending is not None:
        return operation
    for number, entry in enumerate(operation.ledger):
        if entry.live and entry.id == seen.id and not entry.used:
            return with_entry(operation, number, used=True)
    return operation


def adopted(runbook: Runbook, operation: Operation, event: ev.Adopted) -> Operation:
    """The entry has its id now; one that was void is open again."""
    state = operation.ledger[event.entry].state
    operation = with_entry(operation, event.entry, id=event.id, state="open" if state == "void" else state)
    phase = operation.top.phase
    assert isinstance(phase, Looking)
    operation = top(operation, repeat=None) if operation.top.repeat is not None else operation
    return _mark_used(operation, phase.seen) if phase.seen is not None else operation


def target_settled(runbook: Runbook, operation: Operation, event: ev.TargetSettled) -> Operation:
    """What the removal means is settled, once for all."""
    return changed(operation, targets=operation.targets.set(event.step, event.target))


def row_taken(runbook: Runbook, operation: Operation, event: ev.RowTaken) -> Operation:
    """● A row's `do` runs once, until another row is taken."""
    frame = operation.top
    operation = top(operation, row=event.row, status=event.status)
    body = step_of(runbook, operation, frame).body
    rows = body.states if isinstance(body, (Ensure, Remove, Check)) else ()
    for row in rows:
        if row.path == event.row and row.do:
            operation = top(operation, phase=Nested(why="row", path=row.path), seen=seen_in(frame))
            return push(operation, row.do[0].path)
    return operation


def watched(runbook: Runbook, operation: Operation, event: ev.Watched) -> Operation:
    """It is looked at again at `next`."""
    frame = operation.top
    if isinstance(frame.phase, Proving):
        since = frame.phase.since if frame.phase.since is not None else event.at
        return top(
            operation, phase=changed(frame.phase, next=event.next, since=since, status=event.status, seen=None)
        )  # fmt: skip
    watching = frame.watching if frame.watching is not None else event.at
    return top(operation, phase=Looking(next=event.next), watching=watching, status=event.status)


def delayed(runbook: Runbook, operation: Operation, event: ev.Delayed) -> Operation:
    """The next attempt is granted; its delay is waited first."""
    frame = operation.top
    step = step_of(runbook, operation, frame)
    first = frame.first_failure if frame.first_failure is not None else event.at
    operation = _waited(runbook, operation, step, event.until - event.at)
    phase = Waiting(until=event.until, then="begin")
    return top(operation, phase=phase, granted=True, watching=None, first_failure=first)


def _waited(runbook: Runbook, operation: Operation, step: Step, delay: float) -> Operation:
    key = key_of(step, operation.top)
    if delay <= 0:
        return operation
    return changed(operation, waited=operation.waited.set(key, (*operation.waited.get(key, ()), delay)))


def replace_begun(runbook: Runbook, operation: Operation, event: ev.ReplaceBegun) -> Operation:
    """An attempt is taken: first a removal, then the create that belongs to it."""
    frame = operation.top
    first = frame.first_failure if frame.first_failure is not None else event.at
    operation = top(
        operation, routine="deleting", attempt=frame.attempt + 1, spent=frame.spent + 1, granted=False,
        delay=event.delay, watching=None, first_failure=first, begun=None,
    )  # fmt: skip
    return record(runbook, operation, attempt=operation.top.attempt, spent=operation.top.spent)


def vanished(runbook: Runbook, operation: Operation, event: ev.Vanished) -> Operation:
    """What `replace` deleted is gone."""
    frame = operation.top
    step = step_of(runbook, operation, frame)
    operation = _gone(runbook, operation)
    operation = top(operation, routine="creating", begun=None, watching=None, phase=Looking())
    if frame.delay <= 0:
        return operation
    operation = _waited(runbook, operation, step, frame.delay)
    return top(operation, phase=Waiting(until=event.at + frame.delay, then="begin"), delay=0.0)


def proof_begun(runbook: Runbook, operation: Operation, event: ev.ProofBegun) -> Operation:
    """The decision waits for the proof, and for one more look; a call that is still due, for the proof."""
    phase = operation.top.phase
    if isinstance(phase, Acting):
        assert not phase.sent
        return top(operation, phase=begin(step_of(runbook, operation, operation.top)), repeat=phase.effect)
    return top(operation, phase=Proving())


def proved(runbook: Runbook, operation: Operation, event: ev.Proved) -> Operation:
    """The next of them; or the own resource once more."""
    phase = operation.top.phase
    assert isinstance(phase, Proving)
    if event.all:
        return top(operation, phase=Looking(proved=True))
    return top(operation, phase=Proving(then=phase.then, index=phase.index + 1))


def nested_done(runbook: Runbook, operation: Operation, event: ev.NestedDone) -> Operation:
    """Back: from a delay to the beginning, from a row's `do` to a look, from a rescue's to its refresh."""
    frame = operation.top
    match frame.phase:
        case Nested(why="rescue", path=path):
            return top(operation, phase=Refreshing(rescue=int(path)))
        case Nested():
            return top(operation, phase=Looking())
        case _:
            return top(operation, phase=begin(step_of(runbook, operation, frame)))


# -- leaving ---------------------------------------------------------------------------------------------


def step_done(runbook: Runbook, operation: Operation, event: ev.StepDone) -> Operation:
    """Its result is kept, and the next step begins. What a removal has deleted is gone."""
    step = step_of(runbook, operation, operation.top)
    if isinstance(step.body, Remove) and event.status == "missing" and not is_undo(operation.top):
        operation = _gone(runbook, operation)
    return complete(runbook, operation, event.result, event.id, event.status)


def _gone(runbook: Runbook, operation: Operation) -> Operation:
    """● What this step has deleted is gone: its thing, and that thing's parts. Of another's delete it says nothing."""
    frame, kind = operation.top, kind_of(runbook, step_of(runbook, operation, operation.top))
    names = frame.identity.values()
    sent = {one.partition(":")[2] for one in frame.sent}
    for number, entry in enumerate(operation.ledger):
        if entry.id is None or entry.id not in operation.deletes or entry.state == "gone":
            continue
        same = kind is not None and (entry.kind, entry.region) == (kind.name, frame.region)
        its = same and (entry.identity == frame.identity or entry.id in names)
        if its or entry.id in sent or (entry.region == frame.region and entry.part_of in names):
            operation = with_entry(operation, number, state="gone")
    return operation


def step_failed(runbook: Runbook, operation: Operation, event: ev.StepFailed) -> Operation:
    """What becomes of it is decided by what is below."""
    operation = record(runbook, operation, status="FAILED", error=event.problem)
    status = event.status or operation.top.status
    return top(operation, failed=event.problem, error=operation.top.error or event.problem, status=status)


def failure_passed_on(runbook: Runbook, operation: Operation, event: ev.FailurePassedOn) -> Operation:
    """A step in a rescue's `do` that fails, fails its step with the first error."""
    problem = operation.top.failed
    operation = changed(operation, frames=operation.frames[:-1])
    parent = operation.top
    rescue = isinstance(parent.phase, Nested) and parent.phase.why == "rescue"
    failed = parent.error if rescue and parent.error is not None else problem
    operation = top(operation, failed=failed)
    return record(runbook, operation, status="FAILED", error=failed)
