"""Several processes on one SQLite file, and processes that are killed in the middle: nothing torn, no gap."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.stores.port import verify
from engine.stores.sqlite import SqliteStore
from tests.stores.system_limits import python

pytestmark = pytest.mark.integration

GOES_ON = """
import sys
from pathlib import Path
from engine.stores.sqlite import SqliteStore
from tests.stores.values import record
store = SqliteStore(Path(sys.argv[1]))
found = store.load("op-1")
seq, digest = (found[-1].seq, found[-1].digest) if found else (0, "")
while True:
    seq += 1
    one = record(seq=seq, previous=digest, state={"seq": seq} if seq % 7 == 1 else None, events=({"text": "x" * 3000},))
    store.append(one)
    digest = one.digest
    print(seq)
"""

RACES = """
import sys
from pathlib import Path
from engine.errors import StoreConflict
from engine.stores.sqlite import SqliteStore
from tests.stores.values import record
store, name, won = SqliteStore(Path(sys.argv[1])), sys.argv[2], 0
sys.stdin.readline()
while won < int(sys.argv[3]):
    found = store.load("op-1")
    seq, digest = (found[-1].seq + 1, found[-1].digest) if found else (1, "")
    try:
        store.append(record(seq=seq, previous=digest, write_id=f"{name}/{won}", state={}))
    except StoreConflict:
        continue
    won += 1
store.close()
"""


def test_a_killed_process_leaves_no_gap_and_no_torn_record(tmp_path: Path) -> None:
    path, told = tmp_path / "state" / "operations.db", 0
    for reads in (1, 40, 7, 90):
        process = python(GOES_ON, str(path))
        assert process.stdout is not None
        for _ in range(reads):
            told = int(process.stdout.readline())
        process.kill()
        rest = process.communicate(timeout=30)[0].split()
        told = int(rest[-1]) if rest and rest[-1].isdigit() else told
        store = SqliteStore(path)
        seqs = [one.seq for one in store.records("op-1")]
        assert seqs == list(range(1, len(seqs) + 1))
        assert told <= len(seqs) <= told + 1  # one may be written and not yet told
        assert verify(store.records("op-1")) is None
        assert store.load("op-1")[-1].seq == len(seqs)
        store.close()


def test_of_racing_processes_one_wins_each_number(tmp_path: Path) -> None:
    """They race for the making of the file too."""
    path, each = tmp_path / "state" / "operations.db", 15
    processes = [python(RACES, str(path), f"p{number}", str(each)) for number in range(4)]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    for process in processes:
        said = process.communicate(timeout=60)[1]
        assert process.returncode == 0, said
    store = SqliteStore(path)
    records = list(store.records("op-1"))
    store.close()
    assert verify(records) is None
    ids = [one.write_id for one in records]
    assert len(ids) == len(set(ids)) == 4 * each
    for number in range(4):
        assert [id for id in ids if id.startswith(f"p{number}/")] == [f"p{number}/{n}" for n in range(each)]
