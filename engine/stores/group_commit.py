"""Group commit: what threads submit while a commit runs is committed together in the next one.

A single caller pays nothing for it. This module does not know what is committed, or where.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")


class _Slot(Generic[T]):
    """One waiting caller. `wake` is released when its item is committed, or when it is its turn to commit a batch."""

    __slots__ = ("done", "error", "is_leader", "item", "wake")

    def __init__(self, item: T) -> None:
        self.item = item
        self.wake = Lock()
        self.is_leader = self.done = False
        self.error: BaseException | None = None


class GroupCommit(Generic[T]):
    """`commit` gets the waiting items in the order of their arrival, and returns for each its error, or None.

    What `commit` itself raises is raised for every item of the batch: none of them is known to be written.
    """

    def __init__(self, commit: Callable[[Sequence[T]], Sequence[Exception | None]]) -> None:
        self._commit = commit
        self._gate = Lock()
        self._busy = False
        self._waiting: list[_Slot[T]] = []

    def submit(self, item: T) -> None:
        """Return when the item is committed; raise its error otherwise."""
        with self._gate:
            slot = self._enqueue(item) if self._busy else None
            self._busy = True
        if slot is None:
            self._commit_alone(item)
            return
        self._wait(slot)
        if not slot.done:
            self._commit_batch()
        if slot.error is not None:
            raise slot.error

    def _commit_alone(self, item: T) -> None:
        try:
            (error,) = self._commit((item,))
        finally:
            with self._gate:
                self._wake_next()
        if error is not None:
            raise error

    def _enqueue(self, item: T) -> _Slot[T]:
        slot = _Slot(item)
        slot.wake.acquire()
        self._waiting.append(slot)
        return slot

    def _wait(self, slot: _Slot[T]) -> None:
        try:
            slot.wake.acquire()
        except BaseException:  # interrupted by a signal: leave the queue, and let the next caller lead
            with self._gate:
                if slot in self._waiting:
                    self._waiting.remove(slot)
                if slot.is_leader and not slot.done:
                    self._wake_next()
            raise

    def _commit_batch(self) -> None:
        """Commit everything that waits, this caller's own item included."""
        with self._gate:
            batch, self._waiting = self._waiting, []
        errors: Sequence[BaseException | None] = [None] * len(batch)
        try:
            errors = self._commit([slot.item for slot in batch])
        except BaseException as error:
            errors = [error] * len(batch)
        finally:
            for slot, outcome in zip(batch, errors, strict=True):
                slot.done, slot.error = True, outcome
                if not slot.is_leader:
                    slot.wake.release()
            with self._gate:
                self._wake_next()

    def _wake_next(self) -> None:
        """Let the caller that has waited longest commit the next batch."""
        self._busy = bool(self._waiting)
        if self._waiting:
            self._waiting[0].is_leader = True
            self._waiting[0].wake.release()
