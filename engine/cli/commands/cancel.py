"""`runbook cancel`: stop an operation, and with `--undo` undo what it created."""

from __future__ import annotations

from typing import Annotated

import typer

from engine.cli.confirmation import confirm_past
from engine.cli.context import CommandContext
from engine.cli.operations import OperationId, PastOption, run_operation
from engine.cli.options import RUN_OPTIONS, Options, command
from engine.errors import UsageError


@command("cancel", *RUN_OPTIONS)
def cancel(
    options: Options,
    id: OperationId,
    undo: Annotated[bool, typer.Option("--undo", help="also undo what it created")] = False,
    past: PastOption = None,
) -> int:
    """Stop an operation safely, wherever it runs. If no process runs it, this one ends it."""
    with CommandContext(options) as context:
        runbook, operation = context.load_operation(id)
        if past and not undo:
            raise UsageError("--past needs --undo: it says how far to undo")
        points = confirm_past(options, runbook, operation, past or ())
        code = run_operation(context, runbook, id, lambda engine: engine.cancel(id, undo=undo, past=points))
    return 0 if code == 1 else code  # CANCELLED is what was asked for
