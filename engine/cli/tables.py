"""explain FILE [STEP]: each step's whole state table, every status with its class, row and source; worst-case times."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from engine.cli import screen
from engine.cli.following import what
from engine.cli.near import nearest
from engine.cli.options import Options
from engine.cli.reading import checked
from engine.cli.words import spoken
from engine.errors import UsageError
from engine.kernel.schedule import attempts_in
from engine.kernel.steps import monitor_of
from engine.language.model import Backoff, Call, Check, Delays, Ensure, Remove, Row, Runbook, Step, Wait
from engine.registry import Registry


def tell(options: Options, registry: Registry, file: str, step: str | None, *, time: bool) -> None:
    """On stdout; UsageError for a step that is not there."""
    runbook = checked(file, registry, quiet=True)
    steps = [one for one in runbook.steps if step in (None, one.id)]
    if not steps:
        names = [one.id for one in runbook.steps]
        message = f"there is no step {step} in {runbook.name}{nearest(str(step), names)}"
        raise UsageError(message)
    if time:
        _times(options, runbook, steps)
        return
    tables = [table(runbook, registry, one) for one in steps]
    if options.as_json:
        screen.document({"format": 1, "runbook": runbook.name, "steps": tables})
    else:
        screen.out("\n\n".join("\n".join(_as_text(one)) for one in tables))


# -- the table ----------------------------------------------------------------------------------------------


def table(runbook: Runbook, registry: Registry, step: Step) -> dict[str, Any]:
    """A step's rows, and the row that each status takes."""
    body = step.body
    found: dict[str, Any] = {"id": step.id, "step": what(step), "rows": [], "statuses": []}
    if isinstance(body, (Ensure, Remove, Check)):
        found["rows"] = [_row(row) for row in body.states]
        found["statuses"] = list(_statuses(registry, body))
    monitor = monitor_of(runbook, step)
    if isinstance(body, (Ensure, Remove, Check)) or (isinstance(body, Call) and body.until is not None):
        found["monitor"] = {"every": monitor.every, "for": monitor.longest, "grace": monitor.grace}
    if step.retry is not None:
        found["retry"] = _schedule(step)
    return found


def _row(row: Row) -> dict[str, Any]:
    first = [what(one) for one in row.do]
    said = {"row": row.name, "verb": row.verb, "do": first, "why": row.reason, "error": row.error}
    return said | {"written": not row.filled}


def _statuses(registry: Registry, body: Ensure | Remove | Check) -> Iterator[dict[str, Any]]:
    kind = registry.kind(body.kind)
    words = dict(kind.statuses) if kind is not None else {}
    for status, one in words.items():
        yield _taken(body.states, status, one.cls, one.source)
    for cls in ("missing", "unknown"):
        if cls not in words:
            yield _taken(body.states, "(any other)" if cls == "unknown" else cls, cls, "")


def _taken(rows: tuple[Row, ...], status: str, cls: str, source: str) -> dict[str, Any]:
    row = next((one for one in rows if f"={status}" in one.names), None) or next(
        (one for one in rows if cls in one.names), None
    )
    verb = row.verb if row is not None else ""
    name = row.name if row is not None else ""
    return {"status": status, "class": cls, "row": name, "verb": verb, "source": source}


def _schedule(step: Step) -> dict[str, Any]:
    assert step.retry is not None
    match step.retry.schedule:
        case Delays(delays=delays):
            said: dict[str, Any] = {"delays": list(delays)}
        case Backoff() as backoff:
            said = {"first": backoff.first, "factor": backoff.factor, "max": backoff.longest, "within": backoff.within}
    return said | {"attempts": attempts_in(step.retry.schedule), "then": step.retry.then}


def _as_text(found: Mapping[str, Any]) -> list[str]:
    lines = [f"{screen.dyed(found['id'], 'strong')}: {screen.clean(found['step'])}"]
    rows = [(row["row"], _said(row), "" if row["written"] else "filled in") for row in found["rows"]]
    lines += screen.columns(rows, indent="  ")
    if "monitor" in found:
        monitor = found["monitor"]
        told = f"every {spoken(monitor['every'])}, at most {spoken(monitor['for'])}, grace {spoken(monitor['grace'])}"
        lines.append(f"  monitor: {told}")
    if "retry" in found:
        lines.append(f"  retry: {_retry(found['retry'])}")
    if found["statuses"]:
        told_of = [(one["status"], one["class"], one["verb"], one["source"]) for one in found["statuses"]]
        lines += ["", *screen.columns(told_of, ("status", "class", "verb", "source"), indent="  ")]
    return lines


def _said(row: Mapping[str, Any]) -> str:
    verb = row["verb"] if not row["do"] else f"{', '.join(row['do'])}, then {row['verb']}"
    why = " ".join(part for part in (row["error"], row["why"]) if part)
    return f"{verb}: {why}" if why else str(verb)


def _retry(said: Mapping[str, Any]) -> str:
    if "delays" in said:
        told = ", ".join(spoken(delay) for delay in said["delays"])
    else:
        told = f"from {spoken(said['first'])} up to {spoken(said['max'])}"
    attempts = f", {said['attempts']} attempts" if said["attempts"] else ""
    return f"{told}{attempts}, then {said['then']}"


# -- times ------------------------------------------------------------------------------------------------


def _times(options: Options, runbook: Runbook, steps: list[Step]) -> None:
    found = [(step.id, longest(runbook, step)) for step in steps]
    total = sum(seconds for _, seconds in found)
    if options.as_json:
        told = [{"id": name, "seconds": seconds} for name, seconds in found]
        screen.document({"format": 1, "steps": told, "seconds": total, "time_limit": runbook.time_limit})
        return
    rows = [(name, spoken(seconds) if seconds else "at once") for name, seconds in found]
    rows.append(("together", spoken(total)))
    if runbook.time_limit is not None:
        rows.append(("time_limit", spoken(runbook.time_limit)))
    for line in screen.columns(rows):
        screen.out(line)


def longest(runbook: Runbook, step: Step) -> float:
    """Seconds that one visit can take at most, of one item: every attempt watched to its end, every delay waited.

    A call's own time-outs are not counted, nor what its rescues do.
    """
    body = step.body
    if isinstance(body, Wait):
        return body.duration if isinstance(body.duration, (int, float)) else 0.0
    attempts = (attempts_in(step.retry.schedule) or 1) if step.retry is not None else 1
    watched = isinstance(body, (Ensure, Remove, Check)) or (isinstance(body, Call) and body.until is not None)
    monitor = monitor_of(runbook, step)
    return attempts * ((monitor.longest or 0.0) if watched else 0.0) + _delays(step)


def _delays(step: Step) -> float:
    if step.retry is None:
        return 0.0
    match step.retry.schedule:
        case Delays(delays=delays):
            return sum(delays)
        case Backoff(within=within) as backoff if within is not None:
            return within if backoff.attempts is None else min(within, _grown(backoff, backoff.attempts))
        case Backoff(attempts=attempts) as backoff:
            return _grown(backoff, attempts or 1)


def _grown(backoff: Backoff, attempts: int) -> float:
    return sum(min(backoff.first * backoff.factor ** min(n, 64), backoff.longest) for n in range(attempts - 1))
