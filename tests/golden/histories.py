"""Golden histories in files: the texts of the runbook in the first line, then a record per line, as stores pack them.

`python -m tests.golden.histories NAME…` writes the history of a scenario that has no file yet. An existing file is
never overwritten: it stands for what operators have in their stores.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from engine.runtime.load import events_of
from engine.stores.memory import MemoryStore
from engine.stores.serialization import StoredRecord, decode_record
from tests.laws.drift_scenarios import NO_RENAME, UNTIL, logged_in
from tests.laws.scenario_run import ID, Scenario, Trial, resume, run, while_down
from tests.laws.scenarios import SCENARIOS, UNREPEATABLE

FOLDER = Path(__file__).parent / "format-1"
UNSENT = tuple(
    Scenario(name=name, text=text, arrange=(NO_RENAME,), acts=(run(), while_down(logged_in), resume()), ends=("",))
    for name, text in (
        ("a call with until is sent at the resume", UNTIL.replace("    requires: [source]\n", "")),
        ("a call with until and requires is sent at the resume", UNTIL),
    )
)


def write(name: str) -> None:
    trial = Trial(
        next(scenario for scenario in (*SCENARIOS, *UNREPEATABLE, *UNSENT) if scenario.name == name)
    ).execute()
    records = list(trial.store.records(ID))
    digests = {getattr(event, "digest", "") for record in records for event in events_of(record)} - {""}
    texts = {digest: trial.store.blob(digest).decode() for digest in sorted(digests)}
    assert trial.operation is not None
    head = {"story": name, "status": trial.operation.status, "texts": texts}
    lines = [json.dumps(head), *(json.dumps([record.digest, record.packed().decode()]) for record in records)]
    file = FOLDER / f"{name.replace(' ', '-').replace(',', '')}.jsonl"
    assert not file.exists(), f"{file} exists and is never overwritten"
    file.parent.mkdir(exist_ok=True)
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def read(file: Path) -> tuple[dict[str, Any], MemoryStore]:
    """The first line of the file, and a store with its history."""
    head, *lines = map(json.loads, file.read_text(encoding="utf-8").splitlines())
    store = MemoryStore()
    for text in head["texts"].values():
        store.put_blob(text.encode())
    for number, (digest, packed) in enumerate(lines, start=1):
        record = decode_record(
            StoredRecord(seq=number, packed=packed.encode(), digest=digest), ID, "the golden history"
        )
        store.append(record)
    return head, store


if __name__ == "__main__":
    for one in sys.argv[1:]:
        write(one)
