"""`runbook schema`: the JSON Schema of runbooks, for editors."""

from __future__ import annotations

import typer

from engine.cli.command_classes import Command
from engine.cli.options import Options, taking
from engine.cli.output import terminal
from engine.cli.session import surrounded

app = typer.Typer(rich_markup_mode=None)


@app.command("schema", cls=Command)
@taking("debug")
def schema(options: Options) -> int:
    """The JSON Schema of runbooks, for editors."""
    from engine.language.reference.json_schema import as_text
    from engine.language.reference.json_schema import schema as made

    with surrounded(options) as here:
        terminal.out(as_text(made(here.registry.kinds, here.registry.actions)).rstrip("\n"))
    return 0
