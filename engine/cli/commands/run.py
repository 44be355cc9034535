"""`runbook run`: start an operation and drive it."""

from __future__ import annotations

import os
import secrets
from typing import Annotated

import typer

from engine.cli.command_classes import Command
from engine.cli.context import Surroundings, place_of
from engine.cli.files import checked
from engine.cli.input_options import given, typed_inputs
from engine.cli.options import DRIVING, Options, taking
from engine.cli.output import terminal
from engine.cli.session import checked_id, drive, surrounded

app = typer.Typer(rich_markup_mode=None)


@app.command("run", cls=Command)
@taking(*DRIVING)
def run(
    options: Options,
    file: Annotated[str, typer.Argument(metavar="FILE", help="the runbook")],
    inputs: Annotated[list[str] | None, typer.Option("--input", "-i", metavar="NAME=VALUE", help="an input")] = None,
    inputs_file: Annotated[str | None, typer.Option("--inputs", metavar="FILE", help="inputs as YAML or JSON")] = None,
    operation_id: Annotated[
        str | None,
        typer.Option("--operation-id", metavar="ID", help="the same id, runbook and inputs: the same operation"),
    ] = None,
) -> int:
    """Start an operation and drive it to its end, a hold, or an interrupt."""
    with surrounded(options) as here:
        runbook = checked(file, here.registry, quiet=options.quiet)
        here.knows(runbook)
        id = checked_id(operation_id or new_id(runbook.name))
        values = typed_inputs(runbook, given(inputs or [], inputs_file))
        _say_where(options, here)
        return drive(here, runbook, id, lambda engine: engine.run(runbook, id, values), begins=True)


def new_id(runbook: str) -> str:
    """`aurora-restore-1f2e3d4c`: what nobody else has."""
    return f"{runbook[:48]}-{secrets.token_hex(4)}"


def _say_where(options: Options, here: Surroundings) -> None:
    if options.quiet:
        return
    if options.sandbox:
        terminal.err("sandbox: a pretend AWS in virtual time; nothing real is touched")
    elif not options.store:
        place = terminal.clean(place_of(options, os.environ))
        terminal.err(f"kept in {place}: nobody else can see or resume it; --store or RUNBOOK_STORE names another place")
