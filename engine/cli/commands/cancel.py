"""`runbook cancel`: stop an operation, and with `--undo` undo what it made."""

from __future__ import annotations

from typing import Annotated

import typer

from engine.cli.command_classes import Command
from engine.cli.options import DRIVING, Options, taking
from engine.cli.past import Past, confirmed, done, must_be_points
from engine.cli.session import Id, drive, located, surrounded
from engine.errors import UsageError

app = typer.Typer(rich_markup_mode=None)


@app.command("cancel", cls=Command)
@taking(*DRIVING)
def cancel(
    options: Options,
    id: Id,
    undo: Annotated[bool, typer.Option("--undo", help="and take back what it made")] = False,
    past: Past = None,
) -> int:
    """Stop an operation safely, wherever it runs; where nobody runs it, do it here."""
    with surrounded(options) as here:
        runbook, operation = located(here, id)
        steps = tuple(past or ())
        if steps and not undo:
            message = "--past says what is taken back: it goes with --undo"
            raise UsageError(message)
        must_be_points(runbook, steps)
        confirmed(options, operation, steps)
        code = drive(here, runbook, id, lambda engine: engine.cancel(id, undo=undo, past=steps))
    return done(code)
