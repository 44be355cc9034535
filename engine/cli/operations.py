"""What the commands that work on one operation share: the ID argument, finding the operation, and running it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Final

import typer

from engine.cli.context import CommandContext, suggested_command
from engine.cli.output import terminal
from engine.cli.output.status_document import exit_code, print_status
from engine.errors import EnvironmentProblem, StoreConflict, UsageError
from engine.kernel import Operation
from engine.language.model import Runbook
from engine.language.nearest import did_you_mean
from engine.runtime.driver import Interrupted
from engine.runtime.engine import Engine

OPERATION_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

OperationId = Annotated[str, typer.Argument(metavar="ID", help="the operation")]

PastOption = Annotated[
    list[str] | None,
    typer.Option(
        "--past",
        metavar="STEP",
        help="also undo what was created after this point of no return, although data may have been written to it",
    ),
]


def check_operation_id(id: str) -> str:
    """The id, which becomes part of tags, keys and file names. UsageError if it cannot."""
    if OPERATION_ID.fullmatch(id) is None:
        raise UsageError(
            f"{id!r} is not an operation id: use at most 64 letters, digits, `.`, `_` and `-`, "
            "starting with a letter or digit"
        )
    return id


def load_operation(context: CommandContext, id: str) -> tuple[Runbook, Operation]:
    """The operation and its runbook. UsageError where there is none."""
    return context.load_operation(check_operation_id(id))


def check_points_of_no_return(runbook: Runbook, steps: tuple[str, ...]) -> None:
    """UsageError unless each step of `--past` is a point of no return of the runbook."""
    points = [step.id for step in runbook.steps if step.irreversible]
    for step in steps:
        if step not in points:
            raise UsageError(f"--past {step}: not a point of no return of {runbook.name}; {did_you_mean(step, points)}")


def run_operation(
    context: CommandContext, runbook: Runbook, id: str, action: Callable[[Engine], Operation], *, is_new: bool = False
) -> int:
    """Let the engine do it, print the status, and return the exit code. `is_new`: `action` starts the operation."""
    try:
        with context.running_engine(runbook, id, is_new=is_new) as engine:
            operation = action(engine)
    except Interrupted as interruption:
        terminal.err(f"interrupted; recorded progress is kept. Next: {_resume_command(context, id)}")
        _print_status(context, *load_operation(context, id), show_hints=False)
        return interruption.code
    except (EnvironmentProblem, StoreConflict) as error:
        recorded = _is_recorded(context, id)
        if recorded is not False:
            unsure = is_new and recorded is None
            otherwise = f"; if nothing was recorded, repeat the command with --operation-id {id}" if unsure else ""
            error.add_note(f"Recorded progress is kept. Next: {_resume_command(context, id)}{otherwise}")
        raise
    _print_status(context, context.runbook(operation.digest), operation)
    return exit_code(operation)


def _print_status(
    context: CommandContext, runbook: Runbook, operation: Operation, *, show_hints: bool = True
) -> None:  # fmt: skip
    """The exit code tells how the operation stands, even where nobody reads the status."""
    try:
        print_status(context.options, runbook, operation, context.head(operation.id), show_hints=show_hints)
    except terminal.OutputClosed:
        return


def _resume_command(context: CommandContext, id: str) -> str:
    return suggested_command(context.options, f"runbook resume {id}")


def _is_recorded(context: CommandContext, id: str) -> bool | None:
    """Whether the store has the operation; None where the store cannot be asked."""
    try:
        return context.head(id) is not None
    except EnvironmentProblem:
        return None
