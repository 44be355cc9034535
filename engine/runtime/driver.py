"""The loop: what `pending` says is folded, committed, performed. Nothing here decides.

Between two effects there is one commit, and none where nothing durable has changed. Whoever drives holds the
operation's lease; the append is what fences a runner that has lost it.
"""

from __future__ import annotations

import secrets
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

from engine.clock import Clock
from engine.errors import EffectNotSent, EnvironmentProblem, Problem
from engine.kernel import Operation, evolve, pending
from engine.kernel import events as ev
from engine.kernel.codec import States, durable, encode
from engine.kernel.effect import Effect, Seen
from engine.kernel.frame import Acting, Proving
from engine.kernel.operation import Halt, Perform, Record, SleepUntil
from engine.kernel.schedule import delay_before
from engine.kernel.transition import Transition, with_step
from engine.language.model import Backoff, Runbook, Schedule
from engine.runtime.observer import Observer
from engine.stores.port import LogRecord, Store

THROTTLED = Backoff(first=1.0, factor=2.0, longest=30.0, jitter="full", within=900.0)
"""The built-in schedule for what was throttled, or never left (docs/language.md, "Errors")."""

THROTTLED_FLOOR: Final = 0.5
"""The least share of its delays: coming back at once is what AWS throttles for."""


POLLING: Final = frozenset({ev.Looked, ev.Watched, ev.ProofBegun, ev.Proved})
"""Events that may change nothing but what is volatile."""


EVENT: Final = 100
"""Bytes of one event, more or less: what a record weighs is known when it is sealed, and then it has the state or not."""


