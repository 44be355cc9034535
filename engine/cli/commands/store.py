"""`runbook store`: create a store, and delete old operations from one."""

from __future__ import annotations

import os
from typing import Annotated, Final

import typer

from engine.cli.config import parse_moment
from engine.cli.confirmation import confirm_deletion
from engine.cli.context import CommandContext, current_actor, store_place, world_file
from engine.cli.operations import say_sources
from engine.cli.options import OUTPUT_OPTIONS, STORE_OPTIONS, Group, Options, command, registered
from engine.cli.output import terminal
from engine.clock import SystemClock
from engine.errors import Busy, UsageError
from engine.runtime.prune import Candidate, candidates, delete

group = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, cls=Group, help="Create a store, or delete old operations from it."
)
SHOWN: Final = 10
"""Operations that are named before the question."""

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
    say_sources(options)
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


@command(
    "prune",
    *STORE_OPTIONS,
    "no_input",
    "yes",
    *OUTPUT_OPTIONS,
    group=group,
    summary="delete operations that ended long ago, with their records",
)
def prune(
    options: Options,
    ended_before: Annotated[
        str, typer.Option("--ended-before", metavar="DATE|30d", help="a date, or how long ago they must have ended")
    ],
) -> int:
    """Delete the operations that ended before a date, with all their records, after confirmation. Operations that left resources behind stay."""
    say_sources(options)
    with CommandContext(options) as context:
        before = parse_moment("--ended-before", ended_before, context.clock.now())
        found = list(candidates(context.store, before, context.parse))
        kept = [one for one in found if one.why_kept]
        chosen = [one for one in found if not one.why_kept]
        if chosen:
            confirm_deletion(options, [_describe_all(chosen, context.store.name)], nothing="nothing was deleted")
        deleted = [one for one in chosen if _delete(context, one)]
        document = {
            "store": context.store.name,
            "deleted": [one.operation for one in deleted],
            "kept": [{"operation_id": one.operation, "status": one.status, "why": one.why_kept} for one in kept],
        }
        lines = [f"deleted {terminal.plural(len(deleted), 'operation')} from {context.store.name}"]
        lines += [f"kept {one.operation} ({one.status}): {one.why_kept}" for one in kept]
        terminal.out_document(document, map(terminal.escape, lines), as_json=options.as_json)
    return 0


def _describe_all(chosen: list[Candidate], store: str) -> str:
    """`12 operations and their records in sqlite:… : a of 2026-01-02T…, …`."""
    names = [f"{one.operation} ({one.runbook}, {one.status}, {one.updated})" for one in chosen]
    shown = names if len(names) <= SHOWN else [*names[: SHOWN - 1], f"and {len(names) - SHOWN + 1} more"]
    return f"{terminal.plural(len(chosen), 'operation')} and all their records in {store}: {', '.join(shown)}"


def _delete(context: CommandContext, candidate: Candidate) -> bool:
    """False where the operation has changed, or a runner has it; the reason is shown."""
    from engine.stores.lease import StoreLease, this_process

    id = candidate.operation
    lease = StoreLease(context.store, id, context.clock, this_process(current_actor()))
    try:
        delete(context.store, id, context.parse, lease)
    except Busy as error:
        terminal.err(terminal.escape(f"kept {id}: {error}"))
        return False
    world = world_file(context.store.name, id)
    if world is not None:
        world.unlink(missing_ok=True)
    return True
