"""`runbook status`: the state of one operation, and the next command."""

from __future__ import annotations

from engine.cli.context import CommandContext
from engine.cli.operations import OperationId
from engine.cli.options import OUTPUT_OPTIONS, STORE_OPTIONS, Options, command
from engine.cli.output.status_document import print_status


@command("status", *STORE_OPTIONS, *OUTPUT_OPTIONS)
def status(options: Options, id: OperationId) -> int:
    """Show one operation: its state, and the next command."""
    with CommandContext(options) as context:
        print_status(options, *context.load_operation(id), context.store.head(id))
    return 0
