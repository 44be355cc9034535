"""Commits that come at once share one: while one is under way, whatever comes waits, and goes together into the next.

One caller alone pays nothing for it. This module must not know what is committed, or where.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")


class _Slot(Generic[T]):
    """One caller: `wake` is let go of when it is settled, or when it is its turn to commit."""

    __slots__ = ("error", "item", "settled", "turn", "wake")

    def __init__(self, item: T) -> None:
        self.item = item
        self.wake = Lock()
        self.turn = self.settled = False
        self.error: BaseException | None = None


class GroupCommit(Generic[T]):
    """`commit` is given what waits, in order of arrival, and says of each what went wrong, or None.

    What it raises is everybody's: then nothing of the batch is known to be written.
    """

    def __init__(self, commit: Callable[[Sequence[T]], Sequence[Exception | None]]) -> None:
        self._commit = commit
        self._gate = Lock()
        self._busy = False
        self._waiting: list[_Slot[T]] = []

    def submit(self, item: T) -> None:
        """Returns when it is committed; raises what became of it otherwise."""
        with self._gate:
            slot = self._queued(item) if self._busy else None
            self._busy = True
        if slot is None:
            self._alone(item)
            return
        self._sleep(slot)
        if not slot.settled:
            self._lead()
        if slot.error is not None:
            raise slot.error

    def _alone(self, item: T) -> None:
        try:
            (error,) = self._commit((item,))
        finally:
            with self._gate:
                self._pass_on()
        if error is not None:
            raise error

    def _queued(self, item: T) -> _Slot[T]:
        slot = _Slot(item)
        slot.wake.acquire()
        self._waiting.append(slot)
        return slot

    def _sleep(self, slot: _Slot[T]) -> None:
        try:
            slot.wake.acquire()
        except BaseException:  # a signal: it leaves the queue, and what it was given to do is another's
            with self._gate:
                if slot in self._waiting:
                    self._waiting.remove(slot)
                if slot.turn and not slot.settled:
                    self._pass_on()
            raise

    def _lead(self) -> None:
        """Commit all that waits, this caller's own among it."""
        with self._gate:
            batch, self._waiting = self._waiting, []
        outcomes: Sequence[BaseException | None] = [None] * len(batch)
        try:
            outcomes = self._commit([slot.item for slot in batch])
        except BaseException as error:
            outcomes = [error] * len(batch)
        finally:
            for slot, outcome in zip(batch, outcomes, strict=True):
                slot.settled, slot.error = True, outcome
                if not slot.turn:
                    slot.wake.release()
            with self._gate:
                self._pass_on()

    def _pass_on(self) -> None:
        self._busy = bool(self._waiting)
        if self._waiting:
            self._waiting[0].turn = True
            self._waiting[0].wake.release()
