"""`runbook list`: all operations, those that need somebody first."""

from __future__ import annotations

from typing import Annotated, Any, Final

import typer

from engine.cli.command_classes import Command
from engine.cli.context import Surroundings
from engine.cli.options import FINDING, SHOWING, Options, taking
from engine.cli.output import status_document, terminal
from engine.cli.session import surrounded
from engine.errors import UsageError
from engine.language.nearest import did_you_mean
from engine.reports.status import summary
from engine.runtime.load import load
from engine.stores.port import Head

app = typer.Typer(rich_markup_mode=None)

STATUSES: Final = ("IN_PROGRESS", "HELD", "SUCCEEDED", "FAILED", "CANCELLED", "STUCK")


@app.command("list", cls=Command)
@taking(*FINDING, *SHOWING)
def list_(
    options: Options,
    wanted: Annotated[str | None, typer.Option("--status", metavar="STATUS", help="those alone, say HELD")] = None,
) -> int:
    """All operations, those that need somebody first."""
    if wanted is not None and wanted.upper() not in STATUSES:
        message = f"--status {wanted}: there is no such status; {did_you_mean(wanted.upper(), STATUSES)}"
        raise UsageError(message)
    with surrounded(options) as here:
        status = wanted.upper() if wanted else None
        heads = [_summary(here, head) for head in here.store.heads()]
        found = sorted((one for one in heads if status in (None, one["status"])), key=_order)
        if options.as_json:
            terminal.document({"format": 1, "operations": found})
        else:
            _listed(here, found)
    return 0


def _summary(here: Surroundings, head: Head) -> dict[str, Any]:
    """What the head says; what the records say where a runner died before it could, or has only just taken it up."""
    said = dict(head.summary)
    taken_up = head.lease is not None and said.get("status") != "IN_PROGRESS"
    if not said or taken_up or status_document.is_left_behind(head):
        loaded = load(here.store, head.operation, here.parse)
        said = summary(loaded.operation, loaded.runbook)
    return {"operation_id": head.operation, **said, "runner": status_document.runner_of(head)}


def _order(one: dict[str, Any]) -> tuple[int, str]:
    urgent = ("STUCK", "HELD", "IN_PROGRESS")
    said = str(one.get("status"))
    return (urgent.index(said) if said in urgent else len(urgent), str(one["operation_id"]))


def _listed(here: Surroundings, found: list[dict[str, Any]]) -> None:
    if not found:
        terminal.err(f"no operation in {terminal.clean(here.store.name)}")
        return
    rows = [
        (
            one["operation_id"], str(one.get("status", "?")), str(one.get("runbook", "")), str(one.get("step") or ""),
            str(one.get("updated", "")), one["runner"]["actor"] if one["runner"] else "",
        )
        for one in found
    ]  # fmt: skip
    head, *lined = terminal.columns(rows, ("operation", "status", "runbook", "step", "updated", "driven by"))
    terminal.out(terminal.dyed(head, "strong"))
    for line, one in zip(lined, found, strict=True):
        word = str(one.get("status", "?"))
        terminal.out(line.replace(word, terminal.status(word), 1))
