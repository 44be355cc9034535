"""Commits that come at once share one: whoever gets the turn takes with him all that waits.

One caller alone pays nothing for it. This module must not know what is committed, or where.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(slots=True)
class _Slot(Generic[T]):
    item: T
    done: bool = False
    error: Exception | None = None


class Sharing(Generic[T]):
    """`commit` is given what waits, in order of arrival, and says of each what went wrong, or None.

    What it raises is everybody's: then nothing of the batch is known to be written.
    """

    def __init__(
        self, commit: Callable[[Sequence[T]], Sequence[Exception | None]], turn: AbstractContextManager[object]
    ) -> None:
        self._commit = commit
        self._turn = turn
        self._gate = Lock()
        self._waiting: list[_Slot[T]] = []

    def submit(self, item: T) -> None:
        """Returns when it is committed; raises what became of it otherwise."""
        slot = _Slot(item)
        with self._gate:
            self._waiting.append(slot)
        with self._turn:
            if not slot.done:
                with self._gate:
                    batch, self._waiting = self._waiting, []
                self._settle(batch)
        if slot.error is not None:
            raise slot.error

    def _settle(self, batch: list[_Slot[T]]) -> None:
        try:
            outcomes = self._commit([slot.item for slot in batch])
        except Exception as error:
            outcomes = [error] * len(batch)
        for slot, outcome in zip(batch, outcomes, strict=True):
            slot.done, slot.error = True, outcome
