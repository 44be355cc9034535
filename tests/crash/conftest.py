"""Which schedules run: all of them in a soak, else a fixed sample of each scenario. Also counts them."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import pytest

T = TypeVar("T")


@dataclass(slots=True)
class Schedules:
    """Chooses among schedules, and counts the chosen ones."""

    soak: bool
    salt: int
    count: int = 0

    def of(self, all_of_them: Sequence[T], every: int = 1) -> Sequence[T]:
        """Every `every`-th, from a start that depends on the test; all in a soak."""
        step = 1 if self.soak else every
        chosen = all_of_them[self.salt % step :: step]
        self.count += len(chosen)
        return chosen

    def some(self, all_of_them: Sequence[T], most: int) -> Sequence[T]:
        """At most `most`, spread evenly; all in a soak."""
        return self.of(all_of_them, max(1, -(-len(all_of_them) // most)))

    def one(self) -> None:
        """Count one more."""
        self.count += 1


@pytest.fixture
def schedules(request: pytest.FixtureRequest) -> Iterator[Schedules]:
    """The schedules of this test. Their count is in the test's report, so that it also arrives from another worker."""
    soak = bool(request.config.getoption("--soak"))
    made = Schedules(soak=soak, salt=zlib.crc32(request.node.name.encode()))
    yield made
    request.node.user_properties.append(("schedules", made.count))
