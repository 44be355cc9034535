"""A store whose requests are retried while it is unavailable, with backoff and jitter, until a timeout.

Nothing is done in the world before it is recorded, so the driver can simply wait here. Every request can be sent twice:
an append is recognised by its write id, a lease by its version. After `timeout` the request fails with an
EnvironmentProblem, and the operation can be resumed. This module does not know which kind of store it wraps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeVar

from engine.backoff import delay
from engine.clock import Clock
from engine.errors import EnvironmentProblem
from engine.language.durations import format_duration
from engine.stores.port import Head, Lease, LogRecord, Seal, Store, StoreUnavailable

T = TypeVar("T")

FIRST: Final = 1.0
LONGEST: Final = 30.0
"""Seconds: the first delay, and the longest."""
FLOOR: Final = 0.5
"""The least share of a delay that jitter leaves: an outage lasts a while, and each retry prints a line."""
SLICE: Final = 1.0
"""Seconds of one sleep within a delay. After each, `stop` is called."""

TIMEOUT: Final = 900.0
"""Seconds until a store that is unavailable is given up: the default of `--store-timeout`."""


def retry_delay(failures: int, fraction: float) -> float:
    """Seconds to wait after that number of failures in a row."""
    return delay(failures, first=FIRST, longest=LONGEST, fraction=fraction, floor=FLOOR)


class RetryingStore:
    """A store whose requests are retried. `notify` gets a line for a person at each retry; `stop` ends the retries."""

    def __init__(
        self, store: Store, clock: Clock, *, timeout: float = TIMEOUT, notify: Callable[[str], None] = lambda line: None,
        stop: Callable[[], int] = lambda: 0, jitter: Callable[[], float] | None = None,
    ) -> None:  # fmt: skip
        self.name = store.name
        self._store = store
        self._clock = clock
        self._timeout = timeout
        self._notify = notify
        self._stop = stop
        self._jitter = jitter or _random
        self._gave_up_after: float | None = None  # seconds; None while the store answers

    # -- retries ------------------------------------------------------------------------------------------

    def _retry(self, request: Callable[[], T]) -> T:
        began, failures = self._clock.boot(), 0
        while True:
            try:
                answer = request()
            except StoreUnavailable as error:
                failures += 1
                self._wait(error, failures, self._clock.boot() - began)
                continue
            if failures:
                self._notify(f"the store {self.name} is available again")
            self._gave_up_after = None
            return answer

    def _wait(self, error: StoreUnavailable, failures: int, elapsed: float) -> None:
        """Sleep until the next retry; EnvironmentProblem if there is none."""
        left = self._timeout - elapsed
        if left <= 0 or self._stop() or self._gave_up_after is not None:
            self._give_up(error, elapsed)
        seconds = min(retry_delay(failures, self._jitter()), left)
        self._notify(
            f"the store is unavailable: {error}. The operation is paused; retrying in {format_duration(seconds)}, "
            f"giving up in {format_duration(left)}"
        )
        until = self._clock.boot() + seconds
        while (rest := until - self._clock.boot()) > 0:
            if self._stop():
                self._give_up(error, elapsed)
            self._clock.sleep(min(rest, SLICE))

    def _give_up(self, error: StoreUnavailable, elapsed: float) -> None:
        """Later requests fail at once, so that releasing the lock and the lease does not take a timeout each."""
        elapsed = self._gave_up_after = self._gave_up_after or elapsed
        message = (
            f"{error}. Gave up after {format_duration(elapsed)}; no recorded progress is lost. When the store is "
            f"available again, continue with `runbook resume`"
        )
        raise EnvironmentProblem(message) from error

    def _retry_each(self, request: Callable[[], Iterator[T]], key: Callable[[T], object]) -> Iterator[T]:
        """Each item once: after an outage this reads again from the start, and skips what it has yielded.

        By their keys, not by their number: new items may come first by then.
        """
        yielded: set[object] = set()
        items: Iterator[T] | None = None

        def next_item() -> T | None:
            nonlocal items
            try:
                if items is None:
                    items = (item for item in request() if key(item) not in yielded)
                return next(items, None)
            except StoreUnavailable:
                items = None
                raise

        while (item := self._retry(next_item)) is not None:
            yielded.add(key(item))
            yield item

    # -- the port -----------------------------------------------------------------------------------------

    def append(self, record: LogRecord, seal: Seal | None = None) -> None:
        self._retry(lambda: self._store.append(record, seal))

    def load(self, operation: str, *, after: int = 0) -> list[LogRecord]:
        return self._retry(lambda: self._store.load(operation, after=after))

    def records(self, operation: str, *, after: int = 0) -> Iterator[LogRecord]:
        return self._retry_each(lambda: self._store.records(operation, after=after), lambda record: record.seq)

    def head(self, operation: str) -> Head | None:
        return self._retry(lambda: self._store.head(operation))

    def heads(
        self, status: str | None = None, *, after: float | None = None, before: float | None = None,
        limit: int | None = None,
    ) -> Iterator[Head]:  # fmt: skip
        return self._retry_each(
            lambda: self._store.heads(status, after=after, before=before, limit=limit), lambda head: head.operation
        )

    def summarise(self, operation: str, summary: Mapping[str, Any]) -> None:
        self._retry(lambda: self._store.summarise(operation, summary))

    def take_lease(self, operation: str, lease: Lease, *, over: str | None) -> bool:
        return self._retry(lambda: self._store.take_lease(operation, lease, over=over))

    def release(self, operation: str, version: str) -> None:
        self._retry(lambda: self._store.release(operation, version))

    def ask_cancel(self, operation: str, request: Mapping[str, Any] | None) -> None:
        self._retry(lambda: self._store.ask_cancel(operation, request))

    def take_lock(self, lock: str, operation: str, *, over: str | None = None) -> str | None:
        return self._retry(lambda: self._store.take_lock(lock, operation, over=over))

    def release_lock(self, lock: str, operation: str) -> None:
        self._retry(lambda: self._store.release_lock(lock, operation))

    def delete_operation(self, operation: str) -> None:
        self._retry(lambda: self._store.delete_operation(operation))

    def store_id(self, *, create: bool = True) -> str:
        return self._retry(lambda: self._store.store_id(create=create))

    def put_blob(self, content: bytes) -> str:
        return self._retry(lambda: self._store.put_blob(content))

    def blob(self, digest: str) -> bytes:
        return self._retry(lambda: self._store.blob(digest))

    def close(self) -> None:
        self._store.close()


def _random() -> float:
    import random

    return random.random()
