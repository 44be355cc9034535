"""The engine: run, resume, restart, cancel and cleanup. All of them drive an operation by the same loop.

Each first checks that it is possible in the operation's state (UsageError, nothing changed). Then it takes the lease,
loads the operation, folds what the person decided, and drives.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from engine.clock import Clock
from engine.errors import Busy, Locked, StoreConflict, UsageError
from engine.kernel import Operation, Transition, begun, start
from engine.kernel import events as ev
from engine.kernel.queries import is_running_on_hold
from engine.language.model import Runbook
from engine.reports.status import readable, summary
from engine.runtime.accounts import AccountCheck, check_region
from engine.runtime.driver import Driver, OperationLease, OperationLog
from engine.runtime.edit import edit_operation
from engine.runtime.heartbeat import Heartbeat
from engine.runtime.load import Loaded, Parse, find_maker, load_cached, lock_name
from engine.runtime.observer import Observer
from engine.runtime.performer import RegistryPerformer, WorldAccess
from engine.runtime.preflight import Inspector, current_settings, prepare
from engine.runtime.protection import ProtectionPolicy
from engine.runtime.requests import (
    CANCEL_POLL,
    NEED_NO_SETTINGS,
    CancelPoller,
    accept_targets,
    check_answer,
    check_requirements,
    check_restart,
    hold_still_stands,
    path_of,
)
from engine.stores.port import Store
from engine.values import changed

Answer = Callable[[Operation, float], ev.Event | None]
"""From the operation as it is once the lease is held, and the time, to the event of a person's decision; None: no event."""


