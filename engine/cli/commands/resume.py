"""`runbook resume`: continue an operation from its last checkpoint, and answer its hold if it has one."""

from __future__ import annotations

from typing import Annotated

import typer

from engine.cli.arguments.hold_answers import read_answer, read_replacement, show_edits
from engine.cli.arguments.runbook_files import complete_runbook
from engine.cli.context import CommandContext
from engine.cli.operations import OperationId, run_operation
from engine.cli.options import RUN_OPTIONS, Options, command


@command("resume", *RUN_OPTIONS)
def resume(
    options: Options,
    id: OperationId,
    with_: Annotated[
        str | None,
        typer.Option("--with", metavar="FILE", help="continue with an edited runbook", autocompletion=complete_runbook),
    ] = None,
    why: Annotated[str | None, typer.Option("--why", metavar="TEXT", help="a reason for the record")] = None,
    reject: Annotated[
        str | None, typer.Option("--reject", metavar="WHY", help="answer no, with a reason: the step fails")
    ] = None,
    outcome: Annotated[
        str | None,
        typer.Option(
            "--outcome", metavar="done|not-done", help="whether the call with the unknown outcome took effect"
        ),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option("--output", metavar="FILE", help="with --outcome done: the call's output as YAML or JSON"),
    ] = None,
    accept_target: Annotated[
        list[str] | None,
        typer.Option(
            "--accept-target",
            metavar="ID",
            help="yes, delete this: the id, or the parameter of a call, that the hold names; can be repeated",
        ),
    ] = None,
) -> int:
    """Continue an operation from its last checkpoint, or answer its hold."""
    with CommandContext(options) as context:
        answer = read_answer(why=why, reject=reject, outcome=outcome, output=output, accept_target=accept_target)
        runbook, operation = context.load_operation(id)
        show_edits(context, runbook, id)
        text = read_replacement(context, runbook, operation, with_, answer) if with_ else ""
        return run_operation(context, runbook, id, lambda engine: engine.resume(id, answer, text))
