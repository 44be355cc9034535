"""The lease: the timed right to run an operation, kept in the head of its log.

Runners never compare wall clocks. Another runner takes a lease over only after it has itself seen the same version for
the whole duration, by a clock that also runs while the machine is suspended, or at once if the owner is known to be
dead. The lease keeps two runners from working on one operation at the same time; what fences a runner that was late is
the append to the log. This module does not know what is run.
"""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Callable
from pathlib import Path
from threading import RLock
from typing import Final, Literal

from engine.clock import Clock
from engine.errors import Busy, StoreConflict
from engine.stores.port import Lease, Store
from engine.values import Resources

DURATION: Final = 90.0
"""Seconds, at least. A lease is renewed after a third of its duration; the rest must outlast the longest call."""

CHECKS: Final = 18
"""How often within one duration a waiting runner checks whether the owner has renewed its lease."""

DEAD_STATES: Final = ("Z", "X", "x")
"""States of a process that never runs again (proc(5)). A zombie is dead, although its pid is still in use."""


OnWait = Callable[[Lease, float], None]
"""Called at each check with the lease that is waited for and the seconds left. What it raises ends the wait."""


class ProcessIdentity(Resources):
    """The process that runs an operation, so that others on its machine can tell whether it is still alive.

    `boot` names the boot of the machine and the pid namespace, within which `pid` is unique. It is "" if that is unknown;
    then no process is known to be alive or dead. `started` is the start time of the process, as the kernel counts it.
    """

    actor: str
    host: str
    pid: int
    started: str
    boot: str
    start_of: Callable[[int], str | None]
    """The start time of the process with that pid on this machine; None if there is none, "" if that is unknown."""

    def owner_state(self, lease: Lease) -> Literal["alive", "dead", "unknown"]:
        """What this process can prove about the owner of a lease."""
        if not self.boot or lease.boot != self.boot:
            return "unknown"
        found = self.start_of(lease.pid)
        if found == "" or not lease.started:
            return "unknown"
        return "alive" if found == lease.started else "dead"


def this_process(actor: str) -> ProcessIdentity:
    """The identity of this process on this machine."""
    pid = os.getpid()
    return ProcessIdentity(
        actor=actor, host=socket.gethostname(), pid=pid, started=start_of(pid) or "", boot=_boot(), start_of=start_of
    )


def start_of(pid: int) -> str | None:
    """Field 22 of `/proc/PID/stat`; None if there is no such process or it is dead; "" if that is unknown."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except (OSError, OverflowError):
        pass  # it exists, and belongs to another user
    try:
        # The second field, the name in parentheses, may itself contain parentheses and spaces.
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return ""  # hidden (hidepid), not Linux, or the process has just ended
    return None if fields[0] in DEAD_STATES else fields[19]


def _boot() -> str:
    """The boot id and pid namespace; "" also if /proc shows another pid namespace, whose pids mean other processes."""
    try:
        if Path("/proc/self").readlink().name != str(os.getpid()):
            return ""
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot}/{Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return ""


class StoreLease:
    """The lease of one operation, for one runner. Threads may share it.

    `duration` is called when the lease is taken: by then the runbook may have been replaced by one with longer calls.
    `on_wait` is called while this waits for another runner's lease.
    """

    def __init__(
        self, store: Store, operation: str, clock: Clock, identity: ProcessIdentity, duration: Callable[[], float] = lambda: DURATION,
        on_wait: OnWait = lambda lease, left: None,
    ) -> None:  # fmt: skip
        self._store = store
        self._operation = operation
        self._clock = clock
        self._identity = identity
        self._get_duration = duration
        self._duration = DURATION
        self._on_wait = on_wait
        self._lock = RLock()
        self._held: Lease | None = None
        self._renewed = 0.0
        self._renewing = False
        self._lost = False

    # -- taking it ----------------------------------------------------------------------------------------

    def acquire(self) -> bool:
        """Take the lease. True if there was none, so that the last runner released its own.

        Raises Busy if the owner of the existing lease is alive on this machine, or renews the lease while this waits.
        If that cannot be known, this waits for the whole duration of the existing lease before it takes it over.
        """
        with self._lock:
            self._duration = self._get_duration()
            while True:
                head = self._store.head(self._operation)
                existing = head.lease if head is not None else None
                if existing is not None:
                    self._wait_until_free(existing)
                if self._take(existing.version if existing is not None else None):
                    return existing is None

    def _wait_until_free(self, existing: Lease) -> None:
        """Return when the lease may be taken over, or may have been released."""
        match self._identity.owner_state(existing):
            case "alive":
                raise self._busy(existing)
            case "dead":
                return
            case "unknown":
                self._wait_for_expiry(existing)

    def _wait_for_expiry(self, existing: Lease) -> None:
        """● This runner must itself have seen the same version for the whole duration."""
        since = self._clock.boot()
        while (left := since + existing.duration - self._clock.boot()) > 0:
            self._on_wait(existing, left)
            self._clock.sleep(min(existing.duration / CHECKS, left))
            head = self._store.head(self._operation)
            if head is None or head.lease is None:
                return
            if head.lease.version != existing.version:
                raise self._busy(head.lease)

    def _busy(self, lease: Lease) -> Busy:
        return Busy(
            f"operation {self._operation} is being run by {lease.owner or 'another runner'} on {lease.host} (process "
            f"{lease.pid}). Nothing was done; see `runbook status {self._operation}`"
        )

    def _take(self, over: str | None) -> bool:
        who, began = self._identity, self._clock.boot()
        since = self._held.since if self._held is not None else self._clock.now()
        lease = Lease(
            owner=who.actor, host=who.host, pid=who.pid, started=who.started, boot=who.boot,
            version=secrets.token_hex(8), duration=self._duration, since=since,
        )  # fmt: skip
        if not self._store.take_lease(self._operation, lease, over=over):
            return False
        # Counted from before the write: others may have seen the lease since then.
        self._held, self._renewed, self._lost = lease, began, False
        return True

    # -- holding it ---------------------------------------------------------------------------------------

    def check(self) -> None:
        """Call this before a request to the world. Renews the lease if that is due; StoreConflict if it is lost."""
        self.renew_if_due()

    def before_send(self) -> None:
        """Like `check`, but does nothing before the lease was first taken: some things are read before."""
        with self._lock:
            if self._held is not None or self._lost:
                self.check()

    def renew_if_due(self) -> None:
        """Renew after a third of the duration, which leaves two thirds for a call. StoreConflict if the lease is lost."""
        with self._lock:
            if self._renewing:
                return  # called by the request that renews it
            if self._lost or self._held is None:
                raise self._lost_problem()
            if self._clock.boot() - self._renewed < self._duration / 3:
                return
            self._renewing = True
            try:
                self._lost = not self._take(self._held.version)
            finally:
                self._renewing = False
            if self._lost:
                raise self._lost_problem()

    def _lost_problem(self) -> StoreConflict:
        return StoreConflict(
            f"another runner took over operation {self._operation}, so this runner stopped. See "
            f"`runbook status {self._operation}`"
        )

    def release(self) -> None:
        """Release the lease if it is still ours. Idempotent."""
        with self._lock:
            held, self._held = self._held, None
            if held is not None and not self._lost:
                self._store.release(self._operation, held.version)
