"""How many schedules are told: every one in a soak, else so many of each story, always the same ones; and their count."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import pytest

T = TypeVar("T")


@dataclass(slots=True)
class Schedules:
    """Chooses among schedules, and counts those that were chosen."""

    soak: bool
    salt: int
    count: int = 0

    def of(self, all_of_them: Sequence[T], every: int = 1) -> Sequence[T]:
        """Every so-many-th, from another one on in each test; all in a soak."""
        step = 1 if self.soak else every
        chosen = all_of_them[self.salt % step :: step]
        self.count += len(chosen)
        return chosen

    def some(self, all_of_them: Sequence[T], most: int) -> Sequence[T]:
        """At most so many, spread over all of them; all in a soak."""
        return self.of(all_of_them, max(1, -(-len(all_of_them) // most)))

    def one(self) -> None:
        """One more was told."""
        self.count += 1


@pytest.fixture
def schedules(request: pytest.FixtureRequest) -> Iterator[Schedules]:
    """The test's own; its count goes with its report, so that it comes through from another process."""
    soak = bool(request.config.getoption("--soak"))
    made = Schedules(soak=soak, salt=zlib.crc32(request.node.name.encode()))
    yield made
    request.node.user_properties.append(("schedules", made.count))
