"""The timed right to drive an operation, over the head of its log.

Nobody compares wall clocks: a waiter takes over only after it has itself seen one version for a whole duration, by
the clock that goes on in suspend, or at once where the owner is provably dead. The lease keeps two runners from
talking over each other; what fences a late one is the log. This module must not know what is driven.
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
"""Seconds; always longer than the longest call's time-out, with a third of it gone since the last renewal."""

LOOKS: Final = 18
"""How often in one duration a waiter looks whether the owner has renewed."""

GONE: Final = ("Z", "X", "x")
"""States of a process that will never run again (proc(5)): a zombie is dead, though its number is still taken."""


Waiting = Callable[[Lease, float], None]
"""Told, at each look, of the lease that is waited for and of the seconds left; what it raises ends the waiting."""


class ProcessIdentity(Resources):
    """Who drives: enough for others to tell whether this very process still lives.

    `boot` is the machine's boot and the process namespace, in which alone `pid` means something; "" where it is not
    known, and then nobody is called dead or alive. `started` is the process's start, as the kernel counts it.
    """

    actor: str
    host: str
    pid: int
    started: str
    boot: str
    start_of: Callable[[int], str | None]
    """The start of the process of that number here; None: there is none, ""; it cannot be told."""

    def judged(self, lease: Lease) -> Literal["alive", "dead", "unknown"]:
        """What can be proved of a lease's owner from here."""
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
    """Field 22 of `/proc/PID/stat`; None for no process or a dead one; "" where this cannot be told."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except (OSError, OverflowError):
        pass  # it is there, and another user's
    try:
        # The name, in brackets, may itself hold brackets and spaces.
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return ""  # hidden from us (hidepid), no Linux, or gone this instant
    return None if fields[0] in GONE else fields[19]


def _boot() -> str:
    """Empty also where /proc is another process namespace's: what it says of a number is of another process."""
    try:
        if Path("/proc/self").readlink().name != str(os.getpid()):
            return ""
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot}/{Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return ""


class StoreLease:
    """One runner's lease of one operation. Renewals are cheap where none is due; threads may share it.

    `duration` is asked when the lease is taken: by then the runbook may be another one, with longer calls.
    """

    def __init__(
        self, store: Store, operation: str, clock: Clock, identity: ProcessIdentity, duration: Callable[[], float] = lambda: DURATION,
        waiting: Waiting = lambda there, left: None,
    ) -> None:  # fmt: skip
        self._store = store
        self._operation = operation
        self._clock = clock
        self._identity = identity
        self._seconds = duration
        self._duration = DURATION
        self._waiting = waiting
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
            self._duration = self._seconds()
            while True:
                head = self._store.head(self._operation)
                there = head.lease if head is not None else None
                if there is not None:
                    self._until_free(there)
                if self._take(there.version if there is not None else None):
                    return there is None

    def _until_free(self, there: Lease) -> None:
        """Returns when the lease may be taken over, or may have been given back."""
        match self._identity.judged(there):
            case "alive":
                raise self._busy(there)
            case "dead":
                return
            case "unknown":
                self._watch(there)

    def _watch(self, there: Lease) -> None:
        """● It must itself have seen the same version for a whole duration."""
        since = self._clock.boot()
        while (left := since + there.duration - self._clock.boot()) > 0:
            self._waiting(there, left)
            self._clock.sleep(min(there.duration / LOOKS, left))
            head = self._store.head(self._operation)
            if head is None or head.lease is None:
                return
            if head.lease.version != there.version:
                raise self._busy(head.lease)

    def _busy(self, there: Lease) -> Busy:
        return Busy(
            f"operation {self._operation} is driven by {there.owner or 'another runner'} on {there.host} (process "
            f"{there.pid}); nothing was done: `runbook status {self._operation}`"
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
        # From before the write: others may have seen it since then.
        self._held, self._renewed, self._lost = lease, began, False
        return True

    # -- holding it ---------------------------------------------------------------------------------------

    def check(self) -> None:
        """Before a call is sent: StoreConflict where the lease is lost; renewed first where that is due."""
        self.renew_if_due()

    def before_send(self) -> None:
        """Before any request of this process: `check`, but for what is read before the lease is taken."""
        with self._lock:
            if self._held is not None or self._lost:
                self.check()

    def renew_if_due(self) -> None:
        """Every third of the duration, so that two thirds are left for a call. StoreConflict where it is lost."""
        with self._lock:
            if self._renewing:
                return  # the renewal's own request, seen on its way out
            if self._lost or self._held is None:
                raise self._gone()
            if self._clock.boot() - self._renewed < self._duration / 3:
                return
            self._renewing = True
            try:
                self._lost = not self._take(self._held.version)
            finally:
                self._renewing = False
            if self._lost:
                raise self._gone()

    def _gone(self) -> StoreConflict:
        return StoreConflict(
            f"the lease of {self._operation} was lost: another runner has the operation, and this one stops: "
            f"`runbook status {self._operation}`"
        )

    def release(self) -> None:
        """Give it back, if it is still ours; twice is once."""
        with self._lock:
            held, self._held = self._held, None
            if held is not None and not self._lost:
                self._store.release(self._operation, held.version)
