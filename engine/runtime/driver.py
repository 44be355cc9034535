"""The driver: asks the kernel what to do next, records it, and does it. It decides nothing itself.

One operation, `runbook run restore.yaml`, with what is on the disk after each part:

1. Load. `engine.run` reads the settings, lets a person confirm the removals and appends record 1, `started`, with the
   runbook's digest and the whole state; the text of the runbook was stored before it. A resume reads the last record
   with a state and folds the events after it (`load.py`).
2. Lease. The lease in the head of the operation is taken, so that no other runner works on it. A resume folds
   `taken_up`: an effect that was in flight when the last runner stopped has become *unknown*, and is looked at.
3. Loop. `pending(runbook, operation, now)` returns one of four commands:
   - `Record(event)`: the event is folded. It is in memory only, among `OperationLog.uncommitted`.
   - `Perform(effect)`: all uncommitted events are committed as one record. For a create, delete or call, `intended` is
     among them, which names the effect and its idempotency key. Then the lease is checked, and then the effect is sent:
     *what changes the world was recorded before*. Its outcome (`succeeded`, `failed`, `unknown`, `looked`) is folded, and
     is durable with the next commit. If the process dies in between, step 2 of the next runner finds the intent without
     an outcome, and looks.
   - `SleepUntil(at)`: commit, then sleep in slices. After each, the lease is renewed if that is due, and a signal or a
     request to cancel ends the sleep.
   - `Halt(status)`: commit, and return. The operation has ended, or holds for a person.
4. Commit. The append is conditional on its sequence number. A runner that has lost its lease gets a `StoreConflict` and
   stops: the append fences it, the lease only keeps two runners from working at the same time. Polls that change nothing
   durable are not appended.
5. Effect. The performer calls the kind or action. An effect that never left (throttled, no connection) is sent again
   here, by a schedule that uses up none of the step's attempts.

However it ends, `engine.py` then writes the summary to the head and releases the lease.
"""

from __future__ import annotations

import secrets
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol, assert_never

from engine.clock import Clock
from engine.errors import EffectNotSent, EnvironmentProblem, Problem
from engine.kernel import Operation, Transition, evolve, pending
from engine.kernel import events as ev
from engine.kernel.apply.evolve import with_step
from engine.kernel.apply.outcomes import lost_reply
from engine.kernel.codec import States, durable, encode
from engine.kernel.effect import Effect, Seen
from engine.kernel.frame import Acting, Proving
from engine.kernel.operation import Halt, Perform, Record, SleepUntil
from engine.kernel.schedule import delay_before
from engine.language.model import Backoff, Runbook, Schedule
from engine.runtime.observer import Observer
from engine.stores.port import LogRecord, Store
from engine.values import changed

THROTTLED = Backoff(first=1.0, factor=2.0, longest=30.0, jitter="full", within=900.0)
"""The default schedule for effects that were throttled or never sent (docs/language.md, "Errors")."""

THROTTLED_FLOOR: Final = 0.5
"""The least share of its delays that jitter leaves: a retry at once would be throttled again."""


POLLING: Final = frozenset({ev.Looked, ev.Watched, ev.ProofBegun, ev.Proved, ev.ItemSurveyed})
"""Events that may change only what is not durable."""


EVENT_BYTES: Final = 100
"""The approximate size of one event: a record's size is known only once it is sealed, with or without the state."""


