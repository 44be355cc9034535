"""`runbook resume`: continue an operation from its checkpoint, with an answer to its hold if it is held."""

from __future__ import annotations

from typing import Annotated

import typer

from engine.cli.command_classes import Command
from engine.cli.hold_answers import answer_of, edited
from engine.cli.options import DRIVING, Options, taking
from engine.cli.session import Id, drive, located, surrounded

app = typer.Typer(rich_markup_mode=None)


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
