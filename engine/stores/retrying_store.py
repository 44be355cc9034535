"""A store that is waited for: while it is away, pause, say so, and try again with jitter.

Nothing is performed that is not written, so whoever asks simply stands still here. Every request of the port can be
made twice: an append is settled by its write id, a lease by its version. After `timeout` this gives up with
EnvironmentProblem; the operation can be resumed. This module must not know which store it waits for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeVar

from engine.backoff import delay
from engine.clock import Clock
from engine.errors import EnvironmentProblem
from engine.stores.port import Head, Lease, LogRecord, Store, StoreUnavailable

T = TypeVar("T")

FIRST: Final = 1.0
LONGEST: Final = 30.0
SLICE: Final = 1.0
"""Seconds: the first pause, the longest, and how often in a pause somebody is asked whether to go on."""
FLOOR: Final = 0.5
"""The least share of a pause: an outage is not over at once, and each try writes a line for a person."""

TIMEOUT: Final = 900.0
"""`--store-timeout`, unless told: seconds until a store that is away is given up."""


def retry_delay(tried: int, fraction: float) -> float:
    """Seconds to pause after so many tries in vain."""
    return delay(tried, first=FIRST, longest=LONGEST, fraction=fraction, floor=FLOOR)


class RetryingStore:
    """A store, waited for. `told` is given a line for a person at each pause; `stop` ends the waiting."""

    def __init__(
        self, store: Store, clock: Clock, *, timeout: float = TIMEOUT, told: Callable[[str], None] = lambda line: None,
        stop: Callable[[], int] = lambda: 0, jitter: Callable[[], float] | None = None,
    ) -> None:  # fmt: skip
        self.name = store.name
        self._store = store
        self._clock = clock
        self._timeout = timeout
        self._told = told
        self._stop = stop
        self._jitter = jitter or _random
        self._given_up: float | None = None  # seconds after which that was; None while the store answers

    # -- waiting ------------------------------------------------------------------------------------------

    def _wait(self, request: Callable[[], T]) -> T:
        began, tried = self._clock.boot(), 0
        while True:
            try:
                answer = request()
            except StoreUnavailable as error:
                tried += 1
                self._pause(error, tried, self._clock.boot() - began)
                continue
            if tried:
                self._told(f"the store {self.name} answers again")
            self._given_up = None
            return answer

    def _pause(self, error: StoreUnavailable, tried: int, gone: float) -> None:
        left = self._timeout - gone
        if left <= 0 or self._stop() or self._given_up is not None:
            self._give_up(error, gone)
        pause = min(retry_delay(tried, self._jitter()), left)
        self._told(f"the store is away: {error}; nothing is performed; next try in {pause:.0f} s, {left:.0f} s left")
        until = self._clock.boot() + pause
        while (rest := until - self._clock.boot()) > 0:
            if self._stop():
                self._give_up(error, gone)
            self._clock.sleep(min(rest, SLICE))

    def _give_up(self, error: StoreUnavailable, gone: float) -> None:
        """Once: whoever then puts things away, or asks what is there, does not wait as long again."""
        gone = self._given_up = self._given_up or gone
        message = f"{error}. Given up after {gone:.0f} s; what was written stands: `runbook resume` goes on from there"
        raise EnvironmentProblem(message) from error

    def _each(self, request: Callable[[], Iterator[T]]) -> Iterator[T]:
        """All of them once: after an outage it reads again, and passes over what was given already."""
        given = 0
        items: Iterator[T] | None = None

        def following() -> T | None:
            nonlocal items
            try:
                if items is None:
                    items = _after(request(), given)
                return next(items, None)
            except StoreUnavailable:
                items = None
                raise

        while (item := self._wait(following)) is not None:
            given += 1
            yield item

    # -- the port -----------------------------------------------------------------------------------------

    def append(self, record: LogRecord) -> None:
        self._wait(lambda: self._store.append(record))

    def load(self, operation: str, *, after: int = 0) -> list[LogRecord]:
        return self._wait(lambda: self._store.load(operation, after=after))

    def records(self, operation: str, *, after: int = 0) -> Iterator[LogRecord]:
        return self._each(lambda: self._store.records(operation, after=after))

    def head(self, operation: str) -> Head | None:
        return self._wait(lambda: self._store.head(operation))

    def heads(self, status: str | None = None) -> Iterator[Head]:
        return self._each(lambda: self._store.heads(status))

    def summarise(self, operation: str, summary: Mapping[str, Any]) -> None:
        self._wait(lambda: self._store.summarise(operation, summary))

    def take_lease(self, operation: str, lease: Lease, *, over: str | None) -> bool:
        return self._wait(lambda: self._store.take_lease(operation, lease, over=over))

    def release(self, operation: str, version: str) -> None:
        self._wait(lambda: self._store.release(operation, version))

    def ask_cancel(self, operation: str, request: Mapping[str, Any] | None) -> None:
        self._wait(lambda: self._store.ask_cancel(operation, request))

    def take_lock(self, lock: str, operation: str, *, over: str | None = None) -> str | None:
        return self._wait(lambda: self._store.take_lock(lock, operation, over=over))

    def release_lock(self, lock: str, operation: str) -> None:
        self._wait(lambda: self._store.release_lock(lock, operation))

    def put_blob(self, content: bytes) -> str:
        return self._wait(lambda: self._store.put_blob(content))

    def blob(self, digest: str) -> bytes:
        return self._wait(lambda: self._store.blob(digest))

    def close(self) -> None:
        self._store.close()


def _after(items: Iterator[T], given: int) -> Iterator[T]:
    for position, item in enumerate(items):
        if position >= given:
            yield item


def _random() -> float:
    import random

    return random.random()
