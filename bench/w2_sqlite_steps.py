"""W2: steps that are stored in SQLite, one after the other. Floor: as many bare commits of as many bytes (WAL, FULL).

The garbage collector has the thresholds that every command sets. Also counts records per step and, if strace is
installed, fdatasync calls per step: one between two effects, and three more at each checkpoint of the write-ahead log.
"""

from __future__ import annotations

import gc
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

from measurement import PYTHON, Row, medians, print_rows, seconds_of
from workloads import run_stored

from engine.cli.invocation import GC_THRESHOLDS

STEPS = 1_000
MANY = 10_000
LEAST = 0.65


def records(path: Path) -> tuple[int, int]:
    """The number of records of the operation, and the bytes of one."""
    with sqlite3.connect(path) as database:
        (table,) = database.execute(
            "select name from sqlite_master where type = 'table' and sql like '%operation_id%seq%primary key%'"
        ).fetchone()
        (count,) = database.execute(f"select count(*) from {table} where seq > 0").fetchone()
    return count, path.stat().st_size // max(count, 1)


def product(folder: Path, steps: int) -> float:
    """Steps per second."""
    path = folder / "product.db"
    for old in folder.glob("product.db*"):
        old.unlink()
    return steps / seconds_of(partial(run_stored, steps, str(path)))


def floor(folder: Path, size: int) -> float:
    """Commits per second."""
    for old in folder.glob("floor.db*"):
        old.unlink()
    database = sqlite3.connect(folder / "floor.db", isolation_level=None)
    database.execute("pragma journal_mode = wal")
    database.execute("pragma synchronous = full")
    database.execute("create table log (operation_id text, seq integer, body blob, primary key (operation_id, seq))")
    body = b"x" * size

    def commits() -> None:
        for seq in range(STEPS):
            database.execute("insert into log values ('bench', ?, ?)", (seq, body))

    found = STEPS / seconds_of(commits)
    database.close()
    return found


def synced(folder: Path) -> str:
    """`fdatasync` calls per step, from the difference of two runs."""
    if shutil.which("strace") is None:
        return "strace is not installed: fdatasync not counted"
    counts = [_syncs(folder / f"syncs-{steps}.db", steps) for steps in (100, 300)]
    return f"{(counts[1] - counts[0]) / 200:.3f} fdatasync per step"


def _syncs(path: Path, steps: int) -> int:
    command = ["strace", "-f", "-qq", "-e", "trace=fdatasync,fsync", PYTHON, __file__, "--only", str(path), str(steps)]
    traced = subprocess.run(command, capture_output=True, text=True)
    if traced.returncode:
        raise SystemExit(traced.stderr)
    return traced.stderr.count("sync(")


def rows() -> list[Row]:
    gc.set_threshold(*GC_THRESHOLDS)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        product(folder, STEPS)
        count, size = records(folder / "product.db")
        least, ours = medians(partial(floor, folder, size), partial(product, folder, STEPS))
        most = product(folder, MANY)
        syncs = synced(folder)
    text = f"{count / STEPS:.3f} records per step, {size:,} bytes each, {syncs}"
    target = f"≥ {LEAST:.0%} of the floor"
    return [
        _row(f"{STEPS:,} stored steps", ours, least, "bare SQLite commits", target, ours >= least * LEAST, text),
        _row(f"{MANY:,} stored steps", most, ours, f"{STEPS:,} steps", "flat (≥ 80 %)", most >= ours * 0.8, ""),
    ]


def _row(work: str, ours: float, least: float, floor_is: str, target: str, met: bool, note: str) -> Row:
    return Row(
        name="W2", work=work, unit="steps/s", product=ours, floor=least, floor_is=floor_is, target=target, met=met,
        more_is_better=True, note=note,
    )  # fmt: skip


if __name__ == "__main__":
    if "--only" in sys.argv:
        run_stored(int(sys.argv[-1]), sys.argv[-2])
    else:
        print_rows(rows())
