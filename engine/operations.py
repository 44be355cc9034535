"""What a person, or a program, asks for: run, resume, restart, cancel, cleanup. One loop drives them all.

Each settles first whether it is possible as things are (UsageError, nothing changed), then takes the lease, takes
the operation up, folds the answer in, and drives.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any, Final, Protocol

from engine.clock import Clock
from engine.driver import Driver, Holder, Log, Pausing, Reporter
from engine.errors import (
    Busy,
    EffectFailed,
    EffectNotSent,
    EffectUnknown,
    EnvironmentProblem,
    ExpressionError,
    StoreConflict,
    UsageError,
)
from engine.kernel import Operation, start
from engine.kernel import events as ev
from engine.kernel.names import Names, place, rendered
from engine.kernel.operation import Effect, Frame, Proving, Target
from engine.kernel.proofs import judged, look_of, proofs_of
from engine.kernel.start import begun
from engine.kernel.view import View
from engine.language.model import Remove, Runbook, Step
from engine.loading import Loaded, Parse, find_maker, load
from engine.performing import RegistryPerformer, World, read_settings
from engine.report import readable, summary
from engine.stores.port import Store

ASK_EVERY: Final = 5.0
"""Seconds between two looks at whether somebody asked for the end."""


Answer = Callable[[Operation, float], ev.Event | None]
"""What a person has said, as the event that it is for the operation as it is loaded; None: nothing any more."""


class Lease(Holder, Protocol):
    """The lease of one operation."""

    def acquire(self, *, patience: bool) -> bool:
        """Was the one before released? Raises Busy where a live runner has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meant:
    """What a person is asked to confirm before anything begins: a thing that will be removed."""

    step: str
    kind: str
    target: Target


