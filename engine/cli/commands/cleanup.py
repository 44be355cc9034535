"""`runbook cleanup`: undo what a failed, cancelled or stuck operation left behind."""

from __future__ import annotations

from engine.cli.confirmation import confirm_past
from engine.cli.context import CommandContext
from engine.cli.operations import OperationId, PastOption, run_operation
from engine.cli.options import RUN_OPTIONS, Options, command


@command("cleanup", *RUN_OPTIONS)
def cleanup(options: Options, id: OperationId, past: PastOption = None) -> int:
    """Undo what a failed, cancelled or stuck operation left behind. If interrupted, run the same command again."""
    with CommandContext(options) as context:
        runbook, operation = context.load_operation(id)
        points = confirm_past(options, runbook, operation, past or ())
        code = run_operation(context, runbook, id, lambda engine: engine.cleanup(id, past=points))
    return 0 if code == 1 else code  # nothing is left, although the operation stays FAILED or CANCELLED