@dataclass(slots=True, kw_only=True)
class Engine:
    """Runs operations of one store. Created by the command line, or by `import runbook`."""

    store: Store
    clock: Clock
    world: WorldAccess
    parse: Parse
    lease: Callable[[str], OperationLease]
    actor: str = ""
    process: str = ""  # PID@start time
    region: str = ""
    version: str = ""
    observer: Observer = field(default_factory=Observer)
    protection: ProtectionPolicy = field(default_factory=ProtectionPolicy)
    known: dict[str, Loaded] = field(
        default_factory=dict
    )  # by id, as they were last loaded: only newer records are read again
    accounts: AccountCheck = field(init=False)

    def __post_init__(self) -> None:
        self.accounts = AccountCheck(self._inspector())

    # -- run ------------------------------------------------------------------------------------------

    def run(self, runbook: Runbook, id: str, inputs: Mapping[str, Any]) -> Operation:
        """Start an operation, or continue an interrupted one with the same id, runbook and inputs."""
        if self.store.load(id):
            return self._run_again(runbook, id, inputs)
        started = self._start(runbook, id, inputs)
        operation = begun(runbook, started)
        self.store.put_blob(runbook.text.encode("utf-8"))
        log = self._log(runbook, operation)
        log.uncommitted.append(Transition(event=started, runbook=runbook, before=None, after=operation))
        try:
            written = log.commit()
        except StoreConflict:
            return self._run_again(runbook, id, inputs)
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
        return self._continue(id, lease, ())

    def _run_again(self, runbook: Runbook, id: str, inputs: Mapping[str, Any]) -> Operation:
        loaded = self._loaded(id)
        if loaded.operation.digest != runbook.digest or dict(loaded.operation.inputs) != dict(inputs):
            message = f"operation {id} exists, with another runbook or other inputs. Choose another --operation-id"
            raise UsageError(message)
        self.accounts.identities(loaded.runbook, loaded.operation)
        if loaded.operation.ended or loaded.operation.hold is not None:
            return loaded.operation
        return self._take_up(id, ())

    def _start(self, runbook: Runbook, id: str, inputs: Mapping[str, Any]) -> ev.Started:
        """The first event. Settings and targets are read and the removals confirmed before anything is recorded."""
        now = self.clock.now()
        bare = Operation(
            id=id, runbook=runbook.name, digest=runbook.digest, started=now, at=now, region=self.region, inputs=inputs
        )
        check_region(runbook, bare, self.world.registry)
        bare = changed(bare, accounts=self.accounts.identities(runbook, bare))
        bare, targets, confirmed = prepare(self._inspector(), runbook, bare, self.observer)
        return start(
            runbook, id, inputs, bare.settings, targets, now, region=self.region, engine=self.version,
            confirmed=confirmed, **self._policy, accounts=bare.accounts, store=self.store.store_id(),
        )[0]  # fmt: skip

    @property
    def _policy(self) -> dict[str, Any]:
        """The protected names of this runner, as events record them."""
        return {"protected": self.protection.protected, "allowed": self.protection.allowed}

    def _inspector(self) -> Inspector:
        return Inspector(self._performer(), self.clock.now)

    # -- the loop --------------------------------------------------------------------------------------

    def _loaded(self, id: str) -> Loaded:
        return load_cached(self.store, id, self.parse, self.known)

    def _performer(self) -> RegistryPerformer:
        return RegistryPerformer(self.world, lambda name: find_maker(self.store, name))

    def _log(self, runbook: Runbook, operation: Operation) -> OperationLog:
        return OperationLog(
            store=self.store, runbook=runbook, operation=operation, actor=self.actor, process=self.process,
            readable=readable,
        )  # fmt: skip

    def _take_up(
        self, id: str, answers: tuple[Answer, ...], runbook: Runbook | None = None, *, locks: bool = True
    ) -> Operation:
        """Take the lease, and continue the operation."""
        lease = self.lease(id)
        released = lease.acquire()
        return self._continue(id, lease, answers, runbook, released=released, locks=locks)

    def _continue(
        self, id: str, lease: OperationLease, answers: tuple[Answer, ...], runbook: Runbook | None = None, *,
        released: bool = False, locks: bool = True,
    ) -> Operation:  # fmt: skip
        """Load the operation, fold `taken_up` and the answers, and drive.

        ● A conflict before our first record, although we hold the lease, is the last append of a late runner: it appends
        before it checks its lease, and then stops. If this runner stopped as well, nobody would continue, so it loads and
        drives once more.
        """
        while True:
            log = self._load_log(id, lease, runbook, released=released)
            log.runbook = runbook or log.runbook
            loaded = log.seq
            try:
                return self._drive(log, lease, answers, locks=locks)
            except StoreConflict:
                if log.seq != loaded:
                    raise
                lease.check()

    def _load_log(self, id: str, lease: OperationLease, runbook: Runbook | None, *, released: bool) -> OperationLog:
        try:
            loaded = self._loaded(id)
            new = self.accounts.new(runbook or loaded.runbook, loaded.operation)
        except BaseException:
            lease.release()
            raise
        log = replace(
            self._log(loaded.runbook, loaded.operation),
            committed=loaded.operation, seq=loaded.seq, digest=loaded.digest, state_bytes=loaded.state_bytes, bytes_since_state=loaded.bytes_since_state,
        )  # fmt: skip
        now = max(self.clock.now(), loaded.operation.at)
        if not loaded.operation.ended:
            log.fold(ev.TakenUp(at=now, runner=self.actor, released=released, **self._policy))
        if new:
            log.fold(ev.AccountsRecorded(at=now, accounts=new))
        return log

    def _drive(
        self, log: OperationLog, lease: OperationLease, answers: tuple[Answer, ...], *, locks: bool = True
    ) -> Operation:
        cancel_request = CancelPoller(self.store, self.clock, log)
        driver = Driver(
            log=log, clock=self.clock, performer=self._performer(), lease=lease, observer=self.observer,
            cancel_request=cancel_request, heartbeat=Heartbeat(self.store, log, self.clock).update_if_due,
        )  # fmt: skip
        try:
            if locks or log.operation.ledger:
                self._lock(log)
            if log.operation.ending is not None:
                self.store.ask_cancel(log.operation.id, None)  # the request was carried out
            for answer in answers:
                event = answer(log.operation, driver.now())
                if event is not None:
                    log.fold(event)
            driver.drive()
        except StoreConflict:
            raise  # another runner has the operation: write nothing more
        except BaseException:
            self._release(log, lease)
            raise
        self._release(log, lease)
        return log.operation

    def _release(self, log: OperationLog, lease: OperationLease) -> None:
        """However the drive ended: write the summary, release the lock of an ended operation, and the lease."""
        id = log.operation.id
        if log.committed is None:
            return
        self.store.summarise(id, summary(log.committed, log.runbook))
        name = lock_name(log.runbook, log.committed)
        if log.committed.ended and name:
            self.store.release_lock(name, id)
        lease.release()

    def _lock(self, log: OperationLog) -> None:
        """Take the runbook's lock, also from an operation that has ended. Locked if another operation has it."""
        name = lock_name(log.runbook, log.operation)
        if not name:
            return
        id = log.operation.id
        other = self.store.take_lock(name, id)
        if other is not None and find_maker(self.store, other).ended:
            other = self.store.take_lock(name, id, over=other)
        if other is not None:
            message = (
                f"operation {other} has the lock {name}. Nothing was done; see `runbook status {other}`, and when it has "
                f"ended, `runbook resume {id}`"
            )
            raise Locked(message, holder=other)

    # -- answers to a stop --------------------------------------------------------------------------------

    def resume(self, id: str, answer: Mapping[str, Any] | None = None, text: str = "") -> Operation:
        """Continue where it stopped. `answer`: why, reject, outcome, output, accept_target. `text`: an edited runbook."""
        answer = dict(answer or {})
        loaded = self._loaded(id)
        operation = loaded.operation
        check_answer(operation, answer)
        if operation.ended == "SUCCEEDED":
            return operation
        if operation.ended:
            hint = f"cleanup {id}" if operation.ended == "STUCK" else f"restart {id} --from STEP"
            message = f"operation {id} has ended as {operation.ended}. To continue, use `runbook {hint}`"
            raise UsageError(message)
        self.accounts.identities(loaded.runbook, operation)
        if text:
            return self._continue_with(id, loaded.runbook, operation, text)
        answers: list[Answer] = []
        if ids := answer.pop("accept_target", ()):
            answers.append(lambda now, at: accept_targets(now, ids, at, self.actor))
        if operation.hold is not None and not is_running_on_hold(operation):
            if answer.get("reject") is None and operation.hold.kind not in NEED_NO_SETTINGS:
                answer["settings"] = current_settings(self._inspector(), loaded.runbook, operation)
            resumed = partial(ev.Resumed, actor=self.actor, **answer)
            answers.append(lambda now, at: resumed(at=at) if hold_still_stands(operation, now) else None)
        return self._take_up(id, tuple(answers))

    def _continue_with(self, id: str, before: Runbook, operation: Operation, text: str) -> Operation:
        """Continue with an edited runbook. It is checked twice: before anything is written, and once the lease is held."""
        after = self.parse(text)
        read = self.world.read_setting
        edit_operation(before, after, operation, read, operation.at, self.actor)
        self.store.put_blob(text.encode("utf-8"))
        return self._take_up(id, (lambda now, at: edit_operation(before, after, now, read, at, self.actor),), after)

    def restart(self, id: str, step: str) -> Operation:
        """Go back to a step, if everything that it requires exists."""
        loaded = self._loaded(id)
        path = path_of(loaded.runbook, step)
        check_restart(loaded.runbook, loaded.operation, path)
        self.accounts.identities(loaded.runbook, loaded.operation)
        check_requirements(self._inspector(), loaded, path)
        settings = current_settings(self._inspector(), loaded.runbook, loaded.operation)

        def again(now: Operation, at: float) -> ev.Event:
            check_restart(loaded.runbook, now, path)
            return ev.Restarted(at=at, path=path, actor=self.actor, settings=settings, **self._policy)

        return self._take_up(id, (again,))

    def cancel(self, id: str, *, undo: bool = False, past: tuple[str, ...] = ()) -> Operation:
        """Cancel an operation. If another runner has it, that runner is asked to cancel it, and this waits for it.

        No lock is taken for an operation that has created nothing and has no `on_cancel` steps.
        """
        loaded = self._loaded(id)
        if loaded.operation.ended or loaded.operation.ending is not None:
            message = f"operation {id} cannot be cancelled: it has ended, or is ending ({loaded.operation.status})"
            raise UsageError(message)
        self.accounts.identities(loaded.runbook, loaded.operation)
        request = {"actor": self.actor, "at": self.clock.now(), "undo": undo, "past": list(past)}

        def end(now: Operation, at: float) -> ev.Event | None:
            return None if now.ending is not None else ev.Cancelled(at=at, actor=self.actor, undo=undo, past=past)

        is_requested, locks = False, "on_cancel/0" in loaded.runbook.index
        while True:
            try:
                return self._take_up(id, (end,), locks=locks)
            except Locked:
                raise
            except Busy:
                if not is_requested:
                    self.store.ask_cancel(id, request)
                is_requested = True
            self.clock.sleep(CANCEL_POLL)
            operation = self._loaded(id).operation
            if operation.ended or self.observer.stop_code():
                return operation

    def cleanup(self, id: str, *, past: tuple[str, ...] = ()) -> Operation:
        """Undo what a failed, cancelled or stuck operation left."""
        loaded = self._loaded(id)
        operation = loaded.operation
        if operation.ended == "SUCCEEDED":
            message = f"operation {id} has SUCCEEDED: what it created is yours, and cleanup does not delete it"
            raise UsageError(message)
        if not operation.ended and not operation.cleaning:
            message = f"operation {id} has not ended ({operation.status}). To end and undo it, use `runbook cancel {id} --undo`"
            raise UsageError(message)
        self.accounts.identities(loaded.runbook, operation)

        def again(now: Operation, at: float) -> ev.Event | None:
            return ev.CleanupBegun(at=at, actor=self.actor, past=past, **self._policy) if now.ended else None

        return self._take_up(id, (again,))
