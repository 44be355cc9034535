"""`runbook cleanup`: undo what a failed, cancelled or stuck operation left."""

from __future__ import annotations

import typer

from engine.cli.command_classes import Command
from engine.cli.options import DRIVING, Options, taking
from engine.cli.past import Past, confirmed, done, must_be_points
from engine.cli.session import Id, drive, located, surrounded

app = typer.Typer(rich_markup_mode=None)


@app.command("cleanup", cls=Command)
@taking(*DRIVING)
def cleanup(options: Options, id: Id, past: Past = None) -> int:
    """Undo what a failed, cancelled or stuck operation left; can be interrupted and typed again."""
    with surrounded(options) as here:
        runbook, operation = located(here, id)
        steps = tuple(past or ())
        must_be_points(runbook, steps)
        confirmed(options, operation, steps)
        code = drive(here, runbook, id, lambda engine: engine.cleanup(id, past=steps))
    return done(code)
