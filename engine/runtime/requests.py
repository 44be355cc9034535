"""Checks of what a person asks of an existing operation, and the requests to cancel that other processes leave.

Errors: UsageError if the request is not possible in the operation's state. Nothing is changed here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from engine.clock import Clock
from engine.errors import UsageError
from engine.kernel import Operation
from engine.kernel import events as ev
from engine.kernel.decide.requirements import judge_proof, look_of, proofs_of
from engine.kernel.decide.view import View
from engine.kernel.frame import Frame, Proving, position_of
from engine.kernel.operation import Target
from engine.kernel.queries import is_running_on_hold
from engine.kernel.restarts import restarts_from, unfinished_before
from engine.language.model import Runbook, Step
from engine.language.nearest import did_you_mean
from engine.runtime.driver import OperationLog
from engine.runtime.load import Loaded
from engine.runtime.preflight import Inspector
from engine.stores.port import Store
from engine.values import changed

CANCEL_POLL: Final = 5.0
"""Seconds between two reads of the head for a request to cancel."""


NEED_NO_SETTINGS: Final = ("approval", "target", "unknown_outcome")
"""Kinds of holds that wait for a word. Every other kind waits until something is mended, which may be a setting."""


class CancelPoller:
    """Returns another process's request to cancel, if the head has one. It stays there until the end is recorded."""

    def __init__(self, store: Store, clock: Clock, log: OperationLog) -> None:
        self._store = store
        self._clock = clock
        self._log = log
        self._next = clock.boot()  # the wall clock could be set back

    def __call__(self) -> ev.Cancelled | None:
        boot = self._clock.boot()
        if boot < self._next or self._log.operation.ending is not None:
            return None
        self._next = boot + CANCEL_POLL
        head = self._store.head(self._log.operation.id)
        if head is None or head.cancel_asked is None:
            return None
        request = head.cancel_asked
        at = max(self._clock.now(), self._log.operation.at)
        return ev.Cancelled(
            at=at,
            actor=str(request.get("actor", "")),
            undo=bool(request.get("undo")),
            past=tuple(request.get("past", ())),
        )


def check_answer(operation: Operation, answer: Mapping[str, Any]) -> None:
    """UsageError if the operation has no hold that the answer is for, or has ended."""
    if operation.ended and any(answer.get(name) for name in ("reject", "outcome", "accept_target")):
        message = (
            f"operation {operation.id} has ended as {operation.ended}: there is nothing to answer. See `runbook status "
            f"{operation.id}`"
        )
        raise UsageError(message)
    kind = operation.hold.kind if operation.hold is not None else ""
    if answer.get("outcome") and kind != "unknown_outcome":
        message = "`--outcome` answers a hold for a call with an unknown outcome, and the operation has no such hold"
        raise UsageError(message)
    if answer.get("reject") is not None and operation.hold is None:
        message = "`--reject` answers a hold, and the operation does not hold"
        raise UsageError(message)
    if ids := answer.get("accept_target"):
        check_targets(operation, ids)


def check_targets(operation: Operation, ids: Sequence[str]) -> None:
    """UsageError unless the operation holds for a word about each of these."""
    hold = operation.hold
    if hold is None or hold.kind != "target":
        message = "`--accept-target` answers a hold about what is to be deleted, and the operation has no such hold"
        raise UsageError(message)
    asked = [one.id for one in hold.deletions] or [hold.found or "nothing"]
    for id in ids:
        if id not in asked:
            message = (
                f"{id} is not what the operation asks about, which is {', '.join(asked)}. Check it before you accept it"
            )
            raise UsageError(message)


def accept_targets(operation: Operation, ids: Sequence[str], at: float, actor: str) -> ev.Event:
    """The event with a person's word that these are deleted."""
    check_targets(operation, ids)
    assert operation.hold is not None
    deletions = tuple(one for one in operation.hold.deletions if one.id in ids)
    if deletions:
        return ev.Confirmed(at=at, deletions=deletions, actor=actor)
    # An older version recorded this hold. Its removal means the id from now on, and asks for a word of its own.
    before = operation.targets.get(operation.hold.step) or Target(id=None)
    return ev.TargetSettled(at=at, step=operation.hold.step, target=changed(before, id=ids[0]))


def hold_still_stands(before: Operation, now: Operation) -> bool:
    """Does the operation still have the hold that it had before the lease was taken? UsageError if it has another."""
    if now.hold is None or is_running_on_hold(now) or before.hold is None:
        return False
    if now.hold.since != before.hold.since:
        message = f"operation {now.id} now holds for another reason: {now.hold.reason}. See `runbook status {now.id}`"
        raise UsageError(message)
    return True


def path_of(runbook: Runbook, step: str) -> str:
    """The path of the step with that id; UsageError with the nearest id if there is none."""
    for one in runbook.steps:
        if one.id == step:
            return one.path
    names = [one.id for one in runbook.steps]
    message = f"there is no step {step} in {runbook.name}; {did_you_mean(step, names)}"
    raise UsageError(message)


def check_restart(runbook: Runbook, operation: Operation, path: str) -> None:
    """● Data: UsageError unless all earlier steps have been done, and not undone: their work and results may be used."""
    if not operation.ended and operation.hold is None:
        message = f"operation {operation.id} is {operation.status}: continue it with `runbook resume {operation.id}`, or cancel it first"
        raise UsageError(message)
    unfinished = unfinished_before(runbook, operation, int(path.partition("/")[2]))
    if unfinished is not None:
        step, status = unfinished
        why = "was undone" if status == "UNDONE" else "has not been done"
        wanted = runbook.step(path).id
        there = restarts_from(runbook, operation, wanted)
        message = f"cannot restart from {wanted}: {step.id} {why}; restart from {there}"
        raise UsageError(message)


def check_requirements(inspector: Inspector, loaded: Loaded, path: str) -> None:
    """● World: UsageError unless everything that the step requires exists now. It is read before anything is recorded."""
    unmet = _first_unmet(inspector, loaded, path)
    if unmet is None:
        return
    reason, earlier = unmet
    while (further := _first_unmet(inspector, loaded, earlier.path)) is not None:
        earlier = further[1]
    step = loaded.runbook.step(path)
    message = f"cannot restart from {step.id}: {reason}; restart from {earlier.id} instead"
    raise UsageError(message)


def _first_unmet(inspector: Inspector, loaded: Loaded, path: str) -> tuple[str, Step] | None:
    """Why the first unmet requirement of a step is not met, and the step that creates it; None if all are met."""
    frame = Frame(position=position_of(path), phase=Proving())
    operation = changed(loaded.operation, frames=(frame,))
    view = View(loaded.runbook, operation, frame, loaded.runbook.step(path), inspector.now())
    for proof in proofs_of(view):
        seen = inspector.look(loaded.runbook, operation, look_of(view, proof))
        verdict = judge_proof(view, Proving(), proof, seen)
        if not isinstance(verdict, ev.Proved):
            reason = verdict.reason if isinstance(verdict, ev.Held) else f"{proof.key} is {seen.status}"
            return reason, proof.step
    return None