@dataclass(slots=True, kw_only=True)
class Engine:
    """All that operations need of their surroundings; made by the composition root."""

    store: Store
    clock: Clock
    world: World
    parse: Parse
    lease: Callable[[str], Lease]
    actor: str = ""
    region: str = ""
    version: str = ""
    report: Reporter = lambda event, operation: None
    pausing: Pausing = lambda effect, problem, delay: None
    stop: Callable[[], int] = lambda: 0
    confirm: Callable[[list[Meant]], bool] = lambda meant: True

    # -- run ------------------------------------------------------------------------------------------

    def run(self, runbook: Runbook, id: str, inputs: Mapping[str, Any]) -> Operation:
        """Start it, or go on with an interrupted one of the same id, runbook and inputs."""
        if self.store.load(id):
            return self._same_again(runbook, id, inputs)
        started = self._prepared(runbook, id, inputs)
        operation = begun(runbook, started)
        self.store.put_blob(runbook.text.encode("utf-8"))
        log = self._log(runbook, operation)
        log.waiting.append(started)
        try:
            written = log.commit()
        except StoreConflict:
            return self._same_again(runbook, id, inputs)
        self.store.summarise(id, summary(log.operation, runbook))
        for event in written:
            self.report(event, log.operation)
        lease = self.lease(id)
        lease.acquire(patience=False)
        return self._drive(log, lease, ())

    def _same_again(self, runbook: Runbook, id: str, inputs: Mapping[str, Any]) -> Operation:
        found = load(self.store, id, self.parse)
        if found.operation.digest != runbook.digest or dict(found.operation.inputs) != dict(inputs):
            message = f"operation {id} exists with another runbook or other inputs; choose another --operation-id"
            raise UsageError(message)
        if found.operation.ended or found.operation.hold is not None:
            return found.operation
        return self._take_up(id, ())

    def _prepared(self, runbook: Runbook, id: str, inputs: Mapping[str, Any]) -> ev.Started:
        """Settings and targets are read, and what is meant is confirmed: nothing is written before."""
        now = self.clock.now()
        bare = Operation(
            id=id, runbook=runbook.name, digest=runbook.digest, started=now, at=now, region=self.region, inputs=inputs
        )
        try:
            settings = read_settings(runbook, bare, self.world.read_setting)
        except (EffectFailed, EffectNotSent, EffectUnknown) as error:
            message = f"a setting cannot be read: {error}"
            raise EnvironmentProblem(message) from error
        bare = replace(bare, settings=settings)
        meant = self._meant(runbook, bare)
        if not self.confirm(meant):
            message = "not confirmed; nothing was begun"
            raise UsageError(message)
        targets = {one.step: one.target for one in meant}
        return start(
            runbook, id, inputs, settings, targets, now, region=self.region, engine=self.version
        )[0]  # fmt: skip

    def _meant(self, runbook: Runbook, bare: Operation) -> list[Meant]:
        """Every removal that may take what is not own, and whose name is known from inputs and settings."""
        found = []
        for step in runbook.steps:
            body = step.body
            settled = isinstance(body, Remove) and body.owner != "own" and body.target is None and step.for_each is None
            if settled and isinstance(body, Remove):
                target = self._target(runbook, bare, step, body)
                if target is not None:
                    found.append(Meant(step=step.id, kind=body.kind, target=target))
        return found

    def _target(self, runbook: Runbook, bare: Operation, step: Step, body: Remove) -> Target | None:
        kind = runbook.kinds[body.kind]
        names = Names(runbook, bare)
        try:
            written = {key: body.params[key] for key in kind.identity if key in body.params}
            identity = rendered(written, names)
            region, account = place(runbook, bare, step, names)
        except ExpressionError:
            return None  # known only later: recorded at its first look
        effect = Effect(verb="look", name=body.kind, key="", params=identity, region=region, account=account)
        seen = self._look(runbook, bare, effect)
        name = str(next(iter(identity.values()), ""))
        return Target(id=seen.id, name=name, region=region, account=account)

    def _look(self, runbook: Runbook, operation: Operation, effect: Effect) -> Any:
        """A look outside of the loop; EnvironmentProblem where it cannot be had."""
        try:
            looked = self._performer().perform(effect, operation, runbook, self.clock.now)
        except EffectNotSent as error:
            raise EnvironmentProblem(str(error)) from error
        assert isinstance(looked, ev.Looked)
        if looked.seen.problem is not None:
            message = f"{effect.name} cannot be looked at: {looked.seen.problem.message}"
            raise EnvironmentProblem(message)
        return looked.seen

    # -- the loop --------------------------------------------------------------------------------------

    def _performer(self) -> RegistryPerformer:
        return RegistryPerformer(self.world, lambda id: find_maker(self.store, id))

    def _log(self, runbook: Runbook, operation: Operation) -> Log:
        return Log(
            store=self.store, runbook=runbook, operation=operation, actor=self.actor, readable=readable
        )  # fmt: skip

    def _take_up(self, id: str, answers: tuple[Answer, ...], text: str = "") -> Operation:
        """Lease, load, TakenUp, the answer, the loop."""
        lease = self.lease(id)
        released = lease.acquire(patience=not answers)
        try:
            found = load(self.store, id, self.parse)
        except BaseException:
            lease.release()
            raise
        log = self._log(found.runbook, found.operation)
        log.committed, log.seq, log.digest = found.operation, found.seq, found.digest
        if not found.operation.ended:
            now = max(self.clock.now(), found.operation.at)
            log.fold(ev.TakenUp(at=now, runner=self.actor, released=released))
        if text:
            log.runbook = self.parse(text)
        return self._drive(log, lease, answers)

    def _drive(self, log: Log, lease: Lease, answers: tuple[Answer, ...]) -> Operation:
        asked = _Asked(self.store, self.clock, log)
        driver = Driver(
            log=log, clock=self.clock, performer=self._performer(), holder=lease, report=self.report,
            pausing=self.pausing, stop=self.stop,
            cancel=asked,
        )  # fmt: skip
        try:
            self._lock(log)
            if log.operation.ending is not None:
                self.store.ask_cancel(log.operation.id, None)  # it was heard: its end is recorded
            for answer in answers:
                event = answer(log.operation, driver.now())
                if event is not None:
                    log.fold(event)
            driver.drive()
        finally:
            self._leave(log, lease)
        return log.operation

    def _leave(self, log: Log, lease: Lease) -> None:
        """However it stops: the summary is put, the lock of an ended one and the lease are given back."""
        id = log.operation.id
        if log.committed is None:
            return
        self.store.summarise(id, summary(log.committed, log.runbook))
        name = lock_name(log.runbook, log.committed)
        if log.committed.ended and name:
            self.store.release_lock(name, id)
        lease.release()

    def _lock(self, log: Log) -> None:
        """One operation at a time on a target; whose holder has ended is taken over."""
        name = lock_name(log.runbook, log.operation)
        if not name:
            return
        id = log.operation.id
        other = self.store.take_lock(name, id)
        if other is not None and find_maker(self.store, other).ended:
            other = self.store.take_lock(name, id, over=other)
        if other is not None:
            message = f"operation {other} has the lock {name}; nothing was done: `runbook status {other}`"
            raise Busy(message)

    # -- answers to a stop --------------------------------------------------------------------------------

    def resume(self, id: str, answer: Mapping[str, Any] | None = None, text: str = "") -> Operation:
        """Go on where it stands. `answer`: why, reject, outcome, output, accept_target; `text`: another runbook."""
        answer = dict(answer or {})
        found = load(self.store, id, self.parse)
        operation = found.operation
        if operation.ended == "SUCCEEDED":
            return operation
        if operation.ended:
            hint = "cleanup" if operation.ended == "STUCK" else "restart"
            message = f"operation {id} has ended as {operation.ended}: `runbook {hint} {id}`"
            raise UsageError(message)
        _must_answer(operation, answer)
        events: list[Answer] = []
        accepted = answer.pop("accept_target", None)
        if accepted is not None:
            events.append(lambda now, at: _accepted(now, accepted, at))
        if operation.hold is not None and not is_telling(operation):
            digest = self._replaced(found, text) if text else ""
            events.append(lambda now, at: ev.Resumed(at=at, actor=self.actor, digest=digest, **answer))
        elif text:
            self._replaced(found, text)
        return self._take_up(id, tuple(events), text)

    def _replaced(self, found: Loaded, text: str) -> str:
        self.store.put_blob(text.encode("utf-8"))
        return self.parse(text).digest

    def restart(self, id: str, step: str) -> Operation:
        """Back to a step, after what it needs is proved."""
        found = load(self.store, id, self.parse)
        path = _path_of(found.runbook, step)
        _may_restart(found, path)
        self._prove(found, path)
        return self._take_up(id, (lambda now, at: ev.Restarted(at=at, path=path, actor=self.actor),))

    def _prove(self, found: Loaded, path: str) -> None:
        """● Data and world: what the step requires is looked at now, before anything is written."""
        step = found.runbook.step(path)
        frame = Frame(path=path, phase=Proving())
        operation = replace(found.operation, frames=(frame,))
        v = View(found.runbook, operation, frame, step, self.clock.now())
        for proof in proofs_of(v):
            seen = self._look(found.runbook, operation, look_of(v, proof))
            verdict = judged(v, Proving(), proof, seen)
            if not isinstance(verdict, ev.Proved):
                reason = verdict.reason if isinstance(verdict, ev.Held) else f"{proof.key} is {seen.status}"
                message = f"cannot restart from {step.id}: {reason}; restart from {proof.step.id} instead"
                raise UsageError(message)

    def cancel(self, id: str, *, undo: bool = False, past: tuple[str, ...] = ()) -> Operation:
        """The end that a person asks for; the runner that has the operation is asked to do it."""
        found = load(self.store, id, self.parse)
        if found.operation.ended or found.operation.ending is not None:
            message = f"operation {id} has ended, or its end is recorded: {found.operation.status}"
            raise UsageError(message)
        request = {"actor": self.actor, "at": self.clock.now(), "undo": undo, "past": list(past)}

        def end(now: Operation, at: float) -> ev.Event | None:
            return None if now.ending is not None else ev.Cancelled(at=at, actor=self.actor, undo=undo, past=past)

        asked = False
        while True:
            try:
                return self._take_up(id, (end,))
            except Busy:
                if not asked:
                    self.store.ask_cancel(id, request)
                asked = True
            self.clock.sleep(ASK_EVERY)
            operation = load(self.store, id, self.parse).operation
            if operation.ended or self.stop():
                return operation

    def cleanup(self, id: str, *, past: tuple[str, ...] = ()) -> Operation:
        """What a failed, cancelled or stuck operation left is taken back."""
        operation = load(self.store, id, self.parse).operation
        if operation.cleaning:
            return self._take_up(id, ())
        if operation.ended == "SUCCEEDED":
            message = f"operation {id} has SUCCEEDED: what it made is yours, and cleanup does not touch it"
            raise UsageError(message)
        if not operation.ended:
            message = f"operation {id} has not ended ({operation.status}): `runbook cancel {id} --undo`"
            raise UsageError(message)
        return self._take_up(id, (lambda now, at: ev.CleanupBegun(at=at, actor=self.actor, past=past),))


