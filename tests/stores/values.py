"""Records, leases and whole logs as values, for every test of stores."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Mapping
from typing import Any

from engine.stores.port import Lease, LogRecord, Store

_NUMBERS = itertools.count(1)


def noise(size: int, seed: int = 1) -> str:
    """Text that does not compress below half."""
    return random.Random(seed).randbytes(size // 2).hex()


def record(operation: str = "op-1", seq: int = 1, previous: str = "", **values: Any) -> LogRecord:
    """A sealed one; what is not given does not matter."""
    given = {
        "at": 1_710_893_160.25, "write_id": f"w{next(_NUMBERS)}", "events": ({"$": "entered", "seq": seq},),
        "actor": "ana", "host": "desk", "process": "42",
    }  # fmt: skip
    return LogRecord(operation=operation, seq=seq, **given | values).sealed(previous)


def log(operation: str, count: int, *, whole: Mapping[int, Any] | None = None, size: int = 0) -> Iterator[LogRecord]:
    """`count` records, chained; `whole` has the states by seq, else the first alone has one; events of `size` bytes.

    What is in them hardly compresses: a page of DynamoDB's is full when we mean it to be.
    """
    states = whole if whole is not None else {1: {"seq": 1}}
    previous = ""
    for seq in range(1, count + 1):
        events = ({"$": "entered", "seq": seq, "text": noise(size, seq)},)
        one = record(operation, seq, previous, events=events, state=states.get(seq))
        previous = one.digest
        yield one


def written(store: Store, operation: str = "op-1", count: int = 3, **values: Any) -> list[LogRecord]:
    """The same, appended."""
    records = list(log(operation, count, **values))
    for one in records:
        store.append(one)
    return records


def lease(version: str = "v1", **values: Any) -> Lease:
    given = {
        "owner": "ana", "host": "desk", "pid": 42, "started": "1000", "boot": "b/1", "duration": 90.0, "since": 5.0,
    }  # fmt: skip
    return Lease(version=version, **given | values)
