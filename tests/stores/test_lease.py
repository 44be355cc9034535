"""The lease: who may drive, who is provably dead, and who stops. In virtual time."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from engine.clock import VirtualClock
from engine.errors import Busy, StoreConflict
from engine.stores.lease import DURATION, ProcessIdentity, StoreLease
from engine.stores.memory import MemoryStore
from engine.stores.port import Head, Lease, StoreUnavailable
from engine.stores.retrying_store import RetryingStore
from engine.values import changed
from tests.stores.values import lease


@dataclass(slots=True)
class Machine:
    """A host and its processes: numbers and when they started."""

    host: str = "desk"
    boot: str = "boot-1/ns-1"
    running: dict[int, str] = field(default_factory=lambda: {42: "1000", 43: "1005"})

    def process(self, pid: int, actor: str = "ana") -> ProcessIdentity:
        return ProcessIdentity(
            actor=actor, host=self.host, pid=pid, started=self.running.get(pid, "7"), boot=self.boot,
            start_of=self.running.get,
        )  # fmt: skip


class Meanwhile(VirtualClock):
    """Something happens when its time has come, while others sleep."""

    def __init__(self) -> None:
        super().__init__()
        self.plan: list[tuple[float, object]] = []
        self.slept = 0.0

    def after(self, seconds: float, what) -> None:
        self.plan.append((self.now() + seconds, what))

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        self.slept += seconds
        due = [what for at, what in self.plan if at <= self.now()]
        self.plan = [(at, what) for at, what in self.plan if at > self.now()]
        for what in due:
            what()


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def clock() -> Meanwhile:
    return Meanwhile()


def version(store: MemoryStore) -> str | None:
    head = store.head("op-1")
    return head.lease.version if head is not None and head.lease is not None else None


def of(store, clock, identity: ProcessIdentity, **values) -> StoreLease:
    return StoreLease(store, "op-1", clock, identity, **values)


# -- who gets it -------------------------------------------------------------------------------------------


def test_a_free_lease_is_taken_at_once(store, clock) -> None:
    held = of(store, clock, Machine().process(42))
    assert held.acquire() is True
    head = store.head("op-1")
    assert head is not None
    assert head.lease is not None
    assert head.lease == Lease(
        owner="ana", host="desk", pid=42, started="1000", boot="boot-1/ns-1", version=head.lease.version,
        duration=DURATION, since=clock.now(),
    )  # fmt: skip
    held.check()
    held.release()
    held.release()
    assert store.head("op-1") == Head(operation="op-1")
    assert of(store, clock, Machine().process(43)).acquire() is True
    assert clock.slept == 0


@pytest.mark.parametrize(
    ("befalls", "verdict"),
    [
        ("nothing", "alive"),
        ("it ends", "dead"),
        ("its number is another's", "dead"),
        ("the machine boots", "unknown"),  # nothing of the boot before can be looked up
        ("we are in another namespace", "unknown"),
        ("we are on another machine", "unknown"),
        ("we cannot look", "unknown"),
        ("our boot is not known", "unknown"),
    ],
)
def test_the_owner_is_judged_by_its_process(store, clock, befalls: str, verdict: str) -> None:
    machine = Machine()
    of(store, clock, machine.process(42)).acquire()
    before = version(store)
    changes = {
        "it ends": lambda: machine.running.pop(42),
        "its number is another's": lambda: machine.running.update({42: "9999"}),
        "the machine boots": lambda: setattr(machine, "boot", "boot-2/ns-1"),
        "we are in another namespace": lambda: setattr(machine, "boot", "boot-1/ns-2"),
        "we are on another machine": lambda: setattr(machine, "boot", "boot-9/ns-1"),
        "our boot is not known": lambda: setattr(machine, "boot", ""),
    }
    changes.get(befalls, lambda: None)()
    ours = machine.process(43, actor="bob")
    if befalls == "we cannot look":
        ours = changed(ours, start_of=lambda pid: "")
    second = of(store, clock, ours)
    if verdict == "alive":
        with pytest.raises(Busy, match=r"op-1 is being run by ana on desk \(process 42\).*runbook status op-1"):
            second.acquire()
        assert version(store) == before
    else:
        assert second.acquire() is False  # it was not given back
        assert version(store) not in (None, before)
    assert clock.slept == pytest.approx(DURATION if verdict == "unknown" else 0)


def test_a_lease_that_is_seen_renewed_is_a_live_runners(store, clock) -> None:
    first = of(store, clock, Machine().process(42))
    first.acquire()
    clock.after(31, first.renew_if_due)
    with pytest.raises(Busy, match="being run by ana"):
        of(store, clock, Machine(boot="elsewhere").process(43)).acquire()
    assert 31 <= clock.slept <= 31 + DURATION / 18


def test_a_lease_that_is_given_back_while_we_wait_is_taken(store, clock) -> None:
    first = of(store, clock, Machine().process(42))
    first.acquire()
    clock.after(20, first.release)
    assert of(store, clock, Machine(boot="elsewhere").process(43)).acquire() is True
    assert clock.slept <= 20 + DURATION / 18


def test_it_is_the_owners_duration_that_is_waited_for(store, clock) -> None:
    of(store, clock, Machine().process(42), duration=lambda: 600.0).acquire()
    assert of(store, clock, Machine(boot="elsewhere").process(43)).acquire() is False
    assert clock.slept == pytest.approx(600)


def test_of_two_who_wait_one_takes_over(store, clock) -> None:
    of(store, clock, Machine().process(42)).acquire()
    elsewhere = Machine(host="far", boot="elsewhere")
    third = of(store, clock, elsewhere.process(43, "cyd"))
    clock.after(DURATION - 1, lambda: third._take(version(store)))
    clock.after(DURATION + 20, third.renew_if_due)
    clock.after(DURATION + 35, third.renew_if_due)
    with pytest.raises(Busy, match="being run by cyd on far"):
        of(store, clock, Machine(host="farther", boot="b").process(44, "dan")).acquire()
    third.check()


# -- holding it --------------------------------------------------------------------------------------------


def test_it_is_renewed_every_third_and_not_more_often(store, clock) -> None:
    held = of(store, clock, Machine().process(42))
    held.acquire()
    versions = []
    for _ in range(120):
        clock.sleep(1)
        held.renew_if_due()
        versions.append(version(store))
    assert len(set(versions)) == 5
    assert versions[28] != versions[29] == versions[58] != versions[59]


def test_two_thirds_are_left_for_a_call(store, clock) -> None:
    """`check` comes right before a call is sent: nobody may take over until the call has timed out."""
    held = of(store, clock, Machine().process(42))
    held.acquire()
    clock.sleep(DURATION - 1)
    before = version(store)
    held.check()
    assert version(store) != before


def test_a_runner_that_was_stopped_beyond_its_lease_stops(store, clock) -> None:
    held = of(store, clock, Machine().process(42))
    held.acquire()
    clock.sleep(DURATION + 60)  # SIGSTOP, a laptop that slept
    held.check()  # nobody wanted it: it goes on
    clock.sleep(DURATION + 60)
    assert of(store, clock, Machine(boot="elsewhere").process(43)).acquire() is False
    taken = version(store)
    for asked in (held.check, held.renew_if_due, held.check):
        with pytest.raises(StoreConflict, match="another runner took over operation op-1, so this runner stopped"):
            asked()
    held.release()
    assert version(store) == taken


def test_what_was_given_back_is_no_longer_held(store, clock) -> None:
    held = of(store, clock, Machine().process(42))
    with pytest.raises(StoreConflict):
        held.check()
    held.acquire()
    held.release()
    with pytest.raises(StoreConflict):
        held.check()
    assert held.acquire() is True
    held.check()


def test_a_wall_clock_that_jumps_means_nothing(store) -> None:
    class Jumps(VirtualClock):
        wall = 0.0

        def now(self) -> float:
            return super().now() + self.wall

    clock = Jumps()
    held = of(store, clock, Machine().process(42))
    held.acquire()
    before = version(store)
    for clock.wall in (86_400.0, -86_400.0):
        held.check()
        assert version(store) == before


def test_the_renewals_own_request_is_not_stopped_by_the_check_before_it(clock) -> None:
    """The store's client may ask the lease before it sends, as every client does."""

    class AsksFirst(MemoryStore):
        def take_lease(self, operation, lease, *, over):
            if over is not None:
                held.check()
            return super().take_lease(operation, lease, over=over)

    held = of(AsksFirst(), clock, Machine().process(42))
    held.acquire()
    clock.sleep(DURATION / 3)
    held.check()


