"""`runbook explain FILE STEP` and `--time`: the effective state table and the longest times."""

from __future__ import annotations

from pathlib import Path

import pytest

from actions import build_registry
from engine.checks import validate
from engine.checks.explain import StatusLine, status_rows, status_table, step_named, time_notes, time_rows
from engine.checks.times import times
from engine.errors import UsageError
from engine.language.model import Runbook, Wait
from tests.validate.cases import REGISTRY

TEXT = """
runbook: a
steps:
  - id: made
    ensure: rds.cluster
    with: {name: a}
    states:
      =stopped: {do: [{wait: 1m}], then: monitor}
      broken: replace
    retry: [5m, 10m]
    undo: delete
  - id: called
    check: aws.rds.describe_db_clusters
    status: seen.DBClusters
    classes: {pending: [CREATING], available: [ACTIVE]}
    monitor: {every: 30s, for: 1h}
  - {id: pause, wait: 90s}
"""


@pytest.fixture(scope="module")
def runbook() -> Runbook:
    found, findings = validate(TEXT, REGISTRY)
    assert found is not None, findings
    return found


TABLE = {
    # status: class, row, verb, written
    "missing": ("missing", "missing", "create", False),
    "creating": ("pending", "pending", "monitor", False),
    "available": ("available", "available", "done", False),
    "stopped": ("blocked", "=stopped", "do 1 step, then monitor", True),
    "incompatible-network": ("blocked", "blocked", "hold", False),
    "failed": ("broken", "broken", "replace", True),
    "restore-failed": ("broken", "broken", "replace", True),
    "deleting": ("leaving", "leaving", "monitor", False),
    "(any other)": ("unknown", "unknown", "monitor", False),
}


def as_row(line: StatusLine) -> tuple[str, str, str, bool]:
    return line.cls, line.row, line.verb, line.written


def test_every_status_has_its_row(runbook: Runbook) -> None:
    table = {line.status: as_row(line) for line in status_table(REGISTRY, step_named(runbook, "made"))}
    assert TABLE.items() <= table.items()


def test_statuses_from_classes_of_the_step(runbook: Runbook) -> None:
    table = {line.status: as_row(line) for line in status_table(REGISTRY, step_named(runbook, "called"))}
    assert table["CREATING"] == ("pending", "pending", "monitor", False)
    assert table["ACTIVE"] == ("available", "available", "done", False)


def test_the_table_has_the_source_of_each_status(runbook: Runbook) -> None:
    rows = status_rows(status_table(REGISTRY, step_named(runbook, "made")))
    assert ("creating", "pending", "pending", "monitor", "default", "a test") in rows


def test_an_unknown_step_gets_a_suggestion(runbook: Runbook) -> None:
    with pytest.raises(UsageError, match="did you mean `made`"):
        step_named(runbook, "mde")


def test_a_step_without_a_resource_has_no_table(runbook: Runbook) -> None:
    assert status_table(REGISTRY, step_named(runbook, "pause")) == ()


def test_a_step_in_a_row_is_found_by_its_path(runbook: Runbook) -> None:
    assert step_named(runbook, "steps/0/states/0/do/0").body == Wait(duration=60.0)


def test_times_of_the_restore(root: Path) -> None:
    found, findings = validate((root / "runbooks" / "restore.yaml").read_bytes(), build_registry())
    assert found is not None, findings
    each = times(found)
    rows = time_rows(each)
    assert ("copy-snapshot", "1d", "4", "5m 10m 15m", "4d30m") in rows
    assert rows[-1][0] == "total"
    assert time_notes(found, each)[-1] == "time_limit: 1d12h"
