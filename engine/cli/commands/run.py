"""run, resume and restart: what a person asks for is composed, driven, and told."""

from __future__ import annotations

import os
import secrets
from typing import Annotated

import typer

from engine.cli.command_classes import Command
from engine.cli.context import Surroundings, place_of
from engine.cli.files import checked
from engine.cli.hold_answers import answer_of, edited
from engine.cli.input_options import given, typed_inputs
from engine.cli.options import DRIVING, Options, taking
from engine.cli.output import terminal
from engine.cli.session import Id, checked_id, drive, located, surrounded

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


@app.command("resume", cls=Command)
@taking(*DRIVING)
def resume(
    options: Options,
    id: Id,
    with_: Annotated[str | None, typer.Option("--with", metavar="FILE", help="go on with an edited runbook")] = None,
    why: Annotated[str | None, typer.Option("--why", metavar="TEXT", help="what the record says of it")] = None,
    reject: Annotated[str | None, typer.Option("--reject", metavar="WHY", help="answer no: the step fails")] = None,
    outcome: Annotated[
        str | None, typer.Option("--outcome", metavar="done|not-done", help="what became of the call")
    ] = None,
    output: Annotated[
        str | None, typer.Option("--output", metavar="FILE", help="with --outcome done: its output as YAML or JSON")
    ] = None,
    accept_target: Annotated[
        str | None, typer.Option("--accept-target", metavar="ID", help="this is the one to be deleted")
    ] = None,
) -> int:
    """Take an operation up where it stands; answer a hold."""
    with surrounded(options) as here:
        answer = answer_of(why=why, reject=reject, outcome=outcome, output=output, accept_target=accept_target)
        runbook, operation = located(here, id)
        text = edited(here, runbook, operation, with_, answer) if with_ else ""
        return drive(here, runbook, id, lambda engine: engine.resume(id, answer, text))


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
