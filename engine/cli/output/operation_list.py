"""The list of operations, as a table or as JSON."""

from __future__ import annotations

from typing import Any, Final

from engine.cli.options import Options
from engine.cli.output import terminal

HEAD: Final = ("operation", "status", "runbook", "step", "updated", "runner")


def print_operations(options: Options, store: str, operations: list[dict[str, Any]]) -> None:
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
