"""`make bench`: runs every benchmark, prints a table, and reports regressions against `bench/baseline.json`.

`w1 w3` runs these benchmarks only; `--save` stores the measured ratios as the new baseline.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from measurement import PYTHON, Row, line, machine

HERE = Path(__file__).resolve().parent
BASELINE = HERE / "baseline.json"
TIME_LIMIT = 600
"""Time limit of one script, in seconds."""

REGRESSION = 1.25
"""A ratio that has grown by more than this factor is reported as a regression."""


def main(arguments: list[str]) -> int:
    chosen = [name for name in arguments if not name.startswith("-")]
    scripts = [path for path in sorted(HERE.glob("w[0-9]*.py")) if not chosen or path.stem.partition("_")[0] in chosen]
    print(f"{machine()}\n", flush=True)
    found = [measured(script) for script in scripts]
    rows = [row for some in found for row in some]
    print("\n" + table(rows))
    worse = regressions(rows)
    print("\n".join(worse))
    if "--save" in arguments:
        save(rows)
    return 1 if worse or not all(found) else 0


def measured(script: Path) -> list[Row]:
    """Run one script, print its rows, and return them; none if it fails."""
    try:
        done = subprocess.run(
            [PYTHON, str(script), "--json"], cwd=HERE, capture_output=True, text=True, timeout=TIME_LIMIT, check=False
        )
    except subprocess.TimeoutExpired:
        print(f"{script.name} took more than {TIME_LIMIT} s", flush=True)
        return []
    if done.returncode:
        print(f"{script.name} failed:\n{done.stderr or done.stdout}", flush=True)
        return []
    rows = [Row(**fields) for fields in json.loads(done.stdout.splitlines()[-1])]
    for row in rows:
        print(line(row), flush=True)
    return rows


def table(rows: list[Row]) -> str:
    """The rows as a Markdown table."""
    lines = ["| | what | runbook | floor | ratio | target | met |", "|---|---|---|---|---|---|---|"]
    lines += [
        f"| {row.name} | {row.work} | {row.product:.4g} {row.unit} | {row.floor:.4g} {row.unit}, {row.floor_is} "
        f"| {row.ratio:.2f} | {row.target} | {'yes' if row.met else 'no'} |"
        for row in rows
    ]
    return "\n".join(lines)


def regressions(rows: list[Row]) -> list[str]:
    """A line for each row that is more than a quarter slower than the baseline."""
    if not BASELINE.exists():
        return []
    before = json.loads(BASELINE.read_text(encoding="utf-8"))["ratios"]
    lines = []
    for row in rows:
        was = before.get(f"{row.name} {row.work}")
        if was is None:
            continue
        change = was / row.ratio if row.more_is_better else row.ratio / was
        if change > REGRESSION:
            lines.append(f"Regression: {row.name} {row.work}: ratio {row.ratio:.2f}, baseline {was:.2f}")
    return lines


def save(rows: list[Row]) -> None:
    """Store the ratios as the new baseline; rows that were not measured keep theirs."""
    kept = json.loads(BASELINE.read_text(encoding="utf-8"))["ratios"] if BASELINE.exists() else {}
    kept |= {f"{row.name} {row.work}": round(row.ratio, 3) for row in rows}
    document = {"machine": machine(), "ratios": dict(sorted(kept.items()))}
    BASELINE.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