class Away(MemoryStore):
    """Answers nothing for a while; with `lost`, what it was asked is done all the same."""

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__()
        self.clock, self.until, self.lost = clock, 0.0, False

    def take_lease(self, operation, lease, *, over):
        if self.clock.now() >= self.until:
            return super().take_lease(operation, lease, over=over)
        if self.lost:
            super().take_lease(operation, lease, over=over)
            self.lost = False
        raise StoreUnavailable("no answer")


@pytest.mark.parametrize("lost", [False, True])
def test_a_store_that_is_away_at_a_renewal_is_waited_for(clock, lost: bool) -> None:
    store = Away(clock)
    held = of(RetryingStore(store, clock), clock, Machine().process(42))
    held.acquire()
    clock.sleep(40)
    store.until, store.lost = clock.now() + 600, lost
    held.check()
    assert clock.now() >= store.until
    held.check()


def test_who_took_over_in_an_outage_keeps_it(clock) -> None:
    store = Away(clock)
    held = of(RetryingStore(store, clock), clock, Machine().process(42))
    held.acquire()
    clock.sleep(40)
    store.until = clock.now() + 600
    there = version(store)
    clock.after(300, lambda: MemoryStore.take_lease(store, "op-1", lease("v9"), over=there))
    with pytest.raises(StoreConflict):
        held.check()
    assert version(store) == "v9"


def test_what_is_read_before_the_lease_is_taken_may_be_sent(store: MemoryStore, clock: Meanwhile) -> None:
    ours = of(store, clock, Machine().process(42))
    ours.before_send()
    ours.acquire()
    ours.before_send()
    head = store.head("op-1")
    assert head is not None
    assert head.lease is not None
    assert store.take_lease("op-1", changed(head.lease, version="another"), over=head.lease.version)
    clock.sleep(60)
    with pytest.raises(StoreConflict):
        ours.before_send()
