"""explain FILE [STEP]: each step's whole state table, every status with its class, row and source; worst-case times.

What they come to is the checks' (`engine.checks.explain`); here it is said, as text and as JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec.structs import asdict

from engine.checks import explain
from engine.checks.times import times
from engine.cli.files import checked
from engine.cli.options import Options
from engine.cli.output import terminal
from engine.cli.output.times import spoken
from engine.kernel.queries import describe, monitor_of
from engine.kernel.schedule import attempts_in
from engine.language.model import Backoff, Call, Check, Delays, Ensure, Remove, Row, Runbook, Step
from engine.registry import Registry


def tell(options: Options, registry: Registry, file: str, step: str | None, *, time: bool) -> None:
    """On stdout; UsageError for a step that is not there."""
    runbook = checked(file, registry, quiet=True)
    steps = list(runbook.steps) if step is None else [explain.step_named(runbook, step)]
    if time:
        _times(options, runbook, steps)
        return
    tables = [table(runbook, registry, one) for one in steps]
    if options.as_json:
        terminal.document({"format": 1, "runbook": runbook.name, "steps": tables})
    else:
        terminal.out("\n\n".join("\n".join(_as_text(registry, *one)) for one in zip(steps, tables, strict=True)))


# -- the table ----------------------------------------------------------------------------------------------


def table(runbook: Runbook, registry: Registry, step: Step) -> dict[str, Any]:
    """A step's rows, and the row that each status takes."""
    body = step.body
    found: dict[str, Any] = {"id": step.id, "step": describe(step), "rows": [], "statuses": []}
    if isinstance(body, (Ensure, Remove, Check)):
        found["rows"] = [_row(row) for row in body.states]
        found["statuses"] = [
            {"status": one.status, "class": one.cls, "row": one.row, "verb": one.verb, "source": one.source}
            for one in explain.status_table(registry, step)
        ]
    monitor = monitor_of(runbook, step)
    if isinstance(body, (Ensure, Remove, Check)) or (isinstance(body, Call) and body.until is not None):
        found["monitor"] = {"every": monitor.every, "for": monitor.longest, "grace": monitor.grace}
    if step.retry is not None:
        found["retry"] = _schedule(step)
    return found


def _row(row: Row) -> dict[str, Any]:
    first = [describe(one) for one in row.do]
    said = {"row": row.name, "verb": row.verb, "do": first, "why": row.reason, "error": row.error}
    return said | {"written": not row.filled}


def _schedule(step: Step) -> dict[str, Any]:
    assert step.retry is not None
    match step.retry.schedule:
        case Delays(delays=delays):
            said: dict[str, Any] = {"delays": list(delays)}
        case Backoff() as backoff:
            said = {"first": backoff.first, "factor": backoff.factor, "max": backoff.longest, "within": backoff.within}
    return said | {"attempts": attempts_in(step.retry.schedule), "then": step.retry.then}


def _as_text(registry: Registry, step: Step, found: Mapping[str, Any]) -> list[str]:
    lines = [f"{terminal.dyed(found['id'], 'strong')}: {terminal.clean(found['step'])}"]
    rows = [(row["row"], _said(row), "" if row["written"] else "filled in") for row in found["rows"]]
    lines += terminal.columns(rows, indent="  ")
    if "monitor" in found:
        monitor = found["monitor"]
        told = f"every {spoken(monitor['every'])}, at most {spoken(monitor['for'])}, grace {spoken(monitor['grace'])}"
        lines.append(f"  monitor: {told}")
    if "retry" in found:
        lines.append(f"  retry: {_retry(found['retry'])}")
    statuses = explain.status_rows(explain.status_table(registry, step))
    if statuses:
        lines += ["", *terminal.columns(statuses, explain.STATUS_HEAD, indent="  ")]
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
    """Of all steps; of one step, the same lines with it alone."""
    paths = {step.path for step in steps}
    meant = [one for one in times(runbook) if one.path in paths]
    if options.as_json:
        once, longest = explain.totals(meant)
        told = [asdict(one) for one in meant]
        document = {"format": 1, "steps": told, "once": once, "all": longest, "time_limit": runbook.time_limit}
        terminal.document(document)
        return
    for line in terminal.columns(explain.time_rows(meant), explain.TIME_HEAD):
        terminal.out(line)
    for note in explain.time_notes(runbook, meant):
        terminal.out(note)
