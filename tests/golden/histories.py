"""Histories as an earlier version wrote them: a file has a runbook's texts, then a record a line, as a store packs it.

`python -m tests.golden.histories NAME…` writes the history of a story that has no file yet. A file that is there is never
written again: it is what operators have in their stores.
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
from tests.laws.scenario_run import ID, Scene, Story, meanwhile, resume, run
from tests.laws.scenarios import STORIES, UNREPEATABLE

FOLDER = Path(__file__).parent / "format-1"
UNSENT = tuple(
    Story(name=name, text=text, arrange=(NO_RENAME,), acts=(run(), meanwhile(logged_in), resume()), ends=("",))
    for name, text in (
        ("a call with until is not sent and sent at the resume", UNTIL.replace("    requires: [source]\n", "")),
        ("a call with until and requires is not sent and sent at the resume", UNTIL),
    )
)


def write(name: str) -> None:
    scene = Scene(next(story for story in (*STORIES, *UNREPEATABLE, *UNSENT) if story.name == name)).tell()
    records = list(scene.store.records(ID))
    digests = {getattr(event, "digest", "") for record in records for event in events_of(record)} - {""}
    texts = {digest: scene.store.blob(digest).decode() for digest in sorted(digests)}
    assert scene.operation is not None
    head = {"story": name, "status": scene.operation.status, "texts": texts}
    lines = [json.dumps(head), *(json.dumps([record.digest, record.packed().decode()]) for record in records)]
    file = FOLDER / f"{name.replace(' ', '-').replace(',', '')}.jsonl"
    assert not file.exists(), f"{file} is there, and stays as it is"
    file.parent.mkdir(exist_ok=True)
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def read(file: Path) -> tuple[dict[str, Any], MemoryStore]:
    """What the file says of itself, and a store with its history."""
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
