"""What a step's state table comes to, row by row, and how long a runbook can take: `runbook explain FILE [STEP]`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from engine.checks.nearest import meant
from engine.checks.times import StepTime, times, told
from engine.errors import UsageError
from engine.language.model import CLASSES, Check, Ensure, Remove, Row, Runbook, Step
from engine.registry import Registry, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusLine:
    """One status of the kind: its class, the row that is taken, whether that is written, and who says that it exists."""

    status: str
    cls: str
    row: str
    verb: str
    written: bool
    source: str


def status_table(runbook: Runbook, registry: Registry, step_id: str) -> tuple[StatusLine, ...]:
    """Every status of the step's kind. UsageError for a step that is not there, or that looks at nothing."""
    step = _step(runbook, step_id)
    body = step.body
    if not isinstance(body, (Ensure, Remove, Check)):
        message = f"the step {step.id} looks at nothing: only `ensure`, `remove` and `check` have a state table"
        raise UsageError(message)
    return tuple(_lines(body.states, _statuses(registry, body)))


def _step(runbook: Runbook, step_id: str) -> Step:
    found = runbook.by_name.get(step_id.replace("-", "_")) or runbook.index.get(step_id)
    if found is None:
        ids = [step.id for step in runbook.by_name.values()]
        message = f"there is no step `{step_id}` in {runbook.name}; {meant(step_id, ids, 'steps')}"
        raise UsageError(message)
    return found


def _statuses(registry: Registry, body: Ensure | Remove | Check) -> Mapping[str, Status]:
    """The kind's catalogue; of `check: aws.…`, what `classes` says."""
    kind = registry.kind(body.kind)
    known = dict(kind.statuses) if kind is not None else {}
    if isinstance(body, Check):
        for cls, words in body.classes.items():
            known |= {word: Status(cls=cls, source="`classes` of the step") for word in words}
    known.setdefault("missing", Status(cls="missing", source="nothing is there"))
    return known


def _lines(rows: Sequence[Row], statuses: Mapping[str, Status]) -> Iterator[StatusLine]:
    exact = {name[1:]: row for row in rows for name in row.names if name.startswith("=")}
    by_class = {name: row for row in rows for name in row.names if not name.startswith("=")}
    more = {word: Status(cls="unknown", source="an exact row of the step") for word in exact if word not in statuses}
    for word, status in sorted({**statuses, **more}.items(), key=lambda one: (CLASSES.index(one[1].cls), one[0])):
        row = exact.get(word) or by_class.get(status.cls)
        if status.cls == "leaving":
            yield _line(word, status, "leaving", "monitor", written=False)
        elif row is not None:
            name = f"={word}" if word in exact else status.cls
            yield _line(word, status, name, _verb(row), written=not row.filled)
    unknown = by_class.get("unknown")
    if unknown is not None:
        source = "whatever the catalogue does not know"
        yield _line(
            "(any other)", Status(cls="unknown", source=source), "unknown", _verb(unknown), written=not unknown.filled
        )


def _line(word: str, status: Status, row: str, verb: str, *, written: bool) -> StatusLine:
    return StatusLine(status=word, cls=status.cls, row=row, verb=verb, written=written, source=status.source)


def _verb(row: Row) -> str:
    return f"do {len(row.do)} {'step' if len(row.do) == 1 else 'steps'}, then {row.verb}" if row.do else row.verb


def told_statuses(lines: Sequence[StatusLine]) -> str:
    """The table as text."""
    head = ("status", "class", "row", "verb", "", "source")
    body = [
        (one.status, one.cls, one.row, one.verb, "written" if one.written else "filled in", one.source) for one in lines
    ]
    return table(head, body)


def told_times(runbook: Runbook) -> str:
    """How long each step and all of them take at their longest: once, and with every attempt used."""
    each = times(runbook)
    body = [_time_row(one) for one in each]
    once, all_ = sum(one.once_in_all for one in each), sum(one.all * (one.items or 1) for one in each)
    body.append(("in all", told(once), "", "", told(all_)))
    limit = f"time_limit: {told(runbook.time_limit)}\n" if runbook.time_limit is not None else ""
    open_ended = [one.id for one in each if one.items is None]
    note = f"of each item of its `for_each`, counted once: {', '.join(open_ended)}\n" if open_ended else ""
    return table(("step", "once", "attempts", "delays between them", "with every attempt"), body) + note + limit


def _time_row(one: StepTime) -> tuple[str, ...]:
    delays = " ".join(told(delay) for delay in one.delays[:8]) + (" …" if len(one.delays) > 8 else "")
    attempts = str(one.attempts) if one.attempts is not None else "as many as fit"
    return (one.id, told(one.once_in_all), attempts, delays, told(one.all * (one.items or 1)))


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as their widest cell."""
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in (head, *rows)]
    return "".join(line.rstrip() + "\n" for line in lines)
