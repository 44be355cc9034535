"""`runbook restart`: go back to an earlier step."""

from __future__ import annotations

from typing import Annotated

import typer

from engine.cli.arguments.stored_values import complete_step
from engine.cli.context import CommandContext
from engine.cli.operations import OperationId, run_operation
from engine.cli.options import RUN_OPTIONS, Options, command


@command("restart", *RUN_OPTIONS)
def restart(
    options: Options,
    id: OperationId,
    step: Annotated[
        str, typer.Option("--from", metavar="STEP", help="the step to go back to", autocompletion=complete_step)
    ],
) -> int:
    """Go back to an earlier step, after checking its prerequisites, and run the operation from there."""
    with CommandContext(options) as context:
        runbook, _ = context.load_operation(id)
        return run_operation(context, runbook, id, lambda engine: engine.restart(id, step))