class Interrupted(BaseException):
    """The driver stopped for a signal: the call in flight was finished, and everything is committed. `code`: to exit with."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class OperationLease(Protocol):
    """The lease of one operation."""

    def acquire(self) -> bool:
        """Take it. True if the last runner released its own. Busy if another runner is alive."""

    def check(self) -> None:
        """StoreConflict if the lease is lost."""

    def renew_if_due(self) -> None: ...

    def release(self) -> None: ...


class Performer(Protocol):
    """Performs effects on the world, and turns their results into outcome events."""

    def perform(self, effect: Effect, operation: Operation, runbook: Runbook, now: Callable[[], float]) -> ev.Event:
        """Looked, Succeeded, Failed, Unknown or Refreshed. Raises EffectNotSent if nothing was sent."""


@dataclass(slots=True)
class OperationLog:
    """An operation in memory, with its events that are not committed yet."""

    store: Store
    runbook: Runbook
    operation: Operation
    committed: Operation | None = None
    seq: int = 0
    digest: str = ""
    bytes_since_state: int = 0  # appended since the last record with a state
    state_bytes: int = 0  # of the last record with a state
    uncommitted: list[Transition] = field(default_factory=list)
    states: States = field(default_factory=States)
    actor: str = ""
    process: str = ""
    host: str = field(default_factory=socket.gethostname)
    readable: Callable[[Operation, Runbook], dict[str, str]] | None = None

    def fold(self, event: ev.Event) -> None:
        """Apply an event. Only this folds the events of a running operation; the event gets the key of its step here."""
        before = self.operation
        event = with_step(self.runbook, before, event)
        self.operation = evolve(self.runbook, before, event)
        self.uncommitted.append(Transition(event=event, runbook=self.runbook, before=before, after=self.operation))

    def commit(self) -> list[Transition]:
        """Append the uncommitted events as one record, and return them; [] if nothing durable changed."""
        if not self.uncommitted:
            return []
        if self._changes_nothing():
            self.uncommitted.clear()
            return []
        written, self.uncommitted = self.uncommitted, []
        record = self._record([one.event for one in written])
        self.store.append(record)
        self.seq, self.digest = record.seq, record.digest
        self.committed = self.operation
        return written

    def _changes_nothing(self) -> bool:
        """Are there only looks and proofs that changed nothing durable? Polling writes no records."""
        if self.committed is None or any(type(one.event) not in POLLING for one in self.uncommitted):
            return False
        return durable(self.operation) == durable(self.committed)

    def _record(self, written: list[ev.Event]) -> LogRecord:
        """The record of the events. It has the whole state if the records since the last state are larger than that one."""
        due = self.bytes_since_state + EVENT_BYTES * len(written) >= self.state_bytes
        readable = self.readable(self.operation, self.runbook) if self.readable is not None else {}
        record = LogRecord(
            operation=self.operation.id, seq=self.seq + 1, at=self.operation.at, write_id=secrets.token_hex(8),
            events=tuple([encode(event) for event in written]), actor=self.actor, host=self.host,
            process=self.process, readable=readable, state=self.states.encoded(self.operation) if due else None,
        ).sealed(self.digest)  # fmt: skip
        size = len(record.packed())
        self.state_bytes, self.bytes_since_state = (
            (size, 0) if due else (self.state_bytes, self.bytes_since_state + size)
        )
        return record


@dataclass(slots=True)
class Driver:
    """Drives one operation until it ends, holds for a person, or is interrupted."""

    log: OperationLog
    clock: Clock
    performer: Performer
    lease: OperationLease
    observer: Observer = field(default_factory=Observer)
    cancel_request: Callable[[], ev.Cancelled | None] = lambda: None  # of another process
    heartbeat: Callable[[], None] = lambda: None  # called in each slice of a sleep
    slice: float = 30.0  # seconds of one sleep; after each, the lease is renewed if due
    latest: float = 0.0  # the last time that `now` returned
    boot: float | None = None  # the time since boot at that moment

    def drive(self) -> str:
        """Drive until the kernel halts, and return the status. Raises Interrupted, EnvironmentProblem, StoreConflict."""
        now = self.now()
        while True:
            command = pending(self.log.runbook, self.log.operation, now)
            match command:
                case Record(event=ev.Held() | ev.TroubleRecorded() as event) if event.deletions:
                    self._ask_or_record(event)
                case Record(event=event):
                    self.log.fold(event)
                    continue  # the next command is decided for the same moment
                case Perform() | SleepUntil() if self._is_interrupted():
                    pass  # a cancel was folded: decide again
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
                case _:
                    assert_never(command)
            now = self.now()

    def _ask_or_record(self, event: ev.Held | ev.TroubleRecorded) -> None:
        """● A person at a terminal is asked before the operation holds for a word; their yes is recorded instead.

        What led to the question is committed first: it may take them minutes, and this process may not see the answer.
        """
        self._commit()
        if self.observer.confirms_late(self.log.operation, event.deletions):
            self.log.fold(ev.Confirmed(at=self.now(), deletions=event.deletions, actor=self.log.actor))
        else:
            self._raise_if_interrupted()
            self.log.fold(event)

    def _is_interrupted(self) -> bool:
        """Before each effect and each sleep: True if a request to cancel was folded. Raises Interrupted after a signal."""
        self._raise_if_interrupted()
        return self.take_cancel_request()

    def now(self) -> float:
        """● The time never goes back, whatever the wall clock does, and passes at least as fast as the time since boot."""
        boot = self.clock.boot()
        passed = self.latest + (boot - self.boot if self.boot is not None else 0.0)
        self.boot = boot
        self.latest = max(self.clock.now(), self.log.operation.at, passed)
        return self.latest

    def _commit(self) -> None:
        self.lease.renew_if_due()
        for transition in self.log.commit():
            self.observer.committed(transition)
        self.lease.check()

    def _perform(self, effect: Effect) -> None:
        """Send the effect and fold its outcome.

        ● One that was not sent is sent again, by a schedule of its own. So is a call that may be repeated and got no answer.
        """
        failures = 0
        began = self.latest
        outcome: ev.Event | None
        while True:
            try:
                outcome = self.performer.perform(effect, self.log.operation, self.log.runbook, self.now)
                problem = lost_reply(self.log.runbook, self.log.operation, outcome)
            except EffectNotSent as error:
                outcome, problem = None, error.problem
            if outcome is not None and problem is None:
                self.log.fold(outcome)
                return
            assert problem is not None
            failures += 1
            if outcome is None and stops_runner(problem):
                self._stop(effect, problem)
            delay = self._resend_delay(effect, problem, failures, self.now() - began, was_sent=outcome is not None)
            if delay is None:
                if outcome is not None:
                    self.log.fold(outcome)
                else:
                    self._give_up(effect, problem)
                return
            if isinstance(outcome, ev.Unknown):
                self.log.fold(changed(outcome, again=True))
            self.observer.resending(self.log.operation, effect, problem, delay)
            self._pause(delay)
            if isinstance(outcome, ev.Unknown):
                if lost_reply(self.log.runbook, self.log.operation, changed(outcome, at=self.now())) is None:
                    return  # the pause was longer than AWS knows its token: what is next is decided anew
                self.log.fold(ev.SentAgain(at=self.now()))

    def _resend_delay(
        self, effect: Effect, problem: Problem, failures: int, elapsed: float, *, was_sent: bool
    ) -> float | None:
        is_network = was_sent or problem.category == "network"
        schedule = self.log.runbook.network if is_network else self.log.runbook.throttled
        seed = f"{self.log.operation.id}/{effect.key}"
        return resend_delay(schedule, failures, seed=seed, elapsed=elapsed)

    def _pause(self, delay: float) -> None:
        """Wait before the effect is sent again. Interrupted after a signal: the effect is still due."""
        until = self.now() + delay
        while (left := until - self.now()) > 0:
            self._raise_if_interrupted()
            self._sleep_slice(left)

    def _give_up(self, effect: Effect, problem: Problem) -> None:
        if effect.verb == "refresh":
            raise EnvironmentProblem(problem.message)
        if effect.verb == "look":
            self.log.fold(failed_look(self.now(), problem))
        else:
            self.log.fold(ev.Failed(at=self.now(), problem=problem))

    def _stop(self, effect: Effect, problem: Problem) -> None:
        """Stop the runner with an effect that was not sent: it is still due, and everything else is committed."""
        if isinstance(self.log.operation.top.phase, Acting):
            self.log.fold(ev.NotSent(at=self.now(), problem=problem))
        self._commit()
        raise EnvironmentProblem(problem.message)

    def _sleep(self, at: float) -> None:
        while (left := at - self.now()) > 0:
            self._raise_if_interrupted()
            if self.take_cancel_request():
                return
            self._sleep_slice(left)

    def _sleep_slice(self, left: float) -> None:
        """Sleep for at most one slice, then renew the lease if that is due."""
        self.clock.sleep(min(self.slice, left))
        self.lease.renew_if_due()
        self.heartbeat()

    def take_cancel_request(self) -> bool:
        """Fold another process's request to cancel. True if there was one."""
        request = self.cancel_request()
        if request is None or self.log.operation.ending is not None:
            return False
        self.log.fold(request)
        return True

    def _raise_if_interrupted(self) -> None:
        """Interrupted after a signal. No effect is in flight here; an intent that was not sent is still due."""
        code = self.observer.stop_code()
        if not code:
            return
        phase = self.log.operation.top.phase if self.log.operation.frames else None
        if isinstance(phase, Acting) and phase.sent and phase.failed is None and not phase.unknown:
            problem = Problem(name="Interrupted", category="network", message="the runner was stopped by a signal")
            self.log.fold(ev.NotSent(at=self.now(), problem=problem))
        self._commit()
        raise Interrupted(code)


def resend_delay(schedule: Schedule | None, failures: int, *, seed: str, elapsed: float) -> float | None:
    """Seconds until an effect that was not sent is sent again; None if it is given up.

    `schedule`: the runbook's own, which is followed as it is written. Without one, the default has a floor.
    """
    floor = 0.0 if schedule is not None else THROTTLED_FLOOR
    return delay_before(schedule or THROTTLED, failures, seed=seed, since_failure=elapsed, floor=floor)


def stops_runner(problem: Problem) -> bool:
    """● Missing credentials stop the runner, not the step: no attempt is used up, and a person logs in."""
    return problem.category == "credentials"


def failed_look(at: float, problem: Problem) -> ev.Looked:
    """A look that failed, as an event."""
    return ev.Looked(at=at, seen=Seen(at=at, status="unknown", cls="unknown", problem=problem))
