"""`runbook status`: the state of one operation, and the next command."""

from __future__ import annotations

from engine.cli.context import CommandContext
from engine.cli.operations import OperationId, load_operation
from engine.cli.options import OUTPUT_OPTIONS, STORE_OPTIONS, Options, command
from engine.cli.output.status_document import print_status


@command("status", *STORE_OPTIONS, *OUTPUT_OPTIONS)
def status(options: Options, id: OperationId) -> int:
    """Show one operation: its state, and the next command."""
    with CommandContext(options) as context:
        runbook, operation = load_operation(context, id)
        print_status(options, runbook, operation, context.head(id))
    return 0
