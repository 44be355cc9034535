"""What a step's state table comes to, status by status, and how long a runbook can take, as values and as rows of words.

`runbook explain FILE [STEP]` prints them; how rows are aligned is not known here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from engine.checks.times import StepTime, told
from engine.errors import UsageError
from engine.language.model import CLASSES, Check, Ensure, Remove, Row, Runbook, Step
from engine.language.nearest import meant
from engine.registry import Registry, Status
from engine.values import Value


class StatusLine(Value):
    """One status of the kind: its class, the row that is taken, whether that is written, and who says that it exists."""

    status: str
    cls: str
    row: str
    verb: str
    written: bool
    source: str


def status_table(registry: Registry, step: Step) -> tuple[StatusLine, ...]:
    """Every status of the step's kind; none of a step that looks at nothing."""
    body = step.body
    if not isinstance(body, (Ensure, Remove, Check)):
        return ()
    return tuple(_lines(body.states, _statuses(registry, body)))


def step_named(runbook: Runbook, step_id: str) -> Step:
    """The step of that id, or at that path. UsageError, with the nearest, where there is none."""
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


STATUS_HEAD: Final = ("status", "class", "row", "verb", "", "source")
TIME_HEAD: Final = ("step", "once", "attempts", "delays between them", "with every attempt")


def status_rows(lines: Iterable[StatusLine]) -> list[tuple[str, ...]]:
    """A table's lines as words, below STATUS_HEAD."""
    return [
        (one.status, one.cls, one.row, one.verb, "written" if one.written else "filled in", one.source) for one in lines
    ]


def time_rows(each: Sequence[StepTime]) -> list[tuple[str, ...]]:
    """How long each of them and all take at their longest, once and with every attempt, below TIME_HEAD."""
    once, longest = in_all(each)
    return [*map(_time_row, each), ("in all", told(once), "", "", told(longest))]


def time_notes(runbook: Runbook, each: Sequence[StepTime]) -> list[str]:
    """What is to be said of those times."""
    open_ended = [one.id for one in each if one.items is None]
    notes = [f"of each item of its `for_each`, counted once: {', '.join(open_ended)}"] if open_ended else []
    if runbook.time_limit is not None:
        notes.append(f"time_limit: {told(runbook.time_limit)}")
    return notes


def in_all(each: Sequence[StepTime]) -> tuple[float, float]:
    """Seconds of all of them, once and with every attempt; of what nobody can count, one."""
    return sum(one.once_in_all for one in each), sum(one.longest_in_all for one in each)


def _time_row(one: StepTime) -> tuple[str, ...]:
    delays = " ".join(told(delay) for delay in one.delays[:8]) + (" …" if len(one.delays) > 8 else "")
    attempts = str(one.attempts) if one.attempts is not None else "as many as fit"
    return (one.id, told(one.once_in_all), attempts, delays, told(one.longest_in_all))
