"""What was loaded is not read again: only what has been recorded since, which must follow it."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import EnvironmentProblem
from engine.runtime.load import load
from engine.stores.memory import MemoryStore
from engine.stores.port import LogRecord
from tests.laws.scenario_run import ID, Scene, parse
from tests.laws.scenarios import STORIES


@pytest.mark.parametrize("story", STORIES, ids=str)
def test_it_is_as_if_all_had_been_read(story: Any) -> None:
    scene = Scene(story).tell()
    store = MemoryStore()
    for digest in {
        event["digest"] for record in scene.store.records(ID) for event in record.events if "digest" in event
    }:
        store.put_blob(scene.store.blob(digest))
    known = None
    for record in scene.store.records(ID):
        store.append(record)
        known, fresh = load(store, ID, parse, known), load(store, ID, parse)
        assert known == fresh
        assert load(store, ID, parse, known) is known


def test_what_does_not_follow_is_not_folded() -> None:
    told = Scene(STORIES[0]).tell().store
    records, known = list(told.records(ID)), load(told, ID, parse)
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
