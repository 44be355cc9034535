"""`runbook status`: one operation, where it stands, and what to type next."""

from __future__ import annotations

import typer

from engine.cli.command_classes import Command
from engine.cli.options import FINDING, SHOWING, Options, taking
from engine.cli.session import Id, located, surrounded, told

app = typer.Typer(rich_markup_mode=None)


@app.command("status", cls=Command)
@taking(*FINDING, *SHOWING)
def status(options: Options, id: Id) -> int:
    """One operation: where it stands, and what to type next."""
    with surrounded(options) as here:
        told(here, *located(here, id))
    return 0