class Interrupted(BaseException):
    """A signal: the call in hand was finished, everything is committed."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Holder(Protocol):
    """The lease, as the driver uses it."""

    def check(self) -> None:
        """StoreConflict where it is no longer ours."""

    def renew_if_due(self) -> None: ...

    def release(self) -> None: ...


class Performer(Protocol):
    """Touches the world and turns what came of it into an outcome event."""

    def perform(self, effect: Effect, operation: Operation, runbook: Runbook, now: Callable[[], float]) -> ev.Event:
        """Looked, Succeeded, Failed, Unknown or Refreshed; raises EffectNotSent where nothing left."""


@dataclass(slots=True)
class Log:
    """An operation in memory with what of it is not yet committed."""

    store: Store
    runbook: Runbook
    operation: Operation
    committed: Operation | None = None
    seq: int = 0
    digest: str = ""
    since_whole: int = 0  # bytes appended since the last whole state
    whole: int = 0  # bytes of the last record with a whole state
    waiting: list[Transition] = field(default_factory=list)
    states: States = field(default_factory=States)
    actor: str = ""
    process: str = ""
    host: str = field(default_factory=socket.gethostname)
    readable: Callable[[Operation, Runbook], dict[str, str]] | None = None

    def fold(self, event: ev.Event) -> None:
        """The one place where an event of a running operation is folded; it gets the key of its step here."""
        before = self.operation
        event = with_step(self.runbook, before, event)
        self.operation = evolve(self.runbook, before, event)
        self.waiting.append(Transition(event=event, runbook=self.runbook, before=before, after=self.operation))

    def commit(self) -> list[Transition]:
        """Append what is durable; what was written. Nothing where nothing has changed."""
        if not self.waiting:
            return []
        if self._is_nothing_new():
            self.waiting.clear()
            return []
        written, self.waiting = self.waiting, []
        record = self._record([one.event for one in written])
        self.store.append(record)
        self.seq, self.digest = record.seq, record.digest
        self.committed = self.operation
        return written

    def _is_nothing_new(self) -> bool:
        """Looks and proofs that changed nothing durable: polling writes nothing."""
        if self.committed is None or any(type(one.event) not in POLLING for one in self.waiting):
            return False
        return durable(self.operation) == durable(self.committed)

    def _record(self, written: list[ev.Event]) -> LogRecord:
        """The whole state goes with it when what was appended since the last one outweighs that."""
        due = self.since_whole + EVENT * len(written) >= self.whole
        readable = self.readable(self.operation, self.runbook) if self.readable is not None else {}
        record = LogRecord(
            operation=self.operation.id, seq=self.seq + 1, at=self.operation.at, write_id=secrets.token_hex(8),
            events=tuple([encode(event) for event in written]), actor=self.actor, host=self.host,
            process=self.process, readable=readable, state=self.states.encoded(self.operation) if due else None,
        ).sealed(self.digest)  # fmt: skip
        weight = len(record.packed())
        self.whole, self.since_whole = (weight, 0) if due else (self.whole, self.since_whole + weight)
        return record


@dataclass(slots=True)
class Driver:
    """Drives one operation to its end, a hold, or an interrupt."""

    log: Log
    clock: Clock
    performer: Performer
    holder: Holder
    observer: Observer = field(default_factory=Observer)
    cancel: Callable[[], ev.Cancelled | None] = lambda: None
    listing: Callable[[], None] = lambda: None  # in a wait, while the lease is ours
    slice: float = 30.0
    latest: float = 0.0  # time that was given to an event or a decision
    boot: float | None = None

    def drive(self) -> str:
        """Until it halts: the status. Raises Interrupted, EnvironmentProblem, StoreConflict."""
        now = self.now()
        while True:
            command = pending(self.log.runbook, self.log.operation, now)
            match command:
                case Record(event=event):
                    self.log.fold(event)
                    continue  # what follows from it is decided at the same moment
                case Perform() | SleepUntil() if self._is_told_otherwise():
                    pass
                case Perform(effect=effect):
                    self._commit()
                    self._perform(effect)
                case SleepUntil(at=at):
                    self._commit()
                    if isinstance(self.log.operation.top.phase, Proving):
                        self.observer.awaiting(self.log.operation)
                    self._sleep(at)
                case Halt(status=status):
                    self._commit()
                    return status
            now = self.now()

    def _is_told_otherwise(self) -> bool:
        """Before each touch of the world and each wait: has a signal come (Interrupted), or a cancel?"""
        self._stop_if_asked()
        return self.cancel_waits()

    def now(self) -> float:
        """● Times never go back, whatever the wall clock does, and pass at least as the time since boot does."""
        boot = self.clock.boot()
        passed = self.latest + (boot - self.boot if self.boot is not None else 0.0)
        self.boot = boot
        self.latest = max(self.clock.now(), self.log.operation.at, passed)
        return self.latest

    def _commit(self) -> None:
        self.holder.renew_if_due()
        for transition in self.log.commit():
            self.observer.committed(transition)
        self.holder.check()

    def _perform(self, effect: Effect) -> None:
        """Once sent, its outcome; ● what was not sent is still due, by a schedule of its own."""
        tried = 0
        began = self.latest
        while True:
            try:
                self.log.fold(self.performer.perform(effect, self.log.operation, self.log.runbook, self.now))
            except EffectNotSent as error:
                problem = error.problem
            else:
                return
            tried += 1
            if stops_the_runner(problem):
                self._leave(effect, problem)
            written = self.log.runbook.network if problem.category == "network" else self.log.runbook.throttled
            seed = f"{self.log.operation.id}/{effect.key}"
            delay = resend_delay(written, tried, seed=seed, elapsed=self.now() - began)
            if delay is None:
                self._give_up(effect, problem)
                return
            self.observer.resending(self.log.operation, effect, problem, delay)
            self._pause(delay)

    def _pause(self, delay: float) -> None:
        """Waits for the next sending; a signal or a cancel ends the wait, and the effect is still due."""
        until = self.now() + delay
        while (left := until - self.now()) > 0:
            self._stop_if_asked()
            self._rest(left)

    def _give_up(self, effect: Effect, problem: Problem) -> None:
        if effect.verb == "refresh":
            raise EnvironmentProblem(problem.message)
        if effect.verb == "look":
            self.log.fold(failed_look(self.now(), problem))
        else:
            self.log.fold(ev.Failed(at=self.now(), problem=problem))

    def _leave(self, effect: Effect, problem: Problem) -> None:
        """What was not sent is still due; everything else is committed."""
        if isinstance(self.log.operation.top.phase, Acting):
            self.log.fold(ev.NotSent(at=self.now(), problem=problem))
        self._commit()
        raise EnvironmentProblem(problem.message)

    def _sleep(self, at: float) -> None:
        while (left := at - self.now()) > 0:
            self._stop_if_asked()
            if self.cancel_waits():
                return
            self._rest(left)

    def _rest(self, left: float) -> None:
        """A slice of a wait; then the lease is renewed."""
        self.clock.sleep(min(self.slice, left))
        self.holder.renew_if_due()
        self.listing()

    def cancel_waits(self) -> bool:
        """Has somebody asked for the end?"""
        asked = self.cancel()
        if asked is None or self.log.operation.ending is not None:
            return False
        self.log.fold(asked)
        return True

    def _stop_if_asked(self) -> None:
        """Between two effects: nothing is in the air, and an intent that was not sent is still due."""
        code = self.observer.stop_code()
        if not code:
            return
        phase = self.log.operation.top.phase if self.log.operation.frames else None
        if isinstance(phase, Acting) and phase.sent and phase.failed is None and not phase.unknown:
            problem = Problem(name="Interrupted", category="network", message="the runner was told to stop")
            self.log.fold(ev.NotSent(at=self.now(), problem=problem))
        self._commit()
        raise Interrupted(code)


def resend_delay(written: Schedule | None, tried: int, *, seed: str, elapsed: float) -> float | None:
    """Seconds until an effect that was not sent is sent again; None when that is given up.

    `written`: the runbook's own schedule, which means what it says; without one, the built-in schedule and its floor.
    """
    floor = 0.0 if written is not None else THROTTLED_FLOOR
    return delay_before(written or THROTTLED, tried, seed=seed, since_failure=elapsed, floor=floor)


def stops_the_runner(problem: Problem) -> bool:
    """● Credentials stop the driver, not the step: nothing is used up, and a person logs in."""
    return problem.category == "credentials"


def failed_look(at: float, problem: Problem) -> ev.Looked:
    """A look that did not come back with anything."""
    return ev.Looked(at=at, seen=Seen(at=at, status="unknown", cls="unknown", problem=problem))