class _Asked:
    """Has somebody asked for the end? Read from the head, now and then; what is asked stays until its end is recorded."""

    def __init__(self, store: Store, clock: Clock, log: Log) -> None:
        self._store = store
        self._clock = clock
        self._log = log
        self._next = clock.now()

    def __call__(self) -> ev.Cancelled | None:
        now = self._clock.now()
        if now < self._next or self._log.operation.ending is not None:
            return None
        self._next = now + ASK_EVERY
        head = self._store.head(self._log.operation.id)
        if head is None or head.cancel_asked is None:
            return None
        asked = head.cancel_asked
        at = max(now, self._log.operation.at)
        return ev.Cancelled(
            at=at, actor=str(asked.get("actor", "")), undo=bool(asked.get("undo")), past=tuple(asked.get("past", ()))
        )


def lock_name(runbook: Runbook, operation: Operation) -> str:
    """The rendered `lock`; "" where there is none."""
    if runbook.lock is None:
        return ""
    return str(rendered(runbook.lock, Names(runbook, operation)))


def is_telling(operation: Operation) -> bool:
    """● Is `on_hold` not yet done? Then a resume finishes it, and it stays held."""
    return operation.hold is not None and any(frame.path.startswith("on_hold/") for frame in operation.frames)


def _must_answer(operation: Operation, answer: Mapping[str, Any]) -> None:
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


