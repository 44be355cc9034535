"""`--past STEP` of cancel and cleanup: undo past the point of no return, which a person must confirm."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from engine.cli.confirmation import asked
from engine.cli.options import Options
from engine.cli.output import terminal
from engine.errors import UsageError
from engine.kernel import Operation
from engine.language.model import Runbook
from engine.language.nearest import did_you_mean

Past = Annotated[
    list[str] | None,
    typer.Option(
        "--past",
        metavar="STEP",
        help="the point of no return: take back what came after it too, though it may have been written to",
    ),
]


def done(code: int) -> int:
    """What was asked for is done where nothing is left, whatever the operation had come to."""
    return 0 if code == 1 else code


def must_be_points(runbook: Runbook, steps: tuple[str, ...]) -> None:
    """`--past` names points of no return. UsageError for another step, or none."""
    points = [step.id for step in runbook.steps if step.irreversible]
    for step in steps:
        if step not in points:
            hint = did_you_mean(step, points)
            message = f"--past {step}: that is no point of no return of {runbook.name}; {hint}"
            raise UsageError(message)


def confirmed(options: Options, operation: Operation, past: tuple[str, ...]) -> None:
    """`--past` gives up live data: that is a person's word. What the operation made else goes unasked."""
    going = [entry for entry in operation.ledger if entry.live and entry.state in ("open", "kept", "stuck")]
    if not past or not going or options.yes:
        return
    things = [
        f"{entry.kind} {next(iter(entry.identity.values()), '')} (id {entry.id or 'not known'}, "
        f"account {entry.account or 'of your credentials'}, region {entry.region})"
        for entry in going
    ]
    if not (terminal.is_terminal(sys.stdin) and terminal.is_terminal(sys.stderr)) or options.no_input:
        message = f"not confirmed: --past {' '.join(past)} gives up {'; '.join(things)}. To confirm it, add --yes"
        raise UsageError(message)
    for one in things:
        terminal.err(terminal.clean(f"--past {' '.join(past)} gives up {one}, and what was written to it"))
    if not asked("Give it up?"):
        message = "not confirmed; nothing was done"
        raise UsageError(message)
