"""`runbook restart`: go back to an earlier step."""

from __future__ import annotations

from typing import Annotated

import typer

from engine.cli.command_classes import Command
from engine.cli.options import DRIVING, Options, taking
from engine.cli.session import Id, drive, located, surrounded

app = typer.Typer(rich_markup_mode=None)


@app.command("restart", cls=Command)
@taking(*DRIVING)
def restart(
    options: Options,
    id: Id,
    step: Annotated[str, typer.Option("--from", metavar="STEP", help="the step to go back to")],
) -> int:
    """Go back to a step, after its prerequisites are proved."""
    with surrounded(options) as here:
        runbook, _ = located(here, id)
        return drive(here, runbook, id, lambda engine: engine.restart(id, step))
