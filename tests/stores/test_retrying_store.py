"""A store that is away: pause, say so, try again, give up; every request can be made twice."""

from __future__ import annotations

import itertools

import pytest

from engine.clock import VirtualClock
from engine.errors import EnvironmentProblem, StoreConflict
from engine.stores.memory import MemoryStore
from engine.stores.port import StoreUnavailable, verify
from engine.stores.retrying_store import RetryingStore
from tests.stores.values import lease, log, record, written

REQUESTS = {
    "append": lambda store: store.append(record(seq=4, write_id="w")),
    "load": lambda store: store.load("op-1"),
    "records": lambda store: list(store.records("op-1")),
    "head": lambda store: store.head("op-1"),
    "heads": lambda store: list(store.heads()),
    "heads of": lambda store: list(store.heads("HELD")),
    "summarise": lambda store: store.summarise("op-1", {"status": "HELD"}),
    "take_lease": lambda store: store.take_lease("op-1", lease(), over=None),
    "release": lambda store: store.release("op-1", "v1"),
    "ask_cancel": lambda store: store.ask_cancel("op-1", {"actor": "ana"}),
    "take_lock": lambda store: store.take_lock("orders", "op-1"),
    "release_lock": lambda store: store.release_lock("orders", "op-1"),
    "put_blob": lambda store: store.put_blob(b"text"),
    "blob": lambda store: store.blob("982d9e3eb996f559e633f4d194def3761d909f5a3b647d1a851fead67c32c9d1"),
}


class Outage:
    """A store before which every request, or its reply, is lost for a while."""

    def __init__(self, store: MemoryStore, clock: VirtualClock, seconds: float, *, reply: bool) -> None:
        self.store, self.clock, self.until, self.reply = store, clock, clock.now() + seconds, reply
        self.name = store.name
        self.asked = 0

    def __getattr__(self, name: str):
        def request(*arguments, **named):
            self.asked += 1
            if self.clock.now() < self.until and not self.reply:
                raise StoreUnavailable("it does not answer")
            answer = getattr(self.store, name)(*arguments, **named)
            if self.clock.now() < self.until:
                raise StoreUnavailable("its reply was lost")
            return answer

        return request


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.mark.parametrize("name", list(REQUESTS))
@pytest.mark.parametrize("reply", [False, True], ids=["request lost", "reply lost"])
def test_an_outage_changes_nothing_but_the_time(clock: VirtualClock, name: str, reply: bool) -> None:
    twin, kept, said = MemoryStore(), MemoryStore(), []
    records = list(log("op-1", 3))
    for store in (twin, kept):
        store.put_blob(b"text")
        for one in records:
            store.append(one)
    outage = Outage(kept, clock, 600, reply=reply)
    store = RetryingStore(outage, clock, notify=said.append, jitter=lambda: 0.5)
    began = clock.now()
    assert REQUESTS[name](store) == REQUESTS[name](twin)
    assert 600 <= clock.now() - began <= 630
    assert 600 / 30 <= outage.asked <= 40
    assert "The operation is paused; retrying in" in said[0]
    assert [line for line in said if "is available again" in line] == said[-1:]
    assert kept.head("op-1") == twin.head("op-1")
    assert [one.write_id for one in kept.records("op-1")] == [one.write_id for one in twin.records("op-1")]


@pytest.mark.parametrize("name", list(REQUESTS))
def test_it_is_given_up_in_time(clock: VirtualClock, name: str) -> None:
    store = RetryingStore(Outage(MemoryStore(), clock, 3600, reply=False), clock, timeout=120)
    began = clock.now()
    with pytest.raises(EnvironmentProblem, match=r"does not answer. Gave up after 2m; .*`runbook resume`") as caught:
        REQUESTS[name](store)
    assert not isinstance(caught.value, StoreUnavailable)
    assert caught.value.exit_code == 4
    assert clock.now() - began == pytest.approx(120)


def test_once_given_up_it_is_not_waited_for_again_until_it_answers(clock: VirtualClock) -> None:
    """Who gives up still puts the summary, the lock and the lease away: not a whole time-out for each."""
    outage = Outage(MemoryStore(), clock, 3600, reply=False)
    store = RetryingStore(outage, clock, timeout=120, jitter=lambda: 1.0)
    began = clock.now()
    for request in REQUESTS.values():
        with pytest.raises(EnvironmentProblem, match="Gave up after 2m"):
            request(store)
    assert clock.now() - began == pytest.approx(120)
    clock.sleep(3600)
    assert store.head("op-1") is None
    again = Outage(MemoryStore(), clock, 60, reply=False)
    store._store = again
    assert store.head("op-1") is None  # it was waited for


def test_pauses_grow_to_half_a_minute_with_jitter(clock: VirtualClock) -> None:
    tries: list[float] = []

    class Watched(Outage):
        def __getattr__(self, name: str):
            tries.append(clock.now())
            return super().__getattr__(name)

    store = RetryingStore(Watched(MemoryStore(), clock, 200, reply=False), clock, jitter=lambda: 0.0)
    store.head("op-1")
    pauses = [round(after - before, 3) for before, after in itertools.pairwise(tries)]
    assert pauses[:6] == [0.5, 1, 2, 4, 8, 15]
    assert set(pauses[6:]) == {15}
    drawn = {RetryingStore(MemoryStore(), clock)._jitter() for _ in range(20)}
    assert len(drawn) > 1
    assert all(0 <= one < 1 for one in drawn)


def test_a_signal_ends_the_waiting(clock: VirtualClock) -> None:
    began = clock.now()
    store = RetryingStore(
        Outage(MemoryStore(), clock, 3600, reply=False), clock, stop=lambda: 130 if clock.now() > began + 10 else 0
    )
    with pytest.raises(EnvironmentProblem, match="Gave up after"):
        store.append(record())
    assert clock.now() - began <= 12


def test_what_waiting_does_not_mend_is_told_at_once(clock: VirtualClock) -> None:
    inner = MemoryStore()
    written(inner)
    store = RetryingStore(inner, clock)
    with pytest.raises(StoreConflict):
        store.append(record(seq=1))
    with pytest.raises(EnvironmentProblem, match="missing"):
        store.blob("0" * 64)
    assert clock.now() == VirtualClock().now()


def test_a_reading_that_is_cut_goes_on_where_it_was(clock: VirtualClock) -> None:
    class Cut(MemoryStore):
        left = 3

        def records(self, operation, *, after=0):
            for one in super().records(operation, after=after):
                if one.seq % 2 == 0 and self.left:
                    self.left -= 1
                    raise StoreUnavailable("cut")
                yield one

    inner = Cut()
    records = written(inner, count=9)
    found = list(RetryingStore(inner, clock).records("op-1"))
    assert found == records
    assert verify(found) is None
    assert inner.left == 0
