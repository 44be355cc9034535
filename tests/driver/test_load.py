"""Loading again reads only the records since the last load, which must follow it."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import EnvironmentProblem
from engine.runtime.load import load
from engine.stores.memory import MemoryStore
from engine.stores.port import LogRecord
from tests.laws.scenario_run import ID, Trial, parse
from tests.laws.scenarios import SCENARIOS


@pytest.mark.parametrize("scenario", SCENARIOS, ids=str)
def test_an_incremental_load_equals_a_full_load(scenario: Any) -> None:
    trial = Trial(scenario).execute()
    store = MemoryStore()
    for digest in {
        event["digest"] for record in trial.store.records(ID) for event in record.events if "digest" in event
    }:
        store.put_blob(trial.store.blob(digest))
    known = None
    for record in trial.store.records(ID):
        store.append(record)
        known, fresh = load(store, ID, parse, known), load(store, ID, parse)
        assert known == fresh
        assert load(store, ID, parse, known) is known


def test_records_that_do_not_follow_are_refused() -> None:
    store = Trial(SCENARIOS[0]).execute().store
    records, known = list(store.records(ID)), load(store, ID, parse)
    other = MemoryStore()
    digest = ""
    for record in [*records, *records[-1:]]:
        digest = _appended(other, record, digest)
    with pytest.raises(EnvironmentProblem, match=f"record {known.seq + 1} does not follow record {known.seq}"):
        load(other, ID, parse, known)


def _appended(store: MemoryStore, record: LogRecord, previous: str) -> str:
    seq = len(list(store.records(ID))) + 1
    fields = {name: getattr(record, name) for name in ("operation", "at", "write_id", "events")}
    made = LogRecord(**fields, seq=seq, state=record.state if seq == 1 else None, actor="somebody").sealed(previous)
    store.append(made)
    return made.digest
