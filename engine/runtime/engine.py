"""What a person, or a program, asks for: run, resume, restart, cancel, cleanup. One loop drives them all.

Each settles first whether it is possible as things are (UsageError, nothing changed), then takes the lease, takes
the operation up, folds the answer in, and drives.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Protocol

from engine.clock import Clock
from engine.errors import Busy, Locked, StoreConflict, UsageError
from engine.kernel import Operation, start
from engine.kernel import events as ev
from engine.kernel.queries import is_telling
from engine.kernel.rendering import Names, rendered
from engine.kernel.start import begun
from engine.kernel.transition import Transition
from engine.language.model import Runbook
from engine.reports.status import readable, summary
from engine.runtime.driver import Driver, Holder, Log
from engine.runtime.edit import edited
from engine.runtime.heartbeat import Listing
from engine.runtime.load import Loaded, Parse, find_maker, read_on
from engine.runtime.observer import Observer
from engine.runtime.performer import RegistryPerformer, World
from engine.runtime.preflight import Looker, prepared, settings_now
from engine.runtime.requests import (
    ASK_EVERY,
    Asked,
    accepted,
    may_restart,
    must_answer,
    path_of,
    prove,
    resumed,
)
from engine.stores.port import Store

Answer = Callable[[Operation, float], ev.Event | None]
"""What a person has said, as the event that it is for the operation as it is loaded; None: nothing any more."""


class Lease(Holder, Protocol):
    """The lease of one operation."""

    def acquire(self) -> bool:
        """Was the one before released? Raises Busy where a live runner has it."""


@dataclass(slots=True, kw_only=True)
class Engine:
    """All that operations need of their surroundings; made by the composition root."""

    store: Store
    clock: Clock
    world: World
    parse: Parse
    lease: Callable[[str], Lease]
    actor: str = ""
    process: str = ""  # PID@start time
    region: str = ""
    version: str = ""
    observer: Observer = field(default_factory=Observer)
    known: dict[str, Loaded] = field(default_factory=dict)  # as they were read last: only what is new is read again

    # -- run ------------------------------------------------------------------------------------------

    def run(self, runbook: Runbook, id: str, inputs: Mapping[str, Any]) -> Operation:
        """Start it, or go on with an interrupted one of the same id, runbook and inputs."""
        if self.store.load(id):
            return self._same_again(runbook, id, inputs)
        started = self._started(runbook, id, inputs)
        operation = begun(runbook, started)
        self.store.put_blob(runbook.text.encode("utf-8"))
        log = self._log(runbook, operation)
        log.waiting.append(Transition(event=started, runbook=runbook, before=None, after=operation))
        try:
            written = log.commit()
        except StoreConflict:
            return self._same_again(runbook, id, inputs)
        self.store.summarise(id, summary(log.operation, runbook))
        for transition in written:
            self.observer.committed(transition)
        lease = self.lease(id)
        lease.acquire()
        try:
            return self._drive(log, lease, ())
        except StoreConflict:
            if log.seq > 1:
                raise
            lease.check()
        return self._go_on(id, lease, ())

    def _same_again(self, runbook: Runbook, id: str, inputs: Mapping[str, Any]) -> Operation:
        found = self._loaded(id)
        if found.operation.digest != runbook.digest or dict(found.operation.inputs) != dict(inputs):
            message = f"operation {id} exists with another runbook or other inputs; choose another --operation-id"
            raise UsageError(message)
        if found.operation.ended or found.operation.hold is not None:
            return found.operation
        return self._take_up(id, ())

    def _started(self, runbook: Runbook, id: str, inputs: Mapping[str, Any]) -> ev.Started:
        """Settings and targets are read, and what is meant is confirmed: nothing is written before."""
        now = self.clock.now()
        bare = Operation(
            id=id, runbook=runbook.name, digest=runbook.digest, started=now, at=now, region=self.region, inputs=inputs
        )
        bare, targets = prepared(self._looker(), runbook, bare, self.observer)
        return start(
            runbook, id, inputs, bare.settings, targets, now, region=self.region, engine=self.version
        )[0]  # fmt: skip

    def _looker(self) -> Looker:
        return Looker(self._performer(), self.clock.now)

    # -- the loop --------------------------------------------------------------------------------------

    def _loaded(self, id: str) -> Loaded:
        return read_on(self.store, id, self.parse, self.known)

    def _performer(self) -> RegistryPerformer:
        return RegistryPerformer(self.world, lambda name: find_maker(self.store, name))

    def _log(self, runbook: Runbook, operation: Operation) -> Log:
        return Log(
            store=self.store, runbook=runbook, operation=operation, actor=self.actor, process=self.process,
            readable=readable,
        )  # fmt: skip

    def _take_up(
        self, id: str, answers: tuple[Answer, ...], runbook: Runbook | None = None, *, locks: bool = True
    ) -> Operation:
        """The lease, then go on."""
        lease = self.lease(id)
        released = lease.acquire()
        return self._go_on(id, lease, answers, runbook, released=released, locks=locks)

    def _go_on(
        self, id: str, lease: Lease, answers: tuple[Answer, ...], runbook: Runbook | None = None, *,
        released: bool = False, locks: bool = True,
    ) -> Operation:  # fmt: skip
        """Load, TakenUp, the answer, the loop.

        ● A conflict before our first record, while the lease is ours, is a late runner's last word: it appends before it
        looks at its lease, which stops it. Were we to stop as well, nobody would go on; so once more.
        """
        while True:
            log = self._taken_up(id, lease, released=released)
            log.runbook = runbook or log.runbook
            loaded = log.seq
            try:
                return self._drive(log, lease, answers, locks=locks)
            except StoreConflict:
                if log.seq != loaded:
                    raise
                lease.check()

    def _taken_up(self, id: str, lease: Lease, *, released: bool) -> Log:
        try:
            found = self._loaded(id)
        except BaseException:
            lease.release()
            raise
        log = replace(
            self._log(found.runbook, found.operation),
            committed=found.operation, seq=found.seq, digest=found.digest, whole=found.whole, since_whole=found.since,
        )  # fmt: skip
        if not found.operation.ended:
            now = max(self.clock.now(), found.operation.at)
            log.fold(ev.TakenUp(at=now, runner=self.actor, released=released))
        return log

    def _drive(self, log: Log, lease: Lease, answers: tuple[Answer, ...], *, locks: bool = True) -> Operation:
        asked = Asked(self.store, self.clock, log)
        driver = Driver(
            log=log, clock=self.clock, performer=self._performer(), holder=lease, observer=self.observer,
            cancel=asked, listing=Listing(self.store, log, self.clock).put_if_due,
        )  # fmt: skip
        try:
            if locks or log.operation.ledger:
                self._lock(log)
            if log.operation.ending is not None:
                self.store.ask_cancel(log.operation.id, None)  # it was heard: its end is recorded
            for answer in answers:
                event = answer(log.operation, driver.now())
                if event is not None:
                    log.fold(event)
            driver.drive()
        except StoreConflict:
            raise  # another runner has it: nothing more is written
        except BaseException:
            self._leave(log, lease)
            raise
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
            message = (
                f"operation {other} has the lock {name}; nothing was done: `runbook status {other}`, and when that has "
                f"ended `runbook resume {id}`"
            )
            raise Locked(message)

    # -- answers to a stop --------------------------------------------------------------------------------

    def resume(self, id: str, answer: Mapping[str, Any] | None = None, text: str = "") -> Operation:
        """Go on where it stands. `answer`: why, reject, outcome, output, accept_target; `text`: another runbook."""
        answer = dict(answer or {})
        found = self._loaded(id)
        operation = found.operation
        if operation.ended == "SUCCEEDED":
            return operation
        if operation.ended:
            hint = f"cleanup {id}" if operation.ended == "STUCK" else f"restart {id} --from STEP"
            message = f"operation {id} has ended as {operation.ended}: `runbook {hint}`"
            raise UsageError(message)
        must_answer(operation, answer)
        if text:
            return self._go_on_with(id, found.runbook, operation, text)
        answers: list[Answer] = []
        meant = answer.pop("accept_target", None)
        if meant is not None:
            answers.append(lambda now, at: accepted(now, meant, at))
        if operation.hold is not None and not is_telling(operation):
            word = partial(ev.Resumed, actor=self.actor, **answer)
            answers.append(lambda now, at: word(at=at) if resumed(operation, now) else None)
        return self._take_up(id, tuple(answers))

    def _go_on_with(self, id: str, before: Runbook, operation: Operation, text: str) -> Operation:
        """With an edited runbook: refused before anything is written, if the rest could not use it."""
        after = self.parse(text)
        read = self.world.read_setting
        edited(before, after, operation, read, operation.at, self.actor)
        self.store.put_blob(text.encode("utf-8"))
        return self._take_up(id, (lambda now, at: edited(before, after, now, read, at, self.actor),), after)

    def restart(self, id: str, step: str) -> Operation:
        """Back to a step, after what it needs is proved."""
        found = self._loaded(id)
        path = path_of(found.runbook, step)
        may_restart(found.runbook, found.operation, path)
        prove(self._looker(), found, path)
        settings = settings_now(self._looker(), found.runbook, found.operation)

        def again(now: Operation, at: float) -> ev.Event:
            may_restart(found.runbook, now, path)
            return ev.Restarted(at=at, path=path, actor=self.actor, settings=settings)

        return self._take_up(id, (again,))

    def cancel(self, id: str, *, undo: bool = False, past: tuple[str, ...] = ()) -> Operation:
        """The end that a person asks for; the runner that has the operation is asked to do it.

        It needs no lock where it has made nothing and there is nothing to do.
        """
        found = self._loaded(id)
        if found.operation.ended or found.operation.ending is not None:
            message = f"operation {id} has ended, or its end is recorded: {found.operation.status}"
            raise UsageError(message)
        request = {"actor": self.actor, "at": self.clock.now(), "undo": undo, "past": list(past)}

        def end(now: Operation, at: float) -> ev.Event | None:
            return None if now.ending is not None else ev.Cancelled(at=at, actor=self.actor, undo=undo, past=past)

        asked, locks = False, "on_cancel/0" in found.runbook.index
        while True:
            try:
                return self._take_up(id, (end,), locks=locks)
            except Locked:
                raise
            except Busy:
                if not asked:
                    self.store.ask_cancel(id, request)
                asked = True
            self.clock.sleep(ASK_EVERY)
            operation = self._loaded(id).operation
            if operation.ended or self.observer.stop_code():
                return operation

    def cleanup(self, id: str, *, past: tuple[str, ...] = ()) -> Operation:
        """What a failed, cancelled or stuck operation left is taken back."""
        operation = self._loaded(id).operation
        if operation.cleaning:
            return self._take_up(id, ())
        if operation.ended == "SUCCEEDED":
            message = f"operation {id} has SUCCEEDED: what it made is yours, and cleanup does not touch it"
            raise UsageError(message)
        if not operation.ended:
            message = f"operation {id} has not ended ({operation.status}): `runbook cancel {id} --undo`"
            raise UsageError(message)

        def again(now: Operation, at: float) -> ev.Event | None:
            return ev.CleanupBegun(at=at, actor=self.actor, past=past) if now.ended else None

        return self._take_up(id, (again,))


def lock_name(runbook: Runbook, operation: Operation) -> str:
    """The rendered `lock`; "" where there is none."""
    if runbook.lock is None:
        return ""
    return str(rendered(runbook.lock, Names(runbook, operation)))
