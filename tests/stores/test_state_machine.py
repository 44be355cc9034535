"""Any sequence of requests against a store does what it does to plain dictionaries."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from itertools import count

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from engine.errors import EnvironmentProblem, StoreConflict
from engine.stores.port import UNSUMMARISED, Head, LogRecord, Store
from tests.stores.storages import Storage
from tests.stores.values import lease, record

IDS = st.sampled_from(["op-1", "op-10", "op-2"])
VERSIONS = st.sampled_from(["v1", "v2", "v3"])
STATUSES = st.sampled_from(["HELD", "FAILED", "IN_PROGRESS"])
FIRST = "2024-03-20T00:06:00Z"
TIMES = st.sampled_from(["2024-03-20T00:06:00Z", "2024-03-20T00:07:00Z", "2024-03-21T00:00:00Z"])
CONTENT = st.sampled_from([b"", b"a", b"runbook: x\n"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
_MACHINES = count()


class AgainstDictionaries(RuleBasedStateMachine):
    """Two handles are used in turn, so that nothing may be remembered by one alone."""

    handles: tuple[Store, ...] = ()

    def __init__(self) -> None:
        super().__init__()
        self.turn = 0
        self.logs: dict[str, list[LogRecord]] = {}
        self.leases: dict[str, str] = {}
        self.summaries: dict[str, dict[str, object]] = {}
        self.asked: dict[str, object] = {}
        self.locks: dict[str, str] = {}
        self.blobs: set[bytes] = set()
        self.headed: set[str] = set()
        self.prefix = ""

    @initialize()
    def begin(self) -> None:
        self.prefix = f"m{next(_MACHINES)}-"

    @property
    def store(self) -> Store:
        self.turn += 1
        return self.handles[self.turn % len(self.handles)]

    def id(self, short: str) -> str:
        return self.prefix + short

    # -- requests -----------------------------------------------------------------------------------------

    @rule(id=IDS, value=JSON, whole=st.booleans())
    def append(self, id: str, value: object, whole: bool) -> None:
        there = self.logs.setdefault(id, [])
        one = record(
            self.id(id), len(there) + 1, there[-1].digest if there else "", events=({"value": value},),
            state={"value": value} if whole or not there else None, readable={"timestamp": FIRST},
        )  # fmt: skip
        self.store.append(one)
        there.append(one)

    @rule(id=IDS, back=st.integers(0, 3), ours=st.booleans())
    def append_again(self, id: str, back: int, ours: bool) -> None:
        there = self.logs.get(id, [])
        if len(there) <= back:
            return
        if ours:
            self.store.append(there[back])
        else:
            with pytest.raises(StoreConflict):
                self.store.append(record(self.id(id), back + 1, write_id="another's"))

    @rule(id=IDS, new=VERSIONS, over=st.none() | VERSIONS)
    def take_lease(self, id: str, new: str, over: str | None) -> None:
        there = self.leases.get(id)
        taken = self.store.take_lease(self.id(id), lease(new), over=over)
        assert taken is (there in (over, new))
        if taken:
            self.leases[id] = new
            self.headed.add(id)

    @rule(id=IDS, version=VERSIONS)
    def release(self, id: str, version: str) -> None:
        self.store.release(self.id(id), version)
        if self.leases.get(id) == version:
            del self.leases[id]

    @rule(id=IDS, status=STATUSES, value=JSON, updated=TIMES)
    def summarise(self, id: str, status: str, value: object, updated: str) -> None:
        self.summaries[id] = {"status": status, "value": value, "updated": updated}
        self.store.summarise(self.id(id), self.summaries[id])
        self.headed.add(id)

    @rule(id=IDS, request=st.none() | st.dictionaries(st.text(), JSON, min_size=1, max_size=2))
    def ask_cancel(self, id: str, request: dict[str, object] | None) -> None:
        self.store.ask_cancel(self.id(id), request)
        self.asked[id] = request
        self.headed.add(id)

    @rule(id=IDS, name=st.sampled_from(["a", "b"]), over=st.none() | IDS)
    def take_lock(self, id: str, name: str, over: str | None) -> None:
        holder = self.locks.get(name)
        may = holder in (None, id, over)
        said = self.store.take_lock(self.id(name), self.id(id), over=over and self.id(over))
        assert said == (None if may else self.id(str(holder)))
        if may:
            self.locks[name] = id

    @rule(id=IDS, name=st.sampled_from(["a", "b"]))
    def release_lock(self, id: str, name: str) -> None:
        self.store.release_lock(self.id(name), self.id(id))
        if self.locks.get(name) == id:
            del self.locks[name]

    @rule(content=CONTENT)
    def put_blob(self, content: bytes) -> None:
        content += self.prefix.encode()
        assert self.store.put_blob(content) == hashlib.sha256(content).hexdigest()
        self.blobs.add(content)

    @rule(content=CONTENT)
    def read_blob(self, content: bytes) -> None:
        content += self.prefix.encode()
        digest = hashlib.sha256(content).hexdigest()
        if content in self.blobs:
            assert self.store.blob(digest) == content
        else:
            with pytest.raises(EnvironmentProblem):
                self.store.blob(digest)

    # -- what is then to be read --------------------------------------------------------------------------

    def _head(self, id: str) -> Head:
        version = self.leases.get(id)
        return Head(
            operation=self.id(id), lease=lease(version) if version else None, summary=self.summaries.get(id, {}),
            cancel_asked=self.asked.get(id),
        )  # fmt: skip

    @rule(id=IDS)
    def read(self, id: str) -> None:
        there = self.logs.get(id, [])
        assert list(self.store.records(self.id(id))) == there
        whole = max((one.seq for one in there if one.state is not None), default=1)
        assert self.store.load(self.id(id)) == there[whole - 1 :]
        assert self.store.head(self.id(id)) == (self._head(id) if id in self.headed else None)

    @rule(id=IDS)
    def delete_operation(self, id: str) -> None:
        self.store.delete_operation(self.id(id))
        for known in (self.logs, self.leases, self.summaries, self.asked):
            known.pop(id, None)  # type: ignore[attr-defined]
        self.headed.discard(id)

    def _time(self, id: str) -> str:
        return str(self.summaries.get(id, {}).get("updated", FIRST if self.logs.get(id) else ""))

    @rule(status=st.none() | st.just(UNSUMMARISED) | STATUSES)
    def list_heads(self, status: str | None) -> None:
        known = self.headed | {id for id, there in self.logs.items() if there}
        wanted = [
            self._head(id)
            for id in sorted(known, key=lambda one: (self._time(one), one), reverse=True)
            if status is None or self.summaries.get(id, {}).get("status", UNSUMMARISED) == status
        ]
        assert [head for head in self.store.heads(status) if head.operation.startswith(self.prefix)] == wanted

    @invariant()
    def heads_agree(self) -> None:
        for id in self.headed:
            assert self.store.head(self.id(id)) == self._head(id)


EXAMPLES = {"memory": (60, 30), "sqlite": (30, 30)}
OVER_HTTP = (4, 20)


def test_a_store_is_as_good_as_dictionaries(storage: Storage) -> None:
    examples, steps = EXAMPLES.get(storage.kind, OVER_HTTP)
    run_state_machine_as_test(
        _machine(storage.open), settings=settings(max_examples=examples, stateful_step_count=steps)
    )


def _machine(opened: Callable[[], Store]) -> type[RuleBasedStateMachine]:
    class Machine(AgainstDictionaries):
        handles = (opened(), opened())

    return Machine
