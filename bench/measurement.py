"""How benchmarks measure: product and floor alternate in one run, at least five times; the ratio of their medians counts.

The floor is the least work that any program must do for the same task. Machines are noisy, so only ratios are compared.
"""

from __future__ import annotations

import gc
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable
RUNBOOK = str(Path(PYTHON).with_name("runbook"))
ROUNDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table. `product` and `floor` are medians in `unit`; less is better unless `more_is_better` is set.

    `met`: whether the target was reached. `note`: further figures.
    """

    name: str
    work: str
    unit: str
    product: float
    floor: float
    floor_is: str
    target: str
    met: bool
    more_is_better: bool = False
    note: str = ""

    @property
    def ratio(self) -> float:
        """Product to floor."""
        return self.product / self.floor if self.floor else 0.0


def medians(*works: Callable[[], float], rounds: int = ROUNDS) -> list[float]:
    """The median of what each function returns. They run in turn; the results of a first round, to warm up, are dropped."""
    found: list[list[float]] = [[] for _ in works]
    for turn in range(rounds + 1):
        for work, figures in zip(works, found, strict=True):
            gc.collect()
            figure = work()
            if turn:
                figures.append(figure)
    return [statistics.median(figures) for figures in found]


def seconds_of(work: Callable[[], object]) -> float:
    """Seconds that a call takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def run_process(command: list[str], *, cwd: Path | None = None, expect: int = 0) -> float:
    """Seconds from the start of a process to its end. Byte code is written, as in an installation."""
    environment = {name: value for name, value in os.environ.items() if name not in UNWANTED}
    began = time.perf_counter()
    done = subprocess.run(command, cwd=cwd or ROOT, env=environment, capture_output=True, text=True)
    took = time.perf_counter() - began
    if done.returncode != expect:
        raise SystemExit(f"{' '.join(command)} exited with {done.returncode}:\n{done.stdout}{done.stderr}")
    return took


UNWANTED = {"PYTHONDONTWRITEBYTECODE", "GITHUB_ACTIONS", "RUNBOOK_STORE", "FORCE_COLOR"}


def machine() -> str:
    """The machine, for the head of the table."""
    model = "unknown processor"
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [line.partition(":")[2].strip() for line in info.read_text().splitlines() if "model name" in line]
        model = names[0] if names else model
    return f"{model}, {os.cpu_count()} cores, {platform.system()} {platform.release()}, Python {sys.version.split()[0]}"


def print_rows(rows: list[Row]) -> None:
    """Print the rows: as one JSON document with `--json`, for `run.py`, else a line each."""
    if "--json" in sys.argv:
        print(json.dumps([asdict(row) for row in rows]))
        return
    for row in rows:
        print(line(row))


def line(row: Row) -> str:
    """`W3   cold --version: 25.1 ms, 1.40 × python -c pass (18); target ≤ 6 ×: met`."""
    text = f"{row.name:4} {row.work}: {row.product:.4g} {row.unit}, {row.ratio:.2f} × {row.floor_is} ({row.floor:.4g})"
    note = f"; {row.note}" if row.note else ""
    return f"{text}; target {row.target}: {'met' if row.met else 'NOT MET'}{note}"
