"""How figures are taken: floor and product in turn in one run, at least five times, medians, and their ratio.

Machines are noisy: only ratios count. This module knows nothing of what is measured.
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
    """One line of the table. `product` and `floor` are medians in `unit`; more is worse unless `more_is_better`.

    `met` says whether what was to be reached was; `note` is what else was counted.
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


def alternate(*works: Callable[[], float], rounds: int = ROUNDS) -> list[float]:
    """The median of what each returns, taken in turn; a first round warms up and is thrown away."""
    found: list[list[float]] = [[] for _ in works]
    for turn in range(rounds + 1):
        for work, figures in zip(works, found, strict=True):
            gc.collect()
            figure = work()
            if turn:
                figures.append(figure)
    return [statistics.median(figures) for figures in found]


def timed(work: Callable[[], object]) -> float:
    """Seconds that it takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def started(command: list[str], *, cwd: Path | None = None, expect: int = 0) -> float:
    """Seconds from the start of a process to its end, with byte code as `make` installs it."""
    environment = {name: value for name, value in os.environ.items() if name not in UNWANTED}
    began = time.perf_counter()
    done = subprocess.run(command, cwd=cwd or ROOT, env=environment, capture_output=True, text=True)
    took = time.perf_counter() - began
    if done.returncode != expect:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return took


UNWANTED = {"PYTHONDONTWRITEBYTECODE", "GITHUB_ACTIONS", "RUNBOOK_STORE", "FORCE_COLOR"}


def machine() -> str:
    """What this was measured on."""
    model = "unknown processor"
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [line.partition(":")[2].strip() for line in info.read_text().splitlines() if "model name" in line]
        model = names[0] if names else model
    return f"{model}, {os.cpu_count()} cores, {platform.system()} {platform.release()}, Python {sys.version.split()[0]}"


def show(rows: list[Row]) -> None:
    """One JSON document for `run.py`, a line each for a person."""
    if "--json" in sys.argv:
        print(json.dumps([asdict(row) for row in rows]))
        return
    for row in rows:
        print(line(row))


def line(row: Row) -> str:
    """`W3  cold --version  25.1 ms  1.4 × floor (18.0 ms, python -c pass)  ≤ 6 ×: met`."""
    told = f"{row.name:4} {row.work}: {row.product:.4g} {row.unit}, {row.ratio:.2f} × {row.floor_is} ({row.floor:.4g})"
    noted = f"; {row.note}" if row.note else ""
    return f"{told}; to reach {row.target}: {'met' if row.met else 'NOT MET'}{noted}"
