"""The effective state table of a step, status by status, and the longest times of a runbook, as values and as rows.

`runbook explain FILE [STEP]` prints them; alignment is its business.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from engine.checks.times import StepTime
from engine.errors import UsageError
from engine.language.durations import format_duration
from engine.language.model import CLASSES, Check, Ensure, Remove, Row, Runbook, Step
from engine.language.nearest import did_you_mean
from engine.registry import Registry, Status
from engine.values import Value


class StatusLine(Value):
    """One status of the kind: its class, the row that applies, whether that row is written, and the source of the status."""

    status: str
    cls: str
    row: str
    verb: str
    written: bool
    source: str


def status_table(registry: Registry, step: Step) -> tuple[StatusLine, ...]:
    """Every status of the step's kind; empty for a step that observes nothing."""
    body = step.body
    if not isinstance(body, (Ensure, Remove, Check)):
        return ()
    return tuple(_lines(body.states, _statuses(registry, body)))


def step_named(runbook: Runbook, step_id: str) -> Step:
    """The step with that id or path. UsageError, with a suggestion, if there is none."""
    found = runbook.by_name.get(step_id.replace("-", "_")) or runbook.index.get(step_id)
    if found is None:
        ids = [step.id for step in runbook.by_name.values()]
        message = f"there is no step `{step_id}` in {runbook.name}; {did_you_mean(step_id, ids, 'steps')}"
        raise UsageError(message)
    return found


def _statuses(registry: Registry, body: Ensure | Remove | Check) -> Mapping[str, Status]:
    """The statuses of the kind; for `check: aws.…`, those in `classes`."""
    kind = registry.kind(body.kind)
    known = dict(kind.statuses) if kind is not None else {}
    if isinstance(body, Check):
        for cls, words in body.classes.items():
            known |= {word: Status(cls=cls, source="`classes` of the step") for word in words}
    known.setdefault("missing", Status(cls="missing", source="the resource does not exist"))
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
            yield _line(word, status, name, _verb(row), written=not row.is_default)
    unknown = by_class.get("unknown")
    if unknown is not None:
        source = "any status that is not in the catalogue"
        yield _line(
            "(any other)",
            Status(cls="unknown", source=source),
            "unknown",
            _verb(unknown),
            written=not unknown.is_default,
        )


def _line(word: str, status: Status, row: str, verb: str, *, written: bool) -> StatusLine:
    return StatusLine(status=word, cls=status.cls, row=row, verb=verb, written=written, source=status.source)


def _verb(row: Row) -> str:
    return f"do {len(row.do)} {'step' if len(row.do) == 1 else 'steps'}, then {row.verb}" if row.do else row.verb


STATUS_HEAD: Final = ("status", "class", "row", "verb", "", "source")
TIME_HEAD: Final = ("step", "one attempt", "attempts", "delays", "all attempts")


def status_rows(lines: Iterable[StatusLine]) -> list[tuple[str, ...]]:
    """The lines as rows of text, for a table under STATUS_HEAD."""
    return [
        (one.status, one.cls, one.row, one.verb, "written" if one.written else "default", one.source) for one in lines
    ]


def time_rows(each: Sequence[StepTime]) -> list[tuple[str, ...]]:
    """The longest time of each step and of all together, for a table under TIME_HEAD."""
    once, longest = totals(each)
    return [*map(_time_row, each), ("total", format_duration(once), "", "", format_duration(longest))]


def time_notes(runbook: Runbook, each: Sequence[StepTime]) -> list[str]:
    """Remarks below the table of times."""
    open_ended = [one.id for one in each if one.items is None]
    notes = [f"counted for one item of `for_each`: {', '.join(open_ended)}"] if open_ended else []
    if runbook.time_limit is not None:
        notes.append(f"time_limit: {format_duration(runbook.time_limit)}")
    return notes


def totals(each: Sequence[StepTime]) -> tuple[float, float]:
    """The sums in seconds: one attempt each, and all attempts. A `for_each` of unknown length counts as one item."""
    return sum(one.once_all_items for one in each), sum(one.all_items for one in each)


def _time_row(one: StepTime) -> tuple[str, ...]:
    delays = " ".join(format_duration(delay) for delay in one.delays[:8]) + (" …" if len(one.delays) > 8 else "")
    attempts = str(one.attempts) if one.attempts is not None else "as many as fit"
    return (one.id, format_duration(one.once_all_items), attempts, delays, format_duration(one.all_items))
