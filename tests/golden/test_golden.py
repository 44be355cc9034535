"""An operation written by an earlier version is loaded and folded, and its status is the same as then."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.kernel.codec import durable
from engine.reports.status import status_document
from engine.runtime.load import load, replayed
from engine.stores.port import verify
from tests.golden.histories import FOLDER, read
from tests.laws.scenario_run import ID, parse

FILES = sorted(FOLDER.glob("*.jsonl"))


def test_there_are_some() -> None:
    assert len(FILES) >= 6


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_history_of_format_1(file: Path) -> None:
    head, store = read(file)
    assert verify(store.records(ID)) is None
    found = load(store, ID, parse)
    assert found.operation.status == head["status"]
    assert durable(replayed(store, ID, parse)) == durable(found.operation)
    document = status_document(found.operation, found.runbook)
    assert document["status"] == head["status"]
    assert document["format"] == 1
