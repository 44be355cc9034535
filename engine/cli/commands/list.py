"""`runbook list`: all operations, those that need a person first."""

from __future__ import annotations

from typing import Annotated, Any, Final

import typer

from engine.cli.context import CommandContext
from engine.cli.options import OUTPUT_OPTIONS, STORE_OPTIONS, Options, command
from engine.cli.output import terminal
from engine.cli.output.status_document import is_abandoned, runner_of
from engine.errors import UsageError
from engine.language.nearest import did_you_mean
from engine.reports.status import summary
from engine.runtime.load import load
from engine.stores.port import Head

STATUSES: Final = ("IN_PROGRESS", "HELD", "SUCCEEDED", "FAILED", "CANCELLED", "STUCK")
URGENT_STATUSES: Final = ("STUCK", "HELD", "IN_PROGRESS")
"""Listed first, in this order."""
HEAD: Final = ("operation", "status", "runbook", "step", "updated", "runner")


@command("list", *STORE_OPTIONS, *OUTPUT_OPTIONS)
def list_(
    options: Options,
    wanted: Annotated[
        str | None,
        typer.Option("--status", metavar="STATUS", help="only operations with this status, for example HELD"),
    ] = None,
) -> int:
    """List all operations, those that need a person first."""
    status = wanted.upper() if wanted is not None else None
    if status is not None and status not in STATUSES:
        raise UsageError(f"--status {wanted}: there is no such status; {did_you_mean(status, STATUSES)}")
    with CommandContext(options) as context:
        operations = [_summary(context, head) for head in context.store.heads()]
        chosen = [one for one in operations if status in (None, one["status"])]
        _print(options, context.store.name, sorted(chosen, key=_order))
    return 0


def _summary(context: CommandContext, head: Head) -> dict[str, Any]:
    """The summary in the head; from the records where the head is out of date.

    That is so where a runner died before it wrote the summary, or has just taken over an operation that was held.
    """
    operation = dict(head.summary)
    is_resumed = head.lease is not None and operation.get("status") != "IN_PROGRESS"
    if not operation or is_resumed or is_abandoned(head):
        loaded = load(context.store, head.operation, context.parse)
        operation = summary(loaded.operation, loaded.runbook)
    return {"operation_id": head.operation, **operation, "runner": runner_of(head)}


def _order(operation: dict[str, Any]) -> tuple[int, str]:
    status = str(operation.get("status"))
    rank = URGENT_STATUSES.index(status) if status in URGENT_STATUSES else len(URGENT_STATUSES)
    return rank, str(operation["operation_id"])


def _print(options: Options, store: str, operations: list[dict[str, Any]]) -> None:
    """Print the summaries. `store`: its name, for the message that there are none."""
    if options.as_json:
        terminal.out_json({"format": 1, "operations": operations})
        return
    if not operations:
        terminal.err(f"no operation in {terminal.escape(store)}")
        return
    head, *lines = terminal.align_columns([_cells(one) for one in operations], HEAD, status_at=1)
    terminal.out("\n".join([terminal.style(head, "strong"), *lines]))


def _cells(operation: dict[str, Any]) -> tuple[str, ...]:
    runner = operation["runner"]
    return (
        operation["operation_id"], str(operation.get("status", "?")), str(operation.get("runbook", "")),
        str(operation.get("step") or ""), str(operation.get("updated", "")), runner["actor"] if runner else "",
    )  # fmt: skip
