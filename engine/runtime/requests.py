"""What a person may say to an operation as it stands, and what somebody else may ask while it is driven.

Errors: UsageError where it is not possible as things are; nothing is changed here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from engine.clock import Clock
from engine.errors import UsageError
from engine.kernel import Operation
from engine.kernel import events as ev
from engine.kernel.decide.requirements import judged, look_of, proofs_of
from engine.kernel.decide.view import View
from engine.kernel.frame import Frame, Proving, position_of
from engine.kernel.operation import Target
from engine.kernel.queries import is_telling
from engine.language.model import Runbook, Step
from engine.language.nearest import did_you_mean
from engine.runtime.driver import Log
from engine.runtime.load import Loaded
from engine.runtime.preflight import Looker
from engine.stores.port import Store
from engine.values import changed

ASK_EVERY: Final = 5.0
"""Seconds between two looks at whether somebody asked for the end."""


class Asked:
    """Has somebody asked for the end? Read from the head, now and then; what is asked stays until its end is recorded."""

    def __init__(self, store: Store, clock: Clock, log: Log) -> None:
        self._store = store
        self._clock = clock
        self._log = log
        self._next = clock.boot()  # a wall clock may be set back by hours

    def __call__(self) -> ev.Cancelled | None:
        boot = self._clock.boot()
        if boot < self._next or self._log.operation.ending is not None:
            return None
        self._next = boot + ASK_EVERY
        head = self._store.head(self._log.operation.id)
        if head is None or head.cancel_asked is None:
            return None
        asked = head.cancel_asked
        at = max(self._clock.now(), self._log.operation.at)
        return ev.Cancelled(
            at=at, actor=str(asked.get("actor", "")), undo=bool(asked.get("undo")), past=tuple(asked.get("past", ()))
        )


def must_answer(operation: Operation, answer: Mapping[str, Any]) -> None:
    """An answer must be to what the operation holds for."""
    kind = operation.hold.kind if operation.hold is not None else ""
    if answer.get("outcome") and kind != "unknown_outcome":
        message = "--outcome answers a call whose outcome is unknown, and the operation does not hold for one"
        raise UsageError(message)
    if answer.get("reject") is not None and operation.hold is None:
        message = "--reject answers a hold, and the operation is not held"
        raise UsageError(message)
    if answer.get("accept_target") is not None and kind != "target":
        message = "--accept-target answers a hold about the target of a removal, and there is none"
        raise UsageError(message)


def accepted(operation: Operation, id: str, at: float) -> ev.Event:
    """A person's word that this is the one that is meant."""
    must_answer(operation, {"accept_target": id})
    assert operation.hold is not None
    if operation.hold.found != id:
        message = f"{id} is not what was found ({operation.hold.found}): look again before you accept"
        raise UsageError(message)
    before = operation.targets.get(operation.hold.step)
    name, region = (before.name, before.region) if before is not None else ("", "")
    target = Target(id=id, name=name, region=region, account=before.account if before is not None else None)
    return ev.TargetSettled(at=at, step=operation.hold.step, target=target)


def resumed(before: Operation, now: Operation) -> bool:
    """Does the hold still stand that was looked at before the lease was taken? UsageError where another one does."""
    if now.hold is None or is_telling(now) or before.hold is None:
        return False
    if now.hold.since != before.hold.since:
        message = f"operation {now.id} holds for another reason by now: {now.hold.reason}; `runbook status {now.id}`"
        raise UsageError(message)
    return True


def path_of(runbook: Runbook, step: str) -> str:
    """The path of a step by its id; UsageError with the nearest name."""
    for one in runbook.steps:
        if one.id == step:
            return one.path
    names = [one.id for one in runbook.steps]
    message = f"there is no step {step} in {runbook.name}; {did_you_mean(step, names)}"
    raise UsageError(message)


def may_restart(runbook: Runbook, operation: Operation, path: str) -> None:
    """● Data: what the earlier steps yielded must be there."""
    if not operation.ended and operation.hold is None:
        message = f"operation {operation.id} is {operation.status}: `runbook resume {operation.id}`, or cancel it first"
        raise UsageError(message)
    at = int(path.partition("/")[2])
    for step in runbook.steps[:at]:
        record = operation.steps.get(step.id)
        if record is None or record.status not in ("DONE", "SKIPPED"):
            wanted = runbook.step(path).id
            message = f"cannot restart from {wanted}: {step.id} has not been done; restart from {step.id}"
            raise UsageError(message)


def prove(looker: Looker, found: Loaded, path: str) -> None:
    """● World: what the step requires is looked at now, before anything is written."""
    unmet = _first_unmet(looker, found, path)
    if unmet is None:
        return
    reason, earlier = unmet
    while (further := _first_unmet(looker, found, earlier.path)) is not None:
        earlier = further[1]
    step = found.runbook.step(path)
    message = f"cannot restart from {step.id}: {reason}; restart from {earlier.id} instead"
    raise UsageError(message)


def _first_unmet(looker: Looker, found: Loaded, path: str) -> tuple[str, Step] | None:
    """Why the first of its requirements is not met now, and whose that is."""
    frame = Frame(position=position_of(path), phase=Proving())
    operation = changed(found.operation, frames=(frame,))
    v = View(found.runbook, operation, frame, found.runbook.step(path), looker.now())
    for proof in proofs_of(v):
        seen = looker.look(found.runbook, operation, look_of(v, proof))
        verdict = judged(v, Proving(), proof, seen)
        if not isinstance(verdict, ev.Proved):
            reason = verdict.reason if isinstance(verdict, ev.Held) else f"{proof.key} is {seen.status}"
            return reason, proof.step
    return None
