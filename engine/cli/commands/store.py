"""store init: what a store needs before the first operation; for DynamoDB the table, with protection and recovery on."""

from __future__ import annotations

import os

import typer

from engine.cli.command_classes import Command, Group
from engine.cli.context import place_of
from engine.cli.options import FINDING, SHOWING, Options, taking
from engine.cli.output import terminal
from engine.cli.session import surrounded
from engine.clock import SystemClock
from engine.errors import UsageError

app = typer.Typer(rich_markup_mode=None)
group = typer.Typer(no_args_is_help=True, rich_markup_mode=None, cls=Group)
app.add_typer(group, name="store")


@group.callback()
def _store() -> None:
    """Make and look after a store."""


@group.command("init", cls=Command)
@taking(*FINDING, *SHOWING)
def init(options: Options) -> int:
    """Create the DynamoDB table, with protection and recovery on; one that is there is only made to have both."""
    with surrounded(options) as here:
        kind, _, table = place_of(options, os.environ).partition(":")
        if kind != "dynamodb":
            message = f"--store {kind}:{table} needs no init: its file is made by the first operation"
            raise UsageError(message)
        from engine.stores.dynamodb_calls import Calls
        from engine.stores.dynamodb_table import create_table

        assert here.store.name  # the name of the table is checked
        told = create_table(Calls(table, here.clients, SystemClock()), SystemClock())
        if options.as_json:
            terminal.document({"format": 1, "store": here.store.name, "done": told})
        else:
            terminal.out("\n".join(terminal.clean(line) for line in told))
    return 0
