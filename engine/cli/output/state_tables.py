"""`runbook explain FILE [STEP]`: each step's state table, every status with its class, row and source; worst-case times.

`engine.checks.explain` computes them; this module formats them as text and as JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec.structs import asdict

from engine.checks import explain
from engine.checks.times import times
from engine.cli.files import load_runbook
from engine.cli.options import Options
from engine.cli.output import terminal
from engine.kernel.queries import describe, monitor_of
from engine.language.durations import format_duration
from engine.language.model import Backoff, Call, Check, Delays, Ensure, Remove, Row, Runbook, Step, attempts_in
from engine.registry import Registry


def print_explanation(options: Options, registry: Registry, file: str, step: str | None, *, show_times: bool) -> None:
    """Print the state tables, or the times, of all steps or of one. UsageError for an unknown step."""
    runbook = load_runbook(file, registry, quiet=True)
    steps = list(runbook.steps) if step is None else [explain.step_named(runbook, step)]
    if show_times:
        _print_times(options, runbook, steps)
        return
    tables = [state_table(runbook, registry, one) for one in steps]
    texts = ["\n".join(_format_table(registry, step, table)) for step, table in zip(steps, tables, strict=True)]
    document = {"runbook": runbook.name, "steps": tables}
    terminal.out_document(document, ["\n\n".join(texts)], as_json=options.as_json)


# -- the table ----------------------------------------------------------------------------------------------


def state_table(runbook: Runbook, registry: Registry, step: Step) -> dict[str, Any]:
    """A step's rows, and for each status the row that it takes."""
    body = step.body
    table: dict[str, Any] = {"id": step.id, "step": describe(step), "rows": [], "statuses": []}
    if isinstance(body, (Ensure, Remove, Check)):
        table["rows"] = [_row(row) for row in body.states]
        table["statuses"] = [
            {"status": one.status, "class": one.cls, "row": one.row, "verb": one.verb, "source": one.source}
            for one in explain.status_table(registry, step)
        ]
    monitor = monitor_of(runbook, step)
    if isinstance(body, (Ensure, Remove, Check)) or (isinstance(body, Call) and body.until is not None):
        table["monitor"] = {"every": monitor.every, "for": monitor.longest, "grace": monitor.grace}
    if step.retry is not None:
        table["retry"] = _retry(step)
    return table


def _row(row: Row) -> dict[str, Any]:
    return {
        "row": row.name, "verb": row.verb, "do": [describe(one) for one in row.do], "why": row.reason,
        "error": row.error, "written": not row.is_default,
    }  # fmt: skip


def _retry(step: Step) -> dict[str, Any]:
    assert step.retry is not None
    match step.retry.schedule:
        case Delays(delays=delays):
            retry: dict[str, Any] = {"delays": list(delays)}
        case Backoff() as backoff:
            retry = {"first": backoff.first, "factor": backoff.factor, "max": backoff.longest, "within": backoff.within}
    return retry | {"attempts": attempts_in(step.retry.schedule), "then": step.retry.then}


def _format_table(registry: Registry, step: Step, table: Mapping[str, Any]) -> list[str]:
    lines = [f"{terminal.style(table['id'], 'strong')}: {terminal.escape(table['step'])}"]
    rows = [(row["row"], _format_row(row), "" if row["written"] else "default") for row in table["rows"]]
    lines += terminal.align_columns(rows, indent="  ")
    if "monitor" in table:
        every, longest, grace = (format_duration(table["monitor"][key]) for key in ("every", "for", "grace"))
        lines.append(f"  monitor: every {every} for up to {longest}, grace {grace}")
    if "retry" in table:
        lines.append(f"  retry: {_format_retry(table['retry'])}")
    statuses = explain.status_rows(explain.status_table(registry, step))
    if statuses:
        lines += ["", *terminal.align_columns(statuses, explain.STATUS_HEAD, indent="  ")]
    return lines


def _format_row(row: Mapping[str, Any]) -> str:
    verb = row["verb"] if not row["do"] else f"{', '.join(row['do'])}, then {row['verb']}"
    why = " ".join(part for part in (row["error"], row["why"]) if part)
    return f"{verb}: {why}" if why else str(verb)


def _format_retry(retry: Mapping[str, Any]) -> str:
    if "delays" in retry:
        delays = ", ".join(format_duration(delay) for delay in retry["delays"])
    else:
        delays = f"from {format_duration(retry['first'])} up to {format_duration(retry['max'])}"
    attempts = f", {retry['attempts']} attempts" if retry["attempts"] else ""
    return f"{delays}{attempts}, then {retry['then']}"


# -- times ------------------------------------------------------------------------------------------------


def _print_times(options: Options, runbook: Runbook, steps: list[Step]) -> None:
    """The worst-case times of the steps and their sum."""
    paths = {step.path for step in steps}
    chosen = [one for one in times(runbook) if one.path in paths]
    once, longest = explain.totals(chosen)
    rows = [asdict(one) for one in chosen]
    document = {"steps": rows, "once": once, "all": longest, "time_limit": runbook.time_limit}
    lines = terminal.align_columns(explain.time_rows(chosen), explain.TIME_HEAD)
    terminal.out_document(document, [*lines, *explain.time_notes(runbook, chosen)], as_json=options.as_json)