def _accepted(operation: Operation, id: str, at: float) -> ev.Event:
    assert operation.hold is not None
    if operation.hold.found != id:
        message = f"{id} is not what was found ({operation.hold.found}): look again before you accept"
        raise UsageError(message)
    before = operation.targets.get(operation.hold.step)
    name, region = (before.name, before.region) if before is not None else ("", "")
    target = Target(id=id, name=name, region=region, account=before.account if before is not None else None)
    return ev.TargetSettled(at=at, step=operation.hold.step, target=target)


def _path_of(runbook: Runbook, step: str) -> str:
    for one in runbook.steps:
        if one.id == step:
            return one.path
    names = [one.id for one in runbook.steps]
    near = get_close_matches(step, names, n=1)
    meant = f"; did you mean {near[0]}?" if near else f"; there are {', '.join(names)}"
    message = f"there is no step {step} in {runbook.name}{meant}"
    raise UsageError(message)


def _may_restart(found: Loaded, path: str) -> None:
    """What the earlier steps yielded must be there."""
    operation = found.operation
    if not operation.ended and operation.hold is None:
        message = f"operation {operation.id} is {operation.status}: `runbook resume {operation.id}`, or cancel it first"
        raise UsageError(message)
    at = int(path.partition("/")[2])
    for step in found.runbook.steps[:at]:
        record = operation.steps.get(step.id)
        if record is None or record.status not in ("DONE", "SKIPPED"):
            wanted = found.runbook.step(path).id
            message = f"cannot restart from {wanted}: {step.id} has not been done; restart from {step.id}"
            raise UsageError(message)
