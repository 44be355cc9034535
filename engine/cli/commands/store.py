"""`runbook store`: create a store. Only DynamoDB needs it: a table, with deletion protection and recovery."""

from __future__ import annotations

import os

import typer

from engine.cli.context import CommandContext, store_place
from engine.cli.options import OUTPUT_OPTIONS, STORE_OPTIONS, Command, Group, Options, with_options
from engine.cli.output import terminal
from engine.clock import SystemClock
from engine.errors import UsageError

app = typer.Typer(rich_markup_mode=None)
group = typer.Typer(no_args_is_help=True, rich_markup_mode=None, cls=Group)
app.add_typer(group, name="store")


@group.callback()
def _store() -> None:
    """Create a store for operations."""


@group.command("init", cls=Command, short_help="create the DynamoDB table, or protect an existing one")
@with_options(*STORE_OPTIONS, *OUTPUT_OPTIONS)
def init(options: Options) -> int:
    """Create the DynamoDB table, with deletion protection and point-in-time recovery. An existing table only gets these two settings."""
    with CommandContext(options) as context:
        kind, _, table = store_place(options, os.environ).partition(":")
        if kind != "dynamodb":
            raise UsageError(f"--store {kind}:{table} needs no init: the first operation creates the file")
        from engine.stores.dynamodb_client import TableClient
        from engine.stores.dynamodb_table import create_table

        assert context.store.name  # opening the store checks the table's name
        done = create_table(TableClient(table, context.store_clients, SystemClock()), SystemClock())
        if options.as_json:
            terminal.out_json({"format": 1, "store": context.store.name, "done": done})
        else:
            terminal.out("\n".join(terminal.escape(line) for line in done))
    return 0
