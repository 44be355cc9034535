"""What the commands that work on one operation share: the ID argument, and running the operation."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Annotated, Final

import typer

from engine.cli.arguments.stored_values import complete_operation, complete_step
from engine.cli.context import CommandContext
from engine.cli.options import Options
from engine.cli.output import terminal
from engine.cli.output.status_document import print_status
from engine.errors import EnvironmentProblem, StoreConflict
from engine.kernel import Operation
from engine.language.model import Runbook
from engine.runtime.driver import Interrupted
from engine.runtime.engine import Engine

EXIT_CODES: Final = {"SUCCEEDED": 0, "FAILED": 1, "CANCELLED": 1, "HELD": 5, "STUCK": 7}
"""The exit code of a command that ran an operation, by its status."""

OperationId = Annotated[str, typer.Argument(metavar="ID", help="the operation", autocompletion=complete_operation)]

PastOption = Annotated[
    list[str] | None,
    typer.Option(
        "--past",
        metavar="STEP",
        help="also undo what was created after this point of no return, although data may have been written to it",
        autocompletion=complete_step,
    ),
]


def run_operation(
    context: CommandContext, runbook: Runbook, id: str, action: Callable[[Engine], Operation], *, is_new: bool = False
) -> int:
    """Let the engine do it, print the status, and return the exit code. `is_new`: `action` starts the operation."""
    say_sources(context.options)
    try:
        with context.running_engine(runbook, id, is_new=is_new) as engine:
            operation = action(engine)
    except Interrupted as interruption:
        if is_new and _is_recorded(context, id) is False:
            terminal.err("interrupted; nothing was started")
            return interruption.code
        terminal.err(f"interrupted; recorded progress is kept. Next: {_resume_command(context, id)}")
        _print_status(context, *context.load_operation(id), show_hints=False)
        return interruption.code
    except (EnvironmentProblem, StoreConflict) as error:
        recorded = _is_recorded(context, id)
        if recorded is False and is_new:
            error.add_note("Nothing was started.")
        if recorded is not False:
            unsure = is_new and recorded is None
            otherwise = f"; if nothing was recorded, repeat the command with --operation-id {id}" if unsure else ""
            error.add_note(f"Recorded progress is kept. Next: {_resume_command(context, id)}{otherwise}")
        raise
    _print_status(context, context.runbook(operation.digest), operation)
    return EXIT_CODES.get(operation.status, 0)


def say_sources(options: Options) -> None:
    """What configuration files set for a command that acts, and which file it was."""
    for line in options.sources if not options.quiet else ():
        terminal.err(terminal.escape(line))


def _print_status(
    context: CommandContext, runbook: Runbook, operation: Operation, *, show_hints: bool = True
) -> None:  # fmt: skip
    """The exit code tells how the operation stands, even where nobody reads the status."""
    with suppress(terminal.OutputClosed):
        print_status(context.options, runbook, operation, context.store.head(operation.id), show_hints=show_hints)


def _resume_command(context: CommandContext, id: str) -> str:
    return context.options.suggested_command(f"runbook resume {id}")


def _is_recorded(context: CommandContext, id: str) -> bool | None:
    """Whether the store has the operation; None where the store cannot be asked."""
    try:
        return context.store.head(id) is not None
    except EnvironmentProblem:
        return None
