"""`runbook status`: the state of one operation, and the next command."""

from __future__ import annotations

import typer

from engine.cli.context import CommandContext
from engine.cli.operations import OperationId, load_operation
from engine.cli.options import OUTPUT_OPTIONS, STORE_OPTIONS, Command, Options, with_options
from engine.cli.output.status_document import print_status

app = typer.Typer(rich_markup_mode=None)


@app.command("status", cls=Command)
@with_options(*STORE_OPTIONS, *OUTPUT_OPTIONS)
def status(options: Options, id: OperationId) -> int:
    """Show one operation: its state, and the next command."""
    with CommandContext(options) as context:
        runbook, operation = load_operation(context, id)
        print_status(options, runbook, operation, context.head(id))
    return 0
