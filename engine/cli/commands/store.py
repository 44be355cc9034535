"""`runbook store`: create a store. Only DynamoDB needs it: a table, with deletion protection and recovery."""

from __future__ import annotations

import os

import typer

from engine.cli.context import CommandContext, store_place
from engine.cli.options import OUTPUT_OPTIONS, STORE_OPTIONS, Group, Options, command, registered
from engine.cli.output import terminal
from engine.clock import SystemClock
from engine.errors import UsageError

group = typer.Typer(no_args_is_help=True, rich_markup_mode=None, cls=Group, help="Create a store for operations.")
registered.add_typer(group, name="store")


@command(
    "init",
    *STORE_OPTIONS,
    *OUTPUT_OPTIONS,
    group=group,
    summary="create the DynamoDB table, or protect an existing one",
)
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
        document = {"store": context.store.name, "done": done}
        terminal.out_document(document, map(terminal.escape, done), as_json=options.as_json)
    return 0
